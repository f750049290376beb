import type { Task } from '@aws-sdk/client-ecs';
import { culpritOf } from '../diagnosis/culprit.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import { hasCode } from '../errors.ts';
import type { FailedTask, RolloutDeps } from './model.ts';
import { mineOf, type Watched } from './watched.ts';

const lookEveryMs = 30_000;
const describedAtOnce = 100;
const pagesAtMost = 10;

/** Looks for tasks of ours that failed: when ECS counts more of them, and now and then anyway. */
export async function lookForFailures(
  watched: Watched,
  cluster: string,
  deps: RolloutDeps,
  options: { always?: boolean } = {},
): Promise<void> {
  const nowMs = deps.clock.now();
  const counted = Math.max(
    mineOf(watched)?.failedTasks ?? 0,
    watched.record?.deploymentCircuitBreaker?.failureCount ?? 0,
  );
  const isDue =
    options.always === true || counted > watched.reportedFailures || nowMs - watched.failuresLookedAtMs >= lookEveryMs;
  const isQuiet = watched.ours.plan.isUnchanged && watched.looks <= 1;
  if (!isDue || isQuiet || watched.ours.isScaling || !watched.mayReadTasks) return;
  watched.failuresLookedAtMs = nowMs;
  watched.reportedFailures = counted;
  try {
    await sortStoppedTasks(watched, cluster, deps);
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException')) throw error;
    // The verdict does not need the tasks; only its reason does.
    watched.mayReadTasks = false;
    const text = `The tasks of ${watched.ours.name} cannot be looked at, so their reasons stay unknown. ${error.why ?? ''}`;
    deps.announce({ type: 'warning', text: text.trim() });
  }
}

async function sortStoppedTasks(watched: Watched, cluster: string, deps: RolloutDeps): Promise<void> {
  const fresh = (await stoppedTasks(watched, cluster, deps)).filter(
    (arn) => !watched.failedTasks.has(arn) && !watched.otherStopped.has(arn),
  );
  for (let from = 0; from < fresh.length; from += describedAtOnce) {
    const { tasks = [] } = await deps.aws.ecs.describeTasks({
      cluster,
      tasks: fresh.slice(from, from + describedAtOnce),
    });
    for (const task of tasks) sort(task, watched, deps);
  }
}

async function stoppedTasks({ ours }: Watched, cluster: string, { aws }: RolloutDeps): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesAtMost; page++) {
    const answer = await aws.ecs.listTasks({
      cluster,
      serviceName: ours.name,
      desiredStatus: 'STOPPED',
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    arns.push(...(answer.taskArns ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return arns;
}

function sort(task: Task, watched: Watched, { announce }: RolloutDeps): void {
  const arn = task.taskArn ?? '';
  // Tasks of a service are started by their deployment: that tells ours from those of others.
  if (task.startedBy !== watched.ours.deploymentId) {
    watched.otherStopped.add(arn);
    return;
  }
  if (task.stopCode === undefined) return;
  if (!isFailure(task)) {
    watched.otherStopped.add(arn);
    return;
  }
  const failed = failedTask(task);
  watched.failedTasks.set(arn, failed);
  announce({ type: 'task-failed', service: watched.ours.name, task: failed });
}

/** A scale-in and a Spot interruption say nothing against the revision. */
function isFailure({ stopCode, stoppedReason = '' }: Task): boolean {
  if (stopCode === 'TaskFailedToStart' || stopCode === 'EssentialContainerExited') return true;
  return stopCode === 'ServiceSchedulerInitiated' && /^Task failed/.test(stoppedReason);
}

const ownExitFix = 'Read its last lines, correct the program or its configuration, then deploy again.';

/** The facts of a failed task, with what they mean. */
function failedTask(task: Task): FailedTask {
  const containers = (task.containers ?? []).map(({ name = '', image, imageDigest, exitCode, reason }) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ...(imageDigest === undefined ? {} : { imageDigest }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
  }));
  const { stopCode, stoppedReason } = task;
  const culprit = culpritOf(containers);
  const found = diagnose({ stopCode, stoppedReason, exitCode: culprit?.exitCode, containerReason: culprit?.reason });
  const isQuietExit = found === undefined && stopCode === 'EssentialContainerExited';
  return {
    taskArn: task.taskArn ?? '',
    stopCode,
    stoppedReason,
    endedAtMs: (task.executionStoppedAt ?? task.stoppingAt)?.getTime(),
    containers,
    code: found?.code ?? (isQuietExit ? 'EXITED' : undefined),
    cause:
      found?.cause ?? (isQuietExit ? 'The program ended by itself, although a service is meant to go on.' : undefined),
    fix:
      (found?.code === 'EXIT_CODE' ? ownExitFix : found?.fix) ??
      (isQuietExit ? 'Let the command of the container run in the foreground and for ever.' : undefined),
    logTail: [],
  };
}
