import {
  ContinueServiceDeploymentCommand,
  type DeploymentConfiguration,
  type DeploymentLifecycleHookStage,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { latest, type ServiceWorld, serviceWorld, watch } from './test-world.ts';

async function deploy(world: ServiceWorld, configuration: DeploymentConfiguration): Promise<void> {
  const taskDefinition = await world.register('web:2');
  const input = { cluster: 'default', service: 'web', taskDefinition, deploymentConfiguration: configuration };
  await world.ecs.send(new UpdateServiceCommand(input));
  world.model.clock.advance(world.model.services.settings.serviceDeploymentDelayMs);
}

const pause = (...lifecycleStages: DeploymentLifecycleHookStage[]) => ({
  lifecycleHooks: [{ targetType: 'PAUSE' as const, lifecycleStages, timeoutConfiguration: { timeoutInMinutes: 60 } }],
});

/** The hook that waits for an answer. */
async function waiting(world: ServiceWorld) {
  const hooks = (await latest(world))?.lifecycleHookDetails ?? [];
  return hooks.find(({ status }) => status === 'AWAITING_ACTION')?.hookId;
}

async function answer(world: ServiceWorld, action: 'CONTINUE' | 'ROLLBACK') {
  const serviceDeploymentArn = (await latest(world))?.serviceDeploymentArn;
  const hookId = await waiting(world);
  await world.ecs.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action }));
}

describe('pause hooks', () => {
  test('a rolling deployment pauses before its first task and before it is SUCCESSFUL', async () => {
    const world = await serviceWorld({});
    const { model } = world;
    await deploy(world, pause('PRE_SCALE_UP', 'POST_SCALE_UP'));
    model.clock.advance(600_000);
    expect(await latest(world)).toMatchObject({ status: 'IN_PROGRESS', lifecycleStage: 'PRE_SCALE_UP' });
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
    await answer(world, 'CONTINUE');
    model.clock.advance(600_000);
    expect(await latest(world)).toMatchObject({ status: 'IN_PROGRESS', lifecycleStage: 'POST_SCALE_UP' });
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:2$/);
    await answer(world, 'CONTINUE');
    model.clock.advance(60_000);
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
  });

  test('an answer of ROLLBACK rolls back', async () => {
    const world = await serviceWorld({});
    await deploy(world, pause('POST_SCALE_UP'));
    world.model.clock.advance(600_000);
    await answer(world, 'ROLLBACK');
    world.model.clock.advance(600_000);
    expect((await latest(world))?.status).toBe('ROLLBACK_SUCCESSFUL');
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
  });

  test('linear deployments pause before each step with a fresh id, and their stages go back', async () => {
    const world = await serviceWorld({});
    await deploy(world, {
      strategy: 'LINEAR',
      linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
      bakeTimeInMinutes: 1,
      ...pause('PRE_PRODUCTION_TRAFFIC_SHIFT'),
    });
    const ids = new Set<string>();
    const stages = await watch(world, 2, 900, async () => {
      const { lifecycleStage = 'over' } = (await latest(world)) ?? {};
      const hookId = await waiting(world);
      if (hookId !== undefined) {
        ids.add(hookId);
        await answer(world, 'CONTINUE');
      }
      return lifecycleStage;
    });
    expect(ids.size).toBe(2);
    expect([...ids][0]).toMatch(/^ecs-pause-/);
    expect(stages.filter((stage) => stage.includes('PRODUCTION'))).toEqual([
      'PRE_PRODUCTION_TRAFFIC_SHIFT',
      'PRODUCTION_TRAFFIC_SHIFT',
      'PRE_PRODUCTION_TRAFFIC_SHIFT',
      'PRODUCTION_TRAFFIC_SHIFT',
      'POST_PRODUCTION_TRAFFIC_SHIFT',
    ]);
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
  });

  test.each([
    ['ROLLBACK' as const, 'ROLLBACK_SUCCESSFUL'],
    ['CONTINUE' as const, 'SUCCESSFUL'],
  ])('a hook that nobody answers is TIMED_OUT, and %s follows', async (action, status) => {
    const world = await serviceWorld({});
    await deploy(world, {
      lifecycleHooks: [
        {
          targetType: 'PAUSE',
          lifecycleStages: ['PRE_SCALE_UP'],
          timeoutConfiguration: { timeoutInMinutes: 30, action },
        },
      ],
    });
    world.model.clock.advance(3_600_000);
    expect(await latest(world)).toMatchObject({
      status,
      lifecycleHookDetails: [{ status: 'TIMED_OUT', timeoutAction: action }],
    });
  });

  test('ten pause hooks a service, and none while traffic shifts', async () => {
    const world = await serviceWorld({});
    const [hook] = pause('POST_SCALE_UP').lifecycleHooks;
    const lifecycleHooks = Array.from({ length: 11 }, () => ({ ...hook }));
    await expect(deploy(world, { lifecycleHooks })).rejects.toThrow('at most 10 pause hooks');
    await expect(deploy(world, pause('PRODUCTION_TRAFFIC_SHIFT'))).rejects.toThrow('PAUSE hooks cannot be configured');
  });
});

describe('early success', () => {
  test('SUCCESSFUL comes at healthyPercent of desired, and ECS scales on behind it', async () => {
    const configuration: DeploymentConfiguration = {
      minimumHealthyPercent: 50,
      maximumPercent: 150,
      earlySuccessCriteria: { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'DEFERRED' },
    };
    const world = await serviceWorld({ desiredCount: 6 });
    world.model.behaviours.script({ image: 'web:2', times: 3 }, { pendingMs: 600_000 });
    await deploy(world, configuration);
    for (let second = 0; second < 900 && (await latest(world))?.status !== 'SUCCESSFUL'; second++) {
      world.model.clock.advance(1_000);
    }
    const { targetServiceRevision } = (await latest(world)) ?? {};
    expect(targetServiceRevision?.runningTaskCount).toBe(3);
    world.model.clock.advance(900_000);
    expect((await latest(world))?.targetServiceRevision?.runningTaskCount).toBe(6);
  });

  test('healthyPercent 0 with minimumHealthyPercent 0 is SUCCESSFUL with no task', async () => {
    const world = await serviceWorld({ desiredCount: 2 });
    world.model.behaviours.script({ image: 'web:2' }, { start: { reason: 'CannotPullContainerError: gone' } });
    await deploy(world, {
      minimumHealthyPercent: 0,
      earlySuccessCriteria: { enable: true, healthyPercent: 0, sourceServiceRevisionCleanup: 'DEFERRED' },
    });
    world.model.clock.advance(60_000);
    expect(await latest(world)).toMatchObject({ status: 'SUCCESSFUL', targetServiceRevision: { runningTaskCount: 0 } });
  });
});
