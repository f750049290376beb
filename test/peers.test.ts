import { describe, expect, test } from 'vitest';
import { breaker, crash, registry, requestsOf, rolloutWorld } from './rollout/rollout-world.ts';

// Other deployment tools have been seen to report these situations wrongly. Each test is named after one of them and shows our answer.

const image = (tag: string): string => `${registry}/web:${tag}`;
const deployV2 = ['--service', 'web', '--image', image('v2')];

type World = Awaited<ReturnType<typeof rolloutWorld>>;
const later = ({ model }: World, ms: number, run: () => void): void => void model.clock.at(model.clock.now() + ms, run);

async function crashing(more: object = breaker): Promise<World> {
  const world = await rolloutWorld({ more });
  world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
  return world;
}

describe('others are green for a failed deployment', () => {
  test('aws-ecs-orb update_service: the service does not exist → exit 2, and nothing is registered', async () => {
    const { model, deploy } = await rolloutWorld();
    const { exitCode, stderr } = await deploy(['--service', 'nope', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no service nope in cluster prod; there are: web.');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
  });

  test('aws-ecs-orb: a CODE_DEPLOY deployment that fails → refused before anything changes', async () => {
    const { model, service, deploy } = await rolloutWorld();
    await service('blue', { deploymentController: { type: 'CODE_DEPLOY' } });
    const { exitCode, stderr } = await deploy(['--service', 'blue', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('deployed by AWS CodeDeploy');
    expect(stderr).toContain('aws ecs deploy');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
  });

  test.each(['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])(
    'aws-actions express: the deployment ends %s → exit 1',
    async (status) => {
      const world = await rolloutWorld();
      later(world, 15_000, () => {
        const record = world.model.services.find('prod', 'web')?.serviceDeployments[0];
        if (record !== undefined) Object.assign(record, { status, statusReason: 'the threshold was exceeded' });
      });
      const { exitCode, stdout } = await world.deploy(deployV2);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('the threshold was exceeded');
    },
  );

  test('fabfuel ecs deploy: the circuit breaker rolls back → exit 1, and no revision is deregistered', async () => {
    const { model, deploy } = await crashing();
    const { exitCode } = await deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(requestsOf(model, 'DeregisterTaskDefinition')).toEqual([]);
    expect(model.taskDefinitions.all('web').map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
  });

  test('silinternational: one new task ran for a while, then the rollback came → exit 1', async () => {
    const world = await rolloutWorld({ more: { ...breaker, desiredCount: 3 } });
    const v2 = world.digests.v2 ?? '';
    world.model.behaviours.script({ image: v2 }, crash).script({ image: v2, times: 1 }, { runMs: 50_000, exitCode: 1 });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(stdout).toMatch(/[1-3] of 3 new tasks running/);
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain('web serves web:2');
  });

  test('ecspresso: force-new with the same definition, rolled back → exit 1', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ kind: 'service' }, crash);
    const { exitCode, stdout } = await world.deploy(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The rollout of web:1 to web failed');
  });

  test('ecspresso: no deployment of ours can be seen in the first ten seconds → still waiting, not done', async () => {
    const { model, deploy } = await crashing();
    model.services.settings.serviceDeploymentDelayMs = 30_000;
    model.services.settings.staleReadMs = 30_000;
    const { exitCode } = await deploy(deployV2);
    expect(exitCode).toBe(1);
  });

  test('reproio: any terminal state ends the wait, native blue/green included → only SUCCESSFUL of ours is green', async () => {
    const hookTargetArn = 'arn:aws:lambda:eu-west-1:123456789012:function:check';
    const lifecycleHooks = [
      {
        hookTargetArn,
        roleArn: 'arn:aws:iam::123456789012:role/h',
        lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'],
      },
    ];
    const world = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks } },
    });
    world.model.services.settings.hooks[hookTargetArn] = { status: 'FAILED' };
    const { exitCode } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
  });

  test('buildkite, aws ecs wait services-stable, CDK hotswap, sst, happy: stable again after a rollback → exit 1', async () => {
    const world = await crashing();
    // Looks so far apart that the whole rollback falls between two of them: the service is stable when we look.
    const { exitCode, stdout } = await world.deploy([...deployV2, '--poll-interval', '15m', '--timeout', '1h']);
    const [stable] = (await world.ecs('DescribeServices', { cluster: 'prod', services: ['web'] })).services;
    expect(stable.deployments).toHaveLength(1);
    expect(stable.runningCount).toBe(stable.desiredCount);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Serves now: web:1 (the previous revision)');
  });

  test('the same without permission for service deployments: the events remember the rollback → exit 1', async () => {
    const world = await crashing();
    const message = 'not authorized to perform: ecs:ListServiceDeployments';
    world.model.faults.script({
      kind: 'error',
      operation: 'ListServiceDeployments',
      times: 99,
      type: 'AccessDeniedException',
      message,
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--poll-interval', '15m', '--timeout', '1h']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('deployment failed: tasks failed to start.');
  });

  test('a waiter is satisfied at once when nothing was deployed → unchanged is said, and proved', async () => {
    const { deploy } = await rolloutWorld();
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'web:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('serves web:1 already: nothing was changed');
  });
});

describe('others are red for a good deployment', () => {
  test('aws-actions: a newer deployment superseded ours → exit 4, and the word rollback does not come up', async () => {
    const world = await rolloutWorld();
    later(world, 15_000, () => {
      const taskDefinition = world.model.taskDefinitions.get('web:1')?.arn;
      void world.ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition, forceNewDeployment: true });
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('was superseded by another deployment');
    expect(stdout.toLowerCase()).not.toContain('rollback');
    expect(stdout).not.toContain('rolled back');
  });

  test('ecspresso: an attribute and a forced deployment in two updates stopped the first → one UpdateService', async () => {
    const { model, deploy } = await rolloutWorld();
    const { exitCode } = await deploy([...deployV2, '--force-new-deployment', '--desired-count', '3']);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'UpdateService')).toEqual([
      expect.objectContaining({
        forceNewDeployment: true,
        desiredCount: 3,
        taskDefinition: expect.stringMatching(/web:2$/),
      }),
    ]);
    expect(model.services.find('prod', 'web')?.serviceDeployments).toHaveLength(2);
  });

  test('copilot and geekcell wait for RUNNING first: a task that goes from PENDING to STOPPED between two looks is no riddle', async () => {
    const world = await rolloutWorld({ more: { ...breaker, desiredCount: 1 } });
    const reason =
      'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref x: not found';
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { start: { reason, afterMs: 3_000 } });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--poll-interval', '60']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed in the same way: container web: CannotPullContainerError');
  });
});
