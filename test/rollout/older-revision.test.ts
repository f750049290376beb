import { describe, expect, test } from 'vitest';
import { type MigrationOutcome, schemaVersion } from '../../src/records/schema.ts';
import type { PastDeployment } from '../../src/rollout/history.ts';
import { migrationsSince } from '../../src/rollout/migrations-since.ts';
import { isGoingBack, revisionBefore } from '../../src/rollout/older-revision.ts';

/** `2` was deployed; `2!` failed; `2?` is under way; `2#x` was deployed with the digest x. */
function past(text: string, index: number): PastDeployment {
  const [, revision = '', end = '', digest = 'd'] = /^(\d+)([!?]?)(?:#(\w+))?$/.exec(text) ?? [];
  const reason = { code: 'X', cause: 'x' };
  return {
    serviceDeploymentArn: `sd/${index}`,
    deploymentId: `ecs-svc/${index}`,
    status: { '': 'SUCCESSFUL', '!': 'ROLLBACK_SUCCESSFUL', '?': 'IN_PROGRESS' }[end] ?? '',
    verdict:
      end === ''
        ? { verdict: 'deployed' }
        : end === '?'
          ? { verdict: 'running' }
          : { verdict: 'rolled-back', phase: 'done', explanation: reason },
    createdAtMs: 1_000 - index,
    finishedAtMs: end === '?' ? undefined : 1_001 - index,
    taskDefinition: `web:${revision}`,
    images: [{ name: 'web', image: 'web:v1', imageDigest: digest }],
  };
}

describe('what a rollback brings back', () => {
  // The history newest first; the PRIMARY is the deployment with the index that is given.
  test.each<[string, string, number, string | undefined]>([
    ['the one before', '3 2 1', 0, 'web:2'],
    ['what failed in between never served', '3 2! 1', 0, 'web:1'],
    ['after ECS rolled 3 back, 2 is PRIMARY: the one before that', '3! 2 1', 1, 'web:1'],
    ['the same revision deployed twice is one', '3 3 2 1', 0, 'web:2'],
    ['after a rollback from 3 to 2: not forward to 3', '2 3 2 1', 0, 'web:1'],
    ['after a rollback to the first: there is nothing', '1 2 1', 0, undefined],
    ['the first deployment of all: there is nothing', '1', 0, undefined],
    ['a PRIMARY that failed without a rollback: the last that was deployed', '3! 2 1', 0, 'web:2'],
    ['the same revision with another digest is an older one', '1#new 1#old', 0, 'web:1'],
  ])('%s', (_rule, history, primary, expected) => {
    const all = history.split(' ').map(past);
    const now = all[primary];
    const deployments = [{ id: now?.deploymentId, status: 'PRIMARY', taskDefinition: now?.taskDefinition }];
    expect(revisionBefore(all, { deployments })?.taskDefinition).toBe(expected);
  });

  test('what serves without being remembered: the last that was deployed and is another', () => {
    const deployments = [{ id: 'ecs-svc/old', status: 'PRIMARY', taskDefinition: 'web:9' }];
    expect(revisionBefore(['2', '1'].map(past), { deployments })?.taskDefinition).toBe('web:2');
  });
});

describe('a deployment that is under way goes back already', () => {
  test.each<[string, string, string, boolean]>([
    ['to what was deployed before', '1? 2 1', 'web:2', true],
    ['a new revision does not', '3? 2 1', 'web:2', false],
    ['what failed once and is tried again does not', '3? 3! 2', 'web:2', false],
    ['the revision that serves, deployed anew, does not', '2? 2 1', 'web:2', false],
  ])('%s', (_rule, history, served, expected) => {
    const all = history.split(' ').map(past);
    const [open] = all;
    if (open === undefined) throw new Error('no history');
    expect(isGoingBack(open, all, served)).toBe(expected);
  });
});

describe('what a rollback leaves in the database', () => {
  const at = (minute: number): string => new Date(Date.UTC(2026, 0, 5, 9, minute)).toISOString();
  const place = { account: '123456789012', region: 'eu-west-1', cluster: 'prod' };
  const migration = (more: Partial<MigrationOutcome> = {}): MigrationOutcome => ({
    ...{ schemaVersion, stage: 'run-migration-task', verdict: 'succeeded', ...place },
    taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7',
    taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0a1b',
    startedAt: at(10),
    ...more,
  });
  const unknown = 'The database is not rolled back. No record says whether a migration ran since.';

  test.each<[string, MigrationOutcome[], RegExp | string]>([
    [
      'a migration since',
      [migration()],
      /: the migration of web:7 on prod ran since, at [\d-]+ [\d:]+ UTC, and succeeded \(task 0a1b\)\./,
    ],
    ['with its name', [migration({ name: 'after' })], /the migration of web:7 \(after\) on prod/],
    ['one that failed may have changed something', [migration({ verdict: 'failed' })], /and is failed/],
    ['one before the older revision was deployed is in it', [migration({ startedAt: at(1) })], unknown],
    ['one of another cluster', [migration({ cluster: 'other' })], unknown],
    [
      'one that never started a task',
      [(({ taskArn: _none, ...rest }) => rest)(migration({ verdict: 'refused' }))],
      unknown,
    ],
    ['no record', [], unknown],
  ])('%s', (_rule, records, text) => {
    expect(migrationsSince(records, place, Date.parse(at(5)))).toMatch(text);
  });
});
