import { watchSilence } from '../base/heartbeat.ts';
import { adaptiveIntervalMs, poll, type Trouble } from '../base/poll.ts';
import type { TransientError } from '../errors.ts';
import type { Interrupt } from '../ports.ts';
import { drain } from './drain.ts';
import { look } from './observe.ts';
import {
  type FollowDeps,
  type FollowedTask,
  type FollowOptions,
  type FollowTarget,
  newTracker,
  outside,
  readLogs,
} from './tracker.ts';

const endedIntervalMs = 2_000;
const lastReadMs = 3_000;

/** Tasks under observation; `follow` may be called again and goes on where it stopped. */
export interface Follower {
  /** Until each verdict stands, time runs out or the user interrupts; `trouble` where AWS did not answer at last. */
  follow(until: {
    timeoutMs: number;
    interrupt: Interrupt;
  }): Promise<{ end: 'judged' | 'timed-out' | 'interrupted'; trouble?: Trouble | undefined }>;
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
  // Once a container has ended, what is still missing comes within seconds.
  const nextLookMs = (elapsedMs: number): number =>
    trackers.some(({ endSeenMs, verdict }) => endSeenMs !== undefined && verdict.verdict === 'going')
      ? endedIntervalMs
      : adaptiveIntervalMs(elapsedMs);
  const allJudged = async (interrupt: Interrupt): Promise<true | undefined> => {
    await look(trackers, options, startMs, { ...inner, interrupt });
    heartbeat();
    return trackers.every(({ verdict }) => verdict.verdict !== 'going') || undefined;
  };
  return {
    follow: async ({ timeoutMs, interrupt }) => {
      const intervalMs = options.pollIntervalMs ?? nextLookMs;
      const looked = await poll(() => allJudged(interrupt), { clock, interrupt, timeoutMs, intervalMs, onTrouble });
      if (looked.end === 'answered') {
        await drain(trackers, options, interrupt, { ...inner, interrupt });
        return { end: 'judged' };
      }
      // Our time is over: what is there is printed, as far as a moment reaches, whatever interrupted us.
      await readLogs(trackers, { ...inner, interrupt: undefined }, 'the end', lastReadMs);
      return looked;
    },
    tasks: () => trackers.map(outside),
  };
}
