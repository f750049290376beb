import { describe, expect, test } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import { container, migrationWorld, requestsOf } from './migration-world.ts';

function launch(model: LocalAws, overrides: object = {}) {
  const taskDefinition = model.taskDefinitions.get('app');
  if (taskDefinition === undefined) throw new Error('no definition');
  return model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'family:app', launchType: 'FARGATE', overrides });
}

describe('wait-for-task', () => {
  test('follows a task that somebody started, with its log from the beginning', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script({}, { runMs: 60_000, exitCode: 0, logs: [{ atMs: 100, message: 'first' }] });
    const { arn } = launch(model);
    model.clock.advance(50_000);
    const { exitCode, stdout } = await bundle(['wait-for-task', '--task', arn]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('[app] first');
    expect(stdout).toMatch(/Task [0-9a-f]{32} succeeded: container app ended with exit code 0/);
    expect(requestsOf(model, 'RunTask')).toEqual([]);
  });

  test('an id with --cluster, also for a task that stopped 59 minutes ago', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script({}, { runMs: 1_000, exitCode: 5, logs: [{ atMs: 100, message: 'why it failed' }] });
    const { id } = launch(model);
    model.clock.advance(59 * 60_000);
    const { exitCode, stdout } = await bundle(['wait-for-task', '--cluster', 'prod', '--task', id]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed with exit code 5');
    expect(stdout).toContain('[app] why it failed');
  });

  test('a task that ECS does not know: exit 2 after the MISSING window', async () => {
    const { model, bundle } = await migrationWorld();
    const startMs = model.clock.now();
    const { exitCode, stdout } = await bundle(['wait-for-task', '--cluster', 'prod', '--task', 'f'.repeat(32)]);
    expect(exitCode).toBe(2);
    expect(stdout).toContain('cannot be found');
    expect(stdout).toContain('Amazon ECS forgets a task an hour after it stopped');
    expect(model.clock.now() - startMs).toBeGreaterThanOrEqual(60_000);
  });

  test('many tasks: one verdict each, the worst one decides', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script(
      { command: 'bad' },
      { runMs: 90_000, exitCode: 9, logs: [{ atMs: 1, message: 'from bad' }] },
    );
    model.behaviours.script(
      { command: 'good' },
      { runMs: 5_000, exitCode: 0, logs: [{ atMs: 1, message: 'from good' }] },
    );
    const tasks = ['good', 'bad'].map((word) =>
      launch(model, { containerOverrides: [{ name: 'app', command: [word] }] }),
    );
    const args = ['wait-for-task', '--task', tasks.map(({ arn }) => arn).join(','), '--output', 'json'];
    const { exitCode, stdout, stderr } = await bundle(args);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).tasks).toMatchObject([
      { taskArn: tasks[0]?.arn, verdict: 'succeeded', containerExitCode: 0 },
      { taskArn: tasks[1]?.arn, verdict: 'failed', containerExitCode: 9 },
    ]);
    expect(stderr).toContain(`${tasks[1]?.id.slice(0, 8)} [app] from bad`);
  });

  test('a failure counts more than a task that is not there', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script({}, { runMs: 1_000, exitCode: 3 });
    const { arn } = launch(model);
    const args = ['wait-for-task', '--cluster', 'prod', '--task', 'f'.repeat(32), '--task', arn];
    expect((await bundle(args)).exitCode).toBe(1);
  });

  test('the container that was overridden decides where several are essential', async () => {
    const { model, bundle } = await migrationWorld([container('web'), container('app')]);
    model.behaviours.script({ container: 'web' }, {});
    model.behaviours.script({ container: 'app' }, { runMs: 2_000, exitCode: 4 });
    const { arn } = launch(model, { containerOverrides: [{ name: 'app', command: ['x'] }] });
    const { exitCode, stdout } = await bundle(['wait-for-task', '--task', arn]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Container app ended with exit code 4');
  });

  test('without permission to read the task definition: a warning, and the verdict stands', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script({}, { runMs: 2_000, exitCode: 4 });
    const { arn } = launch(model, { containerOverrides: [{ name: 'app', command: ['x'] }] });
    const message = 'User: x is not authorized to perform: ecs:DescribeTaskDefinition on resource: *';
    model.faults.script({
      kind: 'error',
      type: 'AccessDeniedException',
      message,
      operation: 'DescribeTaskDefinition',
      times: 9,
    });
    const { exitCode, stdout } = await bundle(['wait-for-task', '--task', arn]);
    expect(exitCode).toBe(1);
    expect(stdout.match(/Warning: The task definition app:1 cannot be read/g)).toHaveLength(1);
    expect(stdout).toContain('failed with exit code 4');
  });

  test('time-out: exit 3, and the command that goes on', async () => {
    const { model, bundle } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
    const { arn } = launch(model);
    const { exitCode, stdout } = await bundle(['wait-for-task', '--task', arn, '--timeout', '60']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(
      `Look again with: migrate-deploy wait-for-task --region eu-west-1 --cluster prod --task ${arn}`,
    );
  });

  test.each([
    ['no task', ['--cluster', 'prod'], '--task is missing'],
    ['no cluster for an id', ['--task', 'f'.repeat(32)], '--cluster is missing'],
    [
      'a task that is none',
      ['--cluster', 'prod', '--task', 'None'],
      '--task must be the ARN or the id of a task, not "None"',
    ],
    ['an empty task', ['--cluster', 'prod', '--task', ''], '--task is empty'],
    [
      'tasks of two clusters',
      ['--task', `arn:aws:ecs:eu-west-1:1:task/a/${'a'.repeat(32)},arn:aws:ecs:eu-west-1:1:task/b/${'b'.repeat(32)}`],
      'Not all tasks are in the cluster a',
    ],
  ])('%s is exit 2', async (_name, args, message) => {
    const { model, bundle } = await migrationWorld();
    const { exitCode, stderr } = await bundle(['wait-for-task', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(requestsOf(model, 'DescribeTasks')).toEqual([]);
  });
});
