import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSchedules } from './chaos/bundle.ts';

// Random schedules against the ground truth: `npm run chaos -- --runs 10000 --seed 1 --workers 2 --only rollouts`.
// `--seed` and `--path` of a finding live through that schedule again.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
    only: { type: 'string' },
    workers: { type: 'string', default: '1' },
  },
});
/** Small parts keep memory small, and a seed for each makes a finding quick to live through again. */
const runsOfPart = 250;

const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-chaos-'));
try {
  const file = join(folder, 'chaos.mjs');
  await bundleSchedules(file);
  const total = Number(values.runs);
  const parts = Array.from({ length: Math.ceil(total / runsOfPart) }, (_, index) => ({
    seed: Number(values.seed) + index,
    runs: Math.min(runsOfPart, total - index * runsOfPart),
  }));
  const worker = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const given = [
        values.path === undefined ? [] : ['--path', values.path],
        values.only === undefined ? [] : ['--only', values.only],
      ];
      if ((await run(file, ['--seed', `${part.seed}`, '--runs', `${part.runs}`, ...given.flat()])) !== 0) {
        process.exitCode = 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, worker));
} finally {
  await rm(folder, { recursive: true, force: true });
}

function run(file: string, args: readonly string[]): Promise<number | null> {
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit', env });
  return new Promise((resolve) => child.on('close', resolve));
}
