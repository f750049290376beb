import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  aboutServiceDeployments,
  breaker,
  crash,
  deny,
  registry,
  requestsOf,
  rolloutWorld,
} from '../rollout/rollout-world.ts';

// Several processes one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

type World = Awaited<ReturnType<typeof rolloutWorld>>;

const image = (tag: string): string => `${registry}/web:${tag}`;
const answer = (action: string): string[] => [
  ...['continue-deployment', '--cluster', 'prod', '--service', 'web', '--action', action],
];
const deploy = ['--service', 'web', '--image', image('v2'), '--until', 'paused'];
const serving = (world: World): string[] =>
  world.model.truth.serving('web').taskDefinitionArns.map((arn) => arn.split('/')[1] ?? '');
const pause = (...lifecycleStages: string[]) => ({
  lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages, timeoutConfiguration: { timeoutInMinutes: 60 } }],
});
const green = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, ...pause('POST_TEST_TRAFFIC_SHIFT') };

/** A service that was deployed without hooks and has got this configuration since. */
async function hookedWorld(deploymentConfiguration: object = green): Promise<World> {
  const world = await rolloutWorld();
  await world.ecs('UpdateService', { cluster: 'prod', service: 'web', deploymentConfiguration });
  return world;
}
const answered = (world: World) => requestsOf(world.model, 'ContinueServiceDeployment');

/** Deploys until the pause; green, and the old revision serves on. */
async function paused(world: World, ...more: string[]): Promise<void> {
  const { exitCode, stdout } = await world.bundle([...deploy, ...more]);
  expect(exitCode, stdout).toBe(0);
  expect(stdout).toContain('web: web:2 is paused after');
}

describe('--until paused', () => {
  test('is green at the pause, says what gets which traffic, until when it waits, and how to answer', async () => {
    const world = await hookedWorld();
    const { exitCode, stdout } = await world.bundle([...deploy, '--output', 'json']);
    const [outcome] = JSON.parse(stdout).services;
    const command = 'migrate-deploy continue-deployment --region eu-west-1 --cluster prod --service web --action';
    expect(exitCode).toBe(0);
    expect(outcome).toMatchObject({
      stage: 'update-service-and-verify',
      verdict: 'paused',
      askedFor: 'pause',
      taskDefinition: expect.stringMatching(/web:2$/),
      servesNow: expect.stringMatching(/web:1$/),
      progress: { stage: 'POST_TEST_TRAFFIC_SHIFT', productionWeight: 0, running: 2 },
      pause: { timeoutAction: 'ROLLBACK', continue: `${command} continue`, rollback: `${command} rollback` },
    });
    expect(serving(world)).toEqual(['web:1']);
  });

  test('a deployment that ends without any pause is green with a note', async () => {
    const world = await rolloutWorld();
    const { exitCode, stdout } = await world.bundle(deploy);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:2 after');
    expect(stdout).toContain(
      'Note: No pause hook held the deployment, so it did not pause: there is nothing to continue.',
    );
  });

  test('a deployment that fails before its pause is red as ever', async () => {
    const world = await hookedWorld({ ...breaker.deploymentConfiguration, ...pause('POST_SCALE_UP') });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.bundle(deploy);
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toContain('KeyError: key not found: "DATABASE_URL"');
  });

  test('makes no sense where the deployment is not followed', async () => {
    const world = await hookedWorld();
    const { exitCode, stderr } = await world.bundle([...deploy, '--no-verify']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--until needs the deployment to be followed');
  });
});

describe('continue-deployment', () => {
  test('--action continue: followed to its end, green when the new revision serves', async () => {
    const world = await hookedWorld();
    await paused(world);
    const { exitCode, stdout } = await world.run(answer('continue'));
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/web: hook ecs-pause-\w+ is answered with continue/);
    expect(stdout).toContain('web serves web:2 after');
    expect(stdout).toContain(
      'Undo with: migrate-deploy rollback-service --region eu-west-1 --cluster prod --service web --to web:1',
    );
    expect([serving(world), answered(world).length]).toEqual([['web:2'], 1]);
  });

  test('--action rollback: green once the older revision is proved to serve', async () => {
    const world = await hookedWorld();
    await paused(world);
    const { exitCode, stdout } = await world.run([...answer('rollback'), '--output', 'json']);
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout).services).toMatchObject([
      {
        stage: 'continue-deployment',
        verdict: 'rolled-back',
        askedFor: 'rollback',
        rollbackPhase: 'done',
        servesNow: expect.stringMatching(/web:1$/),
        images: expect.arrayContaining([expect.objectContaining({ imageDigest: world.digests.v1 })]),
      },
    ]);
    expect([serving(world), answered(world).map(({ action }) => action)]).toEqual([['web:1'], ['ROLLBACK']]);
  });

  test.each([
    [
      'LINEAR',
      { strategy: 'LINEAR', linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 }, bakeTimeInMinutes: 1 },
      2,
    ],
    [
      'CANARY',
      {
        strategy: 'CANARY',
        canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 1 },
        bakeTimeInMinutes: 1,
      },
      2,
    ],
  ])('%s pauses at each step with a fresh hook, and each is answered once', async (_name, strategy, pauses) => {
    const world = await hookedWorld({ ...strategy, ...pause('PRE_PRODUCTION_TRAFFIC_SHIFT') });
    await paused(world);
    for (let step = 1; step < pauses; step++) {
      const { exitCode, stdout } = await world.run([...answer('continue'), '--until', 'paused']);
      expect(exitCode, stdout).toBe(0);
      expect(stdout).toContain('web: web:2 is paused after PRE_PRODUCTION_TRAFFIC_SHIFT, as asked for');
    }
    const { exitCode, stdout } = await world.run(answer('continue'));
    expect(exitCode, stdout).toBe(0);
    expect(new Set(answered(world).map(({ hookId }) => hookId)).size).toBe(pauses);
    expect([answered(world).length, serving(world)]).toEqual([pauses, ['web:2']]);
  });

  test('ROLLING pauses, too, before its first task and before it is over', async () => {
    const world = await hookedWorld(pause('PRE_SCALE_UP', 'POST_SCALE_UP'));
    await paused(world);
    const next = await world.run([...answer('continue'), '--until', 'paused']);
    expect([next.exitCode, next.stdout]).toEqual([0, expect.stringContaining('is paused after POST_SCALE_UP')]);
    const { exitCode, stdout } = await world.run(answer('continue'));
    expect(exitCode, stdout).toBe(0);
    expect(serving(world)).toEqual(['web:2']);
  });

  test('an answer that was carried out and not heard is not taken for an error', async () => {
    const world = await hookedWorld();
    await paused(world);
    world.model.faults.script({ kind: 'reset-after', operation: 'ContinueServiceDeployment' });
    const { exitCode, stdout } = await world.run(answer('continue'));
    expect(exitCode, stdout).toBe(0);
    expect(serving(world)).toEqual(['web:2']);
  });

  test('a stale answer that still shows the answered hook is no new pause', async () => {
    const world = await hookedWorld();
    await paused(world);
    world.model.clock.advance(30_000);
    const stale = { kind: 'stale' as const, operation: 'DescribeServiceDeployments', skip: 1 };
    world.model.faults.script({ ...stale, ageMs: 10_000, forMs: 20_000 });
    const { exitCode, stdout } = await world.run([...answer('continue'), '--until', 'paused']);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('web serves web:2 after');
  });

  test('ECS rolls back what was continued: red', async () => {
    const world = await hookedWorld({ ...breaker.deploymentConfiguration, ...pause('PRE_SCALE_UP') });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    await paused(world);
    const { exitCode, stdout } = await world.run(answer('continue'));
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toMatch(/The rollout of web:2 to web failed; Amazon ECS (rolls|is rolling|rolled) it back/);
    expect(stdout).toContain('KeyError: key not found: "DATABASE_URL"');
  });

  test('somebody else continued it, and it ended before our rollback: red', async () => {
    const world = await hookedWorld();
    await paused(world);
    const type = 'ConflictException';
    for (const operation of ['ContinueServiceDeployment', 'StopServiceDeployment'])
      world.model.faults.script({ kind: 'error', operation, type, message: 'Lifecycle hook is in SUCCEEDED status.' });
    const hook = world.model.services.find('prod', 'web')?.serviceDeployments[0]?.hooks[0];
    world.model.clock.at(world.model.clock.now() + 5_000, () => {
      if (hook !== undefined) hook.status = 'SUCCEEDED';
      const service = world.model.services.find('prod', 'web');
      if (service !== undefined) world.model.services.scheduler.ground.wake(service);
    });
    const { exitCode, stdout } = await world.run(answer('rollback'));
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toContain('Amazon ECS completed the deployment before it was rolled back');
    expect(serving(world)).toEqual(['web:2']);
  });

  test('nobody answers the next pause: exit 3, it stays paused', async () => {
    const world = await hookedWorld(pause('PRE_SCALE_UP', 'POST_SCALE_UP'));
    await paused(world);
    const { exitCode, stdout } = await world.run([...answer('continue'), '--timeout', '10m']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('is paused: nobody answered within');
    expect(stdout).toContain('Roll back with: migrate-deploy continue-deployment');
  });

  test('tests that took longer than the pause: rolled back all the same where nothing waits any more', async () => {
    const strategy = {
      strategy: 'LINEAR',
      linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 30 },
      bakeTimeInMinutes: 30,
    };
    const world = await hookedWorld({ ...strategy, ...pause('POST_TEST_TRAFFIC_SHIFT') });
    await paused(world);
    const going = await world.run([...answer('continue'), '--timeout', '1m']);
    expect(going.exitCode).toBe(3);
    const { exitCode, stdout } = await world.run(answer('rollback'));
    expect(exitCode, stdout).toBe(0);
    expect(requestsOf(world.model, 'StopServiceDeployment')).toHaveLength(1);
    expect(serving(world)).toEqual(['web:1']);
  });

  test('a rollout of this workflow that ended without a pause leaves nothing to continue: unchanged, green', async () => {
    const world = await rolloutWorld();
    const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-continue-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await world.bundle([...deploy, '--record-dir', folder]);
    world.model.clock.advance(3_600_000);
    const { exitCode, stdout } = await world.run([...answer('continue'), '--record-dir', folder]);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('web: its rollout ended without a pause; there is nothing to continue.');
    expect(answered(world)).toEqual([]);
  });
});

describe('refused, and nothing was sent', () => {
  test.each([
    ['continue', 'No deployment of web is under way: there is nothing to continue.'],
    ['rollback', 'No deployment of web is under way: there is nothing to roll back.'],
  ])('%s with nothing under way', async (action, text) => {
    const world = await hookedWorld();
    const { exitCode, stderr } = await world.run(answer(action));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(text)]);
    expect(answered(world)).toEqual([]);
  });

  test('without --action, and without the permission to look', async () => {
    const world = await hookedWorld();
    const unsaid = await world.run(['continue-deployment', '--cluster', 'prod', '--service', 'web']);
    expect([unsaid.exitCode, unsaid.stderr]).toEqual([2, expect.stringContaining('--action is missing')]);
    await paused(world);
    deny(world.model, ...aboutServiceDeployments);
    const { exitCode, stderr } = await world.run(answer('continue'));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Whether web is paused is not known.')]);
    expect(answered(world)).toEqual([]);
  });

  test('--dry-run shows the answer and sends none', async () => {
    const world = await hookedWorld();
    await paused(world);
    const { exitCode, stdout } = await world.run([...answer('continue'), '--dry-run']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Would send ecs:ContinueServiceDeployment:')]);
    expect(answered(world)).toEqual([]);
  });
});
