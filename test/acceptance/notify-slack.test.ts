import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountId, pipelineWorld } from './pipeline-world.ts';

const ci = {
  CIRCLE_BRANCH: 'staging',
  CIRCLE_USERNAME: 'momiji',
  CIRCLE_SHA1: 'abcdef0123456789abcdef0123456789abcdef01',
  CIRCLE_JOB: 'service-update-and-notify',
  CIRCLE_BUILD_URL: 'https://circleci.com/gh/hoge/hoge-apps/42',
};

describe('the team hears', () => {
  it('a green deployment, from the records of its stages', async () => {
    const world = await pipelineWorld();
    Object.assign(world.env, ci);
    expect((await world.build()).exitCode).toBe(0);
    expect((await world.migrate()).exitCode).toBe(0);
    expect((await world.deploy()).exitCode).toBe(0);
    const { image } = await world.record('build-and-push-image');
    const { exitCode, stdout } = await world.run(['notify-slack', '--record-dir', world.recordDir], {
      env: { SLACK_WEBHOOK: world.slack.webhookUrl },
    });
    expect(stdout).toBe('Sent the Slack message\n');
    expect(exitCode).toBe(0);
    const text = JSON.stringify(world.slack.messages());
    for (const part of [
      'hoge-apps-service-stg on hoge-stg: deployed from staging',
      image.replace(/(@sha256:[0-9a-f]{12}).*/, '$1'),
      'abcdef012345',
      'momiji',
      'image ',
      'migration ',
      'rollout ',
      `<${ci.CIRCLE_BUILD_URL}|CircleCI job service-update-and-notify>`,
      'console.aws.amazon.com/ecs/v2/clusters/hoge-stg/services/hoge-apps-service-stg/deployments',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('a red migration: stage, verdict, exit code and the last log lines', async () => {
    const world = await pipelineWorld();
    const logs = [{ atMs: 500, message: 'PG::UndefinedTable: relation "users" does not exist' }];
    world.model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 1_000, exitCode: 1, logs });
    expect((await world.migrate()).exitCode).toBe(1);
    await world.notify('--status', 'fail', '--mentions', 'here');
    const text = JSON.stringify(world.slack.messages());
    expect(text).toContain('deployment failed: migration failed <!here>');
    expect(text).toContain('*migration failed* (exit code 1)');
    expect(text).toContain('PG::UndefinedTable: relation');
    expect(text).toMatch(/ecs\/v2\/clusters\/hoge-stg\/tasks\/[0-9a-f]{32}/);
  });

  it('a red rollout, with the log of the task that failed', async () => {
    const world = await pipelineWorld();
    const digest = world.model.ecr.push('hoge-stg', ['broken'], 'broken');
    const logs = [{ atMs: 500, message: 'KeyError: DATABASE_URL' }];
    world.model.behaviours.script({ image: digest }, { runMs: 1_000, exitCode: 1, logs });
    expect((await world.deploy('--image', `${world.uri}:broken`)).exitCode).toBe(1);
    await world.notify();
    const text = JSON.stringify(world.slack.messages());
    expect(text).toContain('❌ hoge-apps-service-stg on hoge-stg');
    expect(text).toContain('KeyError: DATABASE_URL');
  });

  it('a refused build: nothing started, and why', async () => {
    const world = await pipelineWorld();
    await world.run(['build-and-push-image', '--repository', 'nope', '--tag', 'v1', '--record-dir', world.recordDir]);
    await world.notify('--status', 'fail');
    expect(JSON.stringify(world.slack.messages())).toContain('The repository nope does not exist in region eu-west-1.');
  });

  it.each([
    ['migration', 'migrate', 'hoge-stg: deployment failed: migration refused'],
    ['rollout', 'deploy', 'hoge-apps-service-stg on hoge-stg: deployment failed: rollout refused'],
  ] as const)('a %s that never began for want of credentials, and what to do', async (_stage, stage, title) => {
    const world = await pipelineWorld();
    const arn = `arn:aws:iam::${accountId}:role/deploy`;
    const { exitCode, stderr } = await world[stage]('--role-arn', arn, '--expect-account', '999999999999');
    expect(exitCode).toBe(2);
    const [, what = 'nothing'] = /^Error: (.*)$/m.exec(stderr) ?? [];
    const [, fix = 'nothing'] = /^ *Fix: (.*)$/m.exec(stderr) ?? [];
    // Without --status: the record alone makes it red.
    expect((await world.notify()).exitCode).toBe(0);
    const [message] = world.slack.messages() as { text: string }[];
    expect(message?.text).toBe(`❌ ${title}`);
    expect(JSON.stringify(message)).toContain(JSON.stringify(what).slice(1, -1));
    expect(JSON.stringify(message)).toContain(JSON.stringify(fix).slice(1, -1));
    expect(world.model.requests.map(({ service }) => service)).not.toContain('ecs');
  });

  it('the article’s own messages, expanded, in Japanese, with its emoji codes untouched', async () => {
    const world = await pipelineWorld();
    const messages = [
      ...[
        '--success-message',
        ':circleci-pass: $CIRCLE_BRANCH のデプロイが完了しました\\n:github_octocat: User:$CIRCLE_USERNAME',
      ],
      ...[
        '--failure-message',
        ':circleci-fail: $CIRCLE_BRANCH のデプロイが失敗しました\\n:github_octocat: User:$CIRCLE_USERNAME',
      ],
      ...['--webhook', '${SLACK_WEBHOOK}', '--expand-env'],
    ];
    const env = { ...ci, SLACK_WEBHOOK: world.slack.webhookUrl };
    for (const status of ['pass', 'fail']) {
      const { exitCode } = await world.run(['notify-slack', '--status', status, ...messages], { env });
      expect(exitCode).toBe(0);
    }
    expect(world.slack.messages()).toEqual([
      { text: ':circleci-pass: staging のデプロイが完了しました\n:github_octocat: User:momiji' },
      { text: ':circleci-fail: staging のデプロイが失敗しました\n:github_octocat: User:momiji' },
    ]);
  });

  it('through a bot, in its channel', async () => {
    const world = await pipelineWorld();
    const env = {
      MIGRATE_DEPLOY_BOT_TOKEN: world.slack.botToken,
      MIGRATE_DEPLOY_CHANNEL: '#deploys',
      MIGRATE_DEPLOY_SLACK_API_URL: world.slack.apiUrl,
    };
    const { exitCode } = await world.run(['notify-slack', '--status', 'pass', '--success-message', 'hi'], { env });
    expect(exitCode).toBe(0);
    expect(world.slack.messages()).toEqual([{ channel: '#deploys', text: 'hi' }]);
  });
});

describe('nothing is sent', () => {
  it.each([
    ['when nothing is configured', ['--status', 'pass'], /No Slack message: neither a webhook/],
    [
      'when the context is missing and the variable empty',
      ['--status', 'pass', '--webhook', '$SLACK_WEBHOOK', '--expand-env'],
      /neither a webhook/,
    ],
    [
      'for a success with --event fail',
      ['--status', 'pass', '--event', 'fail', '--webhook', 'http://x/y'],
      /--event fail, and .* pass/,
    ],
    [
      'on another branch',
      ['--status', 'pass', '--branch-pattern', 'main', '--webhook', 'http://x/y'],
      /staging does not match/,
    ],
  ])('%s, and the job stays green', async (_when, args, line) => {
    const world = await pipelineWorld();
    const { exitCode, stdout } = await world.run(['notify-slack', ...args], { env: { CIRCLE_BRANCH: 'staging' } });
    expect(stdout).toMatch(line);
    expect(exitCode).toBe(0);
    expect(world.slack.deliveries).toEqual([]);
  });

  it('in a dry run, which prints the message', async () => {
    const world = await pipelineWorld();
    const { stdout, exitCode } = await world.notify('--status', 'pass', '--dry-run');
    expect(stdout).toContain('Would send the Slack message');
    expect(exitCode).toBe(0);
    expect(world.slack.deliveries).toEqual([]);
  });

  it('when nobody says how it went: exit 2', async () => {
    const world = await pipelineWorld();
    const { exitCode, stderr } = await world.notify();
    expect(stderr).toContain('There is nothing to tell Slack.');
    expect(exitCode).toBe(2);
  });
});

describe('Slack’s trouble is a warning and never fails the job', () => {
  it('429 is waited out', async () => {
    const world = await pipelineWorld();
    world.slack.faults.push({ kind: 'rate-limited', retryAfterS: 20 });
    const startMs = world.model.clock.now();
    const { exitCode, stdout } = await world.notify('--status', 'pass');
    expect(stdout).toContain('Slack asked to come back later (429). Trying again in 20s');
    expect(stdout).toContain('Sent the Slack message');
    expect(exitCode).toBe(0);
    expect(world.model.clock.now() - startMs).toBe(20_000);
  });

  it.each([
    ['invalid_payload', 400, 'invalid_payload', 'Why: Slack answered invalid_payload.'],
    ['a webhook that was revoked', 404, 'no_service', 'Fix: Make a new incoming webhook'],
  ])('%s', async (_what, status, body, line) => {
    const world = await pipelineWorld();
    world.slack.faults.push({ kind: 'error', status, body });
    const { exitCode, stdout } = await world.notify('--status', 'pass');
    expect(stdout).toContain('Warning: the Slack message was not sent; the deployment is not affected.');
    expect(stdout).toContain(line);
    expect(exitCode).toBe(0);
  });

  it('500 without an end', async () => {
    const world = await pipelineWorld();
    world.slack.faults.push(...Array.from({ length: 4 }, () => ({ kind: 'error' as const, status: 500, body: 'x' })));
    const { exitCode, stdout } = await world.notify('--status', 'pass');
    expect(stdout).toContain('Why: Slack answered 500.');
    expect(exitCode).toBe(0);
  });

  it('nobody at the other end', async () => {
    const world = await pipelineWorld();
    await world.slack.close();
    const { exitCode, stdout } = await world.notify('--status', 'pass');
    expect(stdout).toContain('Slack did not answer (ECONNREFUSED)');
    expect(stdout).not.toContain(world.slack.webhookUrl);
    expect(exitCode).toBe(0);
  });

  it('records that cannot be read: the team still hears that something is wrong', async () => {
    const world = await pipelineWorld();
    await mkdir(world.recordDir);
    await writeFile(join(world.recordDir, 'run-migration-task.json'), '{"schemaVersion": 99}');
    const { exitCode, stdout } = await world.notify();
    expect(stdout).toContain('Warning: The record');
    expect(stdout).toContain('Sent the Slack message');
    expect(exitCode).toBe(0);
    expect(world.slack.messages()).toHaveLength(1);
  });
});
