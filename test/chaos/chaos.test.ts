import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleSchedules } from '../../scripts/chaos/bundle.ts';
import { plants } from '../../scripts/chaos/planted.ts';

// A finding prints the seed and the path that show it again: `npm run chaos -- --only … --seed … --path …`. The seeds are
// fixed, so that no change is red for what it did not touch; `npm run chaos` takes new ones.
const longMs = 600_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-chaos-'));
  await bundleSchedules(join(folder, 'sound.mjs'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function live(file: string, ...args: string[]): Promise<{ isClean: boolean; said: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, [join(folder, file), ...args, '--quick'], { timeout: longMs }, (error, stdout, stderr) =>
      resolve({ isClean: error === null, said: `${stdout}${stderr}` }),
    ),
  );
}

test.each([
  ['migrations', 20261124, 150],
  ['rollouts', 20261124, 150],
])(
  'no verdict contradicts the truth in random schedules of %s, seed %i',
  async (only, seed, runs) => {
    const { isClean, said } = await live('sound.mjs', '--only', only, '--seed', `${seed}`, '--runs', `${runs}`);
    console.log(said.trim());
    expect({ isClean, said }).toMatchObject({ isClean: true, said: expect.stringContaining('no finding') });
  },
  longMs + 30_000,
);

// Schedules that no bug fails prove nothing.
test.each(plants.map((plant) => [plant.name, plant] as const))(
  'the schedules find it where %s',
  async (name, plant) => {
    const file = `${name.replaceAll(/\W+/g, '-')}.mjs`;
    await bundleSchedules(join(folder, file), plant);
    const { isClean, said } = await live(file, '--only', plant.among, '--seed', '7', '--runs', '400');
    expect({ isClean, said }).toMatchObject({ isClean: false, said: expect.stringMatching(plant.finding) });
  },
  longMs + 30_000,
);
