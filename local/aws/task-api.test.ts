import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ListTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { soundRunTask, testModel } from './test-client.ts';

async function started(container: object = {}, more: object = {}) {
  const world = testModel(container);
  const { tasks } = await world.ecs.send(new RunTaskCommand({ ...soundRunTask, ...more }));
  const taskArn = tasks?.[0]?.taskArn ?? '';
  const look = async () => (await world.ecs.send(new DescribeTasksCommand({ tasks: [taskArn] }))).tasks?.[0];
  return { ...world, taskArn, look };
}

describe('DescribeTasks', () => {
  test('knows a task until an hour after it stopped', async () => {
    const { model, ecs, taskArn, look } = await started();
    model.clock.advance(60_400 + 3_599_000);
    expect((await look())?.lastStatus).toBe('STOPPED');
    model.clock.advance(2_000);
    const { tasks, failures } = await ecs.send(new DescribeTasksCommand({ tasks: [taskArn] }));
    expect({ tasks, failures }).toMatchObject({ tasks: [], failures: [{ arn: taskArn, reason: 'MISSING' }] });
  });

  test('can be told to miss a new task for a while', async () => {
    const { model, look } = await started();
    model.settings.missingForMs = 5_000;
    expect(await look()).toBeUndefined();
    model.clock.advance(5_000);
    expect(await look()).toBeDefined();
  });

  test.each([
    ['no tasks', [], 'Tasks cannot be empty.'],
    ['None', ['None'], 'taskId length should be one of [32,36]'],
    ['an ARN with too many parts', [`arn:aws:ecs:r:1:task/c/${'f'.repeat(32)}:x`], 'Unexpected number of separators'],
    [
      'an ARN of something else',
      ['arn:aws:ecs:r:1:service/c/web'],
      'Invalid identifier: arn:aws:ecs:r:1:service/c/web',
    ],
  ])('refuses %s', async (_what, tasks, message) => {
    const { ecs } = testModel();
    await expect(ecs.send(new DescribeTasksCommand({ tasks }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message,
    });
  });
});

describe('the end of a task', () => {
  test('StopTask: SIGTERM, stopTimeout, SIGKILL; stoppingAt comes before executionStoppedAt', async () => {
    const { model, ecs, taskArn, look } = await started({ stopTimeout: 20 });
    model.behaviours.clear();
    model.clock.advance(28_000);
    const running = await look();
    expect(running?.lastStatus).toBe('RUNNING');
    await ecs.send(new StopTaskCommand({ task: taskArn, reason: 'enough' }));
    expect(await look()).toMatchObject({
      desiredStatus: 'STOPPED',
      lastStatus: 'STOPPING',
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
    });
    model.clock.advance(60_000);
    const task = await look();
    expect(task?.containers?.[0]?.exitCode).toBe(143);
    expect(task?.executionStoppedAt?.getTime()).toBeGreaterThan(task?.stoppingAt?.getTime() ?? 0);
  });

  test('a container that ignores SIGTERM is killed after stopTimeout: 137', async () => {
    const { model, ecs } = testModel({ stopTimeout: 20 });
    model.behaviours.script({}, { ignoresSigterm: true });
    const { tasks } = await ecs.send(new RunTaskCommand(soundRunTask));
    model.clock.advance(30_000);
    await ecs.send(new StopTaskCommand({ task: tasks?.[0]?.taskArn ?? '' }));
    const [task] = model.tasks.tasks.values();
    model.clock.advance(19_000);
    expect(task?.containers[0]?.lastStatus).toBe('RUNNING');
    model.clock.advance(2_000);
    expect(task?.containers[0]).toMatchObject({ lastStatus: 'STOPPED', exitCode: 137 });
    expect(task?.stoppedReason).toBe('Task stopped by user');
  });

  test('the exit code stands before the stop code, and both before STOPPED', async () => {
    const { model, look } = await started();
    model.clock.advance(38_000);
    const early = await look();
    expect(early).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' });
    expect([early?.containers?.[0]?.exitCode, early?.stopCode]).toEqual([0, undefined]);
    model.clock.advance(10_000);
    expect(await look()).toMatchObject({
      lastStatus: 'DEPROVISIONING',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
    });
  });

  test('an essential container takes the others down with it; one that is not goes alone', async () => {
    const { model, ecs } = testModel();
    model.taskDefinitions.register({
      ...model.taskDefinitions.get('app')?.raw,
      containerDefinitions: [
        { name: 'app', image: 'x' },
        { name: 'log', image: 'x', essential: false },
        { name: 'init', image: 'x', essential: false },
      ],
    });
    model.behaviours.script({ container: 'app' }, { runMs: 20_000, exitCode: 0 });
    model.behaviours.script({ container: 'log' }, {});
    model.behaviours.script({ container: 'init' }, { runMs: 1_000, exitCode: 0 });
    await ecs.send(new RunTaskCommand(soundRunTask));
    const [task] = model.tasks.tasks.values();
    model.clock.advance(30_000);
    expect(task?.containers.map(({ lastStatus }) => lastStatus)).toEqual(['RUNNING', 'RUNNING', 'STOPPED']);
    model.clock.advance(60_000);
    expect(task?.containers.map(({ exitCode }) => exitCode)).toEqual([0, 143, 0]);
    expect(task?.lastStatus).toBe('STOPPED');
  });
});

describe('ListTasks', () => {
  test('shows tasks that are to run, by family, and stopped ones only when asked', async () => {
    const { model, ecs, taskArn } = await started({}, { startedBy: 'ci' });
    const list = async (filter: object) => (await ecs.send(new ListTasksCommand(filter))).taskArns;
    expect(await list({})).toEqual([taskArn]);
    expect(await list({ family: 'other' })).toEqual([]);
    expect(await list({ startedBy: 'ci' })).toEqual([taskArn]);
    model.clock.advance(120_000);
    expect(await list({ family: 'app' })).toEqual([]);
    expect(await list({ family: 'app', desiredStatus: 'STOPPED' })).toEqual([taskArn]);
  });

  test('startedBy allows no other filter', async () => {
    const { ecs } = testModel();
    const send = ecs.send(new ListTasksCommand({ startedBy: 'ci', family: 'app' }));
    await expect(send).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('comes in pages', async () => {
    const { ecs } = testModel();
    await ecs.send(new RunTaskCommand({ ...soundRunTask, count: 5 }));
    const first = await ecs.send(new ListTasksCommand({ maxResults: 3 }));
    const second = await ecs.send(new ListTasksCommand({ maxResults: 3, nextToken: first.nextToken }));
    expect([first.taskArns?.length, second.taskArns?.length, second.nextToken]).toEqual([3, 2, undefined]);
  });
});

describe('GetLogEvents', () => {
  const at = { logGroupName: '/ecs/app', logStreamName: 's', startFromHead: true };

  test('before there is a group or a stream: ResourceNotFoundException', async () => {
    const { logs } = testModel();
    await expect(logs.send(new GetLogEventsCommand(at))).rejects.toMatchObject({
      message: 'The specified log stream does not exist.',
    });
    await expect(logs.send(new GetLogEventsCommand({ ...at, logGroupName: 'x' }))).rejects.toMatchObject({
      message: 'The specified log group does not exist.',
    });
  });

  test('pages, some of them empty although more follow; the end is a token that comes back', async () => {
    const { model, logs } = testModel();
    model.settings.logPageSize = 3;
    model.settings.emptyLogPageEvery = 2;
    for (let index = 0; index < 8; index++) model.logs.write('/ecs/app', 's', `line ${index}`);
    model.clock.advance(1_000);
    const lines: string[] = [];
    let sizes: number[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < 20; page++) {
      const answer = await logs.send(
        new GetLogEventsCommand({ ...at, ...(nextToken === undefined ? {} : { nextToken }) }),
      );
      lines.push(...(answer.events ?? []).map(({ message = '' }) => message));
      sizes = [...sizes, answer.events?.length ?? 0];
      if (answer.nextForwardToken === nextToken) break;
      nextToken = answer.nextForwardToken;
    }
    expect(lines).toEqual(Array.from({ length: 8 }, (_, index) => `line ${index}`));
    expect(sizes.slice(0, 4)).toEqual([3, 0, 3, 0]);
  });

  test('lines become readable after their ingestion, in the order of arrival', async () => {
    const { model, logs } = testModel();
    model.logs.write('/ecs/app', 's', 'slow', { ingestDelayMs: 5_000 });
    model.logs.write('/ecs/app', 's', 'fast', { ingestDelayMs: 0 });
    const first = await logs.send(new GetLogEventsCommand(at));
    model.clock.advance(5_000);
    const second = await logs.send(new GetLogEventsCommand({ ...at, nextToken: first.nextForwardToken }));
    expect([first, second].map(({ events }) => events?.map(({ message }) => message))).toEqual([['fast'], ['slow']]);
  });
});
