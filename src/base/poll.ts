import { TransientError } from '../errors.ts';
import type { Clock, Interrupt } from '../ports.ts';

/** How a wait ended. */
export type PollEnd<T> = { end: 'answered'; answer: T } | { end: 'timed-out' } | { end: 'interrupted' };

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

/** Milliseconds to the next look: quick while things change fast, slow when a wait has become long. */
export function adaptiveIntervalMs(elapsedMs: number): number {
  if (elapsedMs < 10_000) return 1_000;
  if (elapsedMs < 60_000) return 2_000;
  return elapsedMs < 600_000 ? 5_000 : 10_000;
}

/**
 * Calls `look` until it answers, time runs out or the user interrupts; the last look falls on the deadline.
 * A TransientError is no look: it backs off and goes on. Any other error ends the wait.
 */
export async function poll<T>(look: () => Promise<T | undefined>, options: PollOptions): Promise<PollEnd<T>> {
  const { clock, interrupt, timeoutMs, maxLooks = Number.POSITIVE_INFINITY } = options;
  const startMs = clock.now();
  let troubles = 0;
  let looks = 0;
  for (;;) {
    if (interrupt.signal.aborted) return { end: 'interrupted' };
    let backoffMs = 0;
    try {
      const answer = await look();
      if (answer !== undefined) return { end: 'answered', answer };
      looks++;
      troubles = 0;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      troubles++;
      options.onTrouble?.(error, troubles);
      backoffMs = Math.max(error.retryAfterMs ?? 0, Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(troubles, 10)));
    }
    const elapsedMs = clock.now() - startMs;
    if (interrupt.signal.aborted) return { end: 'interrupted' };
    if (elapsedMs >= timeoutMs || looks >= maxLooks) return { end: 'timed-out' };
    const { intervalMs: given = adaptiveIntervalMs } = options;
    const intervalMs = typeof given === 'number' ? given : given(elapsedMs);
    await clock.sleep(Math.min(Math.max(intervalMs, backoffMs), timeoutMs - elapsedMs), interrupt.signal);
  }
}
