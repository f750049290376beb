import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/outcome.ts';
import { openRecords, recordName } from '../../src/records/records.ts';
import {
  type BuildOutcome,
  type MigrationOutcome,
  type RolloutOutcome,
  schemaVersion,
  type WaitOutcome,
} from '../../src/records/schema.ts';
import { memoryFiles } from '../support/memory-files.ts';

const shared = { schemaVersion, verdict: 'succeeded', startedAt: '2026-01-05T09:00:00.000Z' } as const;
const build = (more: Partial<BuildOutcome> = {}): Outcome => ({
  ...{ ...shared, stage: 'build-and-push-image', repository: 'acme/app', tags: ['1'] },
  ...more,
});
const migration = (more: Partial<MigrationOutcome> = {}): Outcome => ({
  ...{ ...shared, stage: 'run-migration-task', region: 'eu-west-1', cluster: 'prod', family: 'app' },
  ...more,
});
const wait = (more: Partial<WaitOutcome> = {}): Outcome => ({
  ...{ ...shared, stage: 'wait-for-task', region: 'eu-west-1', cluster: 'prod', taskArn: taskArn('1') },
  ...more,
});
const rollout = (more: Partial<RolloutOutcome> = {}): Outcome => ({
  ...{ ...shared, stage: 'update-service-and-verify', verdict: 'deployed', region: 'eu-west-1' },
  ...{ cluster: 'prod', service: 'web' },
  ...more,
});
const taskArn = (digit: string): string => `arn:aws:ecs:eu-west-1:123456789012:task/prod/${digit.repeat(32)}`;
const env = { CIRCLE_SHA1: 'abc', CIRCLE_WORKFLOW_WORKSPACE_ID: 'w-1' };

describe('one file a stage and subject', () => {
  test.each<[string, Outcome, Outcome]>([
    ['two repositories', build(), build({ repository: 'acme/web' })],
    ['repositories that look alike as a file name', build({ repository: 'a/b' }), build({ repository: 'a-b' })],
    ['the same repository in two registries', build({ repository: '1.ecr/a' }), build({ repository: '2.ecr/a' })],
    ['two accounts', migration({ account: '1' }), migration({ account: '2' })],
    ['the same service in two accounts', rollout({ account: '1' }), rollout({ account: '2' })],
    ['two regions', migration(), migration({ region: 'us-east-1' })],
    ['two clusters', migration(), migration({ cluster: 'stg' })],
    ['two families', migration(), migration({ family: 'api' })],
    ['families that look alike as a file name', migration({ family: 'a_b' }), migration({ family: 'a-b' })],
    ['two names', migration({ name: 'before' }), migration({ name: 'after' })],
    ['a name that would move into the family', migration({ name: 'b' }), migration({ family: 'app.b' })],
    ['two tasks', wait(), wait({ taskArn: taskArn('2') })],
    ['two services', rollout(), rollout({ service: 'api' })],
    ['the same service in two clusters', rollout(), rollout({ cluster: 'stg' })],
    ['the same service in two regions', rollout(), rollout({ region: 'us-east-1' })],
    ['a rollout and the way back', rollout(), rollout({ stage: 'rollback-service' })],
    [
      'a family of 300 characters and its twin',
      migration({ family: `${'x'.repeat(300)}1` }),
      migration({ family: `${'x'.repeat(300)}2` }),
    ],
  ])('%s have two', (_what, one, other) => {
    expect(recordName(one)).not.toBe(recordName(other));
    for (const name of [one, other].map(recordName)) expect(name).toMatch(/^[\w.-]{1,200}\.json$/);
  });

  test.each<[string, Outcome, Outcome]>([
    [
      'a cluster by name and by ARN',
      migration(),
      migration({ cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod' }),
    ],
    [
      'a service by name and by ARN',
      rollout(),
      rollout({ service: 'arn:aws:ecs:eu-west-1:123456789012:service/prod/web' }),
    ],
    ['another verdict', migration(), migration({ verdict: 'failed', exitCode: 1 })],
    ['another revision', migration(), migration({ taskDefinition: 'app:2' })],
  ])('%s: the same one', (_what, one, other) => {
    expect(recordName(one)).toBe(recordName(other));
  });
});

describe('whose records they are', () => {
  const folder = async (from: Record<string, string>, ...outcomes: Outcome[]) => {
    const files = memoryFiles();
    for (const outcome of outcomes) await openRecords('deploy', files, from).save(outcome);
    return files;
  };

  test('each carries the commit and the workflow', async () => {
    const files = await folder(env, build());
    expect(await openRecords('deploy', files, env).all()).toMatchObject([{ commit: 'abc', workflow: 'w-1' }]);
  });

  test.each<[string, Record<string, string>, string]>([
    ['another commit', { ...env, CIRCLE_SHA1: 'def' }, 'commit'],
    ['another workflow', { ...env, CIRCLE_WORKFLOW_WORKSPACE_ID: 'w-2' }, 'workflow'],
    ['no job at all: it came in with the checkout', {}, 'workflow'],
  ])('of %s: an error that names the file', async (_whose, from, what) => {
    const files = await folder(from, migration());
    const path = [...files.contents.keys()][0] ?? '';
    await expect(openRecords('deploy', files, env).all()).rejects.toMatchObject({
      code: 'ForeignRecord',
      message: `The record ${path} belongs to another ${what}.`,
      fix: expect.stringContaining(path),
    });
  });

  test('a rerun of the workflow reads them: it keeps the workspace, whatever its own id', async () => {
    const files = await folder({ ...env, CIRCLE_WORKFLOW_ID: 'first' }, migration());
    const rerun = openRecords('deploy', files, { ...env, CIRCLE_WORKFLOW_ID: 'rerun' });
    expect(await rerun.all()).toHaveLength(1);
  });

  test('outside CircleCI nothing is compared', async () => {
    expect(await openRecords('deploy', await folder(env, migration()), {}).all()).toHaveLength(1);
  });
});

describe('a folder of other jobs’ records', () => {
  test('is read beside the own one, and never written', async () => {
    const files = memoryFiles();
    await openRecords('workspace', files, env).save(build());
    const records = openRecords('own', files, env, 'workspace');
    await records.save(migration());
    expect((await records.all()).map(({ stage }) => stage)).toEqual(['build-and-push-image', 'run-migration-task']);
    expect((await records.ofThisJob()).map(({ stage }) => stage)).toEqual(['run-migration-task']);
    expect([...files.contents.keys()].filter((path) => path.startsWith('workspace/'))).toHaveLength(1);
  });

  test('of one subject the own record counts', async () => {
    const files = memoryFiles();
    await openRecords('workspace', files, env).save(migration({ verdict: 'failed' }));
    const records = openRecords('own', files, env, 'workspace');
    await records.save(migration());
    expect(await records.all()).toMatchObject([{ verdict: 'succeeded' }]);
  });

  test('~ is the home folder, as in CircleCI’s paths', async () => {
    const files = memoryFiles();
    await openRecords('~/own', files, { ...env, HOME: '/home/circleci' }).save(build());
    expect([...files.contents.keys()][0]).toMatch(/^\/home\/circleci\/own\//);
  });
});

describe('what cannot be read', () => {
  test.each([
    ['no JSON', 'x', 'is not JSON'],
    ['another version', '{"schemaVersion": 1, "stage": "run-migration-task"}', 'cannot be used'],
    ['somebody else’s JSON', '{"name": "package"}', 'cannot be used'],
  ])('%s: an error that names the file', async (_what, text, message) => {
    const files = memoryFiles({ 'deploy/x.json': text });
    await expect(openRecords('deploy', files, {}).all()).rejects.toMatchObject({
      code: 'Record',
      message: expect.stringMatching(new RegExp(`deploy/x\\.json ${message}`)),
    });
  });

  test('without a folder nothing is kept and nothing is found', async () => {
    const files = memoryFiles();
    const records = openRecords(undefined, files, env);
    await records.save(build());
    expect([await records.all(), files.contents.size]).toEqual([[], 0]);
  });
});
