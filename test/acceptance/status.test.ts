import { describe, expect, test, vi } from 'vitest';
import { aboutServiceDeployments, breaker, crash, deny, registry, rolloutWorld } from '../rollout/rollout-world.ts';

// Several processes one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const image = (tag: string): string => `${registry}/web:${tag}`;
const status = ['status', '--cluster', 'prod'];
const changing = /^(Update|Stop|Continue|Register|Create|Delete|Run|Deregister)/;

type World = Awaited<ReturnType<typeof rolloutWorld>>;

/** The one document of `status --output json`, and that nothing was changed for it. */
async function document(world: World, ...more: string[]) {
  const before = world.model.requests.length;
  const { exitCode, stdout, stderr } = await world.run([...status, ...more, '--output', 'json']);
  expect(exitCode, stderr).toBe(0);
  const sent = world.model.requests.slice(before).map(({ operation }) => operation);
  expect(sent.filter((operation) => changing.test(operation))).toEqual([]);
  return JSON.parse(stdout);
}

describe('status', () => {
  test('names revision, digest with its tags, tasks, and how the last deployments ended', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ image: world.digests.v3 ?? '' }, crash);
    await world.bundle(['--service', 'web', '--image', image('v2')]);
    // A rollback goes to the last deployment that was completed: the old tasks must be gone.
    world.model.clock.advance(3_600_000);
    await world.bundle(['--service', 'web', '--image', image('v3')]);
    world.model.clock.advance(3_600_000);
    world.model.ecr.push('web', ['stable'], 'content of v2');
    const { services } = await document(world, '--service', 'web');
    expect(services).toMatchObject([
      {
        service: 'web',
        cluster: 'prod',
        region: 'eu-west-1',
        status: 'ACTIVE',
        servesNow: expect.stringMatching(/task-definition\/web:2$/),
        tasks: { desired: 2, running: 2, pending: 0 },
        images: [{ name: 'web', imageDigest: world.digests.v2, tags: expect.arrayContaining(['v2', 'stable']) }],
        deployments: [
          { verdict: 'rolled-back', status: 'ROLLBACK_SUCCESSFUL', taskDefinition: expect.stringMatching(/web:3$/) },
          { verdict: 'deployed', taskDefinition: expect.stringMatching(/web:2$/) },
          { verdict: 'deployed', taskDefinition: expect.stringMatching(/web:1$/) },
        ],
        notes: [],
      },
    ]);
    expect(services[0].underWay).toBeUndefined();
    const { stdout } = await world.run([...status, '--service', 'web']);
    expect(stdout).toContain('web on prod serves web:2: 2 of 2 tasks running.');
    expect(stdout).toMatch(/web:3 rolled back after .*, 1h 0\dm ago \(ROLLBACK_SUCCESSFUL\): .*circuit breaker/);
  });

  test('shows a deployment that is under way with its stage and the pause that waits, and how to answer', async () => {
    const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
    const deploymentConfiguration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks };
    const world = await rolloutWorld();
    await world.ecs('UpdateService', { cluster: 'prod', service: 'web', deploymentConfiguration });
    await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '10m']);
    const { services } = await document(world, '--service', 'web');
    expect(services).toMatchObject([
      {
        servesNow: expect.stringMatching(/web:1$/),
        images: [{ imageDigest: world.digests.v1 }],
        underWay: {
          verdict: 'paused',
          status: 'IN_PROGRESS',
          taskDefinition: expect.stringMatching(/web:2$/),
          progress: { stage: 'POST_TEST_TRAFFIC_SHIFT', running: 2 },
          pause: { hookId: expect.stringMatching(/^ecs-pause-/), timeoutAction: 'ROLLBACK' },
        },
      },
    ]);
    const { stdout } = await world.run([...status, '--service', 'web']);
    expect(stdout).toContain('Under way: web:2, IN_PROGRESS, began 10m');
    expect(stdout).toContain('Paused by a hook after POST_TEST_TRAFFIC_SHIFT until ');
    const answer = 'migrate-deploy continue-deployment --region eu-west-1 --cluster prod --service web --action';
    expect(stdout).toContain(`Continue with: ${answer} continue`);
    expect(stdout).toContain(`Roll back with: ${answer} rollback`);
  });

  test('while old tasks are on their way out the new revision is what serves', async () => {
    const world = await rolloutWorld();
    // The old tasks take their time to stop.
    world.model.behaviours.script({ image: 'web:v1' }, { ignoresSigterm: true });
    await world.bundle(['--service', 'web', '--image', image('v2')]);
    const { services } = await document(world, '--service', 'web');
    expect(services).toMatchObject([
      { servesNow: expect.stringMatching(/web:2$/), images: [{ imageDigest: world.digests.v2 }] },
    ]);
    expect(services[0].underWay).toBeUndefined();
  });

  test('a rollback under way is named with its reason, and the older revision as what serves', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.services.settings.rollbackRequestMs = 600_000;
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const rollout = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(rollout.stdout).toContain('Amazon ECS rolls it back');
    const { services } = await document(world, '--service', 'web');
    expect(services).toMatchObject([
      {
        servesNow: expect.stringMatching(/web:1$/),
        underWay: {
          verdict: 'rolled-back',
          status: expect.stringMatching(/^ROLLBACK_/),
          explanation: { said: expect.stringContaining('circuit breaker') },
        },
      },
    ]);
  });

  test('without --service it shows the whole cluster, in batches of what AWS takes at once', async () => {
    const world = await rolloutWorld({ service: false });
    const names = Array.from({ length: 23 }, (_, index) => `svc-${String(index).padStart(2, '0')}`);
    for (const name of names) await world.service(name);
    const { services } = await document(world);
    expect(services.map(({ service }: { service: string }) => service)).toEqual(names);
    const described = world.model.requests.filter(({ operation }) => operation === 'DescribeServices');
    expect(described.map(({ input }) => input.services.length)).toEqual([10, 10, 3]);
  });

  test('a cluster without services says so', async () => {
    const world = await rolloutWorld({ service: false });
    const { exitCode, stdout } = await world.run(status);
    expect([exitCode, stdout]).toEqual([0, 'The cluster prod has no services.\n']);
  });

  test('a service without tasks serves nothing, which is no error here', async () => {
    const world = await rolloutWorld({ more: { desiredCount: 0 } });
    const { exitCode, stdout } = await world.run([...status, '--service', 'web']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web on prod serves nothing: 0 of 0 tasks running. It is set to web:1.');
  });

  test('what may not be read is a note, never a guess', async () => {
    const world = await rolloutWorld();
    deny(world.model, ...aboutServiceDeployments, 'DescribeImages');
    const { services } = await document(world, '--service', 'web');
    expect(services).toMatchObject([
      { servesNow: expect.stringMatching(/web:1$/), images: [{ imageDigest: world.digests.v1 }], deployments: [] },
    ]);
    expect(services[0].notes).toEqual([
      expect.stringMatching(/^The last deployments could not be read: .*is not authorized to perform/),
      expect.stringMatching(/^The tags of the images could not be read: .*is not authorized to perform/),
    ]);
  });

  test.each([
    [['--service', 'web,nope,nada'], 'The services nope, nada do not exist in cluster prod.'],
    [['--service', 'nope'], 'The service nope does not exist in cluster prod.'],
  ])('names that do not exist are exit code 2 (%s)', async (args, text) => {
    const world = await rolloutWorld();
    const { exitCode, stdout, stderr } = await world.run([...status, ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
  });

  test('a cluster that does not exist is exit code 2, and those that there are are named', async () => {
    const world = await rolloutWorld();
    const { exitCode, stderr } = await world.run(['status', '--cluster', 'prd']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: There is no cluster prd in eu-west-1 (account 123456789012); there are: default, prod.');
    expect(stderr).toContain('Fix: Did you mean --cluster prod?');
  });
});
