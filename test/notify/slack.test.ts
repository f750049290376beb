import { describe, expect, it } from 'vitest';
import { faultOf } from '../../local/slack/fake-slack.ts';
import { deploymentOutcome } from '../../src/notify/deployment-outcome.ts';
import { ownMessage, recordsMessage } from '../../src/notify/slack.ts';
import { clip, codeBlock } from '../../src/notify/slack-text.ts';
import type { Outcome } from '../../src/outcome.ts';
import {
  type BuildOutcome,
  type MigrationOutcome,
  type RolloutOutcome,
  schemaVersion,
  type WaitOutcome,
} from '../../src/records/schema.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg@${digest}`;
const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/hoge-stg/0123456789abcdef0123456789abcdef';
const shared = { schemaVersion, region: 'eu-west-1', startedAt: '2026-01-05T09:00:00.000Z' } as const;

const build: BuildOutcome = {
  ...shared,
  stage: 'build-and-push-image',
  verdict: 'succeeded',
  repository: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg',
  tags: ['latest'],
  image,
  digest,
  commit: 'abcdef0123456789',
  finishedAt: '2026-01-05T09:01:30.000Z',
  ci: { branch: 'staging', username: 'momiji', job: 'build' },
};
const migration: MigrationOutcome = {
  ...shared,
  stage: 'run-migration-task',
  verdict: 'succeeded',
  cluster: 'hoge-stg',
  taskArn,
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:8',
  finishedAt: '2026-01-05T09:00:45.000Z',
};
const rollout: RolloutOutcome = {
  ...shared,
  stage: 'update-service-and-verify',
  verdict: 'deployed',
  cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/hoge-stg',
  service: 'hoge-apps',
  taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:8',
  finishedAt: '2026-01-05T09:04:00.000Z',
};
const failedMigration: MigrationOutcome = {
  ...migration,
  verdict: 'failed',
  exitCode: 1,
  explanation: {
    code: 'EXIT_CODE',
    cause: 'The program reported an error.',
    said: 'out of space',
    fix: 'Read the log.',
  },
  logTail: [{ container: 'app', lines: ['-- migrate:up', 'PG::Error: relation "users" <exists> & more'] }],
};
const ci = { branch: 'staging', job: 'deploy', buildUrl: 'https://circleci.com/gh/hoge/1', username: 'momiji' };

const messageOf = (records: Outcome[], said?: 'pass' | 'fail', mentions: string[] = []) => {
  const outcome = deploymentOutcome(records, said);
  if (outcome === undefined) throw new Error('nothing to tell');
  return recordsMessage(outcome, ci, mentions);
};
const logTail = (lines: string[]) => [{ container: 'app', lines }];
const textOf = (message: object): string => JSON.stringify(message);

describe('the outcome of a deployment', () => {
  it.each<[string, Outcome[], 'pass' | 'fail' | undefined, string | undefined]>([
    ['all stages succeeded', [build, migration, rollout], undefined, 'pass'],
    ['one stage failed', [build, failedMigration], undefined, 'fail'],
    ['a failed stage beats a job that says pass', [build, failedMigration], 'pass', 'fail'],
    ['a job that failed elsewhere', [build, migration], 'fail', 'fail'],
    ['a stage that was cut off', [{ ...migration, verdict: 'running' }], undefined, 'fail'],
    ['a stage that ran out of time', [{ ...rollout, verdict: 'timed-out' }], undefined, 'fail'],
    ['a superseded rollout', [{ ...rollout, verdict: 'superseded' }], undefined, 'fail'],
    ['a rollout that was rolled back', [{ ...rollout, verdict: 'rolled-back' }], undefined, 'fail'],
    ['a migration that was never waited for', [{ ...migration, verdict: 'started' }], undefined, 'fail'],
    ['a rollout that changed nothing', [{ ...rollout, verdict: 'unchanged' }], undefined, 'pass'],
    ['only the job speaks', [], 'pass', 'pass'],
    ['nobody speaks', [], undefined, undefined],
  ])('%s', (_rule, records, said, status) => {
    expect(deploymentOutcome(records, said)?.status).toBe(status);
  });

  it.each(['timed-out', 'started', 'running', 'interrupted', 'refused'] as const)(
    'a wait that came later speaks for the migration whose record says %s',
    (verdict) => {
      const cutOff: MigrationOutcome = { ...migration, verdict, resume: 'wait-for-task' };
      const wait: WaitOutcome = { ...migration, stage: 'wait-for-task', startedAt: '2026-01-05T09:10:00.000Z' };
      const outcome = deploymentOutcome([cutOff, wait], undefined);
      expect(outcome).toMatchObject({ status: 'pass', failed: [] });
      expect(outcome?.stages.map(({ stage, verdict: said }) => [stage, said])).toEqual([
        [migration.stage, 'succeeded'],
      ]);
    },
  );

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
    ['image by digest', image.replace(/a{52}$/, '…')],
    ['revision', 'hoge-service-stg:8'],
    ['commit', '*Commit*\\nabcdef012345'],
    ['who', '*By*\\nmomiji'],
    [
      'the stages',
      '✅ image succeeded · 1m 30s\\n✅ migration succeeded · 45s\\n✅ rollout *hoge-apps* deployed · 4m 00s',
    ],
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

it.each<[string, Outcome[], string]>([
  ['a migration alone', [build, migration], '✅ hoge-stg: migrated from staging'],
  ['an image alone', [build], '✅ hoge-stg: image built from staging'],
  ['nothing but the job’s word', [], '✅ CircleCI: deploy passed on staging'],
  [
    'a rollout that changed nothing',
    [{ ...rollout, verdict: 'unchanged' }],
    '✅ hoge-apps on hoge-stg: nothing changed from staging',
  ],
  [
    'a rollout with --no-verify',
    [migration, { ...rollout, verdict: 'started' }],
    '⚠️ hoge-apps on hoge-stg: update started, not verified from staging',
  ],
  [
    'a rollout without tasks',
    [{ ...rollout, verdict: 'not-verified' }],
    '⚠️ hoge-apps on hoge-stg: updated, not verified: no task runs from staging',
  ],
  [
    'one of two services that was not followed',
    [rollout, { ...rollout, service: 'api', verdict: 'started' }],
    '⚠️ hoge-apps, api on hoge-stg: update started, not verified from staging',
  ],
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
    ['the cause and what was said', 'The program reported an error. out of space'],
    ['the fix', '*Fix:* Read the log.'],
    ['the last log lines, escaped', 'PG::Error: relation \\"users\\" &lt;exists&gt; &amp; more'],
  ])('shows %s', (_what, expected) => {
    expect(textOf(message)).toContain(expected);
  });

  it('shows the log of a task of a failed rollout', () => {
    const failed: RolloutOutcome = {
      ...rollout,
      verdict: 'rolled-back',
      servesNow: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:7',
      failedTasks: [
        {
          taskArn,
          containers: [{ name: 'web', exitCode: 137 }],
          logTail: [{ container: 'web', lines: ['Error: no DATABASE_URL'] }],
        },
      ],
    };
    expect(textOf(messageOf([failed]))).toContain('Error: no DATABASE_URL');
    expect(messageOf([failed]).text).toContain('rollout rolled back');
    expect(textOf(messageOf([failed]))).toContain('(container exit code 137)\\n*Serves now:* hoge-service-stg:7');
  });

  it('shows no exit code where no container ended with one', () => {
    const refused: RolloutOutcome = { ...rollout, verdict: 'refused' };
    expect(textOf(messageOf([refused]))).not.toContain('exit code');
  });

  it('says so when the job failed outside the stages', () => {
    expect(messageOf([build], 'fail').text).toBe('❌ hoge-stg: deployment from staging failed');
    expect(textOf(messageOf([build], 'fail'))).toContain('No stage left a record of its failure');
  });
});

describe('Slack’s limits', () => {
  it.each<[string, Outcome[]]>([
    ['a green message', [build, migration, rollout]],
    ['a red message', [build, failedMigration]],
    ['a reason of 10,000 characters', [{ ...failedMigration, explanation: { code: 'X', cause: '&'.repeat(10_000) } }]],
    ['log lines of 10,000 characters', [{ ...failedMigration, logTail: logTail(Array(50).fill('<'.repeat(10_000))) }]],
    [
      '25 services, all red',
      Array.from({ length: 25 }, (_, i) => ({
        ...rollout,
        verdict: 'failed' as const,
        service: `s${i}`,
        logTail: logTail(['x']),
      })),
    ],
    ['an image of 5,000 characters', [{ ...build, image: 'i'.repeat(5_000) }]],
    ['empty log lines', [{ ...failedMigration, logTail: logTail(['']) }]],
    ['no facts at all', [{ ...build, repository: 'x', tags: [], verdict: 'refused' as const }]],
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
