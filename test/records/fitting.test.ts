import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/outcome.ts';
import { buildsFor, concerning, migrationsOf, mustHaveSucceeded, settled } from '../../src/records/fitting.ts';
import {
  type BuildOutcome,
  type MigrationOutcome,
  type RolloutOutcome,
  schemaVersion,
  type WaitOutcome,
} from '../../src/records/schema.ts';

const taskArn = `arn:aws:ecs:eu-west-1:123456789012:task/prod/${'1'.repeat(32)}`;
const at = (minute: number): string => `2026-01-05T09:${String(minute).padStart(2, '0')}:00.000Z`;
const migration = (more: Partial<MigrationOutcome> = {}): MigrationOutcome => ({
  ...{ schemaVersion, stage: 'run-migration-task', verdict: 'succeeded', startedAt: at(0) },
  ...{ account: '123456789012', region: 'eu-west-1', cluster: 'prod', family: 'app', taskArn },
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7',
  ...more,
});
const wait = (more: Partial<WaitOutcome> = {}): WaitOutcome => ({
  ...migration(),
  ...{ stage: 'wait-for-task', startedAt: at(10), exitCode: 0 },
  ...more,
});
const build = (repository: string, more: Partial<BuildOutcome> = {}): BuildOutcome => ({
  ...{ schemaVersion, stage: 'build-and-push-image', verdict: 'succeeded', startedAt: at(0), repository, tags: [] },
  ...more,
});
const here = { account: '123456789012', region: 'eu-west-1', cluster: 'prod' };

describe('migrations of a place', () => {
  test.each<[string, Partial<MigrationOutcome>]>([
    ['another account', { account: '210987654321' }],
    ['another region', { region: 'us-east-1' }],
    ['another cluster', { cluster: 'stg' }],
  ])('one of %s is another environment’s: ignored, whatever its verdict', (_where, more) => {
    expect(migrationsOf([migration({ ...more, verdict: 'failed' })], here)).toEqual([]);
  });

  test.each<[string, Partial<MigrationOutcome>, Partial<typeof here>]>([
    ['the cluster by its ARN', { cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod' }, {}],
    ['a place whose account is not known', {}, { account: undefined as never }],
  ])('%s fits', (_what, more, place) => {
    expect(migrationsOf([migration(more)], { ...here, ...place })).toHaveLength(1);
  });

  test('a refusal that knew neither account nor region counts everywhere', () => {
    const { account: _account, region: _region, taskArn: _task, ...known } = migration({ verdict: 'refused' });
    expect(migrationsOf([known], here)).toHaveLength(1);
  });
});

describe('what a job has to tell', () => {
  const staging = migration({ cluster: 'stg' });
  const app = build('123456789012.dkr.ecr.eu-west-1.amazonaws.com/app');
  test.each<[string, Outcome[], Outcome[]]>([
    ['its own place and the builds', [migration()], [app, migration()]],
    ['of a build that build alone', [app], [app]],
    ['nothing where it did nothing', [], []],
  ])('%s', (_what, own, told) => {
    expect(concerning(own, [app, staging, migration()])).toEqual(told);
  });
});

describe('what a later wait says', () => {
  test.each<[string, Partial<MigrationOutcome>]>([
    ['--no-wait', { verdict: 'started', resume: 'migrate-deploy wait-for-task …' }],
    ['a time-out', { verdict: 'timed-out', explanation: { code: 'TIMED_OUT', cause: 'The task goes on.' } }],
    ['an interrupt', { verdict: 'interrupted', signal: 'SIGTERM' }],
    ['a run that was cut off', { verdict: 'running' }],
    ['credentials that expired in the middle', { verdict: 'refused', explanation: { code: 'X', cause: 'x' } }],
  ])('after %s: the migration succeeded, and its revision is the one to deploy', (_what, before) => {
    const [stands, ...others] = migrationsOf([migration(before), wait()], here);
    expect(others).toEqual([]);
    expect(stands).toMatchObject({ stage: 'run-migration-task', verdict: 'succeeded', exitCode: 0, startedAt: at(0) });
    expect(stands).toMatchObject({ taskDefinition: migration().taskDefinition });
    expect(stands).not.toHaveProperty('explanation');
    expect(stands).not.toHaveProperty('resume');
    if (stands !== undefined) mustHaveSucceeded(stands);
  });

  test('a wait that failed makes the migration fail', () => {
    const failed = wait({ verdict: 'failed', exitCode: 1, explanation: { code: 'EXIT_CODE', cause: 'no' } });
    expect(migrationsOf([migration({ verdict: 'started' }), failed], here)).toMatchObject([{ verdict: 'failed' }]);
  });

  test('a wait for another task says nothing of it', () => {
    const other = wait({ taskArn: `${taskArn.slice(0, -1)}2` });
    const stands = migrationsOf([migration({ verdict: 'timed-out' }), other], here);
    expect(stands.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      ['run-migration-task', 'timed-out'],
      ['wait-for-task', 'succeeded'],
    ]);
  });

  test('a wait that came before the migration says nothing of it', () => {
    const early = wait({ startedAt: at(0) });
    const late = migration({ verdict: 'timed-out', startedAt: at(5) });
    expect(settled([late, early])).toEqual([late]);
  });
});

describe('whoever continued a paused deployment speaks for its rollout', () => {
  const rollout = (more: Partial<RolloutOutcome>): RolloutOutcome => ({
    ...{ schemaVersion, stage: 'update-service-and-verify', verdict: 'paused', ...here, service: 'web' },
    startedAt: at(0),
    ...more,
  });
  const continued = (more: Partial<RolloutOutcome> = {}): RolloutOutcome =>
    rollout({ stage: 'continue-deployment', verdict: 'deployed', startedAt: at(5), ...more });

  test.each<[string, RolloutOutcome[], string[]]>([
    ['later, of the same service', [rollout({}), continued()], ['continue-deployment']],
    [
      'of another service',
      [rollout({}), continued({ service: 'api' })],
      ['update-service-and-verify', 'continue-deployment'],
    ],
    [
      'before the rollout',
      [rollout({ startedAt: at(9) }), continued()],
      ['update-service-and-verify', 'continue-deployment'],
    ],
    [
      'but not for one that had ended badly: its reason is what counts',
      [rollout({ verdict: 'rolled-back' }), continued()],
      ['update-service-and-verify'],
    ],
    [
      'whose own end is bad too is told beside it',
      [rollout({ verdict: 'rolled-back' }), continued({ verdict: 'failed' })],
      ['update-service-and-verify', 'continue-deployment'],
    ],
    [
      'a rollback speaks for itself alone: the rollout stays red',
      [rollout({ verdict: 'failed' }), continued({ stage: 'rollback-service', verdict: 'rolled-back' })],
      ['update-service-and-verify', 'rollback-service'],
    ],
  ])('%s', (_rule, records, stages) => {
    expect(settled(records).map(({ stage }) => stage)).toEqual(stages);
  });
});

describe('of one subject the newest record counts', () => {
  const refused = (more: Partial<MigrationOutcome> = {}): MigrationOutcome => {
    const { account: _account, taskArn: _task, ...known } = migration({ verdict: 'refused', ...more });
    return known;
  };
  test.each<[string, Outcome[], string[]]>([
    ['a refusal, and then a success', [refused({ startedAt: at(0) }), migration({ startedAt: at(5) })], ['succeeded']],
    ['a success, and then a refusal', [migration({ startedAt: at(0) }), refused({ startedAt: at(5) })], ['refused']],
    [
      'a refusal of another family stays',
      [refused({ startedAt: at(0), family: 'api' }), migration({ startedAt: at(5) })],
      ['refused', 'succeeded'],
    ],
    [
      'a refusal in another region stays',
      [refused({ startedAt: at(0), region: 'us-east-1' }), migration({ startedAt: at(5) })],
      ['refused', 'succeeded'],
    ],
    [
      'a refusal of another name stays',
      [refused({ startedAt: at(0), name: 'before' }), migration({ startedAt: at(5), name: 'after' })],
      ['refused', 'succeeded'],
    ],
    [
      'a build by its name, and then by its address',
      [
        build('acme/app', { verdict: 'refused' }),
        build('1.dkr.ecr.eu-west-1.amazonaws.com/acme/app', { startedAt: at(5) }),
      ],
      ['succeeded'],
    ],
    [
      'builds of two repositories with the same last word',
      [build('team-a/app', { verdict: 'failed' }), build('team-b/app', { startedAt: at(5) })],
      ['failed', 'succeeded'],
    ],
  ])('%s', (_rule, records, verdicts) => {
    expect(settled(records).map(({ verdict }) => verdict)).toEqual(verdicts);
  });
});

describe('builds', () => {
  const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const [app, web] = [build(`${registry}/app`), build(`${registry}/web`)];

  test('those whose repository a container runs, wherever that is', () => {
    expect(buildsFor([app, web, migration()], [`${registry}/web:v1`, 'envoy:1'])).toEqual([web]);
  });

  test('one that no container runs is not guessed to fit, nor are several', () => {
    expect(buildsFor([app], ['nginx:1'])).toEqual([]);
    expect(buildsFor([app, web], ['nginx:1'])).toEqual([]);
  });

  test('none: none', () => {
    expect(buildsFor([migration()], ['nginx:1'])).toEqual([]);
  });
});

describe('a stage behind one that did not succeed is refused', () => {
  test.each<[string, BuildOutcome | MigrationOutcome, object]>([
    [
      'a failed migration',
      migration({ verdict: 'failed', explanation: { code: 'EXIT_CODE', cause: 'It failed.', said: 'no space' } }),
      { code: 'MigrationNotSucceeded', why: 'Its verdict is failed: It failed. no space' },
    ],
    [
      'one that was never waited for: how to wait',
      migration({ verdict: 'started', resume: 'migrate-deploy wait-for-task --task x' }),
      { code: 'MigrationNotSucceeded', fix: 'Wait for it with: migrate-deploy wait-for-task --task x' },
    ],
    [
      'a failed build',
      build('app', { verdict: 'failed' }),
      { code: 'BuildNotSucceeded', why: 'Its verdict is failed.' },
    ],
  ])('%s', (_what, record, expected) => {
    expect(() => mustHaveSucceeded(record)).toThrow(expect.objectContaining(expected));
  });
});
