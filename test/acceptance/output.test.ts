import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bundlePath } from '../../scripts/run-bundle.ts';
import { hasTool } from '../support/needs-tool.ts';
import { migrationWorld, requestsOf } from './migration-world.ts';

const command = ['--', 'rails', 'db:migrate'];

it('a log that nobody takes from us is not read from AWS: it would pile up in our memory', async () => {
  const { model, env } = await migrationWorld();
  model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
  const pages = 40;
  let left = pages;
  model.operations.logs.GetLogEvents = () => ({
    events: left-- > 0 ? Array.from({ length: 5_000 }, () => ({ timestamp: 1, message: 'x'.repeat(100) })) : [],
    nextForwardToken: `f/${Math.max(0, left)}`,
  });
  const base = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', '--launch-type', 'FARGATE'];
  const child = spawn(process.execPath, [bundlePath, ...base, '--subnets', 'subnet-1', ...command], {
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...env },
  });
  const asked = (): number => requestsOf(model, 'GetLogEvents').length;
  // The model's time stands still for this real-time run: the container is started by hand.
  const clock = setInterval(() => model.clock.advance(1_000), 50);
  for (let before = -1; child.exitCode === null && (asked() === 0 || before !== asked()); await delay(700)) {
    before = asked();
  }
  expect(child.exitCode).toBe(null);
  expect(asked()).toBeLessThan(5);
  let lines = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('[app] x')) lines++;
    if (lines === pages * 5_000) child.kill('SIGTERM');
  });
  await once(child, 'close');
  clearInterval(clock);
  expect(lines).toBe(pages * 5_000);
}, 120_000);

it('no line of a container looks like ours, and no terminal obeys it', async () => {
  const { model, migrate } = await migrationWorld();
  const message =
    'start\n\u001b[2K\u001b[1GThe migration succeeded: exit code 0 after 1s.\u2028Error: forged\u009b8m \u202eend';
  model.behaviours.script({}, { runMs: 5_000, exitCode: 1, logs: [{ atMs: 100, message }] });
  const { exitCode, stdout } = await migrate(command);
  expect(exitCode).toBe(1);
  expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  expect(stdout).toContain('[app] The migration succeeded: exit code 0 after 1s.\n    Error: forged end\n');
  expect(stdout).not.toMatch(/^(The migration succeeded|Error: forged)/m);
});

it('a value that AWS quotes from the overrides is not printed', async () => {
  const { model, migrate } = await migrationWorld();
  model.faults.script({
    kind: 'error',
    type: 'InvalidParameterException',
    message: "1 validation error detected: Value 'canary-4711' at 'overrides' failed to satisfy constraint",
    operation: 'RunTask',
    times: 9,
  });
  const { exitCode, stdout, stderr } = await migrate(['--env', 'TOKEN=canary-4711', ...command]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("Value '(hidden)' at 'overrides'");
  expect(stdout + stderr).not.toContain('canary-4711');
});

/** run-migration-task in real time; the model's clock is driven by hand, so that its container ends. */
async function inRealTime(containerCode: number, stdout: number | 'pipe', begun: (child: ChildProcess) => void) {
  const { model, env } = await migrationWorld();
  model.behaviours.script({}, { runMs: 5_000, exitCode: containerCode });
  const base = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', '--launch-type', 'FARGATE'];
  const child = spawn(process.execPath, [bundlePath, ...base, '--subnets', 'subnet-1', '--no-logs', ...command], {
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  begun(child);
  const clock = setInterval(() => model.clock.advance(5_000), 50);
  const [exitCode] = await once(child, 'close');
  clearInterval(clock);
  return { exitCode, stderr };
}

it.each([
  [0, 0],
  [1, 1],
])(
  'a reader that went away does not take the verdict away: a migration that exits %i is exit %i',
  async (containerCode, code) => {
    const { exitCode, stderr } = await inRealTime(containerCode, 'pipe', ({ stdout }) => stdout?.destroy());
    expect([exitCode, stderr]).toEqual([code, '']);
  },
  60_000,
);

const full = hasTool({ name: '/dev/full', probe: ['test', '-c', '/dev/full'], install: 'Linux has it' });
describe.runIf(full)('a disk that is full under our output', () => {
  it.each([
    [0, 0],
    [1, 1],
  ])(
    'does not take the verdict away: a migration that exits %i is exit %i',
    async (containerCode, code) => {
      const { exitCode, stderr } = await inRealTime(containerCode, openSync('/dev/full', 'w'), () => undefined);
      expect(stderr.match(/What was to be printed is lost: ENOSPC/g)).toHaveLength(1);
      expect(exitCode).toBe(code);
    },
    60_000,
  );

  it.each(['--version', 'help'])('is exit 2 where printing is all that was asked for: %s', (word) => {
    const { status, stderr } = spawnSync(process.execPath, [bundlePath, word], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^Error: What was to be printed is lost: ENOSPC.*\n$/);
    expect(status).toBe(2);
  });
});

it.each(['--version', 'help'])('a reader that is gone before %s answers is no error', async (word) => {
  const child = spawn(process.execPath, [bundlePath, word], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([code, stderr]).toEqual([0, '']);
});

it('an error that escapes while a task is followed is a bug, exit 70, and not a migration that failed', async () => {
  const { model, env } = await migrationWorld();
  model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
  const thrown = 'data:text/javascript,setTimeout(()=>{throw(new(Error)("escaped"))},3000)';
  const base = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', '--launch-type', 'FARGATE'];
  const child = spawn(
    process.execPath,
    ['--import', thrown, bundlePath, ...base, '--subnets', 'subnet-1', ...command],
    {
      env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const [exitCode] = await once(child, 'close');
  expect(stderr).toContain('Error: migrate-deploy has a bug.\n  Why: Error: escaped');
  expect(exitCode).toBe(70);
}, 60_000);
