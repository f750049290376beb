import { describe, expect, it } from 'vitest';
import { notifySlackOptions } from '../../src/commands/notify-slack.ts';
import { slackMessage, slackTarget } from '../../src/notify/options.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

async function read(given: Record<string, unknown>, env: Record<string, string> = {}, expand = true) {
  const values = await valuesOf(notifySlackOptions, { ...given, 'expand-env': expand }, env);
  const { successMessage, failureMessage } = values;
  return {
    ...values,
    target: slackTarget(values),
    successMessage: slackMessage(successMessage, env),
    failureMessage: slackMessage(failureMessage, env),
  };
}

describe('the destination', () => {
  const webhook = 'https://hooks.slack.com/services/T/B/x';
  it.each([
    ['the option', { webhook }, {}, { via: 'webhook', url: webhook }],
    ['$SLACK_WEBHOOK by default', {}, { SLACK_WEBHOOK: webhook }, { via: 'webhook', url: webhook }],
    [
      'the article’s own words',
      { webhook: '${SLACK_WEBHOOK}' },
      { SLACK_WEBHOOK: webhook },
      { via: 'webhook', url: webhook },
    ],
    [
      'a bot and its channel',
      {},
      { SLACK_ACCESS_TOKEN: 'xoxb', SLACK_DEFAULT_CHANNEL: 'C1' },
      { via: 'bot', token: 'xoxb', channel: 'C1', apiUrl: 'https://slack.com/api' },
    ],
    [
      'another Web API',
      { 'bot-token': 't', channel: '#a', 'slack-api-url': 'https://slack-gov.com/api/' },
      {},
      { via: 'bot', token: 't', channel: '#a', apiUrl: 'https://slack-gov.com/api' },
    ],
  ])('%s', async (_rule, given, env, target) => {
    expect((await read(given, env)).target).toEqual(target);
  });

  it.each([
    ['nothing is set', {}, {}, /neither a webhook/],
    ['a context is missing, so that the variable is empty', { webhook: '$SLACK_WEBHOOK' }, {}, /neither a webhook/],
    ['a bot without a channel', { 'bot-token': 'xoxb' }, {}, /no channel/],
  ])('is no mistake when %s', async (_rule, given, env, missing) => {
    expect((await read(given, env)).target).toEqual({ via: 'nothing', missing: expect.stringMatching(missing) });
  });
});

describe('a message', () => {
  const env = { CIRCLE_BRANCH: 'staging', CIRCLE_USERNAME: 'momiji', EVIL: '<!channel> & $CIRCLE_BRANCH' };
  const article = ':circleci-pass: $CIRCLE_BRANCH のデプロイが完了しました\\n:github_octocat: User:$CIRCLE_USERNAME';

  it.each([true, false])('of the article is expanded once, with --expand-env %s', async (expand) => {
    expect((await read({ 'success-message': article }, env, expand)).successMessage).toBe(
      ':circleci-pass: staging のデプロイが完了しました\n:github_octocat: User:momiji',
    );
  });

  it.each([true, false])(
    'that holds nothing but a variable which is not set is made from the records: %s',
    async (expand) => {
      expect((await read({ 'failure-message': '$NONE' }, env, expand)).failureMessage).toBeUndefined();
    },
  );

  it('keeps the user’s markup and disarms what variables bring', async () => {
    expect((await read({ 'failure-message': '<!here> ${EVIL} ${NONE:-x}' }, env)).failureMessage).toBe(
      '<!here> &lt;!channel&gt; &amp; $CIRCLE_BRANCH x',
    );
  });

  it('comes from the environment as well', async () => {
    const options = await read({}, { ...env, MIGRATE_DEPLOY_FAILURE_MESSAGE: 'a\\nb' });
    expect(options.failureMessage).toBe('a\nb');
  });
});

it('mentions are Slack’s own forms', async () => {
  expect((await read({ mentions: 'here,@channel,U012ABCDEF,S012ABCDEF,@ops<team>' })).mentions).toEqual([
    '<!here>',
    '<!channel>',
    '<@U012ABCDEF>',
    '<!subteam^S012ABCDEF>',
    '@ops&lt;team&gt;',
  ]);
});

it('a branch pattern fits the whole name', async () => {
  const { branchPattern } = await read({ 'branch-pattern': 'main|release/.*' });
  expect(['main', 'release/1', 'main2', 'x-release/1'].map((branch) => branchPattern?.test(branch))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(await errorsOf(notifySlackOptions, { 'branch-pattern': '(' })).toEqual([
    expect.stringMatching(/^--branch-pattern is not a regular expression/),
  ]);
});

it('a mention of nobody, for want of a variable, does not keep the message from being sent', async () => {
  expect((await read({ mentions: ['$ONCALL', 'here'] })).mentions).toEqual(['<!here>']);
});

it('an empty variable as the webhook leaves SLACK_WEBHOOK in force', async () => {
  const env = { SLACK_WEBHOOK: 'https://x', EMPTY: '' };
  expect((await read({ webhook: '$EMPTY$NONE' }, env)).target).toEqual({ via: 'webhook', url: 'https://x' });
});
