import { TransientError } from '../errors.ts';
import type { Clock, Interrupt } from '../ports.ts';

/** How a wait ended; `trouble` where AWS did not answer the last looks. */
export type PollEnd<T> =
  | { end: 'answered'; answer: T }
  | { end: 'timed-out' | 'interrupted'; trouble?: Trouble | undefined };

/** Looks in a row that AWS did not answer. */
export interface Trouble {
  /** What the last one came to. */
  message: string;
  inARow: number;
  /** When the first of them began, in milliseconds since the epoch. */
  sinceMs: number;
}

export interface PollOptions {
  clock: Clock;
  interrupt: Interrupt;
  timeoutMs: number;
  /** Distance between looks, fixed or by the time that has passed; adaptive when absent. */
  intervalMs?: number | ((elapsedMs: number) => number) | undefined;
  /** Most looks that are taken and answered; unlimited when absent. */
  maxLooks?: number | undefined;
  /** Told of each look that AWS did not answer. */
  onTrouble?: (error: TransientError, inARow: number) => void;
}

const longestBackoffMs = 30_000;
/** Longer than this nobody is silent for AWS's sake: a heartbeat is due, and CircleCI ends a step that says nothing. */
const longestRetryAfterMs = 60_000;

/** Milliseconds to the next look: quick while things change fast, slow when a wait has become long. */
export function adaptiveIntervalMs(elapsedMs: number): number {
  if (elapsedMs < 10_000) return 1_000;
  if (elapsedMs < 60_000) return 2_000;
  return elapsedMs < 600_000 ? 5_000 : 10_000;
}

/** `AWS did not answer since 12:03:04 UTC (14 times): …`, for whoever gives up. */
export function troubleText({ message, inARow, sinceMs }: Trouble): string {
  const since = new Date(sinceMs).toISOString().slice(11, 19);
  return `AWS did not answer since ${since} UTC (${inARow} ${inARow === 1 ? 'time' : 'times'}): ${message}`;
}

/**
 * Calls `look` until it answers, time runs out or the user interrupts; the last look falls on the deadline.
 * A TransientError is no look: it backs off and goes on. Any other error ends the wait.
 */
export async function poll<T>(look: () => Promise<T | undefined>, options: PollOptions): Promise<PollEnd<T>> {
  const { clock, interrupt, timeoutMs, maxLooks = Number.POSITIVE_INFINITY } = options;
  const startMs = clock.now();
  let trouble: Trouble | undefined;
  let looks = 0;
  const over = (end: 'timed-out' | 'interrupted'): PollEnd<T> => ({
    end,
    ...(trouble === undefined ? {} : { trouble }),
  });
  for (;;) {
    if (interrupt.signal.aborted) return over('interrupted');
    let backoffMs = 0;
    const lookMs = clock.now();
    try {
      const answer = await look();
      if (answer !== undefined) return { end: 'answered', answer };
      looks++;
      trouble = undefined;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      // The interrupt itself ended the request: that is no trouble of AWS.
      if (interrupt.signal.aborted) return over('interrupted');
      const inARow = (trouble?.inARow ?? 0) + 1;
      trouble = { message: error.message, inARow, sinceMs: trouble?.sinceMs ?? lookMs };
      options.onTrouble?.(error, inARow);
      const wishMs = Math.min(longestRetryAfterMs, error.retryAfterMs ?? 0);
      backoffMs = Math.max(wishMs, Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(inARow, 10)));
    }
    const elapsedMs = clock.now() - startMs;
    if (interrupt.signal.aborted) return over('interrupted');
    if (elapsedMs >= timeoutMs || looks >= maxLooks) return over('timed-out');
    const { intervalMs: given = adaptiveIntervalMs } = options;
    const intervalMs = typeof given === 'number' ? given : given(elapsedMs);
    await clock.sleep(Math.min(Math.max(intervalMs, backoffMs), timeoutMs - elapsedMs), interrupt.signal);
  }
}
