/** The exit codes that CI depends on; a change is breaking. */
export const exitCode = {
  /** Done, and verified. */
  done: 0,
  /** ECS's verdict is negative. */
  failed: 1,
  /** The user must fix something; nothing was started. */
  userError: 2,
  /** Time ran out; the remote side is still going. */
  timedOut: 3,
  /** Another deployment replaced ours before it finished. */
  overtaken: 4,
  /** Our bug. */
  bug: 70,
  interrupted: { SIGINT: 130, SIGTERM: 143 },
} as const;

/** The exit code of an interrupted run. */
export function interruptedExitCode(signal: 'SIGINT' | 'SIGTERM'): number {
  return exitCode.interrupted[signal];
}
