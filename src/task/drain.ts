import type { Task } from '@aws-sdk/client-ecs';
import type { Interrupt } from '../ports.ts';
import { describedAtOnce, type FollowDeps, type FollowOptions, readLogs, type Tracker } from './tracker.ts';
import { taskVerdict } from './verdict.ts';

const greenGraceMs = 5_000;
const redGraceMs = 15_000;
/** The log driver collects lines for some seconds before it sends them. */
const ingestionMs = 10_000;
const quietMs = 3_000;
const longestDrainMs = 60_000;

/** Goes on reading until the grace since the container's end is over and the last line is a little while ago; takes a last look at the tasks on the way. */
export async function drain(
  trackers: Tracker[],
  options: FollowOptions,
  interrupt: Interrupt,
  deps: FollowDeps,
): Promise<void> {
  const { clock } = deps;
  const untilMs = (tracker: Tracker): number => {
    const { log, judgedMs, endSeenMs = judgedMs, verdict, task } = tracker;
    if (log === undefined || judgedMs === undefined || endSeenMs === undefined || !log.mayGrow()) return 0;
    const graceMs = options.logGraceMs ?? (verdict.verdict === 'succeeded' ? greenGraceMs : redGraceMs);
    // By AWS's clock, which may be ahead of ours: it cannot have ended after it was judged.
    const endedMs = Math.min(judgedMs, task?.executionStoppedAt?.getTime() ?? 0);
    const settledMs = options.logGraceMs === undefined ? endedMs + ingestionMs : 0;
    const quiet = (log.lastLineMs() ?? 0) + quietMs;
    return Math.min(judgedMs + longestDrainMs, Math.max(endSeenMs + graceMs, settledMs, quiet));
  };
  for (;;) {
    await readLogs(trackers, deps);
    const leftMs = Math.max(...trackers.map(untilMs)) - clock.now();
    if (leftMs <= 0 || interrupt.signal.aborted) break;
    await clock.sleep(Math.min(1_000, leftMs), interrupt.signal);
  }
  await lastSight(trackers, options, deps);
}

/** The stop code and the last moments are often known only now; the verdict stands without them. */
async function lastSight(trackers: Tracker[], { cluster }: FollowOptions, deps: FollowDeps): Promise<void> {
  const known = trackers
    .filter(({ task }) => task !== undefined && task.lastStatus !== 'STOPPED')
    .slice(0, describedAtOnce);
  if (known.length === 0) return;
  try {
    const { tasks = [] } = await deps.aws.ecs.describeTasks({ cluster, tasks: known.map(({ taskArn }) => taskArn) });
    for (const tracker of known)
      sightAgain(
        tracker,
        tasks.find(({ taskArn }) => taskArn === tracker.taskArn),
      );
  } catch (error) {
    deps.announce({ type: 'trouble', message: error instanceof Error ? error.message : String(error), inARow: 1 });
  }
}

/** The same verdict, with the reasons that came after it. */
function sightAgain(tracker: Tracker, task: Task | undefined): void {
  if (task === undefined) return;
  tracker.task = task;
  if (tracker.verdict.verdict !== 'failed' || tracker.container === undefined) return;
  const again = taskVerdict(task, tracker.container, tracker.endedFirst);
  if (again.verdict === 'failed') tracker.verdict = again;
}
