import type { Task } from '@aws-sdk/client-ecs';
import type { LogPlace } from './domain/log-place.ts';
import type { JudgedContainer, TaskVerdict } from './domain/task-verdict.ts';
import { taskVerdict } from './domain/task-verdict.ts';
import { TransientError } from './errors.ts';
import type { FollowEvent } from './migrate/events.ts';
import { createTaskLog, type TaskLog } from './migrate/task-log.ts';
import { poll } from './poll.ts';
import type { Announce, Aws, Clock, Interrupt } from './ports.ts';
import { watchSilence } from './silence.ts';

/** The container of a task that counts, with what its definition says about its log. */
export interface FollowedContainer extends JudgedContainer {
  logConfiguration?: unknown;
}

/** A task to follow. */
export interface FollowTarget {
  taskArn: string;
  /** Which container counts; asked once, at first sight. */
  container(task: Task): Promise<FollowedContainer>;
}

export interface FollowOptions {
  cluster: string;
  pollIntervalMs: number | undefined;
  logs: boolean;
  /** How long to go on reading the log once the verdict stands; the defaults are 5 s, and 15 s for a red one. */
  logGraceMs: number | undefined;
}

export interface FollowDeps {
  aws: Aws;
  clock: Clock;
  announce: Announce<FollowEvent>;
}

/** What became of one task while we looked. */
export interface FollowedTask {
  taskArn: string;
  verdict: Exclude<TaskVerdict, { verdict: 'going' }> | { verdict: 'going' } | { verdict: 'lost'; seen: boolean };
  /** The latest sight of it. */
  task: Task | undefined;
  container: FollowedContainer | undefined;
  logPlace: LogPlace | undefined;
  lastLogLines: string[];
}

interface Tracker extends FollowedTask {
  target: FollowTarget;
  log: TaskLog | undefined;
  missingSinceMs: number | undefined;
  missingLooks: number;
  status: string;
  judgedMs: number | undefined;
}

/** DescribeTasks may not know a task for a while after RunTask; see "eventual consistency" in its API reference. */
const missingWindowMs = 60_000;
const describedAtOnce = 100;

/** Tasks under observation; `follow` may be called again and goes on where it stopped. */
export interface Follower {
  /** Until each verdict stands, time runs out or the user interrupts. */
  follow(until: { timeoutMs: number; interrupt: Interrupt }): Promise<'judged' | 'timed-out' | 'interrupted'>;
  tasks(): FollowedTask[];
}

/**
 * Follows tasks and their logs. Each look is followed by a read of the log, and after the verdict reading goes on
 * for a while: no line is lost.
 */
export function createFollower(targets: readonly FollowTarget[], options: FollowOptions, deps: FollowDeps): Follower {
  const { clock } = deps;
  const startMs = clock.now();
  const { announce, breakSilence } = watchSilence(deps.announce, clock);
  const inner = { ...deps, announce };
  const trackers = targets.map(newTracker);
  const heartbeat = (): void => {
    const open = trackers.filter(({ verdict }) => verdict.verdict === 'going');
    const [first] = open;
    if (first === undefined) return;
    const { taskArn, status } = first;
    const elapsedMs = clock.now() - startMs;
    breakSilence(() => ({ type: 'heartbeat', taskArn, status, elapsedMs, others: open.length - 1 }));
  };
  const onTrouble = (error: TransientError, inARow: number): void => {
    if (inARow === 1 || inARow % 10 === 0) announce({ type: 'trouble', message: error.message, inARow });
    heartbeat();
  };
  const allJudged = async (): Promise<true | undefined> => {
    await look(trackers, options, startMs, inner);
    heartbeat();
    return trackers.every(({ verdict }) => verdict.verdict !== 'going') || undefined;
  };
  return {
    follow: async ({ timeoutMs, interrupt }) => {
      const intervalMs = options.pollIntervalMs;
      const { end } = await poll(allJudged, { clock, interrupt, timeoutMs, intervalMs, onTrouble });
      if (end === 'answered') await drain(trackers, options, interrupt, inner);
      else await readLogs(trackers, inner);
      return end === 'answered' ? 'judged' : end;
    },
    tasks: () => trackers.map(outside),
  };
}

const newTracker = (target: FollowTarget): Tracker => ({
  target,
  taskArn: target.taskArn,
  verdict: { verdict: 'going' },
  task: undefined,
  container: undefined,
  logPlace: undefined,
  lastLogLines: [],
  log: undefined,
  missingSinceMs: undefined,
  missingLooks: 0,
  status: '',
  judgedMs: undefined,
});

const outside = ({ taskArn, verdict, task, container, log, logPlace }: Tracker): FollowedTask => ({
  taskArn,
  verdict,
  task,
  container,
  logPlace: log?.place() ?? logPlace,
  lastLogLines: log?.lastLines() ?? [],
});

/** One look at all tasks whose verdict does not stand, then their logs. */
async function look(trackers: Tracker[], options: FollowOptions, startMs: number, deps: FollowDeps): Promise<void> {
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
  await readLogs(trackers, deps);
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
  tracker.log?.sight(task);
  const status = task.lastStatus ?? 'UNKNOWN';
  if (status !== tracker.status) {
    tracker.status = status;
    deps.announce({ type: 'task-state', taskArn: tracker.taskArn, status, elapsedMs: deps.clock.now() - startMs });
  }
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
  const verdict = taskVerdict(task, container);
  if (verdict.verdict === 'going') return;
  tracker.verdict = verdict;
  tracker.judgedMs = clock.now();
  announce({ type: 'judged', taskArn, verdict: verdict.verdict, elapsedMs: clock.now() - startMs });
}

/** Reads what is there now; no trouble with the log may stand in the way of the verdict. */
async function readLogs(trackers: Tracker[], deps: FollowDeps): Promise<void> {
  for (const { log } of trackers) {
    try {
      await log?.read(deps.clock.now());
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      deps.announce({ type: 'trouble', message: error.message, inARow: 1 });
    }
  }
}

const greenGraceMs = 5_000;
const redGraceMs = 15_000;
/** The log driver collects lines for some seconds before it sends them. */
const ingestionMs = 10_000;
const quietMs = 3_000;
const longestDrainMs = 60_000;

/** Goes on reading until the grace is over and the last line is a little while ago; takes a last look at the tasks on the way. */
async function drain(
  trackers: Tracker[],
  options: FollowOptions,
  interrupt: Interrupt,
  deps: FollowDeps,
): Promise<void> {
  const { clock } = deps;
  const untilMs = (tracker: Tracker): number => {
    const { log, judgedMs, verdict, task } = tracker;
    if (log === undefined || judgedMs === undefined || !log.mayGrow()) return 0;
    const graceMs = options.logGraceMs ?? (verdict.verdict === 'succeeded' ? greenGraceMs : redGraceMs);
    const endedMs = task?.executionStoppedAt?.getTime() ?? 0;
    const settledMs = options.logGraceMs === undefined ? endedMs + ingestionMs : 0;
    const quiet = options.logGraceMs === 0 ? 0 : (log.lastLineMs() ?? 0) + quietMs;
    return Math.min(judgedMs + longestDrainMs, Math.max(judgedMs + graceMs, settledMs, quiet));
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
      tracker.task = tasks.find(({ taskArn }) => taskArn === tracker.taskArn) ?? tracker.task;
  } catch (error) {
    deps.announce({ type: 'trouble', message: error instanceof Error ? error.message : String(error), inARow: 1 });
  }
}
