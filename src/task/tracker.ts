import type { Task } from '@aws-sdk/client-ecs';
import { TransientError } from '../errors.ts';
import type { FollowEvent } from '../migrate/events.ts';
import type { Announce, Aws, Clock, Interrupt } from '../ports.ts';
import type { TaskLog } from './log.ts';
import type { LogPlace } from './log-place.ts';
import type { JudgedContainer, TaskVerdict } from './verdict.ts';

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
  /** Ends the reading of a long log between two pages. */
  interrupt?: Interrupt | undefined;
  /** Resolves when whoever reads our output has caught up. */
  drained?: (() => Promise<void>) | undefined;
}

/** What became of one task while we looked. */
export interface FollowedTask {
  taskArn: string;
  verdict: TaskVerdict | { verdict: 'lost'; seen: boolean };
  /** The latest sight of it. */
  task: Task | undefined;
  container: FollowedContainer | undefined;
  logPlace: LogPlace | undefined;
  lastLogLines: string[];
}

/** A task under observation, with what is needed to go on. */
export interface Tracker extends FollowedTask {
  target: FollowTarget;
  log: TaskLog | undefined;
  missingSinceMs: number | undefined;
  missingLooks: number;
  status: string;
  judgedMs: number | undefined;
  /** When we first saw that its container had ended. */
  endSeenMs: number | undefined;
  /** Another essential container, seen to have ended while the one that counts still ran. */
  endedFirst: string | undefined;
}

/** DescribeTasks takes so many tasks. */
export const describedAtOnce = 100;

/** A task that nobody has looked at yet. */
export const newTracker = (target: FollowTarget): Tracker => ({
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
  endSeenMs: undefined,
  endedFirst: undefined,
});

/** What others may know of it. */
export const outside = ({ taskArn, verdict, task, container, log, logPlace }: Tracker): FollowedTask => ({
  taskArn,
  verdict,
  task,
  container,
  logPlace: log?.place() ?? logPlace,
  lastLogLines: log?.lastLines() ?? [],
});

/** Between two looks at the tasks; what is left over comes with the next one. */
const longestReadMs = 10_000;

/** Reads what is there now; no trouble with the log may stand in the way of the verdict. */
export async function readLogs(
  trackers: Tracker[],
  deps: FollowDeps,
  upTo: 'the end' | 'a short page' = 'the end',
  budgetMs = longestReadMs,
): Promise<void> {
  const untilMs = deps.clock.now() + budgetMs;
  const isOver = (): boolean => deps.clock.now() >= untilMs || deps.interrupt?.signal.aborted === true;
  for (const { log } of trackers) {
    try {
      await log?.read(deps.clock.now(), { upTo, isOver, drained: deps.drained });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (error.code === 'Interrupted') return;
      deps.announce({ type: 'trouble', message: error.message, inARow: 1 });
    }
  }
}
