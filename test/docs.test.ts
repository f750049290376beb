import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installStandInDocker } from '../local/docker/install.ts';
import { fillDemo } from '../scripts/local-aws/demo.ts';
import { type RunningAws, startLocalAws } from '../scripts/local-aws/start.ts';
import { bundlePath } from '../scripts/run-bundle.ts';
import { splitWords } from '../src/base/words.ts';
import { root } from './orb/support.ts';
import { registry, rolloutWorld } from './rollout/rollout-world.ts';
import { writeDjangoProject } from './support/django-project.ts';
import { runCommand } from './support/run-command.ts';

const page = (name: string): Promise<string> => readFile(join(root, 'docs', name), 'utf8');

describe('First run', () => {
  let aws: RunningAws;
  let demo: Awaited<ReturnType<typeof fillDemo>>;
  let folder = '';
  beforeAll(async () => {
    aws = await startLocalAws({ scale: 40 });
    demo = await fillDemo(aws);
    folder = await mkdtemp(join(tmpdir(), 'first-run-'));
    await mkdir(join(folder, 'bin'));
    const command = `#!/bin/sh\nexec node ${bundlePath} "$@"\n`;
    await writeFile(join(folder, 'bin/migrate-deploy'), command, { mode: 0o755 });
    await installStandInDocker(join(folder, 'bin'));
    await writeDjangoProject(join(folder, 'project'));
  }, 120_000);
  afterAll(async () => {
    await demo.close();
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('works verbatim, command by command, for a Django application in a fresh folder', async () => {
    const blocks = [...(await page('first-run.md')).matchAll(/^```console\n([\s\S]*?)^```/gm)].map(
      ([, text = '']) => text,
    );
    const commands = blocks.flatMap((text) => text.replaceAll('\\\n', ' ').split('\n')).filter((line) => line !== '');
    expect(commands).toHaveLength(8);
    const said: string[] = [];
    for (const line of commands) {
      const command = line.replace(/^\$ /, '').replaceAll('/tmp/first-run', join(folder, 'records'));
      const env = {
        ...aws.env,
        ...demo.env,
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        HOME: folder,
        STAND_IN_DOCKER_HOME: join(folder, 'docker'),
        NO_COLOR: '1',
      };
      const ran = await promisify(execFile)('bash', ['-c', command], { cwd: join(folder, 'project'), env });
      said.push(ran.stdout + ran.stderr);
    }
    const [written = '', runs = '', policy = '', stg = '', prod = '', built = '', migrated = '', deployed = ''] = said;
    expect(written).toContain('.circleci/config.yml is written.\ndocker/run_task_db_migrate_stg.json is written.');
    // The command of step 4 is the one that step 3 prints.
    const printed = commands[2]?.replace('$ migrate-deploy ', '').replaceAll(/ +/g, ' ').split(' --organization-id')[0];
    expect(written.replaceAll("'", '')).toContain(`migrate-deploy ${printed}\n`);
    expect(runs).toContain('run-migration-task --cluster hoge-stg --task-definition hoge-apps-service-stg');
    expect(policy).toContain('ecs:RunTask');
    for (const health of [stg, prod]) {
      expect(health).toContain('Nothing to correct.');
      expect(health).toContain('role/circleci-deploy lets in the tokens of these jobs');
    }
    expect(built).toContain('Pushed the image');
    expect(migrated).toContain('Applying shop.0001_initial... OK');
    expect(migrated).toContain('succeeded');
    expect(deployed).toContain('Deploying hoge-apps-service-stg:2, the revision that migrated.');
    expect(deployed).toContain('hoge-apps-service-stg serves hoge-apps-service-stg:2');
  }, 300_000);
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
  it('leads to configs that are there, and to commands that print one or a policy', async () => {
    const text = await page('recipes.md');
    const files = [...text.matchAll(/\]\((\.\.[^)]+)\)/g)].map(([, path = '']) => path);
    const examples = (await readdir(join(root, 'orb/examples'))).map((name) => `../orb/examples/${name}`);
    expect(files.toSorted()).toEqual(examples.toSorted());
    const commands = [...text.matchAll(/`migrate-deploy ([^`]+)`/g)].map(([, words = '']) => words);
    expect(commands).toHaveLength(5);
    for (const path of files) expect(await readFile(join(root, 'docs', path), 'utf8')).toContain('workflows:');
    for (const words of commands) {
      const { exitCode, stdout } = await runCommand(splitWords(words) ?? []);
      expect([words, exitCode]).toEqual([words, 0]);
      expect(stdout).toContain(words.startsWith('iam-policy') ? 'Policy of the role' : 'workflows:');
    }
  });
});
