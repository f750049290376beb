import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle } from '../../scripts/build.ts';
import { root } from '../orb/support.ts';

let folder = '';
let version = '';
beforeAll(async () => {
  ({ version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string });
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-programs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (file: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};
const dist = (file: string): string => join(root, 'dist', file);

it('two builds give the same bytes, wherever they are written', async () => {
  const { file, orbFile } = await buildBundle(join(folder, 'elsewhere'));
  // Not by toBe, which would print all of both.
  const isSame = async (a: string, b: string): Promise<boolean> => (await readFile(a)).equals(await readFile(dist(b)));
  expect(await isSame(file, 'migrate-deploy.cjs')).toBe(true);
  expect(await isSame(orbFile, 'orb/migrate-deploy.cjs')).toBe(true);
});

it('--version needs nothing but the head of the file', async () => {
  const whole = await readFile(dist('migrate-deploy.cjs'), 'latin1');
  const head = join(folder, 'head.cjs');
  await writeFile(head, whole.slice(0, whole.indexOf('\n/*')), 'latin1');
  expect(run(head, '--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

it('the .mjs files run the same program', () => {
  expect(run(dist('migrate-deploy.mjs'), 'wait-for-task', '--help')).toEqual(
    run(dist('migrate-deploy.cjs'), 'wait-for-task', '--help'),
  );
  expect(run(dist('wait-for-task.mjs'), '--help').stdout).toContain('Usage: migrate-deploy wait-for-task');
});

describe('the program of the orb', () => {
  const orb = dist('orb/migrate-deploy.cjs');

  it.each([
    ['--help', 0],
    ['help', 0],
    ['run-migration-task --help', 0],
    ['status help', 0],
    ['status --cluster c --h', 0],
    ['status --help=true', 0],
    ['', 2],
  ])('%j says where help is', (line, status) => {
    const { stdout, stderr, ...ended } = run(orb, ...line.split(' ').filter(Boolean));
    expect(ended).toEqual({ status });
    expect(stdout + stderr).toBe(
      `The program of the orb carries no help. \`npx migrate-deploy@${version} --help\` prints it.\n`,
    );
  });

  it.each(['--version', 'status --version', 'status --version=true'])('%s prints the version', (line) => {
    expect(run(orb, ...line.split(' '))).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('a value that asks for help is the value of its option', () => {
    const { status, stderr } = run(orb, 'build-and-push-image', '--extra-build-args', '-h', '--tag', 'v1');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Error: --repository is missing/);
  });

  it('says so of a command that no job calls, and does nothing', () => {
    const { status, stderr } = run(orb, 'iam-policy');
    expect(status).toBe(2);
    expect(stderr).toContain('The program of the orb has no command iam-policy.');
  });

  it('describes a required option that is missing', () => {
    const { status, stderr } = run(orb, 'run-migration-task');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--cluster is missing: \w+/);
  });
});
