import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expand } from '../../src/tools.ts';
import { createWorkbench, root } from '../orb/support.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';

const article = readFileSync(join(root, 'examples/hoge/.circleci/config.yml'), 'utf8');
const overrides = readFileSync(join(root, 'examples/hoge/docker/run_task_db_migrate_stg.json'), 'utf8');
let orb = '';
let close: () => Promise<void>;
beforeAll(async () => {
  const bench = await createWorkbench();
  orb = bench.packed;
  close = bench.close;
});
afterAll(() => close());

async function check(config: string, ...args: string[]) {
  const files = memoryFiles({
    'config.yml': config,
    'orb.yml': orb,
    'docker/run_task_db_migrate_stg.json': overrides,
  });
  const argv = ['check-config', 'config.yml', '--orb', 'org/migrate-deploy=orb.yml', ...args];
  return runCommand(argv, { files, circleCi: { expand } });
}

const lineWith = (text: string, config = article): number =>
  config.split('\n').findIndex((one) => one.includes(text)) + 1;

describe('check-config', () => {
  it('prints the jobs of a push in their order, with the options of each stage that are no defaults', async () => {
    const { stdout, exitCode } = await check(article, '--branch', 'staging');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').filter((one) => /^ {2}\d/.test(one))).toEqual([
      '  1. build-image-and-push (migrate-deploy/build_image_and_push)',
      '  2. db-migrate-on-task-run (migrate-deploy/db_migrate_on_task_run; after build-image-and-push)',
      '  3. service-update-and-notify (migrate-deploy/service_update_and_notify; after db-migrate-on-task-run)',
    ]);
    expect(stdout).toContain(
      '       run-migration-task --cluster hoge-stg --task-definition hoge-service-stg --overrides file://docker/run_task_db_migrate_stg.json\n',
    );
    expect(stdout).not.toContain('hoge-prod');
    // Files of the job are the orb's own, the same everywhere.
    expect(stdout).not.toMatch(/BASH_ENV|\.migrate-deploy/);
  });

  it('prints no value that may be secret', async () => {
    const config = article.replace('overrides: file://docker/run_task_db_migrate_stg.json', 'env: PASSWORD=hunter2');
    const { stdout } = await check(config, '--branch', 'staging');
    expect(stdout).toContain('--env …');
    expect(stdout).not.toContain('hunter2');
  });

  it('gives one document to programs', async () => {
    const { stdout } = await check(article, '--branch', 'staging', '--output', 'json');
    const { exitCode, workflows } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(workflows[0].jobs[1].stages[0]).toMatchObject({
      command: 'run-migration-task',
      options: expect.arrayContaining([{ name: 'cluster', text: 'hoge-stg' }]),
      errors: [],
    });
  });

  it('says which branches start which workflow when this one starts none', async () => {
    const { stderr, exitCode } = await check(article, '--branch', 'feature');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: A push to branch feature starts nothing.');
    expect(stderr).toContain('- db-migrate-and-deploy-to-stg: branch staging');
    expect(stderr).toContain('- db-migrate-and-deploy-to-prod: branch production');
  });

  const missing = article.replace(
    '          cluster: hoge-stg\n          task_definition',
    '          task_definition',
  );
  const strange = article.replace('overrides: file', 'overides: file');
  it.each([
    [
      'a parameter that is missing',
      missing,
      'Missing required argument(s): cluster',
      lineWith('db_migrate_on_task_run:', missing),
    ],
    ['one that there is not', strange, 'Unexpected argument(s): overides', lineWith('overides', strange)],
    [
      'a job that there is not',
      article.replace('migrate-deploy/db_migrate_on', 'migrate-deploy/db_migrat_on'),
      'db_migrat_on_task_run',
      lineWith('db_migrate_on_task_run:'),
    ],
    [
      'YAML that is none',
      article.replace('  db-migrate-and-deploy-to-stg:', '  [db'),
      'Unable to parse YAML',
      undefined,
    ],
  ])('tells CircleCI’s own error with its line: %s', async (_, config, message, line) => {
    const { stderr, exitCode } = await check(config, '--branch', 'staging');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: CircleCI would refuse this config.');
    expect(stderr).toContain(message);
    expect(stderr).toMatch(line === undefined ? /line \d+/ : new RegExp(`\\(line ${line}\\)`));
  });

  it.each([
    [
      'a value that the program refuses',
      ['poll_interval: "10"', 'poll_interval: "soon"'],
      /✘ --poll-interval must be a duration/,
    ],
    [
      'a file of overrides that is not there',
      ['task_db_migrate_stg.json', 'task.json'],
      /✘ --overrides: .*docker\/run_task\.json/,
    ],
  ])('checks the options as the program will: %s', async (_, [from = '', to = ''], message) => {
    const { stdout, exitCode } = await check(article.replace(from, to), '--branch', 'staging');
    expect(stdout).toMatch(message);
    expect(exitCode).toBe(2);
  });

  it('says where it looked for a config', async () => {
    const { stderr, exitCode } = await runCommand(['check-config', 'nowhere.yml'], { circleCi: { expand } });
    expect(stderr).toContain('Error: There is no file nowhere.yml.\n  Why: Looked for /project/nowhere.yml.');
    expect(exitCode).toBe(2);
  });

  it('asks for an orb of others', async () => {
    const config = article.replace('orbs:', 'orbs:\n  node: circleci/node@7');
    const { stderr } = await check(config, '--branch', 'staging');
    expect(stderr).toMatch(/circleci\/node|node/);
    expect(stderr).toContain('--orb NAMESPACE/NAME=FILE');
  });
});
