import {
  DescribeServiceDeploymentsCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { latest, type ServiceWorld, serviceWorld, shown, watch } from './test-world.ts';

const cluster = 'default';
const digitsOf = (text = ''): string | undefined => text.split('/').at(-1);

async function update({ ecs, register }: ServiceWorld, image: string) {
  const taskDefinition = await register(image);
  return (await ecs.send(new UpdateServiceCommand({ cluster, service: 'web', taskDefinition }))).service;
}

/** A service whose next revision crashes two seconds after its start. */
async function crashing(options: Parameters<typeof serviceWorld>[0] = {}): Promise<ServiceWorld> {
  const world = await serviceWorld({ breaker: true, ...options });
  world.model.behaviours.script({ image: 'web:2' }, { runMs: 2_000, exitCode: 1 });
  return world;
}

describe('a rollback', () => {
  test('the old deployment becomes PRIMARY again, with its old id and createdAt and a new updatedAt', async () => {
    const world = await crashing();
    const before = (await shown(world)).deployments?.[0];
    const own = (await update(world, 'web:2'))?.deployments?.[0];
    const seen = await watch(world, 1, 600, async () => {
      const { deployments = [] } = await shown(world);
      return deployments
        .map(({ id, status, rolloutState }) => `${id === own?.id ? 'own' : 'old'} ${status} ${rolloutState}`)
        .join(', ');
    });
    expect(seen).toEqual([
      'own PRIMARY IN_PROGRESS, old ACTIVE COMPLETED',
      'old PRIMARY IN_PROGRESS, own ACTIVE IN_PROGRESS',
      'old PRIMARY COMPLETED, own ACTIVE IN_PROGRESS',
      'old PRIMARY COMPLETED, own ACTIVE FAILED',
      'old PRIMARY COMPLETED, own DRAINING FAILED',
      'old PRIMARY COMPLETED',
    ]);
    const after = (await shown(world)).deployments?.[0];
    expect(after).toMatchObject({ id: before?.id, createdAt: before?.createdAt });
    expect(after?.updatedAt?.getTime()).toBeGreaterThan(before?.updatedAt?.getTime() ?? 0);
    expect((await shown(world)).taskDefinition).toMatch(/:1$/);
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/:1$/);
  });

  test('the events name the failed deployment, where it goes back to, and the completion under the old id a second time', async () => {
    const world = await crashing();
    const old = (await shown(world)).deployments?.[0]?.id;
    const own = (await update(world, 'web:2'))?.deployments?.[0]?.id;
    world.model.clock.advance(600_000);
    const messages = (await shown(world)).events?.map(({ message }) => message) ?? [];
    expect(messages).toContain(`(service web) (deployment ${own}) deployment failed: tasks failed to start.`);
    expect(messages).toContain(`(service web) rolling back to deployment ${old}.`);
    expect(messages.filter((text) => text === `(service web) (deployment ${old}) deployment completed.`)).toHaveLength(
      2,
    );
    expect(messages).toContain('(service web) has reached a steady state.');
  });

  test('no second service deployment is made: the same one goes through the ROLLBACK states', async () => {
    const world = await crashing();
    await update(world, 'web:2');
    const seen = await watch(world, 1, 600, async () => (await latest(world))?.status ?? 'none');
    expect(seen).toEqual([
      'SUCCESSFUL',
      'IN_PROGRESS',
      'ROLLBACK_REQUESTED',
      'ROLLBACK_IN_PROGRESS',
      'ROLLBACK_SUCCESSFUL',
    ]);
    expect((await latest(world))?.statusReason).toBe(
      'Service deployment rolled back because the circuit breaker threshold was exceeded.',
    );
    const all = await world.ecs.send(new ListServiceDeploymentsCommand({ cluster, service: 'web' }));
    expect(all.serviceDeployments).toHaveLength(2);
  });

  test.each([
    ['at once', 0],
    ['106 s later', 106_000],
  ])('the failed deployment says FAILED %s', async (_rule, failedStateDelayMs) => {
    const world = await crashing();
    Object.assign(world.model.services.settings, { failedStateDelayMs, breakerDelayMs: 0 });
    const own = (await update(world, 'web:2'))?.deployments?.[0]?.id;
    const seen = new Map<string, number>();
    await watch(world, 1, 600, async () => {
      const { deployments = [] } = await shown(world);
      const entry = deployments.find(({ id }) => id === own);
      const value = `${entry?.status} ${entry?.rolloutState}`;
      if (!seen.has(value)) seen.set(value, world.model.clock.now());
      return value;
    });
    const demotedMs = seen.get('ACTIVE IN_PROGRESS') ?? seen.get('ACTIVE FAILED') ?? seen.get('DRAINING FAILED') ?? 0;
    const failedMs = seen.get('ACTIVE FAILED') ?? seen.get('DRAINING FAILED') ?? 0;
    expect(Math.abs(failedMs - demotedMs - failedStateDelayMs)).toBeLessThanOrEqual(2_000);
    expect(seen.has('undefined undefined')).toBe(true);
  });

  test('without a candidate: ROLLBACK_FAILED, FAILED for ever, and the tasks that run go on running', async () => {
    const world = await serviceWorld({ desiredCount: 4, breaker: true, settle: false });
    world.model.behaviours.script({ image: 'web:1', times: 3 }, { runMs: 1_000, exitCode: 1 });
    world.model.services.settings.breakerDelayMs = 5_000;
    world.model.clock.advance(1_800_000);
    expect(await latest(world)).toMatchObject({
      status: 'ROLLBACK_FAILED',
      statusReason: 'No rollback candidate was found to run the rollback.',
    });
    expect((await shown(world)).deployments).toMatchObject([{ status: 'PRIMARY', rolloutState: 'FAILED' }]);
    expect(world.model.truth.serving('web').taskArns.length).toBeGreaterThan(0);
  });

  test('while an earlier rollback is still under way there is no candidate', async () => {
    const world = await crashing({ desiredCount: 1 });
    Object.assign(world.model.services.settings, { breakerDelayMs: 0, startBackoffMs: 1_000 });
    world.model.behaviours.script({ image: 'web:1' }, { start: { reason: 'CannotPullContainerError: gone' } });
    await update(world, 'web:2');
    for (let second = 0; second < 600 && (await latest(world))?.status !== 'ROLLBACK_IN_PROGRESS'; second++) {
      world.model.clock.advance(1_000);
    }
    world.model.tasks.tasks.forEach((task) => {
      world.model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
    });
    world.model.behaviours.script({ image: 'web:3' }, { runMs: 2_000, exitCode: 1 });
    await update(world, 'web:3');
    world.model.clock.advance(900_000);
    expect((await latest(world))?.status).toBe('ROLLBACK_FAILED');
  });
});

describe('the circuit breaker', () => {
  test.each([
    ['5 s', 5_000],
    ['5 minutes', 300_000],
  ])(
    'speaks %s after its threshold was reached, and tasks go on starting until then',
    async (_rule, breakerDelayMs) => {
      const world = await crashing();
      world.model.services.settings.breakerDelayMs = breakerDelayMs;
      await update(world, 'web:2');
      let reachedMs = 0;
      for (let second = 0; second < 900; second++) {
        const { deployments = [] } = await shown(world);
        if (reachedMs === 0 && (deployments[0]?.failedTasks ?? 0) >= 3) reachedMs = world.model.clock.now();
        if ((await latest(world))?.status === 'ROLLBACK_REQUESTED') break;
        world.model.clock.advance(1_000);
      }
      expect(Math.abs(world.model.clock.now() - reachedMs - breakerDelayMs)).toBeLessThanOrEqual(2_000);
    },
  );

  test('may never speak', async () => {
    const world = await crashing();
    world.model.services.settings.breakerDelayMs = Number.POSITIVE_INFINITY;
    await update(world, 'web:2');
    world.model.clock.advance(1_020_000);
    expect(await latest(world)).toMatchObject({
      status: 'IN_PROGRESS',
      deploymentCircuitBreaker: { status: 'MONITORING', threshold: 3 },
    });
  });

  test.each([
    ['a limping rollout completes: failures in a row are counted, and a healthy task ends the row', true, 'SUCCESSFUL'],
    ['without resetOnHealthyTask all failures are added up', false, 'ROLLBACK_SUCCESSFUL'],
  ])('%s', async (_rule, resetOnHealthyTask, status) => {
    const deploymentCircuitBreaker = { enable: true, rollback: true, resetOnHealthyTask };
    const configuration = { deploymentCircuitBreaker, maximumPercent: 150, minimumHealthyPercent: 100 };
    const world = await serviceWorld({ desiredCount: 2, configuration });
    const crash = { runMs: 2_000, exitCode: 1 };
    // Two fail, one stays, two fail, one stays: four failures, never three in a row.
    for (const behaviour of [{}, crash, crash, {}, crash, crash]) {
      world.model.behaviours.script({ image: 'web:2', times: 1 }, behaviour);
    }
    await update(world, 'web:2');
    const failures = await watch(world, 1, 900, async () =>
      String((await shown(world)).deployments?.[0]?.failedTasks ?? 0),
    );
    expect((await latest(world))?.status).toBe(status);
    if (resetOnHealthyTask) expect(failures).toEqual(['0', '1', '2', '0']);
  });
});

describe('a deployment that is replaced', () => {
  test('ends STOPPED within a second, and says by what', async () => {
    const world = await serviceWorld({});
    await update(world, 'web:2');
    world.model.clock.advance(10_000);
    const first = await latest(world);
    await update(world, 'web:3');
    world.model.clock.advance(1_000);
    const serviceDeploymentArns = [first?.serviceDeploymentArn ?? ''];
    const answer = await world.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
    expect(answer.serviceDeployments).toMatchObject([
      { status: 'STOPPED', statusReason: 'Replaced by a new service deployment.' },
    ]);
    world.model.clock.advance(120_000);
    expect(await latest(world)).toMatchObject({ status: 'SUCCESSFUL' });
  });
});

test('an update between the request of a rollback and the rollback leaves no old deployment behind', async () => {
  const world = await serviceWorld({});
  await update(world, 'web:2');
  world.model.clock.advance(3_000);
  expect(await world.model.operators.rollBack('default', 'web')).toBe(true);
  await update(world, 'web:3');
  world.model.clock.advance(900_000);
  expect((await shown(world)).deployments).toHaveLength(1);
  expect(world.model.truth.rollouts('web')[1]).toMatchObject({ end: 'superseded' });
});

describe('links and filters', () => {
  test('a deployment and its service revision have the same digits', async () => {
    const world = await serviceWorld({});
    const own = (await update(world, 'web:2'))?.deployments?.[0]?.id;
    world.model.clock.advance(10_000);
    expect(digitsOf((await latest(world))?.targetServiceRevision?.arn)).toBe(digitsOf(own));
  });

  const dayMs = 86_400_000;
  const list = (ecs: ECSClient, createdAt: object) =>
    ecs.send(new ListServiceDeploymentsCommand({ cluster, service: 'web', createdAt }));

  test.each(['after', 'before'])('a time filter `%s` of more than three months ago is refused', async (member) => {
    const { ecs, model } = await serviceWorld({});
    const ago = (days: number) => ({ [member]: new Date(model.clock.now() - days * dayMs) });
    await expect(list(ecs, ago(93))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Before and After time filter must be within the last 3 months.',
    });
    await expect(list(ecs, ago(80))).resolves.toBeDefined();
  });
});

describe('the answer of UpdateService', () => {
  test('the new PRIMARY wants no task yet, the old one ACTIVE what it has, and no service deployment is named', async () => {
    const world = await serviceWorld({ desiredCount: 2 });
    const answer = await update(world, 'web:2');
    expect(answer?.deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', desiredCount: 0, runningCount: 0 },
      { status: 'ACTIVE', rolloutState: 'COMPLETED', desiredCount: 2, runningCount: 2 },
    ]);
    expect(answer?.currentServiceDeployment).toBeUndefined();
    world.model.clock.advance(2_000);
    expect((await shown(world)).deployments?.[0]?.desiredCount).toBe(2);
    expect((await shown(world)).currentServiceDeployment).toBeDefined();
  });

  test('the members that third parties rely on are always there', async () => {
    const world = await serviceWorld({});
    expect(await shown(world)).toMatchObject({
      deploymentController: { type: 'ECS' },
      roleArn: expect.stringContaining('AWSServiceRoleForECS'),
      createdBy: expect.stringContaining('arn:aws:iam::'),
      placementConstraints: [],
      placementStrategy: [],
      serviceRegistries: [],
      enableECSManagedTags: false,
      propagateTags: 'NONE',
      availabilityZoneRebalancing: 'ENABLED',
    });
  });
});
