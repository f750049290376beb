import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const timeoutMs = 240_000;

/** Runs the demo as `npm run demo` does. */
async function demo(...args: string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), 'scripts/demo.ts', ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', DOCKER_HOST: 'unix:///nowhere/docker.sock' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await ended, output: stdout + stderr };
}

/** What stays the same from run to run: headings, jobs, steps, checks and results, without numbers. */
function shapeOf(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => /^(━━|▶| {2}[^│])/.test(line))
    .map((line) => line.replaceAll(/\d+/g, 'N'));
}

/** Compares a run with its sample in docs/samples; UPDATE_SAMPLES=1 writes the sample instead. */
async function expectLikeSample(name: string, output: string): Promise<void> {
  const path = join(root, 'docs/samples', `${name}.txt`);
  // Temporary folders have other names in every run, and on every machine.
  const sample = output.replaceAll(`${tmpdir()}/`, '/tmp/').trimStart();
  if (process.env.UPDATE_SAMPLES === '1') await writeFile(path, sample);
  expect(shapeOf(sample)).toEqual(shapeOf(await readFile(path, 'utf8')));
}

/** The marks of the checks against what really happened, which the demo prints last. */
function failedChecks(output: string): string[] {
  return output.split('\n').filter((line) => line.includes('✘'));
}

test(
  'green: the three stages run in order, the schema is new, the new version serves, Slack hears of it',
  async () => {
    const { exitCode, output } = await demo('--verbose');
    expect(failedChecks(output), output).toEqual([]);
    expect(exitCode, output).toBe(0);
    const stages = [...output.matchAll(/^▶ (.*)$/gm)].map(([, name]) => name);
    expect(stages).toEqual(['build-image-and-push', 'db-migrate-on-task-run', 'service-update-and-notify']);
    expect(output).toContain('a stand-in: no Docker engine answers on this machine');
    expect(output).toContain('CREATE TABLE ratings');
    expect(output).toContain('staging のデプロイが完了しました');
    expect(output).toContain('the new version answers: version 1.1.0, tables ratings, recipes');
    await expectLikeSample('green', output);
  },
  timeoutMs,
);

test(
  'migration-fails: the migration’s own words are in the log, stage 3 never starts, the old version serves',
  async () => {
    const { exitCode, output } = await demo('--verbose', '--scenario', 'migration-fails');
    expect(failedChecks(output), output).toEqual([]);
    expect(exitCode, output).toBe(1);
    expect(output).toContain('column "author" of relation "recipes" contains null values');
    expect(output).not.toContain('▶ service-update-and-notify');
    expect(output).toContain('the old version still answers: version 1.0.0, tables recipes');
    await expectLikeSample('migration-fails', output);
  },
  timeoutMs,
);

test(
  'crash-loop: exit 1, with the container’s last lines and its exit code; the old version serves',
  async () => {
    const { exitCode, output } = await demo('--verbose', '--scenario', 'crash-loop');
    expect(failedChecks(output), output).toEqual([]);
    expect(exitCode, output).toBe(1);
    expect(output).toContain('Error: SESSION_SECRET is not set');
    expect(output).toContain('container hoge-stg exited with code 1');
    expect(output).toContain('staging のデプロイが失敗しました');
    await expectLikeSample('crash-loop', output);
  },
  timeoutMs,
);

test.each([
  ['green', 0, ['CREATE TABLE ratings', 'serves hoge-apps-service-stg:2', '✔ Slack'], 'Deployed'],
  ['migration-fails', 1, ['Log says: error: column "author"', '✔ Slack'], 'contains null values'],
  [
    'crash-loop',
    1,
    ['CREATE TABLE ratings', 'Log says: Error: SESSION_SECRET is not set', 'Serves now:', '✔ Slack'],
    'SESSION_SECRET is not set',
  ],
])(
  '%s without --verbose is a story of under 100 lines for 80 columns, which ends with the report',
  async (scenario, code, story, reported) => {
    const { exitCode, output } = await demo('--scenario', scenario);
    expect(exitCode, output).toBe(code);
    const lines = output.trim().split('\n');
    expect(lines.length, output).toBeLessThan(100);
    for (const line of lines) if (line.length > 80) expect(line.replace(/^ *│? */, '')).not.toContain(' ');
    for (const told of story) expect(output).toContain(told);
    const report = /^ {2}report {7}(\S+)$/.exec(lines.at(-1) ?? '')?.[1] ?? '';
    expect(await readFile(report, 'utf8')).toContain(reported);
  },
  timeoutMs,
);

test(
  'the orb’s text is what runs: another parameter in the config leads to another end',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-config-'));
    try {
      const config = await readFile(join(root, 'examples/hoge/.circleci/config.yml'), 'utf8');
      const wrong = config.replace('run_task_db_migrate_stg.json', 'run_task_db_migrate_prod.json');
      await writeFile(join(folder, 'config.yml'), wrong);
      const { exitCode, output } = await demo('--verbose', '--config', join(folder, 'config.yml'));
      // The demo says itself that this is not the end that was meant.
      expect(exitCode, output).toBe(70);
      expect(output).toMatch(/hoge-prod/);
      expect(output).toContain('✘ all three stages ran, in order');
      expect(output).not.toContain('CREATE TABLE ratings');
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  timeoutMs,
);

test('--help and an unknown scenario say what there is', async () => {
  expect(await demo('--help')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('green|migration-fails|crash-loop'),
  });
  for (const wrong of [['--scenario', 'nope'], ['--nope'], ['extra']]) {
    expect(await demo(...wrong)).toMatchObject({ exitCode: 2, output: expect.stringContaining('--scenario NAME') });
  }
});
