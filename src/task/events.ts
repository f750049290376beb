import type { LogPlace } from './log-place.ts';

/** Facts about tasks that are being followed. */
export type FollowEvent = TaskEvent & {
  /** Several tasks are followed: the line names its own. */
  several?: boolean;
};

type TaskEvent =
  | { type: 'task-state'; taskArn: string; status: string; elapsedMs: number }
  | { type: 'container-ended'; taskArn: string; container: string; exitCode: number | undefined; counts: boolean }
  | { type: 'log-place'; taskArn: string; container: string; place: LogPlace }
  | { type: 'logs-unreadable'; taskArn: string; why: string; fix: string | undefined }
  | { type: 'log-line'; taskArn: string; container: string; message: string }
  | { type: 'heartbeat'; taskArn: string; waitsFor: string; elapsedMs: number; leftMs: number; others: number }
  | { type: 'trouble'; message: string; inARow: number }
  | { type: 'stopping-task'; taskArn: string; because: string }
  | { type: 'warning'; text: string };
