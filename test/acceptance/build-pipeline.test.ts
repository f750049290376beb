import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pipelineWorld } from './pipeline-world.ts';

it('one digest goes through the three records into the containers that migrate and serve', async () => {
  const world = await pipelineWorld();
  const built = await world.build();
  expect(built.stderr + built.stdout).toContain('Pushed the image');
  expect(built.exitCode).toBe(0);
  const image = await world.record('build-and-push-image');
  expect(image).toMatchObject({ verdict: 'succeeded', image: `${world.uri}@${image.digest}` });

  const migrated = await world.migrate();
  expect(migrated.stdout + migrated.stderr).toContain('succeeded');
  const migration = await world.record('run-migration-task');
  expect(migration.containers).toMatchObject([{ name: 'hoge-stg', image: image.image, imageDigest: image.digest }]);

  const deployed = await world.deploy();
  expect(deployed.stdout + deployed.stderr).toContain('hoge-apps-service-stg');
  expect(deployed.exitCode).toBe(0);
  const rollout = await world.record('update-service-and-verify');
  expect(rollout).toMatchObject({ verdict: 'deployed' });

  const { truth } = world.model;
  const runs = truth.runs.filter(({ command }) => command.join(' ') === 'rails db:migrate');
  expect(runs.map(({ imageDigest, exitCode }) => [imageDigest, exitCode])).toEqual([[image.digest, 0]]);
  expect(truth.serving('hoge-apps-service-stg').imageDigests).toEqual([image.digest]);
});

it('a tag that moves between the stages changes nothing: the pinned digest wins', async () => {
  const world = await pipelineWorld();
  expect((await world.build()).exitCode).toBe(0);
  const { digest } = await world.record('build-and-push-image');
  const moved = world.model.ecr.push('hoge-stg', ['latest'], 'pushed by somebody else');
  expect((await world.migrate()).exitCode).toBe(0);
  world.model.ecr.push('hoge-stg', ['latest'], 'and once more');
  expect((await world.deploy()).exitCode).toBe(0);
  expect(digest).not.toBe(moved);
  expect(world.model.truth.runs.filter(({ command }) => command[0] === 'rails').map((run) => run.imageDigest)).toEqual([
    digest,
  ]);
  expect(world.model.truth.serving('hoge-apps-service-stg').imageDigests).toEqual([digest]);
});

it('the article’s own words, by tag and without records, are resolved to the digest of that moment', async () => {
  const world = await pipelineWorld();
  const digest = world.model.ecr.push('hoge-stg', ['latest'], 'version 2');
  const updates = ['--container-image-name-updates', 'container=hoge-stg,tag=latest'];
  const words = ['--verify-revision-is-deployed', '--max-poll-attempts', '300', '--poll-interval', '10'];
  const family = ['--cluster', 'hoge-stg', '--family', 'hoge-apps-service-stg'];
  const deployed = await world.run(['update-service-and-verify', ...family, ...updates, ...words]);
  expect(deployed.stdout + deployed.stderr).toContain('serves hoge-apps-service-stg:2');
  const registered = world.model.taskDefinitions.get('hoge-apps-service-stg');
  expect(registered?.raw.containerDefinitions[0].image).toBe(`${world.uri}@${digest}`);
  expect(world.model.truth.serving('hoge-apps-service-stg').imageDigests).toEqual([digest]);
});

it('an image that nobody can pin is used, with a warning that says what may happen', async () => {
  const world = await pipelineWorld();
  const args = ['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg'];
  const where = ['--network-from-service', 'hoge-apps-service-stg', '--image', 'ghcr.io/hoge/app:v1'];
  const { exitCode, stdout, stderr } = await world.run([...args, ...where, '--', 'rails', 'db:migrate']);
  expect(stdout + stderr).toContain('ghcr.io/hoge/app:v1 is not pinned');
  expect(exitCode).toBe(0);
});

it('when nothing is pinned, the migration says whose word it relies on', async () => {
  const world = await pipelineWorld();
  const migrated = await world.migrate();
  expect(migrated.stdout).toContain(`Nothing is pinned: the task runs whatever ${world.uri}:latest stands for`);
  expect(migrated.exitCode).toBe(0);
});

it('a build that pushed nothing leaves no digest, and the stages behind it say so', async () => {
  const world = await pipelineWorld();
  expect((await world.build('--no-push')).exitCode).toBe(0);
  const migrated = await world.migrate();
  expect(migrated.stdout).toContain('Nothing is pinned: the build of hoge-stg pushed no image');
  const deployed = await world.deploy();
  expect([deployed.exitCode, deployed.stderr]).toEqual([
    2,
    expect.stringContaining('The build of hoge-stg pushed no image'),
  ]);
});

it('the record of a build that failed forbids the stages behind it', async () => {
  const world = await pipelineWorld();
  await writeFile(join(world.folder, 'project/Dockerfile'), 'FROM scratch AS apps\nCOPY missing.txt /\n');
  expect((await world.build()).exitCode).toBe(1);
  for (const stage of [await world.deploy(), await world.migrate()]) {
    expect(stage.stderr).toMatch(/Error: The record of the build of \S*hoge-stg says that it did not succeed\./);
    expect(stage.exitCode).toBe(2);
  }
  expect(world.model.truth.runs.filter(({ command }) => command[0] === 'rails')).toEqual([]);
});

it('stage 3 refuses to start on a tag that does not exist, before anything changes', async () => {
  const world = await pipelineWorld();
  const { exitCode, stdout, stderr } = await world.deploy('--image', `${world.uri}:never-pushed`);
  expect(stdout + stderr).toContain(`The image ${world.uri}:never-pushed does not exist.`);
  expect(exitCode).toBe(2);
  const operations = world.model.requests.map(({ operation }) => operation);
  expect(operations).not.toContain('RegisterTaskDefinition');
  expect(operations).not.toContain('UpdateService');
});
