import { TransientError, UserError } from '../errors.ts';
import { describedAtOnce } from './find.ts';
import type { FollowDeps, FollowedTask, FollowOptions } from './follow.ts';
import { readLogs } from './log.ts';
import { endedAtMs } from './observe.ts';
import { taskVerdict } from './verdict.ts';

/** The log driver sends lines in batches of up to 5 s (reference: CloudWatch Logs); after a failure we allow twice that. */
const greenGraceMs = 5_000;
const redGraceMs = 10_000;
const quietMs = 2_000;
const longestDrainMs = 60_000;

/** Goes on reading until the grace since the container's end is over and no line came for a moment; looks at the tasks once more. */
export async function drain(tasks: readonly FollowedTask[], options: FollowOptions, deps: FollowDeps): Promise<void> {
  const { clock, interrupt } = deps;
  for (;;) {
    await readLogs(tasks, deps, 'the end');
    const leftMs = Math.max(...tasks.map((one) => mayGrowUntilMs(one, options))) - clock.now();
    if (leftMs <= 0 || interrupt.signal.aborted) break;
    tellEnds(tasks, options, deps);
    await clock.sleep(Math.min(1_000, leftMs), interrupt.signal);
  }
  for (const one of tasks) tellEnd(one, deps);
  await observeOnceMore(tasks, options, deps);
}

/** Says that containers have ended whose last lines are there. */
export function tellEnds(tasks: readonly FollowedTask[], options: FollowOptions, deps: FollowDeps): void {
  for (const one of tasks) {
    if (one.judgedMs !== undefined && mayGrowUntilMs(one, options) <= deps.clock.now()) tellEnd(one, deps);
  }
}

/** Says once that the container that counts has ended. */
export function tellEnd(one: FollowedTask, { emit }: FollowDeps): void {
  const ended = one.seen.task?.containers?.find(({ name }) => name === one.container?.name);
  if (one.endTold || ended?.name === undefined || ended.lastStatus !== 'STOPPED') return;
  one.endTold = true;
  const { taskArn } = one.target;
  emit({ type: 'container-ended', taskArn, container: ended.name, exitCode: ended.exitCode, counts: true });
}

/** Until when lines may come, by our clock; 0 where none can. */
function mayGrowUntilMs({ log, judgedMs, seen, verdict }: FollowedTask, { waiting }: FollowOptions): number {
  if (log === undefined || judgedMs === undefined || !log.mayGrow()) return 0;
  const graceMs = verdict.verdict === 'succeeded' ? greenGraceMs : redGraceMs;
  const { logGraceMs } = waiting;
  const settledMs = logGraceMs === undefined ? (endedAtMs(seen) ?? judgedMs) + graceMs : judgedMs + logGraceMs;
  return Math.min(judgedMs + longestDrainMs, Math.max(settledMs, (log.lastLineMs() ?? 0) + quietMs));
}

/** The stop code and the last moments are often known only now; the verdict stands without them, its reasons may grow. */
async function observeOnceMore(
  tasks: readonly FollowedTask[],
  { cluster }: FollowOptions,
  { aws, emit, clock }: FollowDeps,
): Promise<void> {
  const open = tasks
    .filter(({ seen, verdict }) => seen.task?.lastStatus !== 'STOPPED' && verdict.verdict === 'failed')
    .slice(0, describedAtOnce);
  if (open.length === 0) return;
  try {
    const arns = open.map(({ target }) => target.taskArn);
    const { tasks: answers = [] } = await aws.ecs.describeTasks({ cluster, tasks: arns });
    for (const one of open) {
      const task = answers.find(({ taskArn }) => taskArn === one.target.taskArn);
      if (task === undefined) continue;
      one.seen = { ...one.seen, task };
      const again = taskVerdict(one.seen, one.container, clock.now());
      if (again.verdict === 'failed') one.verdict = again;
    }
  } catch (error) {
    if (!(error instanceof UserError || error instanceof TransientError)) throw error;
    emit({ type: 'trouble', message: error.message, inARow: 1 });
  }
}
