// `run release plan|update|log` as the environment CLI has it: a marker is planned once, and ends once.
import { appendFileSync, readFileSync } from 'node:fs';

/** Carries out the words behind `run release`; answers the exit code. */
export function release(words) {
  const [verb, ...rest] = words;
  const name = rest.find((word) => !word.startsWith('--'));
  const flags = Object.fromEntries(
    rest
      .filter((word) => word.startsWith('--'))
      .map((word) => [word.slice(2).replace(/=.*/s, ''), word.replace(/^[^=]*=?/, '')]),
  );
  const path = process.env.LOCAL_CIRCLECI_RELEASES;
  const told = path === undefined ? [] : lines(path);
  const refused = refusal(verb, name, flags, told);
  if (refused !== undefined) {
    process.stderr.write(`Error: ${refused}\n`);
    return 1;
  }
  if (path !== undefined)
    appendFileSync(path, `${JSON.stringify({ job: process.env.CIRCLE_JOB, verb, name, flags })}\n`);
  return 0;
}

function refusal(verb, name, flags, told) {
  if (!['plan', 'update', 'log'].includes(verb)) return `unknown command "${verb}" for "release"`;
  if (verb !== 'update') {
    const missing = ['environment-name', 'component-name', 'target-version'].find((flag) => (flags[flag] ?? '') === '');
    if (missing !== undefined) return `required flag "${missing}" not set`;
    const isThere = verb === 'plan' && told.some((one) => one.verb === 'plan' && one.name === name);
    return isThere ? `a release named ${name} is planned already` : undefined;
  }
  const own = told.filter((one) => one.name === name);
  if (own.length === 0) return `no release named ${name} is planned in this workflow`;
  const end = own.find((one) => /^(SUCCESS|FAILED|CANCELED)$/i.test(one.flags.status ?? ''));
  return end === undefined ? undefined : `release ${name} has ended already, as ${end.flags.status}`;
}

function lines(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
