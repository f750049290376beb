import { describe, expect, test } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import { migrationModel } from './migration-model.ts';

const minutes = (count: number): number => count * 60_000;
const atOnce = { family: 'app' };

/** DescribeTasks answers MISSING for a task that ListTasks lists. */
function hide(model: LocalAws, arn: string): void {
  const describeTasks = model.operations.ecs.DescribeTasks;
  model.operations.ecs.DescribeTasks = (input, call) =>
    input.tasks.includes(arn) ? { tasks: [], failures: [{ arn, reason: 'MISSING' }] } : describeTasks?.(input, call);
}

describe('a task that may be another migration is alive', () => {
  test('listed but MISSING: what cannot be seen is not none', async () => {
    const { model, count, other, run } = await migrationModel();
    model.behaviours.script({ times: 1 }, { runMs: minutes(5), exitCode: 0 });
    const { arn } = other();
    hide(model, arn);
    await expect(run({ exclusive: 'fail' })).rejects.toMatchObject({ code: 'Busy', why: arn });
    expect(count('RunTask')).toBe(0);
    expect((await run()).verdict).toBe('succeeded');
    expect(model.truth.mostAtOnce(atOnce)).toBe(1);
  });

  test('told to stop but still running: waited for until it is STOPPED', async () => {
    const { model, count, other, run } = await migrationModel();
    model.behaviours.script({ times: 1 }, { ignoresSigterm: true });
    const task = other();
    model.clock.advance(minutes(1));
    model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
    await expect(run({ exclusive: 'fail' })).rejects.toMatchObject({ code: 'Busy', why: task.arn });
    expect(count('RunTask')).toBe(0);
    expect((await run()).verdict).toBe('succeeded');
    expect(model.truth.mostAtOnce(atOnce)).toBe(1);
  });

  test('told to stop, and MISSING: for a minute nobody can tell', async () => {
    const { model, deps, other, run } = await migrationModel();
    model.behaviours.script({ times: 1 }, { ignoresSigterm: true });
    const task = other();
    model.clock.advance(minutes(1));
    model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
    hide(model, task.arn);
    const startMs = model.clock.now();
    expect((await run()).verdict).toBe('succeeded');
    expect(model.truth.mostAtOnce(atOnce)).toBe(1);
    const started = [...model.tasks.tasks.values()].at(-1)?.createdAtMs ?? 0;
    expect(started - startMs).toBeGreaterThanOrEqual(60_000);
    expect(deps.events.map(({ type }) => type)).toContain('waiting-for-others');
  });

  test.each([
    ['a task of a service', { group: 'service:web' }],
    ['a task of a deployment', { startedBy: 'ecs-svc/1234567890123456789' }],
    ['a scheduled task', { startedBy: 'events-rule/nightly' }],
  ])('but %s is no migration', async (_what, more) => {
    const { model, other, run } = await migrationModel();
    model.behaviours.script({ times: 1 }, {});
    other(more);
    expect((await run({ exclusive: 'fail' })).verdict).toBe('succeeded');
  });
});

describe('a missing permission', () => {
  const denied = (action: string, operation: string) => ({
    ...{ kind: 'error' as const, type: 'AccessDeniedException', operation, times: 100 },
    message: `User: x is not authorized to perform: ecs:${action} on resource: * because no identity-based policy allows the ecs:${action} action`,
  });

  test('for ListTasks: said, and the migration runs', async () => {
    const { model, deps, run } = await migrationModel();
    model.faults.script(denied('ListTasks', 'ListTasks'));
    expect((await run()).verdict).toBe('succeeded');
    expect(deps.events).toContainEqual({
      type: 'warning',
      text: expect.stringContaining('not authorized to perform ecs:ListTasks'),
    });
  });

  test('for DescribeTasks: that action is named, not ListTasks, and nothing is started', async () => {
    const { model, deps, count, other, run } = await migrationModel();
    other();
    model.faults.script(denied('DescribeTasks', 'DescribeTasks'));
    await expect(run()).rejects.toMatchObject({
      code: 'AccessDeniedException',
      why: expect.stringContaining('ecs:DescribeTasks'),
    });
    expect(JSON.stringify(deps.events)).not.toContain('ListTasks');
    expect(count('RunTask')).toBe(0);
  });
});

test('--exclusive ignore waits for nobody else', async () => {
  const { model, other, run } = await migrationModel();
  model.behaviours.script({ times: 1 }, { runMs: minutes(30), exitCode: 0 });
  other();
  model.clock.advance(minutes(1));
  expect((await run({ exclusive: 'ignore' })).verdict).toBe('succeeded');
  expect(model.truth.mostAtOnce(atOnce)).toBe(2);
});

test('who is waited for is told when it changes, and once a minute', async () => {
  const { model, deps, other, run } = await migrationModel();
  model.behaviours.script({ times: 1 }, { runMs: minutes(5), exitCode: 0 });
  const { arn } = other();
  expect((await run()).verdict).toBe('succeeded');
  const told = deps.events.filter(({ type }) => type === 'waiting-for-others');
  expect(told[0]).toEqual({ type: 'waiting-for-others', taskArns: [arn], again: false });
  expect(told.slice(1).every((event) => 'again' in event && event.again)).toBe(true);
  expect(told.length).toBeGreaterThanOrEqual(5);
  expect(told.length).toBeLessThanOrEqual(7);
  expect(deps.events.filter(({ type }) => type === 'others-done')).toHaveLength(1);
});
