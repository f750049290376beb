import type { Task } from '@aws-sdk/client-ecs';

/** The container of a task whose exit code counts. */
export interface CountingContainer {
  name: string;
  essential: boolean;
  /** The other containers whose end stops the task. */
  otherEssential: readonly string[];
}

/** What DescribeTasks showed of one task so far. */
export interface TaskObservation {
  taskArn: string;
  /** The latest answer that knew the task. */
  task: Task | undefined;
  /** Since when it answers MISSING, by our clock. */
  missingSinceMs: number | undefined;
  /** Another essential container that was seen to have ended while the one that counts still ran. */
  endedFirst: string | undefined;
  /** The one that counts was seen to have ended while all other essential ones still ran. */
  endedAlone: boolean;
  /** The latest moment at which its container was seen not to have ended, by our clock. */
  runningAtMs: number | undefined;
  /** When its end was seen first, by our clock. */
  endSeenMs: number | undefined;
  /** When the whole task was first seen STOPPED, by our clock. */
  overSeenMs: number | undefined;
}

/** A task of which nothing was seen. */
export const unseen = (taskArn: string): TaskObservation => ({
  taskArn,
  task: undefined,
  missingSinceMs: undefined,
  endedFirst: undefined,
  endedAlone: false,
  runningAtMs: undefined,
  endSeenMs: undefined,
  overSeenMs: undefined,
});

/** The observation with one more answer of DescribeTasks in it; `undefined` is MISSING. Pure. */
export function observed(
  before: TaskObservation,
  task: Task | undefined,
  container: CountingContainer | undefined,
  nowMs: number,
): TaskObservation {
  if (task === undefined) return { ...before, missingSinceMs: before.missingSinceMs ?? nowMs };
  const overSeenMs = before.overSeenMs ?? (isOver(task) ? nowMs : undefined);
  const seen = { ...before, task, missingSinceMs: undefined, overSeenMs };
  if (container === undefined) return seen;
  const ended = (name: string): boolean => isStopped(task, name);
  const other = container.otherEssential.find(ended);
  if (!ended(container.name)) return { ...seen, runningAtMs: nowMs, endedFirst: before.endedFirst ?? other };
  return {
    ...seen,
    endSeenMs: before.endSeenMs ?? nowMs,
    endedAlone: before.endedAlone || (before.endedFirst === undefined && other === undefined),
  };
}

/** Whether nothing of the task runs any more. */
export const isOver = ({ lastStatus }: Task): boolean => lastStatus === 'STOPPED' || lastStatus === 'DELETED';

const isStopped = ({ containers = [] }: Task, name: string): boolean =>
  containers.find((one) => one.name === name)?.lastStatus === 'STOPPED';

/** When the container ended, by our clock: ECS's moment, kept between the observations around it. */
export function endedAtMs({ task, runningAtMs = 0, endSeenMs }: TaskObservation): number | undefined {
  if (endSeenMs === undefined) return undefined;
  const said = task?.executionStoppedAt?.getTime() ?? endSeenMs;
  return Math.min(endSeenMs, Math.max(runningAtMs, said));
}
