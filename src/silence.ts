import type { Announce, Clock } from './ports.ts';

/** CircleCI ends a step after ten silent minutes; a line a minute shows that we are alive. */
const heartbeatAfterMs = 60_000;

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
