import type { Clock, Emit } from '../ports.ts';

/**
 * CircleCI ends a step after ten silent minutes; a line a minute shows that we are alive. A little less than a minute,
 * since a look that comes a millisecond early would wait for the next one.
 */
const heartbeatAfterMs = 59_500;

/** Wraps `emit` so that a loop can say something when nothing was said for a minute. */
export function watchSilence<E extends { type: string }>(
  emit: Emit<E>,
  clock: Clock,
): { emit: Emit<E>; breakSilence: (event: () => E) => void } {
  let lastMs = clock.now();
  const say: Emit<E> = (event) => {
    lastMs = clock.now();
    emit(event);
  };
  return {
    emit: say,
    breakSilence: (event) => {
      if (clock.now() - lastMs >= heartbeatAfterMs) say(event());
    },
  };
}
