import { describe, expect, test } from 'vitest';
import { container, migrationWorld, requestsOf } from './migration-world.ts';

const command = ['--', 'rails', 'db:migrate'];

describe('run-migration-task judges', () => {
  test('success: exit code 0, the log and the verdict are printed, one task ran the command', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = [{ atMs: 2_000, message: 'CREATE TABLE users' }];
    model.behaviours.script({ container: 'app' }, { runMs: 8_000, exitCode: 0, logs });
    const { exitCode, stdout, stderr } = await migrate(command);
    expect(stdout).toContain('[app] CREATE TABLE users');
    expect(stdout).toMatch(
      /The migration \(task [0-9a-f]{8}\) succeeded: container app ended with exit code 0 after \d+s\./,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(model.truth.runs).toMatchObject([{ container: 'app', command: ['rails', 'db:migrate'], exitCode: 0 }]);
    expect(requestsOf(model, 'RunTask')).toMatchObject([
      {
        cluster: 'prod',
        count: 1,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
        overrides: { containerOverrides: [{ name: 'app', command: ['rails', 'db:migrate'] }] },
      },
    ]);
  });

  test('exit code 1: red at once, with the program’s own words', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = [{ atMs: 900, message: 'PG::UndefinedTable: relation "users" does not exist' }];
    model.behaviours.script({}, { runMs: 1_000, exitCode: 1, logs });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('[app] PG::UndefinedTable: relation "users" does not exist');
    expect(stdout).toContain('failed with exit code 1');
    expect(stdout).toContain('  Log says: PG::UndefinedTable: relation "users" does not exist');
    expect(stdout).toContain('Fix: ');
    expect(model.truth.runs.map((run) => run.exitCode)).toEqual([1]);
  });

  test('137 with OutOfMemoryError: memory is named', async () => {
    const { model, migrate } = await migrationWorld();
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    model.behaviours.script({}, { runMs: 3_000, exitCode: 137, reason });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed with exit code 137');
    expect(stdout).toContain('What: The container used more memory than it may.');
    expect(stdout).toContain(reason);
  });

  test('137 without OutOfMemoryError: killed, and memory is not claimed', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_000, exitCode: 137 });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('What: The program was killed with SIGKILL');
    expect(stdout).not.toContain('used more memory');
  });

  test('no exit code, since the image cannot be pulled: red with the reason in plain words', async () => {
    const { model, migrate } = await migrationWorld();
    const reason =
      'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref public.ecr.aws/acme/app:1: public.ecr.aws/acme/app:1: not found';
    model.behaviours.script({}, { start: { reason, afterMs: 60_000 } });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed without an exit code');
    expect(stdout).toContain('What: The image or its tag is not in the registry.');
    expect(stdout).toContain(reason);
    expect(stdout).toContain('stop code TaskFailedToStart');
    expect(model.truth.runs).toEqual([]);
  });

  test('a task that stays in PENDING for five minutes is waited for, and its reason printed', async () => {
    const { model, migrate } = await migrationWorld();
    const reason =
      'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR.';
    model.behaviours.script({}, { start: { reason, afterMs: 290_000, on: 'task' } });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout.match(/Still waiting for the task to run \(it is PENDING\)/g)?.length).toBeGreaterThanOrEqual(3);
    expect(stdout).toContain('could not reach an AWS service');
  });

  test('a Spot stop with exit code 0 is red: the program was cut short', async () => {
    const { model, migrate } = await migrationWorld();
    const stop = { atMs: 5_000, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' };
    model.behaviours.script({}, { sigtermExitCode: 0, stop });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('stop code SpotInterruption');
    expect(stdout).toContain('AWS took the Spot capacity back');
    expect(model.truth.runs.map((run) => run.exitCode)).toEqual([0]);
  });

  test('a sidecar that dies with 143 does not spoil a migration that succeeded', async () => {
    const { model, migrate } = await migrationWorld([container('app'), container('envoy', { essential: false })]);
    model.behaviours.script({ container: 'app' }, { runMs: 5_000, exitCode: 0 });
    model.behaviours.script({ container: 'envoy' }, {});
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Container envoy ended with exit code 143 (not the result)');
    expect(model.truth.runs.map((run) => [run.container, run.exitCode])).toEqual([
      ['app', 0],
      ['envoy', 143],
    ]);
  });

  test('a sidecar that the migration needs and that ends first: exit 0 after SIGTERM is not green', async () => {
    const { model, migrate } = await migrationWorld([container('app'), container('proxy')]);
    model.settings.timings.sigtermMs = 5_000;
    model.behaviours.script({ container: 'app' }, { runMs: 60_000, sigtermExitCode: 0 });
    model.behaviours.script({ container: 'proxy' }, { runMs: 5_000, exitCode: 1 });
    const { exitCode, stdout } = await migrate(['--container', 'app', ...command]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The essential container proxy ended first');
    expect(model.truth.runs.map((run) => [run.container, run.exitCode])).toEqual([
      ['app', 0],
      ['proxy', 1],
    ]);
  });

  test('the first container of the list is not the migration: the named one decides', async () => {
    const { model, migrate } = await migrationWorld([container('proxy', { essential: false }), container('app')]);
    model.behaviours.script({ container: 'proxy' }, { runMs: 2_000, exitCode: 0 });
    model.behaviours.script({ container: 'app' }, { runMs: 9_000, exitCode: 3 });
    const { exitCode, stdout } = await migrate(['--container', 'app', ...command]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed with exit code 3');
  });

  test('a container that GuardDuty injected is ignored', async () => {
    const { model, migrate } = await migrationWorld();
    const reason = 'CannotPullContainerError: Error response from daemon';
    model.settings.injectedContainers = [{ name: 'aws-guardduty-agent-abc123', reason }];
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('CannotPull');
  });

  test('the verdict stands when the container has exited, not when the task is STOPPED', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.timings.deprovisionMs = 600_000;
    model.behaviours.script({}, { runMs: 5_000, exitCode: 1 });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain('STOPPED after');
    expect([...model.tasks.tasks.values()][0]?.stoppedAtMs).toBeUndefined();
  });

  test('--pass-exit-code exits with the container’s own code', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 1_000, exitCode: 42 });
    expect((await migrate(['--pass-exit-code', ...command])).exitCode).toBe(42);
  });

  test('--output json: one document on stdout with all there is to know', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = Array.from({ length: 60 }, (_, index) => ({ atMs: 100, message: `line ${index}` }));
    model.behaviours.script({}, { runMs: 1_000, exitCode: 7, logs });
    const { exitCode, stdout, stderr } = await migrate(['--output', 'json', ...command]);
    const document = JSON.parse(stdout);
    const task = [...model.tasks.tasks.values()][0];
    expect(exitCode).toBe(1);
    expect(document).toMatchObject({
      stage: 'run-migration-task',
      verdict: 'failed',
      explanation: { code: 'EXIT_CODE' },
      exitCode: 1,
      containerExitCode: 7,
      taskArn: task?.arn,
      taskDefinition: task?.taskDefinition.arn,
      container: 'app',
      containers: [{ name: 'app', imageDigest: task?.containers[0]?.imageDigest, exitCode: 7 }],
      logs: [{ group: '/ecs/app', stream: `app/app/${task?.id}`, region: 'eu-west-1' }],
      timingsMs: { run: 1_000 },
    });
    expect(document.logTail).toMatchObject([
      { container: 'app', lines: Array.from({ length: 50 }, (_, index) => `line ${index + 10}`) },
    ]);
    expect(Object.keys(document.timeline)).toEqual(
      expect.arrayContaining(['createdAt', 'startedAt', 'executionStoppedAt']),
    );
    expect(stderr).toContain('[app] line 59');
  });
});
