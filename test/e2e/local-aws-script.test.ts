import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts `npm run local-aws -- …` and answers the environment that it prints. */
async function start(
  ...args: string[]
): Promise<{ child: ChildProcess; env: Record<string, string>; notes: string[] }> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), 'scripts/local-aws.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const env: Record<string, string> = {};
  const notes: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) notes.push(line);
    else env[name] = value;
    if (name === 'AWS_EC2_METADATA_DISABLED') break;
  }
  return { child, env, notes };
}

test('what it prints is all that a local script needs to run a migration', async () => {
  const { child, env, notes } = await start('--env', 'stg', '--service', '--scale', '40');
  expect(notes[0]).toContain('# stg: cluster hoge-stg, families hoge-service-stg and hoge-apps-service-stg');
  const overrides = 'file://docker/run_task_db_migrate_stg.json';
  const args = ['--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg', '--overrides', overrides];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, 'dist/run-migration-task.mjs'), ...args, '--poll-interval', '1'],
    { cwd: join(root, 'examples/hoge'), env: { PATH: process.env.PATH, HOME: '/nowhere', ...env } },
  );
  expect(stdout).toContain('succeeded: container hoge-stg ended with exit code 0');
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([0, null]);
  await expect(fetch(env.AWS_ENDPOINT_URL ?? '')).rejects.toThrow();
}, 180_000);

test('--demo: every command that it prints works as printed', async () => {
  const { env, notes, child } = await start('--demo', '--scale', '40');
  const tries = notes.flatMap((note) => /^# {3}(.*)$/.exec(note)?.[1] ?? []);
  expect(tries).toHaveLength(6);
  for (const command of tries) {
    const ended = await promisify(execFile)('bash', ['-c', command], {
      cwd: join(root, 'examples/hoge'),
      env: { PATH: process.env.PATH, HOME: '/nowhere', ...env },
    });
    expect(ended.stdout).not.toBe('');
    if (command.startsWith('curl')) expect(JSON.parse(ended.stdout)).toMatchObject({ version: '1.0.0' });
    if (command.includes('generate-config')) expect(ended.stdout).toContain('cluster: hoge-stg');
    if (command.includes('--role-arn')) expect(ended.stdout).toContain('assumed-role/circleci-deploy');
  }
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([0, null]);
}, 300_000);

test('a wrong option is told with all there are, and nothing is started', async () => {
  const tsx = ['--import', import.meta.resolve('tsx'), 'scripts/local-aws.ts'];
  for (const wrong of [['--scale', 'fast'], ['--nope'], ['--port', '-1']]) {
    const ended = promisify(execFile)(process.execPath, [...tsx, ...wrong], { cwd: root });
    await expect(ended).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm run local-aws -- [options]'),
    });
  }
}, 180_000);
