import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillDemo } from '../scripts/local-aws/demo.ts';
import { type RunningAws, startLocalAws } from '../scripts/local-aws/start.ts';
import { bundlePath } from '../scripts/run-bundle.ts';
import { splitWords } from '../src/base/words.ts';
import { root } from './orb/support.ts';
import { registry, rolloutWorld } from './rollout/rollout-world.ts';
import { runCommand } from './support/run-command.ts';

const page = (name: string): Promise<string> => readFile(join(root, 'docs', name), 'utf8');

describe('First run', () => {
  let aws: RunningAws;
  let demo: Awaited<ReturnType<typeof fillDemo>>;
  let project = '';
  beforeAll(async () => {
    aws = await startLocalAws({ scale: 40 });
    demo = await fillDemo(aws);
    project = await mkdtemp(join(tmpdir(), 'first-run-'));
    await cp(join(root, 'examples/hoge/Dockerfile'), join(project, 'Dockerfile'));
    await writeFile(join(project, 'migrate-deploy'), `#!/bin/sh\nexec node ${bundlePath} "$@"\n`, { mode: 0o755 });
  }, 120_000);
  afterAll(async () => {
    await demo.close();
    await aws.close();
    await rm(project, { recursive: true, force: true });
  });

  it('works verbatim, command by command, in a fresh folder', async () => {
    const commands = [...(await page('first-run.md')).matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command);
    expect(commands).toHaveLength(5);
    const said: string[] = [];
    for (const command of commands) {
      const env = { ...aws.env, PATH: `${project}:${process.env.PATH}`, HOME: project };
      said.push((await promisify(execFile)('bash', ['-c', command], { cwd: project, env })).stdout);
    }
    const [written = '', runs = '', policy = '', health = '', migrated = ''] = said;
    expect(written).toContain('.circleci/config.yml is written.\ndocker/run_task_db_migrate_stg.json is written.');
    expect(runs).toContain('run-migration-task --cluster hoge-stg --task-definition hoge-apps-service-stg');
    expect(policy).toContain('ecs:RunTask');
    expect(health).toContain('Nothing to correct.');
    expect(migrated).toContain('succeeded');
  }, 180_000);
});

describe('the schema of records', () => {
  const network = ['--network-from-service', 'web'];
  it.each([
    [
      'a migration',
      'succeeded',
      ['run-migration-task', '--cluster', 'prod', '--task-definition', 'web', ...network, '--', 'true'],
    ],
    [
      'a rollout',
      'deployed',
      ['update-service-and-verify', '--cluster', 'prod', '--service', 'web', '--image', `${registry}/web:v2`],
    ],
    [
      'a time-out',
      'timed-out',
      [
        'update-service-and-verify',
        '--cluster',
        'prod',
        '--service',
        'web',
        '--image',
        `${registry}/web:v2`,
        '--timeout',
        '5s',
      ],
    ],
    ['a build that is refused', 'refused', ['build-and-push-image', '--repository', 'nope', '--tag', 'v1']],
  ])('takes the record of %s, and refuses one with a verdict that there is not', async (_, verdict, args) => {
    const validate = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(
      JSON.parse(await page('schemas/record.json')),
    );
    const { model } = await rolloutWorld();
    const command = args.indexOf('--');
    const at = command === -1 ? args.length : command;
    const { files } = await runCommand(args.toSpliced(at, 0, '--record-dir', 'r'), { model });
    const records = [...files].filter(([path]) => path.startsWith('r/')).map(([, text]) => JSON.parse(text));
    expect(records).toMatchObject([{ verdict }]);
    for (const record of records) {
      expect([validate(record), validate.errors]).toEqual([true, null]);
      expect(validate({ ...record, verdict: 'fine' })).toBe(false);
      expect(validate({ ...record, startedAt: undefined })).toBe(false);
    }
  });
});

describe('Recipes', () => {
  it('leads to configs that are there, and to commands that print one', async () => {
    const text = await page('recipes.md');
    const files = [...text.matchAll(/\]\((\.\.[^)]+)\)/g)].map(([, path = '']) => path);
    const commands = [...text.matchAll(/`migrate-deploy ([^`]+)`/g)].map(([, words = '']) => words);
    expect([files.length, commands.length]).toEqual([7, 2]);
    for (const path of files) expect(await readFile(join(root, 'docs', path), 'utf8')).toContain('workflows:');
    for (const words of commands) {
      const { exitCode, stdout } = await runCommand(splitWords(words) ?? []);
      expect([words, exitCode]).toEqual([words, 0]);
      expect(stdout).toContain('workflows:');
    }
  });
});
