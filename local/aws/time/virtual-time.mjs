// Loaded with --import in front of the unmodified bundle: its waits move the local AWS's virtual clock instead of taking time.
// Only `node:timers/promises` is replaced, through which the bundle does all its waiting; request time-outs stay real.
import { request } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

const endpoint = process.env.LOCAL_AWS_CONTROL;
const realNow = Date.now.bind(Date);

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${endpoint}${path}`,
      { method, agent: false, headers: { 'content-type': 'application/json' } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve(JSON.parse(text)));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const { nowMs } = await call('GET', '/_local/clock');
let offsetMs = nowMs - realNow();
Date.now = () => realNow() + offsetMs;

timersPromises.setTimeout = async (ms, value, options) => {
  const signal = options?.signal;
  const abort = () => Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' });
  if (signal?.aborted) throw abort();
  const answer = await call('POST', '/_local/clock/advance', { ms });
  offsetMs = answer.nowMs - realNow();
  // Signals and other input get their turn, as they would during a real wait.
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw abort();
  return value;
};
syncBuiltinESMExports();
