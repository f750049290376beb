import { describe, expect, test } from 'vitest';
import { breaker, crash, registry, requestsOf, rolloutWorld, targetGroup } from '../rollout/rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;
const changing = ['RegisterTaskDefinition', 'UpdateService', 'StopServiceDeployment'];
const loadBalancers = [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }];

type World = Awaited<ReturnType<typeof rolloutWorld>>;

/** Makes the new image crash as soon as it runs. */
function crashing(world: World, tag: string): void {
  world.model.behaviours.script({ image: world.digests[tag] ?? '' }, crash);
}

function deny(world: World): void {
  for (const operation of ['ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions']) {
    const message = `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:${operation} on resource: *`;
    world.model.faults.script({ kind: 'error', operation, times: 1_000, type: 'AccessDeniedException', message });
  }
}

describe('the bundle, when the new revision does not hold', () => {
  test('crash loop with breaker and rollback: red at once, with the application’s own last words', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.services.settings.rollbackRequestMs = 60_000;
    crashing(world, 'v2');
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Why: Service deployment rolled back because the circuit breaker threshold was exceeded.');
    expect(stdout).toMatch(/tasks failed in the same way: container web exited with code 1/);
    expect(stdout).toContain('[web] KeyError: key not found: "DATABASE_URL"');
    expect(stdout).toContain('Serves now: web:1 (the previous revision; Amazon ECS is returning to it)');
    expect(stdout).toMatch(/^web: failed; Amazon ECS (rolls it|is rolling it) back$/m);
    expect(stdout).not.toContain('web: rolled back');
    // Not after the rollback has run its course.
    expect(world.model.services.find('prod', 'web')?.serviceDeployments[0]?.status).toMatch(
      /^ROLLBACK_(REQUESTED|IN_PROGRESS)$/,
    );
    expect(world.model.truth.serving('web').imageDigests).toContain(world.digests.v1);
  });

  test('crash loop with breaker and no permission for service deployments', async () => {
    const world = await rolloutWorld({ more: breaker });
    crashing(world, 'v2');
    deny(world);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/');
    expect(stdout).toContain('[web] KeyError');
  });

  test('rollback of a force-new deployment: the same definition before and after', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ kind: 'service' }, crash);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The rollout of web:1 to web failed; Amazon ECS');
  });

  test('crash loop without breaker: three failed tasks are enough', async () => {
    const world = await rolloutWorld();
    crashing(world, 'v2');
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/Why: \d tasks of the new revision failed in a row; the limit is 3\./);
    expect(stdout).toContain('Note: Amazon ECS goes on starting tasks of web:2; --on-failure rollback');
    expect(stdout).toContain('Serves now: web:1 (the previous revision)');
    expect(stdout).toContain('[web] KeyError');
  });

  test('--max-failed-tasks 1 ends at the first', async () => {
    const world = await rolloutWorld({ more: { ...breaker, desiredCount: 1 } });
    crashing(world, 'v2');
    const { exitCode, stdout } = await world.bundle([
      '--service',
      'web',
      '--image',
      image('v2'),
      '--max-failed-tasks',
      '1',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Why: 1 task of the new revision failed; the limit is 1.');
  });

  test('a missing image tag is exit 2 before anything changes', async () => {
    const world = await rolloutWorld();
    const { exitCode, stderr } = await world.bundle(['--service', 'web', '--image', image('v9')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`The image ${image('v9')} does not exist.`);
    for (const operation of changing) expect(requestsOf(world.model, operation)).toEqual([]);
  });

  test('a newer deployment superseding ours is neither green nor a rollback', async () => {
    const world = await rolloutWorld();
    const { ecs, model, digests } = world;
    const other = await ecs('RegisterTaskDefinition', {
      ...structuredClone(model.taskDefinitions.get('web')?.raw),
      family: 'web',
    });
    const later = model.clock.now() + 20_000;
    model.clock.at(later, () => {
      void ecs('UpdateService', {
        cluster: 'prod',
        service: 'web',
        taskDefinition: other.taskDefinition.taskDefinitionArn,
      });
    });
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('was superseded by another deployment');
    expect(stdout).not.toMatch(/roll(ed|ing|s it)? back/);
    expect(model.truth.serving('web').imageDigests).toEqual([digests.v1]);
  });

  test('superseded, with no permission for service deployments', async () => {
    const world = await rolloutWorld();
    deny(world);
    const { ecs, model } = world;
    const taskDefinition = model.taskDefinitions.get('web')?.arn;
    model.clock.at(model.clock.now() + 20_000, () => {
      void ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition, forceNewDeployment: true });
    });
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('was superseded by another deployment');
  });

  test('ELB health-check failures name target, port and answer', async () => {
    const world = await rolloutWorld({ more: { ...breaker, loadBalancers } });
    const targetUnhealthy = { reason: 'Health checks failed with these codes: [503]' };
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { targetUnhealthy });
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/web: event: \(task [0-9a-f]+\) \(port 8080\) is unhealthy in \(target-group .*\[503\]\)/);
    expect(stdout).toMatch(
      /^ {2}Event: .*is unhealthy in .*due to \(reason Health checks failed with these codes: \[503\]\)$/m,
    );
    expect(stdout).toContain('Task failed ELB health checks in (target-group');
    expect(stdout).toContain('Check path, port and expected codes of the target group');
  });

  test('an alarm that rolls back', async () => {
    const alarms = { alarmNames: ['errors'], enable: true, rollback: true };
    const world = await rolloutWorld({ more: { deploymentConfiguration: { alarms } } });
    const { model } = world;
    model.clock.at(model.clock.now() + 120_000, () => model.services.setAlarm('errors', 'ALARM'));
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('rolled back because alarm(s) errors were triggered');
  });

  test('a blue/green hook that fails: blue goes on serving', async () => {
    const hookTargetArn = 'arn:aws:lambda:eu-west-1:123456789012:function:check';
    const lifecycleHooks = [
      { hookTargetArn, lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'], roleArn: 'arn:aws:iam::123456789012:role/h' },
    ];
    const world = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks } },
    });
    world.model.services.settings.hooks[hookTargetArn] = { status: 'FAILED' };
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target ${hookTargetArn} returned FAILED`,
    );
    expect(world.model.truth.serving('web').imageDigests).toEqual([world.digests.v1]);
  });

  test('a pause hook is told with the command that continues, and is a time-out when nobody answers', async () => {
    const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }];
    const world = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks } },
    });
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '20m']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(
      /web: paused by a hook after POST_SCALE_UP until [\d:]+ UTC \(in 23h \d\dm\), then Amazon ECS rolls it back/,
    );
    expect(stdout).toMatch(
      /Continue with: migrate-deploy continue-deployment --region eu-west-1 --cluster prod --service web --action continue/,
    );
  });

  test.each([
    ['missing', 'nope', 'There is no service nope in cluster prod; there are: web.', async () => undefined],
    [
      'draining',
      'web',
      'The service web in cluster prod is DRAINING, not ACTIVE.',
      async ({ ecs }: World) => void (await ecs('DeleteService', { cluster: 'prod', service: 'web', force: true })),
    ],
    [
      'inactive',
      'web',
      'The service web in cluster prod is INACTIVE, not ACTIVE.',
      async ({ ecs, model }: World) => {
        await ecs('DeleteService', { cluster: 'prod', service: 'web', force: true });
        model.clock.advance(3_600_000);
      },
    ],
    [
      'of CODE_DEPLOY',
      'blue',
      'The service blue is deployed by AWS CodeDeploy, which is not supported yet.',
      async ({ service }: World) => service('blue', { deploymentController: { type: 'CODE_DEPLOY' } }),
    ],
    [
      'of EXTERNAL',
      'external',
      'The service external has the deployment controller EXTERNAL',
      async ({ service }: World) => service('external', { deploymentController: { type: 'EXTERNAL' } }),
    ],
  ])('a service that is %s is exit 2 before anything is registered', async (_rule, name, message, prepare) => {
    const world = await rolloutWorld();
    await prepare(world);
    const { exitCode, stderr } = await world.bundle(['--service', name, '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Fix: ');
    for (const operation of changing) expect(requestsOf(world.model, operation)).toEqual([]);
  });

  test('25 services at once, one of them red: batched, one verdict each, the worst decides', async () => {
    const world = await rolloutWorld({ service: false });
    const names = Array.from({ length: 25 }, (_, index) => `svc-${String(index).padStart(2, '0')}`);
    for (const name of names) await world.service(name, { ...breaker, desiredCount: 1 });
    world.model.behaviours.script({ serviceName: 'svc-13', image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.bundle(['--service', names.join(','), '--image', image('v2')]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('24 of 25 services are green.');
    expect(stdout).toContain('The rollout of svc-13:2 to svc-13 failed');
    expect(requestsOf(world.model, 'UpdateService')).toHaveLength(25);
    expect(requestsOf(world.model, 'DescribeServices').every(({ services }) => services.length <= 10)).toBe(true);
    expect(requestsOf(world.model, 'DescribeImages')).toHaveLength(1);
  }, 60_000);
});
