import {
  CreateServiceCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { connectionErrors } from './faults.ts';
import { latest, serviceWorld, shown } from './services/test-world.ts';
import { soundRunTask, testModel } from './test-client.ts';

async function started(options: { container?: object; run?: object } = {}) {
  const { model, ecs } = testModel(options.container);
  const { tasks = [] } = await ecs.send(new RunTaskCommand({ ...soundRunTask, ...options.run }));
  const taskArn = tasks[0]?.taskArn ?? '';
  const look = async () => {
    const answer = await ecs.send(new DescribeTasksCommand({ tasks: [taskArn] }));
    return answer.tasks?.[0] ?? answer.failures?.[0]?.reason;
  };
  return { model, ecs, taskArn, look };
}

describe('faults on the way', () => {
  test.each(Object.keys(connectionErrors))('no-connection with %s: not carried out', async (code) => {
    const { model, ecs } = testModel();
    model.faults.script({ kind: 'no-connection', code });
    await expect(ecs.send(new RunTaskCommand(soundRunTask))).rejects.toMatchObject({ code });
    expect(model.tasks.tasks.size).toBe(0);
  });

  test('twice: a request that was delivered twice is carried out twice, unless its token says that it is the same', async () => {
    const { model, ecs } = testModel();
    model.faults.script({ kind: 'twice', operation: 'RunTask' });
    await ecs.send(new RunTaskCommand({ ...soundRunTask, clientToken: 'same' }));
    expect(model.tasks.tasks.size).toBe(1);
    const world = await serviceWorld({});
    world.model.faults.script({ kind: 'twice', operation: 'UpdateService' });
    await world.ecs.send(new UpdateServiceCommand({ cluster: 'default', service: 'web', forceNewDeployment: true }));
    expect(world.model.truth.rollouts('web').map(({ end }) => end)).toEqual(['in progress', 'superseded', 'deployed']);
  });

  test('stale: the answer is what the same request got so long ago', async () => {
    const { model, look } = await started();
    await look();
    model.clock.advance(30_000);
    expect(await look()).toMatchObject({ lastStatus: 'RUNNING' });
    model.faults.script({ kind: 'stale', operation: 'DescribeTasks', ageMs: 20_000 });
    expect(await look()).toMatchObject({ lastStatus: 'PROVISIONING' });
    expect(await look()).toMatchObject({ lastStatus: 'RUNNING' });
  });

  test('slow: the answer takes its time', async () => {
    const { model, ecs } = testModel();
    model.faults.script({ kind: 'slow', ms: 7_000 });
    const beforeMs = model.clock.now();
    await ecs.send(new ListTasksCommand({}));
    expect(model.clock.now() - beforeMs).toBe(7_000);
  });
});

describe('tasks that are hard to read', () => {
  test('DescribeTasks loses sight of a task for a while that ListTasks lists', async () => {
    const { model, ecs, taskArn, look } = await started();
    model.settings.missingWindows = [
      { fromMs: 0, untilMs: 3_000 },
      { fromMs: 10_000, untilMs: 15_000 },
    ];
    const seen: boolean[] = [];
    for (let second = 0; second < 20; second += 5) {
      seen.push((await look()) === 'MISSING');
      expect((await ecs.send(new ListTasksCommand({}))).taskArns).toEqual([taskArn]);
      model.clock.advance(5_000);
    }
    expect(seen).toEqual([true, false, true, false]);
  });

  test('the stop code and its reason may come later than STOPPED', async () => {
    const { model, look } = await started();
    model.settings.stopCodeDelayMs = 60_000;
    model.clock.advance(61_000);
    const early = await look();
    expect(early).toMatchObject({ lastStatus: 'STOPPED' });
    expect(early).not.toHaveProperty('stopCode');
    expect(early).not.toHaveProperty('stoppedReason');
    model.clock.advance(60_000);
    expect(await look()).toMatchObject({ stopCode: 'EssentialContainerExited' });
  });

  test('a task may end as DELETED', async () => {
    const { model, look } = await started();
    model.settings.deletedAfterMs = 30_000;
    model.clock.advance(100_000);
    expect(await look()).toMatchObject({ lastStatus: 'DELETED' });
  });

  test('a task that is stopped a moment after its container ended comes to an end all the same', async () => {
    const { model, taskArn, look } = await started();
    model.clock.advance(40_000);
    await model.operators.stopTask(taskArn);
    model.clock.advance(20_000);
    expect(await look()).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      containers: [{ exitCode: 0 }],
    });
  });

  test('tasks of services are ACTIVATING for 33 seconds', async () => {
    const { model } = await serviceWorld({ settle: false });
    const seen = new Map<string, number>();
    for (let ms = 0; ms < 60_000; ms += 500) {
      const [task] = [...model.tasks.tasks.values()];
      if (task !== undefined) seen.set(task.lastStatus, (seen.get(task.lastStatus) ?? 0) + 500);
      model.clock.advance(500);
    }
    expect([...seen.keys()]).toEqual(['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING']);
    expect(seen.get('ACTIVATING')).toBe(33_000);
  });

  test('startedBy may hold anything, as the one of fabfuel does', async () => {
    const { look } = await started({ run: { startedBy: 'ECS Deploy' } });
    expect(await look()).toMatchObject({ startedBy: 'ECS Deploy' });
  });
});

describe('operators', () => {
  test('stop tasks, scale, update and roll back services, and leave no trace in the requests', async () => {
    const world = await serviceWorld({});
    const { model } = world;
    const requests = model.requests.length;
    const { operators } = model;
    await operators.scale('default', 'web', 2);
    await operators.stopTask([...model.tasks.tasks.keys()][0] ?? '', 'wrong one');
    model.clock.advance(600_000);
    expect((await shown(world)).runningCount).toBe(2);
    await operators.updateService('default', 'web', { taskDefinition: await world.register('web:2') });
    model.clock.advance(5_000);
    expect(await operators.rollBack('default', 'web')).toBe(true);
    expect(await operators.answerHook('default', 'web', 'CONTINUE')).toBe(false);
    model.clock.advance(600_000);
    expect((await latest(world))?.status).toBe('ROLLBACK_SUCCESSFUL');
    expect(await operators.rollBack('default', 'web')).toBe(false);
    const own = model.requests.slice(requests).map(({ operation }) => operation);
    expect(own).not.toContain('UpdateService');
    expect(own).not.toContain('StopTask');
  });
});

describe('ground truth', () => {
  test.each([
    ['of its own accord', { runMs: 5_000 }, 0, 'by itself', 1],
    ['after a stop signal that it heeds with 0', { runMs: 60_000, sigtermExitCode: 0 }, 0, 'told to stop', 0],
    ['with a failure', { runMs: 5_000, exitCode: 3 }, 3, 'by itself', 0],
  ])('knows a migration that ended %s', async (_rule, behaviour, exitCode, ended, succeeded) => {
    const { model, ecs } = testModel();
    model.behaviours.script({}, behaviour);
    const { tasks = [] } = await ecs.send(new RunTaskCommand(soundRunTask));
    const taskArn = tasks[0]?.taskArn ?? '';
    model.clock.advance(30_000);
    if (ended === 'told to stop') await model.operators.stopTask(taskArn);
    model.clock.advance(100_000);
    expect(model.truth.migrations({ family: 'app' })).toMatchObject([{ taskArn, exitCode, ended }]);
    expect(model.truth.succeeded({ family: 'app' })).toHaveLength(succeeded);
  });

  test('knows how many migrations of a family ran at the same time', async () => {
    const { model, ecs } = testModel();
    const run = async (startedBy: string) => {
      await ecs.send(new RunTaskCommand({ ...soundRunTask, startedBy }));
    };
    await run('a');
    model.clock.advance(5_000);
    await run('b');
    model.clock.advance(100_000);
    await run('a');
    model.clock.advance(100_000);
    expect(model.truth.migrations({ family: 'app' })).toHaveLength(3);
    expect(model.truth.mostAtOnce({ family: 'app' })).toBe(2);
    expect(model.truth.mostAtOnce({ family: 'app', startedBy: 'a' })).toBe(1);
  });

  test('knows what became of each deployment, and which revision serves', async () => {
    const world = await serviceWorld({ breaker: true });
    const { model } = world;
    model.behaviours.script({ image: 'web:2' }, { runMs: 1_000, exitCode: 1 });
    const crashing = await world.register('web:2');
    const update = (changes: object) =>
      world.ecs.send(new UpdateServiceCommand({ cluster: 'default', service: 'web', ...changes }));
    await update({ taskDefinition: crashing });
    model.clock.advance(1_200_000);
    await update({ forceNewDeployment: true });
    model.clock.advance(5_000);
    await update({ forceNewDeployment: true });
    model.clock.advance(5_000);
    expect(model.truth.rollouts('web').map(({ end }) => end)).toEqual([
      'in progress',
      'superseded',
      'rolled back',
      'deployed',
    ]);
    expect(model.truth.rollouts('web')[2]?.taskDefinitionArn).toBe(crashing);
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
    await world.ecs.send(new CreateServiceCommand({ ...world.create, serviceName: 'other' }));
    expect(model.truth.rollouts('other')).toHaveLength(1);
  });
});
