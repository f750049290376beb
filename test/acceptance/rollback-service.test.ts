import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  aboutServiceDeployments,
  breaker,
  crash,
  deny,
  later,
  registry,
  requestsOf,
  rolloutWorld,
} from '../rollout/rollout-world.ts';

// Several processes one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

type World = Awaited<ReturnType<typeof rolloutWorld>>;

const image = (tag: string): string => `${registry}/web:${tag}`;
const back = ['rollback-service', '--cluster', 'prod', '--service', 'web'];
const hourMs = 3_600_000;

/** Deploys and lets the old tasks go. */
async function deployed(world: World, tag: string, ...more: string[]): Promise<void> {
  const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image(tag), ...more]);
  expect(exitCode, stdout).toBe(0);
  world.model.clock.advance(hourMs);
}

/** A new revision whose tasks stay in PENDING for an hour: its deployment is under way. */
async function underWay(world: World): Promise<void> {
  world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { pendingMs: hourMs });
  const { exitCode } = await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '2m']);
  expect(exitCode).toBe(3);
}

const serving = (world: World): string[] =>
  world.model.truth.serving('web').taskDefinitionArns.map((arn) => arn.split('/')[1] ?? '');
const digests = (world: World): readonly (string | undefined)[] => world.model.truth.serving('web').imageDigests;
const sent = (world: World, operation: string) => requestsOf(world.model, operation).length;

describe('with a deployment under way', () => {
  test('it is rolled back by ECS and followed to its end: exit 0, proved by digest', async () => {
    const world = await rolloutWorld();
    await underWay(world);
    const { exitCode, stdout } = await world.run([...back, '--output', 'json']);
    const [outcome] = JSON.parse(stdout).services;
    expect(exitCode).toBe(0);
    expect(outcome).toMatchObject({
      stage: 'rollback-service',
      verdict: 'rolled-back',
      askedFor: 'rollback',
      rollbackPhase: 'done',
      taskDefinition: expect.stringMatching(/web:1$/),
      previousTaskDefinition: expect.stringMatching(/web:2$/),
      servesNow: expect.stringMatching(/web:1$/),
      images: expect.arrayContaining([expect.objectContaining({ imageDigest: world.digests.v1 })]),
    });
    expect([sent(world, 'StopServiceDeployment'), sent(world, 'UpdateService')]).toEqual([1, 1]);
    expect(serving(world)).toEqual(['web:1']);
    expect(world.model.services.find('prod', 'web')?.serviceDeployments[0]?.status).toBe('ROLLBACK_SUCCESSFUL');
  });

  test('a rollback that ECS began itself is only followed', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.services.settings.rollbackRequestMs = 600_000;
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const rollout = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(rollout.exitCode, rollout.stdout).toBe(1);
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('web: Amazon ECS rolls it back already; following deployment');
    expect(stdout).toMatch(/web was rolled back from web:2 to web:1 after .*, as asked for\./);
    expect(sent(world, 'StopServiceDeployment')).toBe(0);
  });

  test('one that ends before it could be rolled back is red, and what serves is said', async () => {
    const world = await rolloutWorld();
    const first = await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '30s']);
    expect(first.exitCode).toBe(3);
    // Stopping comes too late: ECS answers that it is over.
    const type = 'ConflictException';
    const message = 'Service deployment is in SUCCESSFUL status and cannot be stopped.';
    world.model.faults.script({ kind: 'error', operation: 'StopServiceDeployment', type, message });
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Amazon ECS completed the deployment before it was rolled back: its revision serves.');
    expect(stdout).toContain('Serves now: web:2');
    expect(serving(world)).toEqual(['web:2']);
  });

  test('a rollback that runs out of time is exit 3, and the same command goes on', async () => {
    const world = await rolloutWorld();
    await underWay(world);
    world.model.services.settings.rollbackRequestMs = 600_000;
    const first = await world.run([...back, '--timeout', '1m']);
    expect(first.exitCode).toBe(3);
    expect(first.stdout).toContain(
      'Look again with: migrate-deploy status --region eu-west-1 --cluster prod --service web',
    );
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(0);
    expect([sent(world, 'StopServiceDeployment'), serving(world)]).toEqual([1, ['web:1']]);
  });
});

describe('with nothing under way', () => {
  test('the revision that was deployed before serves again', async () => {
    const world = await rolloutWorld({ more: breaker });
    await deployed(world, 'v2');
    world.model.behaviours.script({ image: world.digests.v3 ?? '' }, crash);
    await world.bundle(['--service', 'web', '--image', image('v3')]);
    world.model.clock.advance(hourMs);
    // web:3 never served, web:2 serves: what was deployed before that is web:1.
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/web was rolled back from web:2 to web:1 after .*, as asked for\./);
    expect(stdout).toContain('The database is not rolled back. No record says whether a migration ran since.');
    expect([serving(world), digests(world)]).toEqual([['web:1'], [world.digests.v1]]);
  });

  test('a green rollout prints and records the command that undoes it, and that command does', async () => {
    const world = await rolloutWorld();
    const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-undo-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const args = ['--service', 'web', '--image', image('v2'), '--record-dir', folder];
    const { stdout } = await world.bundle(args);
    const command = 'migrate-deploy rollback-service --region eu-west-1 --cluster prod --service web --to web:1';
    expect(stdout).toContain(`Undo with: ${command}`);
    const [name = ''] = await readdir(folder);
    expect(JSON.parse(await readFile(join(folder, name), 'utf8')).undo).toBe(command);
    const { exitCode } = await world.run(command.split(' ').slice(1));
    expect([exitCode, serving(world)]).toEqual([0, ['web:1']]);
  });

  test('a second rollback never goes forward to what was gone back from', async () => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    expect((await world.run(back)).exitCode).toBe(0);
    world.model.clock.advance(hourMs);
    const { exitCode, stderr } = await world.run(back);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no older revision of web to go back to.');
    expect(serving(world)).toEqual(['web:1']);
  });

  test('the same command after a time-out follows its own going back and never undoes it', async () => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    world.model.behaviours.script({ image: world.digests.v1 ?? '', times: 2 }, { pendingMs: 600_000 });
    world.model.behaviours.script({ image: 'web:v1' }, { pendingMs: 600_000 });
    const first = await world.run([...back, '--timeout', '30s']);
    expect(first.exitCode, first.stdout).toBe(3);
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('web: it goes back to web:1 already; following deployment');
    expect([serving(world), sent(world, 'UpdateService')]).toEqual([['web:1'], 2]);
  });

  test('a tag that was moved since: the digest that served comes back, not what the tag means by now', async () => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    world.model.ecr.push('web', ['v1'], 'something else');
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(0);
    expect(digests(world)).toEqual([world.digests.v1]);
    expect(stdout).toContain(`web is ${world.digests.v1}`);
  });

  test('the same revision with another digest is an older one, too', async () => {
    const world = await rolloutWorld();
    world.model.ecr.push('web', ['v1'], 'something else');
    const { exitCode } = await world.bundle(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(0);
    world.model.clock.advance(hourMs);
    expect(digests(world)).not.toEqual([world.digests.v1]);
    const rollback = await world.run(back);
    expect(rollback.exitCode, rollback.stdout + rollback.stderr).toBe(0);
    expect(digests(world)).toEqual([world.digests.v1]);
  });

  test.each([
    ['a tag', 'v1'],
    ['a digest', 'DIGEST'],
    ['a revision', 'web:1'],
  ])('--to takes %s', async (_what, to) => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    await deployed(world, 'v3');
    const { exitCode, stdout } = await world.run([...back, '--to', to === 'DIGEST' ? (world.digests.v1 ?? '') : to]);
    expect(exitCode, stdout).toBe(0);
    expect([serving(world), digests(world)]).toEqual([['web:1'], [world.digests.v1]]);
  });

  test('several services come back together', async () => {
    const world = await rolloutWorld();
    await world.service('worker');
    await deployed(world, 'v2');
    const { exitCode } = await world.bundle(['--service', 'worker', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    world.model.clock.advance(hourMs);
    const rollback = await world.run(['rollback-service', '--cluster', 'prod', '--service', 'web,worker']);
    expect(rollback.exitCode, rollback.stdout).toBe(0);
    expect(rollback.stdout).toContain('2 of 2 services are green.');
    for (const name of ['web', 'worker'])
      expect(world.model.truth.serving(name).imageDigests).toEqual([world.digests.v1]);
  });

  test('a revision of one service is refused for another, and a tag brings back both', async () => {
    const world = await rolloutWorld();
    await world.service('worker');
    await deployed(world, 'v2');
    await world.bundle(['--service', 'worker', '--image', image('v2')]);
    world.model.clock.advance(hourMs);
    const both = ['rollback-service', '--cluster', 'prod', '--service', 'web,worker', '--to'];
    const before = sent(world, 'UpdateService');
    const refused = await world.run([...both, 'web:1']);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('worker never served web:1')]);
    expect(sent(world, 'UpdateService')).toBe(before);
    const { exitCode, stdout } = await world.run([...both, 'v1']);
    expect(exitCode, stdout).toBe(0);
    for (const name of ['web', 'worker'])
      expect(world.model.truth.serving(name).imageDigests).toEqual([world.digests.v1]);
  });

  test('one of several does not start any more: red, it serves the newer one on, the others are back', async () => {
    const world = await rolloutWorld({ more: breaker });
    await world.service('worker', breaker);
    await deployed(world, 'v2');
    await world.bundle(['--service', 'worker', '--image', image('v2')]);
    world.model.clock.advance(hourMs);
    world.model.behaviours.script({ taskDefinition: 'worker:1' }, crash);
    const { exitCode, stdout } = await world.run(['rollback-service', '--cluster', 'prod', '--service', 'web,worker']);
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toMatch(
      /web was rolled back from web:2 to web:1 after [\s\S]*The rollout of worker:1 to worker failed/,
    );
    expect(stdout).toContain('Serves now: worker:2 (the previous revision');
    expect(stdout).toContain('1 of 2 services are green.');
  });

  test('the older revision does not start any more: red, and the newer one serves on', async () => {
    const world = await rolloutWorld({ more: breaker });
    await deployed(world, 'v2');
    world.model.behaviours.script({ taskDefinition: 'web:1' }, crash);
    const { exitCode, stdout } = await world.run(back);
    expect(exitCode, stdout).toBe(1);
    expect(stdout).toMatch(/The rollout of web:1 to web failed/);
    expect(stdout).toContain('KeyError: key not found: "DATABASE_URL"');
    expect(stdout).toContain('Serves now: web:2 (the previous revision');
  });

  test('somebody deploys meanwhile: exit 4', async () => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    later(world.model, 20_000, () => {
      void world.ecs('UpdateService', {
        cluster: 'prod',
        service: 'web',
        forceNewDeployment: true,
        taskDefinition: 'web:2',
      });
    });
    const { exitCode } = await world.run(back);
    expect(exitCode).toBe(4);
  });
});

describe('refused, and nothing was sent', () => {
  test.each<[string, string[], RegExp]>([
    ['nothing was deployed before', back, /There is no older revision of web to go back to\./],
    ['a version that never served', [...back, '--to', 'v9'], /web never served v9/],
    [
      'a revision that does not exist',
      [...back, '--to', 'web:99'],
      /There is no task definition web:99 in eu-west-1\.[\s\S]*Name an ACTIVE revision with --to/,
    ],
    [
      'a revision of another family',
      [...back, '--to', 'other:1'],
      /web never served other:1[\s\S]*It runs the family web; another family is another program\./,
    ],
    [
      'a service that does not exist',
      ['rollback-service', '--cluster', 'prod', '--service', 'nope'],
      /There is no service nope in cluster prod/,
    ],
    ['no service at all', ['rollback-service', '--cluster', 'prod'], /--service is missing/],
  ])('%s', async (_why, args, text) => {
    const world = await rolloutWorld();
    const { exitCode, stderr } = await world.run(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(text)]);
    for (const operation of ['UpdateService', 'StopServiceDeployment', 'RegisterTaskDefinition']) {
      // The first registration made the world itself.
      expect(sent(world, operation)).toBe(0);
    }
  });

  test('without the history nothing is guessed; --to needs none', async () => {
    const world = await rolloutWorld();
    await deployed(world, 'v2');
    deny(world.model, ...aboutServiceDeployments);
    const refused = await world.run(back);
    expect([refused.exitCode, sent(world, 'UpdateService')]).toEqual([2, 1]);
    expect(refused.stderr).toContain('Which revision web served before is not known.');
    const { exitCode, stdout } = await world.run([...back, '--to', 'web:1']);
    expect(exitCode, stdout).toBe(0);
    expect(serving(world)).toEqual(['web:1']);
  });

  test('--dry-run shows the request and sends none', async () => {
    const world = await rolloutWorld();
    await underWay(world);
    const { exitCode, stdout } = await world.run([...back, '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Would send ecs:StopServiceDeployment:');
    expect(sent(world, 'StopServiceDeployment')).toBe(0);
  });
});
