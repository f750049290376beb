import { describe, expect, it } from 'vitest';
import { faultOf } from '../../local/slack/fake-slack.ts';
import { deploymentOutcome } from '../../src/notify/deployment-outcome.ts';
import { ownMessage, recordsMessage } from '../../src/notify/slack.ts';
import { clip, codeBlock } from '../../src/notify/slack-text.ts';
import type { BuildRecord, MigrationRecord, RolloutRecord, StageRecord, WaitRecord } from '../../src/records/record.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg@${digest}`;
const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/hoge-stg/0123456789abcdef0123456789abcdef';
const shared = { schemaVersion: 1 as const, region: 'eu-west-1', startedAt: '2026-01-05T09:00:00.000Z' };

const build: BuildRecord = {
  ...shared,
  stage: 'build-and-push-image',
  status: 'succeeded',
  verdict: 'pushed',
  repository: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg',
  tags: ['latest'],
  image,
  digest,
  commit: 'abcdef0123456789',
  finishedAt: '2026-01-05T09:01:30.000Z',
  ci: { branch: 'staging', username: 'momiji', job: 'build' },
};
const migration: MigrationRecord = {
  ...shared,
  stage: 'run-migration-task',
  status: 'succeeded',
  verdict: 'succeeded',
  cluster: 'hoge-stg',
  taskArn,
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:8',
  finishedAt: '2026-01-05T09:00:45.000Z',
};
const rollout: RolloutRecord = {
  ...shared,
  stage: 'update-service-and-verify',
  status: 'succeeded',
  verdict: 'landed',
  cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/hoge-stg',
  service: 'hoge-apps',
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:8',
  finishedAt: '2026-01-05T09:04:00.000Z',
};
const failedMigration: MigrationRecord = {
  ...migration,
  status: 'failed',
  verdict: 'failed',
  exitCode: 1,
  reason: 'Essential container in task exited',
  fix: 'Read the log.',
  lastLogLines: ['-- migrate:up', 'PG::Error: relation "users" <exists> & more'],
};
const ci = { branch: 'staging', job: 'deploy', buildUrl: 'https://circleci.com/gh/hoge/1', username: 'momiji' };

const messageOf = (records: StageRecord[], said?: 'pass' | 'fail', mentions: string[] = []) => {
  const outcome = deploymentOutcome(records, said);
  if (outcome === undefined) throw new Error('nothing to tell');
  return recordsMessage(outcome, ci, mentions);
};
const textOf = (message: object): string => JSON.stringify(message);

describe('the outcome of a deployment', () => {
  it.each<[string, StageRecord[], 'pass' | 'fail' | undefined, string | undefined]>([
    ['all stages succeeded', [build, migration, rollout], undefined, 'pass'],
    ['one stage failed', [build, failedMigration], undefined, 'fail'],
    ['a failed stage beats a job that says pass', [build, failedMigration], 'pass', 'fail'],
    ['a job that failed elsewhere', [build, migration], 'fail', 'fail'],
    ['a stage that was cut off', [{ ...migration, status: 'running' }], undefined, 'fail'],
    ['a stage that ran out of time', [{ ...rollout, status: 'timed-out' }], undefined, 'fail'],
    ['an overtaken rollout', [{ ...rollout, status: 'overtaken' }], undefined, 'fail'],
    ['only the job speaks', [], 'pass', 'pass'],
    ['nobody speaks', [], undefined, undefined],
  ])('%s', (_rule, records, said, status) => {
    expect(deploymentOutcome(records, said)?.status).toBe(status);
  });

  it('a resumed wait speaks for the migration that was cut off', () => {
    const cutOff: MigrationRecord = { ...migration, status: 'timed-out', verdict: 'timed-out' };
    const wait: WaitRecord = { ...migration, stage: 'wait-for-task' };
    expect(deploymentOutcome([cutOff, wait], undefined)).toEqual({ status: 'pass', stages: [wait], failed: [] });
  });

  it('orders the stages as they ran', () => {
    const outcome = deploymentOutcome([rollout, migration, build], undefined);
    expect(outcome?.stages.map(({ stage }) => stage)).toEqual([build.stage, migration.stage, rollout.stage]);
  });
});

describe('a green message', () => {
  const message = messageOf([build, migration, rollout]);

  it('says what was deployed where', () => {
    expect(message.text).toBe('✅ hoge-apps on hoge-stg: deployed from staging');
  });

  it.each([
    ['environment', '*Environment*\\nhoge-stg'],
    ['service', '*Service*\\nhoge-apps'],
    ['image by digest', image],
    ['revision', 'hoge-service-stg:8'],
    ['commit', '*Commit*\\nabcdef012345'],
    ['who', '*By*\\nmomiji'],
    ['durations', 'image 1m 30s, migration 45s, rollout 4m 00s'],
    ['the CircleCI job', '<https://circleci.com/gh/hoge/1|CircleCI job deploy>'],
    ['the task', '/ecs/v2/clusters/hoge-stg/tasks/0123456789abcdef0123456789abcdef?region=eu-west-1|task 01234567>'],
    [
      'the deployments',
      '/ecs/v2/clusters/hoge-stg/services/hoge-apps/deployments?region=eu-west-1|deployments of hoge-apps>',
    ],
  ])('names %s', (_what, expected) => {
    expect(textOf(message)).toContain(expected);
  });
});

it.each<[string, StageRecord[], string]>([
  ['a migration alone', [build, migration], '✅ hoge-stg: migrated from staging'],
  ['an image alone', [build], '✅ hoge-stg: image built from staging'],
  ['nothing but the job’s word', [], '✅ CircleCI: deploy passed on staging'],
])('%s is not called a deployment of more', (_what, records, text) => {
  expect(messageOf(records, 'pass').text).toBe(text);
});

describe('a red message', () => {
  const message = messageOf([build, failedMigration], undefined, ['<!here>']);

  it('names the stage and its verdict, and whom it concerns', () => {
    expect(message.text).toBe('❌ hoge-stg: deployment from staging failed: migration failed <!here>');
  });

  it.each([
    ['the exit code', '*migration failed* (exit code 1)'],
    ['the reason', 'Essential container in task exited'],
    ['the fix', '*Fix:* Read the log.'],
    ['the last log lines, escaped', 'PG::Error: relation \\"users\\" &lt;exists&gt; &amp; more'],
  ])('shows %s', (_what, expected) => {
    expect(textOf(message)).toContain(expected);
  });

  it('shows the log of a task of a failed rollout', () => {
    const failed: RolloutRecord = {
      ...rollout,
      status: 'failed',
      verdict: 'rolled-back',
      exitCode: 1,
      servesNow: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:7',
      failedTasks: [
        { taskArn, containers: [{ name: 'web', exitCode: 137 }], lastLogLines: ['Error: no DATABASE_URL'] },
      ],
    };
    expect(textOf(messageOf([failed]))).toContain('Error: no DATABASE_URL');
    expect(messageOf([failed]).text).toContain('rollout rolled back');
    expect(textOf(messageOf([failed]))).toContain('(container exit code 137)\\n*Serves now:* hoge-service-stg:7');
  });

  it('does not take the exit code of this program for that of a container', () => {
    const refused: RolloutRecord = { ...rollout, status: 'refused', verdict: 'refused', exitCode: 2 };
    expect(textOf(messageOf([refused]))).not.toContain('exit code');
  });

  it('says so when the job failed outside the stages', () => {
    expect(messageOf([build], 'fail').text).toBe('❌ hoge-stg: deployment from staging failed');
    expect(textOf(messageOf([build], 'fail'))).toContain('No stage left a record of its failure');
  });
});

describe('Slack’s limits', () => {
  it.each<[string, StageRecord[]]>([
    ['a green message', [build, migration, rollout]],
    ['a red message', [build, failedMigration]],
    ['a reason of 10,000 characters', [{ ...failedMigration, reason: '&'.repeat(10_000) }]],
    ['log lines of 10,000 characters', [{ ...failedMigration, lastLogLines: Array(50).fill('<'.repeat(10_000)) }]],
    [
      '25 services, all red',
      Array.from({ length: 25 }, (_, i) => ({
        ...rollout,
        status: 'failed' as const,
        service: `s${i}`,
        lastLogLines: ['x'],
      })),
    ],
    ['an image of 5,000 characters', [{ ...build, image: 'i'.repeat(5_000) }]],
    ['empty log lines', [{ ...failedMigration, lastLogLines: [''] }]],
    ['no facts at all', [{ ...build, repository: 'x', tags: [], status: 'refused' as const }]],
  ])('hold for %s', (_what, records) => {
    expect(faultOf(messageOf(records) as unknown as Record<string, unknown>)).toBeUndefined();
  });

  it('hold for a text of one’s own', () => {
    expect(faultOf({ ...ownMessage('x'.repeat(50_000), ['<!here>']) })).toBeUndefined();
  });
});

it('one’s own text is sent as it is, with the people called', () => {
  expect(
    ownMessage(':circleci-fail: staging のデプロイが失敗しました\n:github_octocat: User:momiji', ['<@U012345>']),
  ).toEqual({
    text: ':circleci-fail: staging のデプロイが失敗しました\n:github_octocat: User:momiji\n<@U012345>',
  });
});

it.each([
  ['short text stays', 'abc', 5, 'abc'],
  ['long text ends in an ellipsis', 'abcdef', 4, 'abc…'],
  ['a pair is not cut apart', 'ab😀cd', 4, 'ab…'],
  ['an escape is not cut apart', 'ab&amp;cd', 6, 'ab…'],
])('clip: %s', (_rule, text, limit, expected) => {
  expect(clip(text, limit)).toBe(expected);
});

it('a code block keeps the last lines that fit and cannot be ended from within', () => {
  expect(codeBlock(['first', '\u001b[31mred\u001b[0m ``` end'], 100)).toBe("```\nfirst\nred ''' end\n```");
  expect(codeBlock(['a'.repeat(50), 'last'], 30)).toBe('```\nlast\n```');
});
