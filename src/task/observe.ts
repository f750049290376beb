import type { Task } from '@aws-sdk/client-ecs';
import { createTaskLog, placeOfLog } from './log.ts';
import { describedAtOnce, type FollowDeps, type FollowOptions, readLogs, type Tracker } from './tracker.ts';
import { endedBefore, taskVerdict } from './verdict.ts';

/** DescribeTasks may not know a task for a while after RunTask; see "eventual consistency" in its API reference. */
const missingWindowMs = 60_000;

/** One look at all tasks whose verdict does not stand, then their logs. */
export async function look(
  trackers: Tracker[],
  options: FollowOptions,
  startMs: number,
  deps: FollowDeps,
): Promise<void> {
  const open = trackers.filter(({ verdict }) => verdict.verdict === 'going');
  for (let from = 0; from < open.length; from += describedAtOnce) {
    const some = open.slice(from, from + describedAtOnce);
    const { tasks = [] } = await deps.aws.ecs.describeTasks({
      cluster: options.cluster,
      tasks: some.map(({ taskArn }) => taskArn),
    });
    for (const tracker of some) {
      const task = tasks.find(({ taskArn }) => taskArn === tracker.taskArn);
      if (task === undefined) missing(tracker, deps.clock.now());
      else await seen(tracker, task, options, startMs, deps);
    }
  }
  await readLogs(trackers, deps, 'a short page');
  for (const tracker of open) judge(tracker, startMs, deps);
}

function missing(tracker: Tracker, nowMs: number): void {
  tracker.missingSinceMs ??= nowMs;
  tracker.missingLooks++;
  const seenBefore = tracker.task !== undefined;
  // Once seen, a task vanishes an hour after its end; a single MISSING may still be a stale read.
  const lost = seenBefore ? tracker.missingLooks >= 3 : nowMs - tracker.missingSinceMs >= missingWindowMs;
  if (lost) tracker.verdict = { verdict: 'lost', seen: seenBefore };
}

async function seen(
  tracker: Tracker,
  task: Task,
  options: FollowOptions,
  startMs: number,
  deps: FollowDeps,
): Promise<void> {
  const before = tracker.task;
  tracker.missingSinceMs = undefined;
  tracker.missingLooks = 0;
  tracker.container ??= await tracker.target.container(task);
  tracker.task = task;
  const { container } = tracker;
  if (options.logs) tracker.log ??= createTaskLog(tracker.taskArn, container, deps);
  else tracker.logPlace = placeOfLog(task, container, deps.aws.region);
  tracker.log?.sight(task);
  const status = task.lastStatus ?? 'UNKNOWN';
  if (status !== tracker.status) {
    tracker.status = status;
    deps.announce({ type: 'task-state', taskArn: tracker.taskArn, status, elapsedMs: deps.clock.now() - startMs });
  }
  const own = task.containers?.find(({ name }) => name === container.name);
  if (own?.lastStatus === 'STOPPED') tracker.endSeenMs ??= deps.clock.now();
  else tracker.endedFirst = endedBefore(task, container);
  for (const { name = '', exitCode, lastStatus } of task.containers ?? []) {
    const was = before?.containers?.find((one) => one.name === name)?.lastStatus;
    if (lastStatus !== 'STOPPED' || was === 'STOPPED' || (exitCode === undefined && name !== container.name)) continue;
    deps.announce({
      type: 'container-ended',
      taskArn: tracker.taskArn,
      container: name,
      exitCode,
      judged: name === container.name,
    });
  }
}

function judge(tracker: Tracker, startMs: number, { clock, announce }: FollowDeps): void {
  const { task, container, taskArn } = tracker;
  if (tracker.verdict.verdict !== 'going' || task === undefined || container === undefined) return;
  const verdict = taskVerdict(task, container, tracker.endedFirst);
  if (verdict.verdict === 'going') return;
  tracker.verdict = verdict;
  tracker.judgedMs = clock.now();
  announce({ type: 'judged', taskArn, verdict: verdict.verdict, elapsedMs: clock.now() - startMs });
}
