import { describe, expect, test } from 'vitest';
import { definitionOf, deny, registry, requestsOf, rolloutWorld } from './rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;
const place = { region: 'eu-west-1', account: '123456789012', cluster: 'prod' };
const startedAt = '2026-01-05T09:00:00.000Z';
const record = (more: object) => JSON.stringify({ schemaVersion: 2, startedAt, verdict: 'succeeded', ...more });
const migration = (name: string, more: object = {}) =>
  record({
    stage: 'run-migration-task',
    ...place,
    taskDefinition: `arn:aws:ecs:eu-west-1:123456789012:task-definition/${name}`,
    taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/prod/aaaa',
    ...more,
  });
const build = (repository: string, digest = '', more: object = {}) =>
  record({
    stage: 'build-and-push-image',
    repository: `${registry}/${repository}`,
    tags: ['v2'],
    image: `${registry}/${repository}@${digest}`,
    ...more,
  });
const changing = ['RegisterTaskDefinition', 'UpdateService'];

describe('nothing asked is an option error, never green', () => {
  test.each([[[]], [['--family', 'web']], [['--until', 'drained', '--on-failure', 'rollback']]])(
    'no image, change, record, force, count or task definition (%j): before any request',
    async (more) => {
      const { model, deploy } = await rolloutWorld();
      const before = model.requests.length;
      const { exitCode, stderr } = await deploy(['--service', 'web', ...more]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('Nothing was asked for');
      expect(stderr).toContain('Pass --image,');
      expect(stderr).toContain(
        '`migrate-deploy status --region eu-west-1 --cluster prod --service web` shows what serves.',
      );
      expect(model.requests.length).toBe(before);
    },
  );

  test('a --record-dir that holds no record (wrong attach_workspace): the folder is named, before any request', async () => {
    const { model, deploy } = await rolloutWorld();
    const before = model.requests.length;
    const { exitCode, stderr } = await deploy(['--service', 'web', '--record-dir', 'workspace/deploy']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The folder workspace/deploy (--record-dir) holds no record of a build or a migration.');
    expect(model.requests.length).toBe(before);
  });

  test('records of other places only: none fits, and nothing is sent', async () => {
    const { model, deploy } = await rolloutWorld();
    const files = { 'r/m.json': migration('web:1', { cluster: 'staging' }) };
    const { exitCode, stderr } = await deploy(['--service', 'web', '--record-dir', 'r'], { files });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The records in r are of other places');
    for (const operation of changing) expect(requestsOf(model, operation)).toEqual([]);
  });
});

describe('the records that fit', () => {
  test('a green wait that came later speaks for the migration that was only started', async () => {
    const { ecs, model, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('web', { image: image('v2') }));
    const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/aaaa';
    const wait = { stage: 'wait-for-task', ...place, taskArn, startedAt: '2026-01-05T09:05:00.000Z' };
    const files = { 'r/m.json': migration('web:2', { verdict: 'started' }), 'r/w.json': record(wait) };
    const { exitCode, stdout } = await deploy(['--service', 'web', '--record-dir', 'r'], { files });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Deploying web:2, the revision that migrated.');
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  test.each([
    ['', {}],
    ['also where the image is named', { image: 'v2' }],
  ])('of several migrations all must have succeeded %s', async (_rule, asked: { image?: string }) => {
    const { model, deploy } = await rolloutWorld();
    const files = {
      'r/a.json': migration('web:1', { family: 'web' }),
      'r/b.json': migration('other:1', { family: 'other', verdict: 'failed' }),
    };
    const args = [
      '--service',
      'web',
      '--record-dir',
      'r',
      ...(asked.image === undefined ? [] : ['--image', image('v2')]),
    ];
    const { exitCode, stderr } = await deploy(args, { files });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The record of the migration of other in cluster prod says that it did not succeed.');
    for (const operation of changing) expect(requestsOf(model, operation)).toEqual([]);
  });

  test('several migrations of the family that used different revisions are ambiguous', async () => {
    const { model, deploy } = await rolloutWorld();
    const files = { 'r/a.json': migration('web:1'), 'r/b.json': migration('web:2') };
    const { exitCode, stderr } = await deploy(['--service', 'web', '--record-dir', 'r'], { files });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The records name several things to deploy to web.');
    expect(stderr).toContain('web:1, web:2');
    for (const operation of changing) expect(requestsOf(model, operation)).toEqual([]);
  });

  test('of several builds a service gets those of the repositories that its containers run', async () => {
    const { model, digests, deploy } = await rolloutWorld();
    const files = { 'r/a.json': build('web', digests.v2), 'r/b.json': build('worker', digests.v3) };
    const { exitCode } = await deploy(['--service', 'web', '--record-dir', 'r'], { files });
    expect(exitCode).toBe(0);
    expect(model.truth.serving('web').imageDigests).toEqual([digests.v2]);
  });

  test('a build that failed forbids the rollout', async () => {
    const { model, digests, deploy } = await rolloutWorld();
    const files = { 'r/a.json': build('web', digests.v2, { verdict: 'failed' }) };
    const { exitCode, stderr } = await deploy(['--service', 'web', '--record-dir', 'r'], { files });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('says that it did not succeed');
    for (const operation of changing) expect(requestsOf(model, operation)).toEqual([]);
  });
});

describe('unchanged is proved', () => {
  test('it is not green while the tasks crash every minute, whenever one looks', async () => {
    const { model, service, deploy } = await rolloutWorld({ service: false });
    model.behaviours.script({ kind: 'service' }, { runMs: 60_000, exitCode: 1 });
    await service('web');
    expect(model.services.find('prod', 'web')?.deployments[0]?.rolloutState).toBe('COMPLETED');
    for (let run = 0; run < 12; run++) {
      const { exitCode } = await deploy(['--service', 'web', '--task-definition', 'web:1', '--timeout', '10m']);
      expect(exitCode).not.toBe(0);
      model.clock.advance(17_000);
    }
  });

  test('tasks that failed once and have recovered are said, and are no reason for red', async () => {
    const { model, service, deploy } = await rolloutWorld({ service: false });
    model.behaviours.script({ kind: 'service', times: 1 }, { runMs: 3_300_000, exitCode: 1 });
    await service('web');
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'web:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Note: 1 of its tasks failed in the last ten minutes; it has recovered.');
  });

  test('stopped tasks that may not be listed are said, and ECS is believed', async () => {
    const { model, deploy } = await rolloutWorld();
    deny(model, 'ListTasks');
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'web:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Its stopped tasks could not be read, so whether any failed is not known.');
  });
});
