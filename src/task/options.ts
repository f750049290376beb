/** How to wait for tasks and what to do when that ends early. */
export interface WaitingOptions {
  timeoutMs: number;
  pollIntervalMs: number | undefined;
  logs: boolean;
  /** How long to go on reading the log once the container has ended. */
  logGraceMs: number | undefined;
  onTimeout: 'leave' | 'stop';
  onInterrupt: 'leave' | 'stop';
  passExitCode: boolean;
}
