// Loaded through NODE_OPTIONS in front of the bundle: time moves only by the program's own waits, so that a busy machine
// changes no duration. INTERRUPT_AFTER_MS sends a real SIGINT to the program at that moment of the virtual time.
delete process.env.NODE_OPTIONS;
Date.now = () => 0;
const { syncBuiltinESMExports } = await import('node:module');
const { default: timersPromises } = await import('node:timers/promises');
await import('../../local/aws/time/virtual-time.mjs');

const interruptAtMs = Date.now() + Number(process.env.INTERRUPT_AFTER_MS ?? Number.POSITIVE_INFINITY);
let interrupted = false;
const wait = timersPromises.setTimeout;
timersPromises.setTimeout = async (ms, value, options) => {
  if (!interrupted && Date.now() + ms >= interruptAtMs) {
    interrupted = true;
    const arrived = new Promise((resolve) => process.once('SIGINT', resolve));
    const awake = setInterval(() => undefined, 1_000);
    process.kill(process.pid, 'SIGINT');
    await arrived;
    clearInterval(awake);
  }
  return wait(ms, value, options);
};
syncBuiltinESMExports();
