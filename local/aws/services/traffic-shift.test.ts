import {
  ContinueServiceDeploymentCommand,
  type DeploymentConfiguration,
  DescribeServicesCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { latest, type ServiceWorld, serviceWorld, watch } from './test-world.ts';

const cluster = 'default';
const hookTargetArn = 'arn:aws:lambda:eu-west-1:123456789012:function:check';
const roleArn = 'arn:aws:iam::123456789012:role/hooks';

async function deploy(world: ServiceWorld, configuration: DeploymentConfiguration): Promise<void> {
  const taskDefinition = await world.register('web:2');
  await world.ecs.send(
    new UpdateServiceCommand({ cluster, service: 'web', taskDefinition, deploymentConfiguration: configuration }),
  );
  world.model.clock.advance(world.model.services.settings.serviceDeploymentDelayMs);
}

describe('blue/green', () => {
  test('passes through every lifecycle stage and keeps blue until the bake time is over', async () => {
    const world = await serviceWorld({ loadBalancer: true });
    await deploy(world, { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 2 });
    const stages = await watch(world, 5, 600, async () => (await latest(world))?.lifecycleStage ?? 'over');
    const named = ['SCALE_UP', 'TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP'];
    expect(stages.filter((stage) => named.includes(stage))).toEqual(expect.arrayContaining(['SCALE_UP', 'BAKE_TIME']));
    expect(stages.at(-1)).toBe('over');
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:2$/);
  });

  test('a Lambda hook that fails rolls back, blue having served all the time', async () => {
    const world = await serviceWorld({});
    world.model.services.settings.hooks[hookTargetArn] = { status: 'FAILED' };
    await deploy(world, {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 0,
      lifecycleHooks: [{ hookTargetArn, roleArn, lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }],
    });
    world.model.clock.advance(600_000);
    expect(await latest(world)).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      statusReason: `Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target ${hookTargetArn} returned FAILED status.`,
    });
    expect(world.model.truth.serving('web').taskDefinitionArns).toHaveLength(1);
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
  });

  test('a pause hook holds the deployment until it is continued', async () => {
    const world = await serviceWorld({});
    await deploy(world, {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 0,
      lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'] }],
    });
    world.model.clock.advance(3_600_000);
    const paused = await latest(world);
    expect(paused).toMatchObject({ status: 'IN_PROGRESS', lifecycleStage: 'PRE_PRODUCTION_TRAFFIC_SHIFT' });
    const [hook] = paused?.lifecycleHookDetails ?? [];
    expect(hook).toMatchObject({ targetType: 'PAUSE', status: 'AWAITING_ACTION', timeoutAction: 'ROLLBACK' });
    await world.ecs.send(
      new ContinueServiceDeploymentCommand({
        serviceDeploymentArn: paused?.serviceDeploymentArn,
        hookId: hook?.hookId,
      }),
    );
    world.model.clock.advance(600_000);
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
  });

  test('a pause hook that nobody answers rolls back when it expires', async () => {
    const world = await serviceWorld({});
    await deploy(world, {
      strategy: 'BLUE_GREEN',
      bakeTimeInMinutes: 0,
      lifecycleHooks: [
        { targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'], timeoutConfiguration: { timeoutInMinutes: 30 } },
      ],
    });
    world.model.clock.advance(3_600_000);
    expect(await latest(world)).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      lifecycleHookDetails: [expect.objectContaining({ status: 'TIMED_OUT' })],
    });
  });

  test.each([
    [
      'canary: a little first, then all',
      { strategy: 'CANARY' as const, canaryConfiguration: { canaryPercent: 5, canaryBakeTimeInMinutes: 2 } },
      [0, 5, 100],
    ],
    [
      'linear: in equal steps',
      { strategy: 'LINEAR' as const, linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 2 } },
      [0, 50, 100],
    ],
  ])('%s', async (_rule, configuration, weights) => {
    const world = await serviceWorld({});
    await deploy(world, configuration);
    const seen = await watch(world, 5, 900, async () =>
      String((await latest(world))?.targetServiceRevision?.requestedProductionTrafficWeight),
    );
    expect(seen.map(Number)).toEqual(weights);
  });
});

describe('what else may end or shorten a deployment', () => {
  test('StopServiceDeployment rolls back although no breaker is on', async () => {
    const world = await serviceWorld({});
    await deploy(world, {});
    const serviceDeploymentArn = (await latest(world))?.serviceDeploymentArn;
    await world.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }));
    expect((await latest(world))?.status).toBe('ROLLBACK_REQUESTED');
    // Asked again while it rolls back, it simply continues; only one that is over is a conflict.
    await world.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }));
    world.model.clock.advance(world.model.services.settings.rollbackRequestMs);
    expect((await latest(world))?.status).toBe('ROLLBACK_IN_PROGRESS');
    await world.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }));
    world.model.clock.advance(600_000);
    expect((await latest(world))?.status).toBe('ROLLBACK_SUCCESSFUL');
    await expect(world.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  test('an alarm during the bake time rolls back; one that was ringing before does not count', async () => {
    const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
    const world = await serviceWorld({ configuration: { alarms } });
    await deploy(world, { alarms });
    world.model.clock.advance(120_000);
    expect((await latest(world))?.status).toBe('IN_PROGRESS');
    world.model.services.setAlarm('errors', 'ALARM');
    world.model.clock.advance(600_000);
    expect(await latest(world)).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      alarms: { triggeredAlarmNames: ['errors'] },
    });
    await deploy(world, { alarms });
    world.model.clock.advance(900_000);
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
  });

  test('targets that fail their health checks count as failed tasks', async () => {
    const world = await serviceWorld({ loadBalancer: true, breaker: true });
    world.model.behaviours.script(
      { image: 'web:2' },
      { targetUnhealthy: { reason: 'Health checks failed with these codes: [503]' } },
    );
    await deploy(world, { deploymentCircuitBreaker: { enable: true, rollback: true } });
    world.model.clock.advance(1_800_000);
    expect((await latest(world))?.status).toBe('ROLLBACK_SUCCESSFUL');
    const { services = [] } = await world.ecs.send(new DescribeServicesCommand({ cluster, services: ['web'] }));
    expect(services[0]?.events?.map(({ message }) => message).join('\n')).toMatch(
      /\(service web\) \(task [0-9a-f]{32}\) \(port 8080\) is unhealthy in \(target-group arn:.*\) due to \(reason Health checks failed with these codes: \[503\]\)/,
    );
  });

  test('early success with deferred clean-up is SUCCESSFUL while old tasks still drain', async () => {
    const world = await serviceWorld({ desiredCount: 4, loadBalancer: true });
    await deploy(world, {
      earlySuccessCriteria: { enable: true, healthyPercent: 100, sourceServiceRevisionCleanup: 'DEFERRED' },
    });
    world.model.clock.advance(60_000);
    const { services = [] } = await world.ecs.send(new DescribeServicesCommand({ cluster, services: ['web'] }));
    expect((await latest(world))?.status).toBe('SUCCESSFUL');
    expect(services[0]?.deployments).toHaveLength(2);
    expect(services[0]?.deployments?.[0]?.rolloutState).toBe('IN_PROGRESS');
  });
});
