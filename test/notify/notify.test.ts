import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../local/aws/clock.ts';
import { type FakeSlack, startFakeSlack } from '../../local/slack/fake-slack.ts';
import { systemHttp } from '../../src/node.ts';
import { type NotifyEvent, notify } from '../../src/notify/notify.ts';
import type { SlackTarget } from '../../src/notify/options.ts';
import type { Http } from '../../src/ports.ts';
import { clockOf } from '../support/in-process.ts';

let slack: FakeSlack;
let clock: VirtualClock;
let events: NotifyEvent[];
beforeEach(async () => {
  slack = await startFakeSlack();
  clock = new VirtualClock();
  events = [];
});
afterEach(() => slack.close());

/** The real HTTP, impatient only with a Slack that will stay silent. */
const http: Http = (url, request) =>
  systemHttp(url, slack.faults[0]?.kind === 'hang' ? { ...request, timeoutMs: 50 } : request);
const send = (target?: Exclude<SlackTarget, { via: 'nothing' }>, message = { text: 'デプロイが完了しました' }) =>
  notify(message, target ?? { via: 'webhook', url: slack.webhookUrl }, {
    http,
    clock: clockOf(clock),
    emit: (event) => events.push(event),
  });
const bot = (more: object = {}) => ({
  via: 'bot' as const,
  token: slack.botToken,
  channel: '#deploys',
  apiUrl: slack.apiUrl,
  ...more,
});

describe('a webhook', () => {
  it('takes the message', async () => {
    expect(await send()).toEqual({ sent: true, attempts: 1 });
    expect(slack.messages()).toEqual([{ text: 'デプロイが完了しました' }]);
  });

  it('is asked again after the time that Slack named', async () => {
    slack.faults.push({ kind: 'rate-limited', retryAfterS: 30 });
    const startMs = clock.now();
    expect(await send()).toEqual({ sent: true, attempts: 2 });
    expect(clock.now() - startMs).toBe(30_000);
    expect(events).toEqual([{ type: 'slack-retry', why: 'Slack asked to come back later (429).', waitMs: 30_000 }]);
  });

  it('is never waited for longer than a minute at once', async () => {
    slack.faults.push({ kind: 'rate-limited', retryAfterS: 3_600 });
    const startMs = clock.now();
    expect(await send()).toMatchObject({ sent: true });
    expect(clock.now() - startMs).toBe(60_000);
  });

  it.each([
    ['answers 500', { kind: 'error', status: 500, body: '<html>' }],
    ['hangs', { kind: 'hang' }],
    ['drops the connection', { kind: 'reset' }],
  ] as const)('is asked again when it %s', async (_what, fault) => {
    slack.faults.push(fault);
    expect(await send()).toEqual({ sent: true, attempts: 2 });
  });

  it('is given up after four attempts', async () => {
    slack.faults.push(...Array.from({ length: 4 }, () => ({ kind: 'error' as const, status: 503, body: 'x' })));
    expect(await send()).toMatchObject({ sent: false, code: 'no_answer', why: 'Slack answered 503.', attempts: 4 });
  });

  it.each([
    ['invalid_payload', 400, 'invalid_payload', 'Slack answered invalid_payload.', 'Check the message'],
    ['a revoked webhook', 404, 'no_service', 'Slack answered no_service.', 'Make a new incoming webhook'],
    ['an archived channel', 410, 'channel_is_archived', 'Slack answered channel_is_archived.', 'not archived'],
    ['a page of a proxy', 403, '<html>secret</html>', 'Slack answered HTTP 403.', 'Check the message'],
  ])('refuses for good: %s', async (_what, status, body, why, fix) => {
    slack.faults.push({ kind: 'error', status, body });
    expect(await send()).toMatchObject({ sent: false, why, fix: expect.stringContaining(fix), attempts: 1 });
  });

  it.each(['T0/B0/secretCanary', 'http://hooks.slack.com:abc/secretCanary'])(
    'that is no address is not even tried, and not repeated: %s',
    async (url) => {
      const outcome = await send({ via: 'webhook', url });
      expect(outcome).toMatchObject({ sent: false, code: 'invalid_url', attempts: 0 });
      expect(JSON.stringify(outcome)).not.toContain('secretCanary');
    },
  );
});

it.each([
  ['a port that no web server has', { via: 'webhook' as const, url: 'http://127.0.0.1:9/secretCanary' }],
  [
    'a token of two lines',
    { via: 'bot' as const, token: 'xoxb-1\nsecretCanary', channel: 'c', apiUrl: 'http://localhost' },
  ],
])('%s: Slack is not blamed, and nothing is repeated', async (_what, target) => {
  const outcome = await send(target);
  expect(outcome).toMatchObject({ sent: false, code: 'invalid_request', attempts: 1 });
  expect(JSON.stringify([outcome, events])).not.toContain('secretCanary');
});

describe('a bot', () => {
  it('posts to its channel with its token in the header', async () => {
    expect(await send(bot())).toMatchObject({ sent: true, attempts: 1 });
    expect(slack.messages()).toEqual([{ channel: '#deploys', text: 'デプロイが完了しました' }]);
    expect(slack.deliveries[0]?.authorization).toBe(`Bearer ${slack.botToken}`);
  });

  it.each([
    ['a wrong token', { token: 'xoxb-wrong' }, 'invalid_auth', 'SLACK_ACCESS_TOKEN'],
    ['an unknown channel', { channel: '#nope' }, 'channel_not_found', 'invite the bot'],
  ])('is refused with %s', async (_what, more, code, fix) => {
    expect(await send(bot(more))).toMatchObject({ sent: false, code, fix: expect.stringContaining(fix) });
  });

  it('comes back later when Slack limits the rate in its own way', async () => {
    slack.faults.push({ kind: 'error', status: 200, body: '{"ok":false,"error":"ratelimited"}' });
    expect(await send(bot())).toMatchObject({ sent: true, attempts: 2 });
  });
});
