import { describe, expect, test } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import { inProcess } from '../support/in-process.ts';
import { options } from './migrate-options.ts';

const shortly = { ...options.waiting, timeoutMs: 60_000 };
const capacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';

/** Runs of one CircleCI job: each `run` is a process of its own that finds the records of those before. */
async function job() {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register(fargateDefinition('app'));
  model.behaviours.script({}, { runMs: 600_000, exitCode: 0 });
  const deps = { ...(await inProcess(model)), env: { CIRCLE_WORKFLOW_JOB_ID: 'job-1' } };
  const count = (operation: string): number =>
    model.requests.filter((request) => request.operation === operation).length;
  return { model, deps, count, run: (more: Partial<MigrateOptions> = {}) => migrate({ ...options, ...more }, deps) };
}

describe('the same job again, with the record of its first run', () => {
  test('the task on record is followed again; RunTask is not sent', async () => {
    const { model, deps, count, run } = await job();
    expect((await run({ waiting: shortly })).outcome).toBe('timed-out');
    const { outcome, record } = await run({ exclusive: 'fail' });
    expect(outcome).toBe('succeeded');
    expect(record.taskArn).toBe([...model.tasks.tasks.keys()][0]);
    expect(count('RunTask')).toBe(1);
    expect(deps.events.filter(({ type }) => type === 'task-adopted')).toHaveLength(1);
  });

  test('also the task that only a further try for capacity got, with its token of its own', async () => {
    const { model, count, run } = await job();
    model.settings.runTaskFailures = [[{ reason: capacity }]];
    const first = await run({ waiting: shortly, retryCapacityMs: 600_000 });
    expect([first.outcome, model.tasks.tasks.size, count('RunTask')]).toEqual(['timed-out', 1, 2]);
    expect((await run()).outcome).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 2]);
  });

  test('without the record too: each token is answered as before', async () => {
    const { model, deps, count, run } = await job();
    model.settings.runTaskFailures = [[{ reason: capacity }]];
    await run({ waiting: shortly, retryCapacityMs: 600_000 });
    deps.files.contents.clear();
    expect((await run({ retryCapacityMs: 600_000 })).outcome).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 4]);
  });

  test('a task that is not visible yet: its token finds it', async () => {
    const { model, count, run } = await job();
    await run({ wait: false });
    model.settings.missingForMs = 10_000;
    expect((await run()).outcome).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 2]);
  });

  test('a task that ECS has forgotten: RunTask decides, after a look for others', async () => {
    const { model, count, run } = await job();
    await run();
    model.clock.advance(2 * 3_600_000);
    const looks = count('ListTasks');
    expect((await run()).outcome).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask'), count('ListTasks') - looks]).toEqual([2, 2, 1]);
  });
});

describe('what RunTask is refused', () => {
  test.each([
    ['ecs:RunTask', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/app:1'],
    ['iam:PassRole', 'arn:aws:iam::123456789012:role/execution'],
  ])('a missing permission names the action and the resource: %s', async (action, resource) => {
    const { model, run } = await job();
    const message = `User: x is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows it`;
    model.faults.script({ kind: 'error', type: 'AccessDeniedException', message, operation: 'RunTask' });
    await expect(run()).rejects.toMatchObject({
      message: expect.stringContaining('did not start'),
      fix: expect.stringContaining(`Allow ${action} on ${resource} for these credentials`),
    });
  });

  test.each([
    ['within one call', 1],
    ['after several calls', 3],
  ])(
    'after a request that was not answered it may run, and the token makes a repeat safe: %s',
    async (_rule, times) => {
      const { model, run } = await job();
      model.faults.script({ kind: 'reset-after', operation: 'RunTask', times });
      model.faults.script({ kind: 'expired-token', operation: 'RunTask' });
      await expect(run({ clientToken: 'mine' })).rejects.toMatchObject({
        code: 'ExpiredTokenException',
        message: expect.stringContaining('may have been started'),
        fix: expect.stringContaining('--client-token mine'),
      });
      expect((await run({ clientToken: 'mine', exclusive: 'ignore' })).outcome).toBe('succeeded');
      expect(model.tasks.tasks.size).toBe(1);
    },
  );

  test('neither a task nor a reason is not tried again under another token', async () => {
    const { model, count, run } = await job();
    model.operations.ecs.RunTask = () => ({ tasks: [], failures: [] });
    expect((await run({ retryCapacityMs: 600_000 })).outcome).toBe('failed');
    expect(count('RunTask')).toBe(1);
  });
});

describe('others that cannot be seen', () => {
  test('it is said, at least once in ten minutes, and nobody is accused', async () => {
    const { model, deps, count, run } = await job();
    const times: number[] = [];
    deps.announce = () => times.push(model.clock.now());
    model.faults.script({ kind: '503-html', operation: 'ListTasks', times: 100_000 });
    const result = await run();
    expect(result).toMatchObject({ outcome: 'timed-out', reasonCode: 'OTHERS_UNKNOWN' });
    expect(result.cause).toContain('not known');
    expect(Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toBeLessThan(120_000);
    expect(times.length).toBeGreaterThan(30);
    expect(count('RunTask')).toBe(0);
  });
});
