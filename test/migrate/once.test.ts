import { describe, expect, test } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import { openRecords } from '../../src/records/records.ts';
import type { MigrationOutcome } from '../../src/records/schema.ts';
import { inProcess } from '../support/in-process.ts';
import { options } from './migrate-options.ts';

const shortly = { ...options.waiting, timeoutMs: 60_000 };
const capacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';

const place = { cluster: 'prod', region: 'eu-west-1' };
const workspace = 'b7d3c1f0-6c53-4a6c-8a0e-0d5f1b1c6a11';

/** A job of a workflow; each `run` is a process of its own, in a folder of its own unless it is the same container. */
async function job(more: Partial<MigrateOptions> = {}) {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register(fargateDefinition('app'));
  model.behaviours.script({}, { runMs: 120_000, exitCode: 0 });
  const base = await inProcess(model);
  const count = (operation: string): number =>
    model.requests.filter((request) => request.operation === operation).length;
  const adopted = (): unknown[] => base.events.filter(({ type }) => type === 'task-adopted');
  const run = (
    now: Partial<MigrateOptions> = {},
    jobId = 'job-1',
    workflow = workspace,
    container = '0',
  ): Promise<MigrationOutcome> => {
    const env = {
      CIRCLE_WORKFLOW_WORKSPACE_ID: workflow,
      CIRCLE_WORKFLOW_JOB_ID: jobId,
      CIRCLE_JOB: 'migrate',
      CIRCLE_NODE_INDEX: container,
    };
    const records = openRecords(jobId, base.files, env);
    return migrate({ ...options, ...more, ...now }, { ...base, env, records });
  };
  return { model, deps: base, count, adopted, run };
}

describe('a rerun of the workflow: a new job id, a new container, the same workspace', () => {
  test('the first still runs: it is followed, and RunTask is not sent', async () => {
    const { model, count, adopted, run } = await job();
    const first = await run({ waiting: shortly });
    expect(first.verdict).toBe('timed-out');
    const second = await run({ exclusive: 'fail' }, 'job-2');
    expect(second).toMatchObject({ verdict: 'succeeded', taskArn: first.taskArn });
    expect([count('RunTask'), model.tasks.tasks.size]).toEqual([1, 1]);
    expect(adopted()).toEqual([{ type: 'task-adopted', ...place, taskArn: first.taskArn, state: 'runs' }]);
  });

  test('the first succeeded: done, that is said, and RunTask is not sent', async () => {
    const { model, count, adopted, run } = await job();
    const first = await run();
    model.clock.advance(30 * 60_000);
    expect(await run({}, 'job-2')).toMatchObject({ verdict: 'succeeded', taskArn: first.taskArn, exitCode: 0 });
    expect([count('RunTask'), model.tasks.tasks.size]).toEqual([1, 1]);
    expect(adopted()).toEqual([{ type: 'task-adopted', ...place, taskArn: first.taskArn, state: 'succeeded' }]);
  });

  test('the first failed: a new attempt with another token', async () => {
    const { model, count, adopted, run } = await job();
    model.behaviours.script({ times: 2 }, { runMs: 5_000, exitCode: 1 });
    const runs = [await run(), await run({}, 'job-2'), await run({}, 'job-3')];
    expect(runs.map(({ verdict }) => verdict)).toEqual(['failed', 'failed', 'succeeded']);
    expect(new Set(runs.map(({ taskArn }) => taskArn)).size).toBe(3);
    expect(new Set(runs.map(({ clientToken }) => clientToken)).size).toBe(3);
    expect([count('RunTask'), adopted()]).toEqual([3, []]);
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(1);
  });

  test('the first failed and its successor too, one of them was stopped: what succeeded later still counts', async () => {
    const { model, count, run } = await job();
    model.behaviours.script({ times: 1 }, { runMs: 5_000, exitCode: 1 });
    await run();
    await run({}, 'job-2');
    expect(await run({}, 'job-3')).toMatchObject({ verdict: 'succeeded' });
    expect([count('RunTask'), model.truth.succeeded().length]).toEqual([2, 1]);
  });

  test('the first exited 0 because it was stopped: that is no success, so there is a new attempt', async () => {
    const { model, run } = await job();
    const stop = { atMs: 5_000, stopCode: 'UserInitiated', reason: 'Task stopped by user' };
    model.behaviours.script({ times: 1 }, { sigtermExitCode: 0, stop });
    expect((await run()).verdict).toBe('failed');
    expect((await run({}, 'job-2')).verdict).toBe('succeeded');
    expect(model.truth.runs.map(({ ended }) => ended)).toEqual(['told to stop', 'by itself']);
  });

  test('the first was told to stop and has not ended: it is followed, nothing runs beside it', async () => {
    const { model, count, run } = await job();
    model.behaviours.script({ times: 1 }, { runMs: 600_000, ignoresSigterm: true });
    const first = await run({ waiting: shortly });
    const task = model.tasks.tasks.get(first.taskArn ?? '');
    if (task === undefined) throw new Error('no task');
    model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
    expect(await run({}, 'job-2')).toMatchObject({ verdict: 'failed', taskArn: first.taskArn });
    expect(count('RunTask')).toBe(1);
    expect((await run({}, 'job-3')).verdict).toBe('succeeded');
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(1);
  });

  test('the first registered a revision: the second finds its task although the number is another', async () => {
    const { model, count, run } = await job({
      images: [{ container: undefined, reference: `acme/app@sha256:${'d'.repeat(64)}` }],
    });
    await run({ waiting: shortly });
    expect((await run({}, 'job-2')).verdict).toBe('succeeded');
    expect([count('RunTask'), count('RegisterTaskDefinition')]).toEqual([1, 1]);
    expect(model.truth.runs).toHaveLength(1);
  });

  test('nothing was placed before: a token of its own, so that a corrected cause is not answered with the old failure', async () => {
    const { model, run } = await job();
    const cause = { reason: 'RESOURCE:MEMORY', arn: 'arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/0' };
    model.settings.runTaskFailures = [[cause], [cause]];
    const first = await run();
    expect(first).toMatchObject({ verdict: 'failed', explanation: { code: 'NO_RESOURCES' } });
    expect(model.tasks.tasks.size).toBe(0);
    const second = await run({}, 'job-2');
    expect(second.verdict).toBe('succeeded');
    expect(second.clientToken).not.toBe(first.clientToken);
    expect(model.tasks.tasks.size).toBe(1);
  });

  test('only a further try for capacity got a task: that one is followed', async () => {
    const { model, count, run } = await job({ retryCapacityMs: 600_000 });
    model.settings.runTaskFailures = [[{ reason: capacity }]];
    const first = await run({ waiting: shortly });
    expect([first.verdict, model.tasks.tasks.size, count('RunTask')]).toEqual(['timed-out', 1, 2]);
    expect(await run({}, 'job-2')).toMatchObject({ verdict: 'succeeded', taskArn: first.taskArn });
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 2]);
  });

  test('a task that is not visible yet: its token finds it', async () => {
    const { model, count, run } = await job();
    const { taskArn } = await run({ wait: false });
    model.settings.missingForMs = 10_000;
    expect(await run({}, 'job-2')).toMatchObject({ verdict: 'succeeded', taskArn });
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 2]);
  });

  test('the containers of a job with parallelism, all at the same moment: one task, which each of them follows', async () => {
    const { model, run } = await job({
      images: [{ container: undefined, reference: `acme/app@sha256:${'d'.repeat(64)}` }],
    });
    const ended = await Promise.all(['0', '1', '2'].map((container) => run({}, 'job-1', workspace, container)));
    expect(ended.map(({ verdict }) => verdict)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(new Set(ended.map(({ taskArn }) => taskArn)).size).toBe(1);
    expect(model.tasks.tasks.size).toBe(1);
  });

  test('RunTask is carried out and answered with an empty document: asked again under the same token, one task', async () => {
    const { model, count, run } = await job();
    model.faults.script({ kind: 'empty-json-200', operation: 'RunTask' });
    expect((await run()).verdict).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([1, 2]);
  });

  test('a task that ECS has forgotten: RunTask decides, after a look for others', async () => {
    const { model, count, run } = await job();
    await run();
    model.clock.advance(2 * 3_600_000);
    expect((await run({}, 'job-2')).verdict).toBe('succeeded');
    expect([model.tasks.tasks.size, count('RunTask')]).toEqual([2, 2]);
  });

  test.each<[string, Partial<MigrateOptions>, string?]>([
    ['another workflow', {}, 'another-workspace'],
    ['another command', { command: ['rails', 'db:seed'] }],
    ['another name', { name: 'after' }],
  ])('%s is another migration: it runs, after the first', async (_what, given, workflow = workspace) => {
    const { model, count, adopted, run } = await job();
    await run({ wait: false });
    expect((await run(given, 'job-2', workflow)).verdict).toBe('succeeded');
    expect([count('RunTask'), adopted()]).toEqual([2, []]);
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(1);
  });
});

describe('with a --started-by of the user, only the token tells whose a task is', () => {
  test('the first still runs or succeeded: RunTask is answered with it', async () => {
    const { model, count, adopted, run } = await job({ startedBy: 'ci', exclusive: 'ignore' });
    const first = await run({ waiting: shortly });
    const again = [await run({}, 'job-2'), await run({}, 'job-3')];
    expect(again.map(({ verdict, taskArn }) => [verdict, taskArn])).toEqual([
      ['succeeded', first.taskArn],
      ['succeeded', first.taskArn],
    ]);
    expect([...model.tasks.tasks.values()].map(({ startedBy }) => startedBy)).toEqual(['ci']);
    expect([count('RunTask'), adopted().length]).toEqual([3, 2]);
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
      expect((await run({ clientToken: 'mine', exclusive: 'ignore' })).verdict).toBe('succeeded');
      expect(model.tasks.tasks.size).toBe(1);
    },
  );

  test('neither a task nor a reason is not tried again under another token', async () => {
    const { model, count, run } = await job();
    model.operations.ecs.RunTask = () => ({ tasks: [], failures: [] });
    expect((await run({ retryCapacityMs: 600_000 })).verdict).toBe('failed');
    expect(count('RunTask')).toBe(1);
  });
});

describe('others that cannot be seen', () => {
  test('it is said, at least once in ten minutes, and nobody is accused', async () => {
    const { model, deps, count, run } = await job();
    const times: number[] = [];
    deps.emit = () => times.push(model.clock.now());
    model.faults.script({ kind: '503-html', operation: 'ListTasks', times: 100_000 });
    const result = await run();
    expect(result).toMatchObject({
      verdict: 'timed-out',
      explanation: { code: 'OTHERS_UNKNOWN', cause: expect.stringContaining('not known') },
    });
    expect(Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toBeLessThan(120_000);
    expect(times.length).toBeGreaterThan(30);
    expect(count('RunTask')).toBe(0);
  });
});
