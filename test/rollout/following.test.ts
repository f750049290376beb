import { describe, expect, test } from 'vitest';
import { breaker, crash, registry, requestsOf, rolloutWorld, targetGroup } from './rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;
const deployV2 = ['--service', 'web', '--image', image('v2')];

type World = Awaited<ReturnType<typeof rolloutWorld>>;
const later = ({ model }: World, ms: number, run: () => void): void => void model.clock.at(model.clock.now() + ms, run);

describe('proof', () => {
  test('a digest that is not the one asked for is red although ECS says SUCCESSFUL', async () => {
    const world = await rolloutWorld();
    later(world, 60_000, () => {
      const revision = world.model.services.find('prod', 'web')?.revisions[0];
      if (revision !== undefined) revision.digests.web = world.digests.v3 ?? '';
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`container web runs ${world.digests.v3}, not ${world.digests.v2}.`);
    expect(stdout).toContain('Serves now: web:2 (the revision asked for)');
  });

  test('a wrong digest is rolled back where that was asked for', async () => {
    const world = await rolloutWorld();
    later(world, 60_000, () => {
      const revision = world.model.services.find('prod', 'web')?.revisions[0];
      if (revision !== undefined) revision.digests.web = world.digests.v3 ?? '';
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--on-failure', 'rollback']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(stdout).toContain('Serves now: web:1 (the previous revision)');
  });

  test('the digest of a platform proves the index that it belongs to', async () => {
    const world = await rolloutWorld();
    world.model.ecr.push('web', ['multi'], 'multi', ['linux/amd64', 'linux/arm64']);
    const { exitCode, stdout } = await world.deploy(['--service', 'web', '--image', image('multi')], {
      onLine: () => {
        const revision = world.model.services.find('prod', 'web')?.revisions[0];
        const repository = world.model.ecr.store.repositories.get('web');
        const index = [...(repository?.manifests.values() ?? [])].find(({ mediaType }) => mediaType.includes('index'));
        const child = JSON.parse(new TextDecoder().decode(index?.bytes)).manifests[0].digest;
        if (revision?.digests.web === index?.digest && revision !== undefined) revision.digests.web = child;
      },
    });
    expect(stdout).toContain('web serves web:2');
    expect(exitCode).toBe(0);
  });

  test.each([
    ['answers as expected', 200, 0, 'https://app.test/health answered 200'],
    ['does not', 500, 1, 'https://app.test/health answered status 500; status 200 was expected.'],
  ])('--check-url: the application %s', async (_rule, status, code, text) => {
    const { deploy } = await rolloutWorld();
    const { exitCode, stdout } = await deploy([...deployV2, '--check-url', 'https://app.test/health'], {
      http: () => status,
    });
    expect(exitCode).toBe(code);
    expect(stdout).toContain(text);
  });

  test('--check-url: what serves is the revision that deployed, though the old tasks are still on their way out', async () => {
    const loadBalancers = [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }];
    const { deploy } = await rolloutWorld({ more: { loadBalancers } });
    const args = [...deployV2, '--check-url', 'https://app.test/', '--check-timeout', '5s'];
    const { exitCode, stdout } = await deploy(args, { http: () => 500 });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Serves now: web:2 (the revision asked for)');
    const rolled = await deploy(
      ['--service', 'web', '--image', image('v3'), ...args.slice(4), '--on-failure', 'rollback'],
      {
        http: () => 500,
      },
    );
    expect(rolled.stdout).toContain('Serves now: web:2 (the previous revision)');
    expect(rolled.stdout).not.toContain('The revision serves');
  });

  test('--check-url with a password is refused, and the password is not printed', async () => {
    const { model, deploy } = await rolloutWorld();
    const { exitCode, stdout, stderr } = await deploy([...deployV2, '--check-url', 'https://me:geheim@app.test/']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--check-url must not hold a user name or password');
    expect(stdout + stderr).not.toContain('geheim');
    expect(requestsOf(model, 'UpdateService')).toEqual([]);
  });

  test('--check-status and --check-timeout', async () => {
    const { deploy } = await rolloutWorld();
    let asked = 0;
    const args = [...deployV2, '--check-url', 'https://app.test/', '--check-status', '302', '--check-timeout', '30s'];
    const { exitCode } = await deploy(args, { http: () => (++asked > 5 ? 302 : 502) });
    expect(exitCode).toBe(0);
    expect(asked).toBe(6);
  });
});

describe('verdicts of unusual ways', () => {
  test('an answer that still shows the old deployment is not taken for ours', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.services.settings.staleAnswer = true;
    world.model.services.settings.staleReadMs = 5_000;
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(stdout).toContain('of web:2 began');
    expect(exitCode).toBe(1);
    expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
  });

  test('a number of tasks that changes in place is not believed from a stale read', async () => {
    const world = await rolloutWorld();
    world.model.services.settings.staleReadMs = 10_000;
    const { exitCode, stdout } = await world.deploy(['--service', 'web', '--desired-count', '4']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web: 4 of 4 tasks running');
    expect(world.model.truth.serving('web').taskArns).toHaveLength(4);
  });

  test('a deployment that never comes in sight is never green, and the way to look is named', async () => {
    const world = await rolloutWorld();
    world.model.services.settings.staleAnswer = true;
    world.model.services.settings.staleReadMs = 3_600_000;
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('Amazon ECS accepted the update of web, but no answer shows its deployment');
    expect(stdout).toContain('migrate-deploy status --region eu-west-1 --cluster prod --service web');
  });

  test('behind a Classic Load Balancer, counts decide where records may not be read', async () => {
    const world = await rolloutWorld({
      more: { loadBalancers: [{ loadBalancerName: 'classic', containerName: 'web', containerPort: 8080 }] },
    });
    for (const operation of ['ListServiceDeployments', 'DescribeServiceDeployments']) {
      world.model.faults.script({
        kind: 'error',
        operation,
        times: 99,
        type: 'AccessDeniedException',
        message: 'not authorized',
      });
    }
    const { exitCode } = await world.deploy(deployV2);
    expect(exitCode).toBe(0);
    expect(world.model.truth.serving('web').taskDefinitionArns).toHaveLength(1);
    expect(world.model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  const drainingSlowly = {
    loadBalancers: [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }],
  };

  test('--until drained that runs out of time: what deployed is said to serve', async () => {
    const { deploy } = await rolloutWorld({ more: drainingSlowly });
    const args = [...deployV2, '--until', 'drained', '--timeout', '3m', '--on-failure', 'rollback'];
    const { exitCode, stdout } = await deploy(args);
    expect(exitCode).toBe(3);
    expect(stdout).not.toContain('rolling back');
    expect(stdout).toContain('The rollout of web:2 to web is deployed, but the old tasks were not gone within 3m 00s.');
    expect(stdout).toContain('Serves now: web:2 (the revision asked for)');
  });

  test('--until drained does not wait for what was superseded after it had deployed', async () => {
    const world = await rolloutWorld({ more: drainingSlowly });
    const startMs = world.model.clock.now();
    later(world, 120_000, () => {
      void world.ecs('UpdateService', { cluster: 'prod', service: 'web', forceNewDeployment: true });
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--until', 'drained']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('was superseded by another deployment');
    expect(world.model.clock.now() - startMs).toBeLessThan(180_000);
  });

  test('a rollback of ECS that was waited for is said to be over', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.deploy([...deployV2, '--on-failure', 'rollback']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The rollout of web:2 to web failed; Amazon ECS rolled it back (after');
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(requestsOf(world.model, 'StopServiceDeployment')).toEqual([]);
  });

  test('deployed, and replaced by another revision before we looked: not green, for it does not serve', async () => {
    const world = await rolloutWorld();
    later(world, 300_000, () => {
      const taskDefinition = world.model.taskDefinitions.get('web:1')?.arn;
      void world.ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition });
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--poll-interval', '15m', '--timeout', '1h']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('brings web:1.');
    expect(stdout).toContain('Serves now: web:1');
    expect(stdout).not.toContain('web serves web:2');
  });

  test('a number of tasks is not rolled back, and that is said', async () => {
    const world = await rolloutWorld();
    world.model.behaviours.script({ image: world.digests.v1 ?? '' }, { pendingMs: 3_600_000 });
    const args = ['--service', 'web', '--desired-count', '4', '--timeout', '2m', '--on-failure', 'rollback'];
    const { exitCode, stdout } = await world.deploy(args);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('Rollback: Only the number of tasks was changed; it stays 4');
  });

  test('answers without the service are no proof that it was deleted', async () => {
    const world = await rolloutWorld();
    const real = world.model.operations.ecs.DescribeServices;
    if (real === undefined) throw new Error('no DescribeServices');
    const awayFromMs = world.model.clock.now() + 5_000;
    world.model.operations.ecs.DescribeServices = async (input, call) => {
      const sinceMs = world.model.clock.now() - awayFromMs;
      return sinceMs >= 0 && sinceMs < 10_000 ? { services: [], failures: [] } : real(input, call);
    };
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(stdout).toContain('web serves web:2');
    expect(exitCode).toBe(0);
  });

  test('a service that is deleted while we look', async () => {
    const world = await rolloutWorld();
    later(world, 15_000, () => void world.ecs('DeleteService', { cluster: 'prod', service: 'web', force: true }));
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('it was deleted');
  });

  test('superseded by a forced deployment of the very same revision', async () => {
    const world = await rolloutWorld();
    later(world, 15_000, () => {
      const taskDefinition = world.model.taskDefinitions.get('web')?.arn;
      void world.ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition, forceNewDeployment: true });
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('web:2 to web was superseded');
    expect(stdout).toContain('web:2 to web was superseded by another deployment');
    expect(stdout).toMatch(/ecs-svc\/\d+ brings web:2\./);
  });

  test('deployed, and its place taken by a forced deployment of the same revision before we looked: superseded', async () => {
    const world = await rolloutWorld();
    later(world, 50_000, () => {
      const taskDefinition = world.model.taskDefinitions.get('web')?.arn;
      void world.ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition, forceNewDeployment: true });
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--desired-count', '1', '--poll-interval', '5m']);
    expect(stdout).toMatch(/web:2 to web was superseded by another deployment/);
    expect(exitCode).toBe(4);
  });

  test('superseded by a deployment that failed in turn: one of before ours is not called its successor', async () => {
    const world = await rolloutWorld({ more: breaker });
    later(world, 15_000, () => {
      world.model.behaviours.script({ taskDefinition: 'web:1' }, crash);
      void world.ecs('UpdateService', {
        cluster: 'prod',
        service: 'web',
        taskDefinition: 'web:1',
        forceNewDeployment: true,
      });
    });
    const { exitCode, stdout } = await world.deploy([...deployV2, '--poll-interval', '8m']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('It did not last: web:1 serves again.');
    expect(stdout).not.toMatch(/ecs-svc\/\d+ brings/);
  });

  test('a rollback that somebody asked for in the console', async () => {
    const world = await rolloutWorld();
    later(world, 15_000, () => {
      const serviceDeploymentArn = world.model.services.find('prod', 'web')?.serviceDeployments[0]?.arn;
      void world.ecs('StopServiceDeployment', { serviceDeploymentArn, stopType: 'ROLLBACK' });
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('rolled back because a rollback was requested');
  });

  test('set to another revision by somebody after the verdict: it is not said that ECS goes on starting tasks', async () => {
    const world = await rolloutWorld();
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.deploy(deployV2, {
      onLine: (text) => {
        if (text.includes('web:2 failed'))
          void world.model.operators.updateService('prod', 'web', { taskDefinition: 'web:1' });
      },
    });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/Note: Meanwhile the service was set to web:1 \(deployment ecs-svc\/\d+\)\./);
    expect(stdout).not.toContain('goes on starting');
  });

  test('a breaker that does not roll back', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
    const world = await rolloutWorld({ more: { deploymentConfiguration } });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('failed after');
    expect(stdout).toContain('Serves now: web:1 (the previous revision)');
  });

  test('a first deployment with nothing to return to says that nothing serves', async () => {
    const world = await rolloutWorld({ service: false });
    world.model.behaviours.script({ kind: 'service' }, { start: { reason: 'CannotPullContainerError: not found' } });
    await world.service('web', breaker);
    const { exitCode, stdout } = await world.deploy(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Serves now: nothing: no task of the service is running');
  });

  test('a run that finds its revision failed does not call it unchanged', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } };
    const world = await rolloutWorld({ more: { deploymentConfiguration } });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    await world.deploy(deployV2);
    world.model.clock.advance(600_000);
    const again = await world.deploy(deployV2);
    expect(again.exitCode).toBe(1);
    expect(again.stdout).toContain('The rollout of web:2 to web failed');
  });

  test('a revision that deployed once and whose tasks died since is not called unchanged', async () => {
    const world = await rolloutWorld({ service: false });
    world.model.behaviours.script({ kind: 'service' }, crash).script({ times: 2 }, { runMs: 3_000_000, exitCode: 1 });
    await world.service('web');
    const { exitCode, stdout } = await world.deploy([
      '--service',
      'web',
      '--task-definition',
      'web:1',
      '--timeout',
      '10m',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('its tasks keep failing');
    expect(stdout).not.toContain('nothing was changed');
  });

  test('tasks that cannot be placed: the event says why while we wait', async () => {
    const world = await rolloutWorld();
    world.model.services.settings.placementFaults.web =
      '. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.';
    const { exitCode, stdout } = await world.deploy([...deployV2, '--timeout', '3m']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('web: event: was unable to place a task. Reason: Capacity is unavailable');
    expect(stdout).toContain('  Event: (service web) was unable to place a task. Reason: Capacity is unavailable');
  });

  test.each([
    ['CONTINUE', 0],
    ['ROLLBACK', 1],
  ])('a pause that somebody ends with %s: exit %d', async (action, code) => {
    const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
    const world = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0, lifecycleHooks } },
    });
    later(world, 300_000, () => {
      const record = world.model.services.find('prod', 'web')?.serviceDeployments[0];
      const hookId = record?.hooks[0]?.hookId;
      void world.ecs('ContinueServiceDeployment', { serviceDeploymentArn: record?.arn, hookId, action });
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(stdout).toContain('paused by a hook after POST_TEST_TRAFFIC_SHIFT');
    expect(exitCode).toBe(code);
  });

  test('linear: the traffic moves in steps', async () => {
    const linearConfiguration = { stepPercent: 25, stepBakeTimeInMinutes: 1 };
    const world = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'LINEAR', linearConfiguration } },
    });
    const { exitCode, stdout, files } = await world.deploy([...deployV2, '--record-dir', 'r']);
    expect(exitCode).toBe(0);
    for (const weight of [25, 50, 75, 100]) expect(stdout).toContain(`${weight} % of the traffic`);
    const { trafficShifts } = JSON.parse([...files.values()][0] ?? '') as {
      trafficShifts: { productionWeight: number }[];
    };
    expect(trafficShifts.map(({ productionWeight }) => productionWeight)).toEqual([0, 25, 50, 75, 100]);
  });

  test('two forced deployments within a minute: ours is the later one', async () => {
    const world = await rolloutWorld();
    await world.ecs('UpdateService', { cluster: 'prod', service: 'web', forceNewDeployment: true });
    world.model.clock.advance(5_000);
    const { exitCode, stdout } = await world.deploy(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(0);
    const [ours, theirs] = world.model.services.find('prod', 'web')?.serviceDeployments ?? [];
    expect(theirs?.status).toBe('STOPPED');
    expect(stdout).toContain(`web: service deployment ${ours?.arn}`);
  });

  test('a deployment of somebody else, seen before ours, is not judged for ours', async () => {
    const world = await rolloutWorld();
    world.model.services.settings.serviceDeploymentDelayMs = 6_000;
    const { exitCode, stdout } = await world.deploy(deployV2, {
      onLine: (line) => {
        if (!line.startsWith('Registered')) return;
        const taskDefinition = 'web:1';
        void world.ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition, forceNewDeployment: true });
        world.model.clock.advance(5_000);
      },
    });
    expect(exitCode).toBe(0);
    const [ours, theirs] = world.model.services.find('prod', 'web')?.serviceDeployments ?? [];
    expect(stdout).toContain(`web: service deployment ${ours?.arn}`);
    expect(stdout).not.toContain(theirs?.arn);
  });

  test('a hook whose answer cannot be parsed', async () => {
    const hookTargetArn = 'arn:aws:lambda:eu-west-1:123456789012:function:check';
    const lifecycleHooks = [
      { hookTargetArn, lifecycleStages: ['PRE_SCALE_UP'], roleArn: 'arn:aws:iam::123456789012:role/h' },
    ];
    const world = await rolloutWorld({
      more: {
        deploymentConfiguration: { strategy: 'CANARY', lifecycleHooks, canaryConfiguration: { canaryPercent: 10 } },
      },
    });
    world.model.services.settings.hooks[hookTargetArn] = { status: 'NO_STATUS' };
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('HookStatus must not be null');
  });
});

describe('the reason', () => {
  test.each<[string, object, string, string]>([
    [
      'out of memory',
      { runMs: 3_000, exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      'container web: OutOfMemoryError: Container killed due to memory usage',
      'Raise the memory',
    ],
    [
      'a secret that cannot be read',
      {
        start: {
          on: 'task',
          reason:
            'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException',
        },
      },
      'TaskFailedToStart',
      'secret',
    ],
    [
      'an image for another platform',
      {
        start: {
          reason:
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        },
      },
      'does not contain descriptor matching platform',
      'platform',
    ],
    ['a program that ends with 0', { runMs: 2_000, exitCode: 0 }, 'exited with code 0', 'foreground'],
  ])('%s: what ECS says, what it means, what to do', async (_rule, behaviour, said, advice) => {
    const world = await rolloutWorld({ more: { ...breaker, desiredCount: 1 } });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, behaviour);
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(said);
    expect(stdout.split('failed in the same way')[1]).toContain(advice);
  });

  test('tasks that fail in different ways are told apart', async () => {
    const world = await rolloutWorld({ more: { desiredCount: 4 } });
    world.model.behaviours
      .script({ image: world.digests.v2 ?? '' }, crash)
      .script({ image: world.digests.v2 ?? '', times: 2 }, { ...crash, exitCode: 127 });
    const { stdout } = await world.deploy(deployV2);
    expect(stdout).toMatch(/tasks failed in the same way: container web exited with code 1 /);
    expect(stdout).toMatch(/tasks failed in the same way: container web exited with code 127 /);
  });

  test('a log that is elsewhere is said to be', async () => {
    const world = await rolloutWorld({ service: false });
    await world.service(
      'web',
      { desiredCount: 1 },
      { logConfiguration: { logDriver: 'awsfirelens', options: { Name: 'http' } } },
    );
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { stdout } = await world.deploy(deployV2);
    expect(stdout).toContain('No log of web: its log driver is awsfirelens');
  });

  test('log lines that are late are waited for', async () => {
    const world = await rolloutWorld({ more: { desiredCount: 3 } });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { ...crash, logDelayMs: 15_000 });
    const { stdout } = await world.deploy(deployV2);
    expect(stdout).toContain('[web] KeyError');
  });

  test('progress is told on change only, in the words of the service', async () => {
    const world = await rolloutWorld({ more: { ...breaker, desiredCount: 4 } });
    const { stdout } = await world.deploy(deployV2);
    const lines = stdout.split('\n').filter((line) => /^web: \d of 4 (new )?tasks running/.test(line));
    expect(lines[0]).toBe('web: 0 of 4 new tasks running, 4 old tasks still running');
    expect(new Set(lines).size).toBe(lines.length);
    expect(requestsOf(world.model, 'ListServiceDeployments').length).toBeLessThan(10);
  });
});

describe('troubles that take nothing from the verdict', () => {
  const denied = (world: World, operation: string, skip = 0): void => {
    const message = `User: ci is not authorized to perform: ecs:${operation} on resource: *`;
    world.model.faults.script({ kind: 'error', operation, skip, times: 999, type: 'AccessDeniedException', message });
  };

  test('tasks that may not be listed: red all the same, and the missing action is named', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    denied(world, 'ListTasks');
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('ecs:ListTasks');
  });

  test.each(['DescribeServiceDeployments', 'DescribeServiceRevisions'])(
    '%s alone denied: the verdict and the proof stand without it',
    async (operation) => {
      const world = await rolloutWorld({ more: breaker });
      world.model.behaviours.script({ image: world.digests.v3 ?? '' }, crash);
      denied(world, operation);
      const green = await world.deploy(deployV2);
      expect(green.exitCode).toBe(0);
      expect(green.stdout).toContain(`web is ${world.digests.v2}`);
      const red = await world.deploy(['--service', 'web', '--image', image('v3')]);
      expect(red.exitCode).toBe(1);
      if (operation === 'DescribeServiceRevisions') return;
      expect(green.stdout).toContain(`is not authorized to perform: ecs:${operation}`);
      expect(red.stdout).toContain('rolling back to deploymentId');
    },
  );

  test('a rollback that is refused is told, and what failed too', async () => {
    const world = await rolloutWorld();
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    denied(world, 'StopServiceDeployment');
    denied(world, 'UpdateService', 1);
    const { exitCode, stdout } = await world.deploy([...deployV2, '--on-failure', 'rollback']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Rollback: It could not be rolled back: AWS refused ecs:UpdateService.');
    expect(stdout).toContain('[web] KeyError');
  });

  test('an index that cannot be looked up is a note, not a contradiction', async () => {
    const world = await rolloutWorld();
    const message = 'User: ci is not authorized to perform: ecr:BatchGetImage on resource: *';
    world.model.faults.script({
      kind: 'error',
      operation: 'BatchGetImage',
      times: 9,
      type: 'AccessDeniedException',
      message,
    });
    later(world, 60_000, () => {
      const revision = world.model.services.find('prod', 'web')?.revisions[0];
      if (revision !== undefined) revision.digests.web = world.digests.v3 ?? '';
    });
    const { exitCode, stdout } = await world.deploy(deployV2);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('could not be looked up');
  });

  test('an interrupt before the update changes nothing', async () => {
    const world = await rolloutWorld();
    const { exitCode, stdout } = await world.deploy(deployV2, {
      onLine: (line, interrupt) => {
        if (line.startsWith('Registered')) interrupt('SIGTERM');
      },
    });
    expect(exitCode).toBe(143);
    expect(stdout).toContain('SIGTERM came before the service was updated; web:2 stays registered.');
    expect(requestsOf(world.model, 'UpdateService')).toEqual([]);
  });

  test('throttled to what AWS really allows, with 30 services', async () => {
    const world = await rolloutWorld({ service: false });
    const names = Array.from({ length: 30 }, (_, index) => `svc-${index}`);
    for (const name of names) await world.service(name, { desiredCount: 1 });
    world.model.settings.throttling = true;
    const { exitCode, stdout } = await world.deploy(['--service', names.join(','), '--image', image('v2')]);
    expect(stdout).toContain('30 of 30 services are green.');
    expect(exitCode).toBe(0);
  });
});
