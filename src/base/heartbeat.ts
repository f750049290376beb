import type { Announce, Clock } from '../ports.ts';

/**
 * CircleCI ends a step after ten silent minutes; a line a minute shows that we are alive. A little less than a minute,
 * since a look that comes a millisecond early would wait for the next one.
 */
const heartbeatAfterMs = 59_500;

/** Wraps `announce` so that a loop can say something when nothing was said for a minute. */
export function watchSilence<E extends { type: string }>(
  announce: Announce<E>,
  clock: Clock,
): { announce: Announce<E>; breakSilence: (event: () => E) => void } {
  let lastMs = clock.now();
  const say: Announce<E> = (event) => {
    lastMs = clock.now();
    announce(event);
  };
  return {
    announce: say,
    breakSilence: (event) => {
      if (clock.now() - lastMs >= heartbeatAfterMs) say(event());
    },
  };
}
