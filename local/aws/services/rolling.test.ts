import { CreateServiceCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { breakerThreshold, nextMoves, taskLimits } from './breaker.ts';
import { latest, serviceWorld, shown, watch } from './test-world.ts';

const cluster = 'default';

describe('circuit breaker arithmetic', () => {
  test.each([
    ['one task still allows three failures', 1, undefined, 3],
    ['half of 25, rounded up', 25, undefined, 13],
    ['half of 400', 400, undefined, 200],
    ['never above 200', 1_000, undefined, 200],
    ['a bounded percentage of its own', 100, { type: 'BOUNDED_PERCENT', value: 10 }, 10],
    ['a bounded percentage is at least three', 10, { type: 'BOUNDED_PERCENT', value: 10 }, 3],
    ['an unbounded one is not', 10, { type: 'UNBOUNDED_PERCENT', value: 10 }, 1],
    ['a count is a count', 10, { type: 'COUNT', value: 7 }, 7],
  ])('%s', (_rule, desired, thresholdConfiguration, threshold) => {
    expect(breakerThreshold(desired, { thresholdConfiguration })).toBe(threshold);
  });
});

describe('minimum and maximum percent', () => {
  test('the minimum rounds up and the maximum down', () => {
    expect(taskLimits(3, { minimumHealthyPercent: 50, maximumPercent: 150 })).toEqual({ least: 2, most: 4 });
  });
  test('125 % of 3 with 100 % minimum cannot move', () => {
    const limits = taskLimits(3, { minimumHealthyPercent: 100, maximumPercent: 125 });
    const state = { desiredCount: 3, limits, fresh: 0, old: 3, oldUnhealthy: 0, healthy: 3, draining: 0 };
    expect(nextMoves(state)).toEqual({ start: 0, stopOld: 0, stuck: true });
  });
});

describe('a rolling deployment', () => {
  test('the new PRIMARY is in the answer, the old one ACTIVE, and SUCCESSFUL comes before COMPLETED', async () => {
    const world = await serviceWorld({ desiredCount: 2 });
    const { ecs } = world;
    const { service: updated } = await ecs.send(
      new UpdateServiceCommand({ cluster, service: 'web', forceNewDeployment: true }),
    );
    expect(updated?.deployments?.map(({ status, rolloutState }) => `${status} ${rolloutState}`)).toEqual([
      'PRIMARY IN_PROGRESS',
      'ACTIVE COMPLETED',
    ]);
    const seen = await watch(world, 1, 150, async () => {
      const { deployments = [] } = await shown(world);
      return `${deployments.map((d) => `${d.status} ${d.runningCount}`).join(', ')} | ${deployments[0]?.rolloutState} | ${(await latest(world))?.status}`;
    });
    expect(seen).toEqual([
      'PRIMARY 0, ACTIVE 2 | IN_PROGRESS | SUCCESSFUL',
      'PRIMARY 0, ACTIVE 2 | IN_PROGRESS | IN_PROGRESS',
      'PRIMARY 2, ACTIVE 2 | IN_PROGRESS | IN_PROGRESS',
      'PRIMARY 2, ACTIVE 0 | IN_PROGRESS | SUCCESSFUL',
      'PRIMARY 2 | COMPLETED | SUCCESSFUL',
    ]);
  });

  test('without a breaker it tries for ever', async () => {
    const world = await serviceWorld({});
    world.model.behaviours.script({ image: 'web:2' }, { start: { reason: 'CannotPullContainerError: gone' } });
    const taskDefinition = await world.register('web:2');
    await world.ecs.send(new UpdateServiceCommand({ cluster, service: 'web', taskDefinition }));
    world.model.clock.advance(3 * 3_600_000);
    const now = await shown(world);
    expect(now.deployments?.[0]).toMatchObject({ rolloutState: 'IN_PROGRESS', status: 'PRIMARY' });
    // Pauses double up to a quarter of an hour: far fewer tries than three hours of haste would make.
    expect(now.deployments?.[0]?.failedTasks).toBeGreaterThan(10);
    expect(now.deployments?.[0]?.failedTasks).toBeLessThan(25);
    expect(now.events?.map(({ message }) => message)).toContain(
      '(service web) is unable to consistently start tasks successfully.',
    );
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
  });

  test('an unchanged update makes no deployment', async () => {
    const world = await serviceWorld({});
    const { ecs } = world;
    const before = await shown(world);
    const { taskDefinition } = before;
    const answer = await ecs.send(
      new UpdateServiceCommand({
        cluster,
        service: 'web',
        ...(taskDefinition === undefined ? {} : { taskDefinition }),
      }),
    );
    expect(answer.service?.deployments?.map(({ id }) => id)).toEqual(before.deployments?.map(({ id }) => id));
  });

  test('a stale read shows the state before the update', async () => {
    const world = await serviceWorld({});
    world.model.services.settings.staleReadMs = 10_000;
    await world.ecs.send(new UpdateServiceCommand({ cluster, service: 'web', forceNewDeployment: true }));
    expect((await shown(world)).deployments).toHaveLength(1);
    world.model.clock.advance(10_000);
    expect((await shown(world)).deployments).toHaveLength(2);
  });

  test('desiredCount 0 completes without a task and without a digest', async () => {
    const world = await serviceWorld({ desiredCount: 0 });
    await world.ecs.send(new UpdateServiceCommand({ cluster, service: 'web', forceNewDeployment: true }));
    world.model.clock.advance(10_000);
    expect((await shown(world)).deployments?.[0]?.rolloutState).toBe('COMPLETED');
    expect(world.model.tasks.tasks.size).toBe(0);
  });

  test('tags are resolved by the first task that starts; later tasks use its digest', async () => {
    const world = await serviceWorld({});
    const { model, ecs } = world;
    const first = model.truth.runs[0]?.imageDigest;
    world.push('web:1', 'another');
    await ecs.send(new UpdateServiceCommand({ cluster, service: 'web', desiredCount: 2 }));
    model.clock.advance(120_000);
    expect(model.truth.runs.map(({ imageDigest }) => imageDigest)).toEqual([first, first]);
  });
});

describe('the API refuses as ECS does', () => {
  test('services of CODE_DEPLOY keep their task definition', async () => {
    const world = await serviceWorld({ desiredCount: 0 });
    const taskDefinition = await world.register('web:2');
    await world.ecs.send(
      new CreateServiceCommand({ ...world.create, serviceName: 'blue', deploymentController: { type: 'CODE_DEPLOY' } }),
    );
    await expect(
      world.ecs.send(new UpdateServiceCommand({ cluster, service: 'blue', taskDefinition })),
    ).rejects.toThrow('Unable to update task definition on services with a CODE_DEPLOY deployment controller.');
  });

  test.each([
    ['a service that is not there', { service: 'nope' }, 'Service not found.'],
    ['a task definition that is not there', { service: 'web', taskDefinition: 'nope' }, 'TaskDefinition not found.'],
  ])('%s', async (_rule, input, message) => {
    const { ecs } = await serviceWorld({ desiredCount: 0 });
    await expect(ecs.send(new UpdateServiceCommand({ cluster, ...input }))).rejects.toThrow(message);
  });
});
