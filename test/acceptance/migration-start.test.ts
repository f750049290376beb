import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FaultKind } from '../../local/aws/faults.ts';
import { container, migrationWorld, requestsOf } from './migration-world.ts';

const command = ['--', 'rails', 'db:migrate'];
const capacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';
const jobOf = (id: string) => ({
  ...{ CIRCLECI: 'true', CIRCLE_JOB: 'migrate', CIRCLE_WORKFLOW_JOB_ID: id },
  CIRCLE_WORKFLOW_WORKSPACE_ID: 'b7d3c1f0-6c53-4a6c-8a0e-0d5f1b1c6a11',
});
const job = jobOf('2f7a1a1e-0000-4000-8000-000000000001');
/** *Rerun workflow from failed*: a new job id, the same workspace. */
const rerun = jobOf('2f7a1a1e-0000-4000-8000-000000000002');

describe('a RunTask that places nothing', () => {
  test('no capacity, failure without an arn: exit 1 with reason and advice', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.runTaskFailures = [[{ reason: capacity }], [{ reason: capacity }]];
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The migration was not started.');
    expect(stdout).toContain(`Why: ${capacity}`);
    expect(stdout).toContain('--retry-capacity');
    expect(model.truth.runs).toEqual([]);
  });

  test('memory: the instance and the resource are named', async () => {
    const { model, migrate } = await migrationWorld();
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/0123';
    model.settings.runTaskFailures = [[{ arn, reason: 'RESOURCE:MEMORY' }], [{ arn, reason: 'RESOURCE:MEMORY' }]];
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`RESOURCE:MEMORY (${arn})`);
    expect(stdout).toContain('Fix: Scale the cluster out');
  });

  test('--retry-capacity tries again, under a new token each time, until there is room', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.runTaskFailures = [[{ reason: 'AGENT' }], [{ reason: capacity }]];
    const { exitCode, stdout } = await migrate(['--retry-capacity', '10m', ...command], { env: job });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`No capacity: ${capacity}. Trying again in 15s`);
    const tokens = requestsOf(model, 'RunTask').map(({ clientToken }) => clientToken);
    expect(new Set(tokens).size).toBe(3);
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('--retry-capacity does not retry what time cannot heal', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.runTaskFailures = Array(9).fill([{ reason: 'ATTRIBUTE' }]);
    const { exitCode, stdout } = await migrate(['--retry-capacity', '10m', ...command]);
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain('Trying again');
    // The second has a token of its own: the first may have been answered from the memory of an earlier run.
    expect(requestsOf(model, 'RunTask')).toHaveLength(2);
  });
});

describe('a RunTask whose answer is lost starts exactly one task', () => {
  test.each([
    ['a reset connection', { kind: 'reset-after' }],
    ['a connection reset before it arrived', { kind: 'reset-before' }],
    ['no answer in time', { kind: 'hang-after' }],
    ['200 with broken JSON', { kind: 'broken-json-200' }],
    ['a body that was cut off', { kind: 'truncate' }],
    ['503 with an HTML page', { kind: '503-html' }],
    ['three resets and three broken answers', { kind: 'reset-after', times: 3 }],
  ] as [string, { kind: FaultKind; times?: number }][])('%s', async (_name, fault) => {
    const { model, migrate } = await migrationWorld();
    model.faults.script({ ...fault, operation: 'RunTask' });
    if (fault.times !== undefined) model.faults.script({ kind: 'broken-json-200', operation: 'RunTask', times: 3 });
    const { exitCode } = await migrate(['--request-timeout', '500ms', ...command]);
    expect(exitCode).toBe(0);
    expect(model.tasks.tasks.size).toBe(1);
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
    const tokens = requestsOf(model, 'RunTask').map(({ clientToken }) => clientToken);
    expect(tokens.length).toBeGreaterThan(1);
    expect(new Set(tokens).size).toBe(1);
  });

  test('an endpoint that never answers: exit 3, and the token that makes a repeat safe', async () => {
    const { model, migrate } = await migrationWorld();
    model.faults.script({ kind: 'reset-after', operation: 'RunTask', times: 10_000 });
    const { exitCode, stdout } = await migrate(['--client-token', 'mine-1', ...command]);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/The migration may have been started: no answer within (4m 59s|5m 00s)\./);
    expect(stdout).toContain('--client-token mine-1');
    expect(model.tasks.tasks.size).toBe(1);
  });
});

describe('the same job again', () => {
  test('it succeeded: that is said, with its log, and nothing is started', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = [{ atMs: 100, message: 'migrated' }];
    model.behaviours.script({}, { runMs: 2_000, exitCode: 0, logs });
    expect((await migrate(command, { env: job })).exitCode).toBe(0);
    const second = await migrate(command, { env: rerun });
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toMatch(
      /An earlier run of this job started task \w{32}, which has succeeded: nothing is started\./,
    );
    expect(second.stdout).toContain('[app] migrated');
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('cut off in the middle: the second run attaches to the task that still runs', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 600_000, exitCode: 0 });
    const first = await migrate(['--timeout', '60s', ...command], { env: job });
    expect(first.exitCode).toBe(3);
    const second = await migrate(command, { env: rerun });
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toMatch(/An earlier run of this job started task \w{32}, which still runs: following it/);
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('it failed: a new attempt, and that one counts', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({ times: 1 }, { runMs: 2_000, exitCode: 1 });
    expect((await migrate(command, { env: job })).exitCode).toBe(1);
    expect((await migrate(command, { env: rerun })).exitCode).toBe(0);
    expect(model.truth.runs.map(({ exitCode }) => exitCode)).toEqual([1, 0]);
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(1);
  });

  test('with --image: the same revision is found again, so the task is, too', async () => {
    const { model, migrate } = await migrationWorld();
    const digest = `sha256:${'a'.repeat(64)}`;
    const args = ['--image', `public.ecr.aws/acme/app@${digest}`, ...command];
    for (let run = 0; run < 2; run++) expect((await migrate(args, { env: job })).exitCode).toBe(0);
    expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(1);
    expect(model.truth.runs).toMatchObject([{ revision: 2, imageDigest: digest }]);
  });

  test('with --image and a named revision: the one registered before is recognised', async () => {
    const { model, bundle } = await migrationWorld();
    const image = `public.ecr.aws/acme/app@sha256:${'a'.repeat(64)}`;
    const args = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app:1', '--launch-type', 'FARGATE'];
    for (let run = 0; run < 2; run++) {
      const { exitCode } = await bundle([...args, '--subnets', 'subnet-1', '--image', image, ...command], { env: job });
      expect(exitCode).toBe(0);
    }
    expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(1);
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('in another network while the task is not visible: ConflictException, and the task is adopted', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 600_000, exitCode: 0 });
    await migrate(['--timeout', '60s', ...command], { env: job });
    model.settings.missingForMs = 100_000;
    const second = await migrate(['--security-groups', 'sg-1', ...command], { env: rerun });
    expect(second.exitCode).toBe(0);
    expect(model.requests.some(({ errorType }) => errorType === 'ConflictException')).toBe(true);
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('outside CircleCI each run is a migration of its own', async () => {
    const { model, migrate } = await migrationWorld();
    await migrate(command);
    await migrate(command);
    expect(model.truth.tasksThatRan('app')).toHaveLength(2);
  });
});

describe('--exclusive', () => {
  const other = (model: Awaited<ReturnType<typeof migrationWorld>>['model']) => {
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    model.behaviours.script({ times: 1 }, { runMs: 120_000, exitCode: 0 });
    return model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'family:app', launchType: 'FARGATE' });
  };

  test('wait: ours starts only when the other migration has ended', async () => {
    const { model, migrate } = await migrationWorld();
    const theirs = other(model);
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Waiting for another migration to end: ${theirs.id}`);
    expect(stdout).toContain('two that start at the same moment do not see each other');
    const [first, second] = model.truth.runs;
    expect(second?.startedAtMs).toBeGreaterThan(first?.stoppedAtMs ?? Number.POSITIVE_INFINITY);
  });

  test('fail: exit 2 and nothing started', async () => {
    const { model, migrate } = await migrationWorld();
    const theirs = other(model);
    const { exitCode, stderr } = await migrate(['--exclusive', 'fail', ...command]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`Why: ${theirs.arn}`);
    expect(requestsOf(model, 'RunTask')).toEqual([]);
  });

  test('ignore: nobody is waited for', async () => {
    const { model, migrate } = await migrationWorld();
    other(model);
    expect((await migrate(['--exclusive', 'ignore', ...command])).exitCode).toBe(0);
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(2);
  });

  test('tasks of a service are not migrations', async () => {
    const { model, migrate } = await migrationWorld();
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    model.tasks.launch({
      cluster: 'prod',
      taskDefinition,
      group: 'service:web',
      serviceName: 'web',
      launchType: 'FARGATE',
    });
    expect((await migrate(['--exclusive', 'fail', ...command])).exitCode).toBe(0);
  });

  test('without ecs:ListTasks: one warning, and on', async () => {
    const { model, migrate } = await migrationWorld();
    const message = 'User: x is not authorized to perform: ecs:ListTasks on resource: * because no policy allows it';
    model.faults.script({ kind: 'error', type: 'AccessDeniedException', message, operation: 'ListTasks', times: 9 });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout.match(/not authorized to perform ecs:ListTasks/g)).toHaveLength(1);
  });
});

describe('where it runs', () => {
  test('--network-from-service copies network, launch type and platform version of the live service', async () => {
    const { model, bundle } = await migrationWorld();
    const network = {
      awsvpcConfiguration: { subnets: ['subnet-9'], securityGroups: ['sg-9'], assignPublicIp: 'ENABLED' },
    };
    model.operations.ecs.DescribeServices = () => ({
      services: [
        {
          serviceName: 'web',
          status: 'ACTIVE',
          launchType: 'FARGATE',
          platformVersion: '1.4.0',
          networkConfiguration: network,
        },
      ],
      failures: [],
    });
    const { exitCode } = await bundle([
      ...['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', '--network-from-service', 'web'],
      ...command,
    ]);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'RunTask')).toMatchObject([
      { launchType: 'FARGATE', platformVersion: '1.4.0', networkConfiguration: network },
    ]);
  });

  test('--dry-run prints the exact requests without values and changes nothing', async () => {
    const { model, migrate } = await migrationWorld();
    const args = ['--dry-run', '--env', 'TOKEN=s3cret', '--image', 'public.ecr.aws/acme/app:2', ...command];
    const { exitCode, stdout } = await migrate(args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Would send ecs:RegisterTaskDefinition:');
    expect(stdout).toContain('Would send ecs:RunTask:');
    expect(stdout).toContain('"TOKEN"');
    expect(stdout).not.toContain('s3cret');
    expect(requestsOf(model, 'RunTask')).toEqual([]);
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
  });

  test('--no-wait: the record names the task, and says that it was not waited for', async () => {
    const { model, migrate } = await migrationWorld([container('app')]);
    const folder = await mkdtemp(join(tmpdir(), 'records-'));
    try {
      await migrate(['--no-wait', '--record-dir', folder, ...command]);
      const names = await readdir(folder);
      expect(names).toEqual([
        expect.stringMatching(/^run-migration-task\.123456789012\.eu-west-1\.prod\.app\.\w{8}\.json$/),
      ]);
      const record = JSON.parse(await readFile(join(folder, names[0] ?? ''), 'utf8'));
      expect(record).toMatchObject({ verdict: 'started', taskArn: [...model.tasks.tasks.keys()][0] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
