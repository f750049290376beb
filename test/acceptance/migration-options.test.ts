import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { container, migrationWorld, requestsOf } from './migration-world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-options-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the article’s own overrides file', () => {
  const overrides = { containerOverrides: [{ name: 'app', command: ['rails', 'db:migrate'] }] };

  test.each([
    ['a path', (path: string) => [path], undefined],
    ['file://', (path: string) => [`file://${path}`], undefined],
    ['inline JSON', () => [JSON.stringify(overrides)], undefined],
    ['standard input', () => ['-'], JSON.stringify(overrides)],
  ])('as %s', async (_name, option, input) => {
    const { model, migrate } = await migrationWorld();
    const path = join(folder, 'run_task_db_migrate_stg.json');
    await writeFile(path, `\uFEFF${JSON.stringify(overrides, null, 2)}`);
    const { exitCode } = await migrate(['--overrides', ...option(path)], input === undefined ? {} : { input });
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'RunTask')).toMatchObject([{ overrides }]);
    expect(model.truth.runs).toMatchObject([{ command: ['rails', 'db:migrate'] }]);
  });

  test('variables are replaced only where that was asked for, and never in a file', async () => {
    const inline = '{"containerOverrides":[{"name":"app","command":["rails","$TASK"]}]}';
    const world = await migrationWorld();
    const env = { TASK: 'db:migrate", "x' };
    await world.migrate(['--overrides', inline], { env });
    await world.migrate(['--overrides', inline, '--expand-env'], { env });
    const path = join(folder, 'overrides.json');
    await writeFile(path, inline);
    await world.migrate(['--overrides', path, '--expand-env'], { env });
    await world.migrate(['--command', 'rails $TASK', '--expand-env'], { env });
    expect(world.model.truth.runs.map(({ command }) => command)).toEqual([
      ['rails', '$TASK'],
      ['rails', 'db:migrate", "x'],
      ['rails', '$TASK'],
      ['rails', 'db:migrate", "x'],
    ]);
  });

  test('--env is added to what the file says, and wins', async () => {
    const { model, migrate } = await migrationWorld();
    const inline =
      '{"containerOverrides":[{"name":"app","environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}';
    expect((await migrate(['--overrides', inline, '--env', 'B=a=b, c', '--env', 'C='])).exitCode).toBe(0);
    const [{ overrides }] = requestsOf(model, 'RunTask');
    expect(overrides.containerOverrides[0].environment).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: 'a=b, c' },
      { name: 'C', value: '' },
    ]);
  });
});

describe('wrong input is exit 2, one clear message, and starts nothing', () => {
  test('a deliberately wrong option set reports all its errors at once', async () => {
    const { model, bundle } = await migrationWorld();
    const { exitCode, stderr, stdout } = await bundle([
      'run-migration-task',
      ...[
        '--task-definition',
        'app',
        '--timeout',
        'soon',
        '--overides',
        'x',
        '--cluster',
        '',
        '--launch-type',
        'FARGATE',
      ],
      ...[
        '--capacity-provider-strategy',
        'FARGATE',
        '--security-groups',
        'sg-1',
        '--env',
        'nothing',
        '--tag',
        'aws:x=1',
      ],
      ...['--started-by', 'a'.repeat(129), '--exclusive', 'maybe', '--container', 'a', '--container', 'b'],
      ...['--overrides', '{"containerOverrides":[{"nam":"app"}]}', '--command', 'x', '--', 'y'],
    ]);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    for (const error of [
      '--overides is not an option of this command; did you mean --overrides?',
      '--cluster is empty',
      '--timeout must be a duration',
      '--launch-type and --capacity-provider-strategy exclude each other',
      '--security-groups needs --subnets or --network-from-service',
      '--env must be NAME=VALUE',
      '--tag aws:x: keys that begin with aws: are AWS’s own',
      '--started-by may have 128 characters at most',
      '--exclusive must be one of wait, fail, ignore, not "maybe"',
      '--container was given more than once',
      'containerOverrides[0].nam is not known; did you mean name?',
      '--command and words behind `--` exclude each other',
    ]) {
      expect(stderr).toContain(error);
    }
    expect(stderr.match(/^Error: /gm)).toHaveLength(1);
    expect(model.requests).toEqual([]);
  });

  test.each([
    ['no cluster', ['run-migration-task', '--task-definition', 'app'], '--cluster is missing'],
    ['no task definition', ['run-migration-task', '--cluster', 'prod'], '--task-definition is missing'],
    [
      'two task definitions',
      ['--task-definition-from-service', 'web'],
      '--task-definition and --task-definition-from-service exclude each other',
    ],
    ['a missing file', ['--overrides', 'file://nowhere.json'], 'there is no file nowhere.json'],
    [
      'broken JSON',
      ['--overrides', '{"containerOverrides": [\n  {"name": "app",}\n]}'],
      'line 2, column 18 should be a name in double quotes',
    ],
    ['an unknown option', ['--clustre', 'x'], 'did you mean --cluster?'],
    ['an open quote', ['--command', "rails 'db:migrate"], '--command must be words with their quotes closed'],
    [
      'a string where a container takes a number',
      ['--overrides', '{"containerOverrides":[{"name":"app","cpu":"256"}]}'],
      'containerOverrides[0].cpu must be a whole number',
    ],
    ['a number where the task takes a string', ['--overrides', '{"memory":512}'], 'memory must be a string'],
    ['an image override', ['--overrides', '{"containerOverrides":[{"name":"app","image":"x"}]}'], 'use --image'],
  ])('%s', async (_name, args, message) => {
    const { model, migrate, bundle } = await migrationWorld();
    const { exitCode, stderr } = await (args[0] === 'run-migration-task' ? bundle(args) : migrate(args));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.match(/^Error: /gm)).toHaveLength(1);
    expect(requestsOf(model, 'RunTask')).toEqual([]);
  });

  test.each([
    [
      'an unknown container in the overrides',
      ['--overrides', '{"containerOverrides":[{"name":"ap","command":["x"]}]}'],
      'no container named ap (it has: app, envoy); did you mean app?',
    ],
    [
      'an unknown container beside a known one',
      ['--overrides', '{"containerOverrides":[{"name":"app","cpu":1},{"name":"zzz","cpu":1}]}'],
      'no container named zzz (it has: app, envoy)',
    ],
    ['an unknown --container', ['--container', 'web'], 'has no container named web'],
    ['two containers that could be meant', [], 'several essential containers: app, envoy'],
    [
      'overrides of more than 8192 characters',
      ['--container', 'app', '--', 'x'.repeat(9_000)],
      'Amazon ECS takes 8192 at most',
    ],
    ['a family that does not exist', ['--task-definition', 'nope'], 'There is no task definition nope in eu-west-1.'],
    [
      'an image for a container that is not there',
      ['--container', 'app', '--image', 'web=acme/app:1'],
      'no container named web',
    ],
  ])('%s', async (_name, args, message) => {
    const { model, bundle } = await migrationWorld([container('app'), container('envoy')]);
    const definition = args.includes('--task-definition') ? [] : ['--task-definition', 'app'];
    const { exitCode, stderr } = await bundle([
      ...[
        'run-migration-task',
        '--cluster',
        'prod',
        '--launch-type',
        'FARGATE',
        '--subnets',
        'subnet-1',
        ...definition,
      ],
      ...args,
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(requestsOf(model, 'RunTask')).toEqual([]);
  });

  test.each([
    [
      'a cluster that does not exist',
      ['--cluster', 'nope', '--task-definition', 'app', '--launch-type', 'FARGATE', '--subnets', 'subnet-1'],
      'ClusterNotFoundException: Cluster not found.',
      'Check --cluster',
    ],
    [
      'no network for awsvpc',
      ['--cluster', 'prod', '--task-definition', 'app', '--launch-type', 'FARGATE'],
      'networkMode is awsvpc',
      '--network-from-service',
    ],
    [
      'no instances',
      ['--cluster', 'prod', '--task-definition', 'app', '--subnets', 'subnet-1'],
      'No Container Instances were found',
      '--launch-type FARGATE',
    ],
  ])('%s', async (_name, args, why, fix) => {
    const { model, bundle } = await migrationWorld();
    const { exitCode, stderr } = await bundle(['run-migration-task', '--exclusive', 'ignore', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(why);
    expect(stderr).toContain(fix);
    expect(model.tasks.tasks.size).toBe(0);
  });
});

describe('what is seen first', () => {
  test('one option error is the first line', async () => {
    const { bundle } = await migrationWorld();
    const { stderr, exitCode } = await bundle(['run-migration-task', '--task-definition', 'app']);
    expect(stderr.split('\n')[0]).toBe('Error: --cluster is missing: the cluster that the task runs in.');
    expect(exitCode).toBe(2);
  });

  test('a variable that no option has is told, and nothing else changes', async () => {
    const { migrate } = await migrationWorld();
    const { stderr, exitCode } = await migrate(['--command', 'x'], { env: { MIGRATE_DEPLOY_CONTAINR: 'app' } });
    expect(stderr).toBe(
      'Warning: MIGRATE_DEPLOY_CONTAINR belongs to no option and does nothing; did you mean MIGRATE_DEPLOY_CONTAINER?\n',
    );
    expect(exitCode).toBe(0);
  });
});

describe('secrets', () => {
  const canaries = [
    'canary-env-7f3a',
    'canary-json-9b1c',
    'canary-default-22d0',
    'canary-options-5e5e',
    'canary-access-0c0c',
  ];

  test.each([
    ['a green run', ['--debug'], 0],
    ['a red run', ['--debug', '--output', 'json'], 1],
    ['a dry run', ['--debug', '--dry-run'], 0],
    ['a dry run as JSON', ['--dry-run', '--output', 'json'], 0],
    ['a refusal', ['--debug', '--network-from-service', 'nope'], 2],
    ['a wrong option set', ['--timeout', 'x', '--env', 'canary-env-7f3a'], 2],
    ['broken JSON', ['--overrides', '{"containerOverrides":[{"environment":[{"value":"canary-json-9b1c}]}]}'], 2],
    ['JSON in stray quotes', ['--overrides', `'{"containerOverrides":[{"name":"canary-json-9b1c"}]}'`], 2],
    ['JSON that a variable holds, and that is none', ['--overrides', '$OVERRIDES', '--expand-env'], 2],
    ['words without --', ['rails', 'canary-env-7f3a'], 2],
  ])('%s shows no value of an override and no secret, anywhere', async (_name, args, code) => {
    const definition = {
      environment: [{ name: 'DEFAULT', value: 'canary-default-22d0' }],
      logConfiguration: {
        logDriver: 'splunk',
        options: { 'splunk-token': 'canary-options-5e5e', 'splunk-url': 'https://x' },
      },
    };
    const { model, bundle } = await migrationWorld([container('app', definition)]);
    model.behaviours.script({}, { runMs: 1_000, exitCode: code });
    const overrides = '{"containerOverrides":[{"name":"app","environment":[{"name":"J","value":"canary-json-9b1c"}]}]}';
    const given = args.includes('--overrides') ? [] : ['--overrides', overrides];
    const network = args.includes('--network-from-service') ? [] : ['--subnets', 'subnet-1'];
    const { exitCode, stdout, stderr } = await bundle(
      [
        ...[
          'run-migration-task',
          '--cluster',
          'prod',
          '--task-definition',
          'app',
          '--launch-type',
          'FARGATE',
          ...network,
        ],
        ...[
          '--env',
          'TOKEN=canary-env-7f3a',
          '--image',
          'acme/app:2',
          '--record-dir',
          join(folder, 'records'),
          ...given,
          ...args,
        ],
      ],
      {
        env: { AWS_SECRET_ACCESS_KEY: 'canary-access-0c0c', TMPDIR: folder, OVERRIDES: '"name":"canary-json-9b1c"}' },
        cwd: folder,
      },
    );
    expect(exitCode).toBe(code);
    const files = await Promise.all(
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
    );
    for (const canary of canaries) expect([stdout, stderr, ...files].join('\n')).not.toContain(canary);
    if (code !== 2 && !args.includes('--dry-run')) expect(files).toHaveLength(1);
    if (exitCode !== 2) expect(stdout).toContain('app');
  });
});
