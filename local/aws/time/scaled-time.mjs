// Loaded with --import in front of the unmodified bundle: it lives by a local AWS whose time runs faster than the wall clock.
// LOCAL_AWS_TIME is `<start in ms>:<scale>`. Only `node:timers/promises`, through which the bundle does all its waiting, is
// replaced, and Date.now; request time-outs stay real.
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

const [startMs, scale] = (process.env.LOCAL_AWS_TIME ?? '').split(':').map(Number);

if (scale > 0) {
  const realNow = Date.now.bind(Date);
  Date.now = () => Math.round(startMs + (realNow() - startMs) * scale);
  const realDelay = timersPromises.setTimeout;
  timersPromises.setTimeout = (ms, value, options) => realDelay(ms / scale, value, options);
  syncBuiltinESMExports();
}
