import { optional } from '../base/optional.ts';
import { own } from '../base/own.ts';
import { TransientError } from '../errors.ts';
import type { Clock, Emit, Http } from '../ports.ts';
import type { SlackTarget } from './options.ts';
import type { SlackMessage } from './slack.ts';

/** What became of a message. A refusal is a fact to report, never a reason to fail a deployment. */
export type NotifyOutcome =
  /** `channel` and `ts` name a message that the Web API took. */
  | { sent: true; attempts: number; channel?: string; ts?: string }
  | { sent: false; code: string; why: string; fix: string; attempts: number };

export interface NotifyEvent {
  type: 'slack-retry';
  why: string;
  waitMs: number;
}

export interface NotifyDeps {
  http: Http;
  clock: Clock;
  emit: Emit<NotifyEvent>;
}

/** A call of the Web API beside that of a new message: one that changes a message, or answers it in its thread. */
export type SlackCall = { update: { channel: string; ts: string } } | { replyTo: { channel: string; ts: string } };

type Answer =
  | { end: 'sent'; channel?: string; ts?: string }
  | { end: 'refused'; code: string }
  | { end: 'later'; why: string; waitMs?: number };

const attemptsAtMost = 4;
const timeoutMs = 10_000;
const longestWaitMs = 60_000;

/** Sends one message; waits as long as Slack asks for (a minute at most) and tries again where that may help. */
export async function notify(
  message: SlackMessage,
  target: Exclude<SlackTarget, { via: 'nothing' }>,
  { http, clock, emit }: NotifyDeps,
  call?: SlackCall,
): Promise<NotifyOutcome> {
  const address = addressOf(target, call);
  if (!/^https?:\/\/[^/]+\//.test(address) || !URL.canParse(address)) return refused('invalid_url', 0);
  for (let attempt = 1; ; attempt++) {
    const answer = await send(address, message, target, http, call);
    if (answer.end === 'sent') {
      const { channel, ts } = answer;
      return { sent: true, attempts: attempt, ...optional('channel', channel), ...optional('ts', ts) };
    }
    if (answer.end === 'refused') return refused(answer.code, attempt);
    if (attempt >= attemptsAtMost) {
      const fix = 'Look at https://slack-status.com, and whether this job can reach Slack.';
      return { sent: false, code: 'no_answer', why: answer.why, fix, attempts: attempt };
    }
    const waitMs = Math.min(longestWaitMs, answer.waitMs ?? 1_000 * 2 ** (attempt - 1));
    emit({ type: 'slack-retry', why: answer.why, waitMs });
    await clock.sleep(waitMs);
  }
}

function addressOf(target: Exclude<SlackTarget, { via: 'nothing' }>, call: SlackCall | undefined): string {
  if (target.via === 'webhook') return target.url;
  return `${target.apiUrl}/${call !== undefined && 'update' in call ? 'chat.update' : 'chat.postMessage'}`;
}

function addressee(channel: string, call: SlackCall | undefined): object {
  if (call === undefined) return { channel };
  if ('update' in call) return { channel: call.update.channel, ts: call.update.ts };
  return { channel: call.replyTo.channel, thread_ts: call.replyTo.ts };
}

async function send(
  address: string,
  message: SlackMessage,
  target: Exclude<SlackTarget, { via: 'nothing' }>,
  http: Http,
  call: SlackCall | undefined,
): Promise<Answer> {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    ...(target.via === 'bot' ? { authorization: `Bearer ${target.token}` } : {}),
  };
  const body = JSON.stringify(target.via === 'bot' ? { ...addressee(target.channel, call), ...message } : message);
  try {
    const answer = await http(address, { method: 'POST', headers, body, timeoutMs });
    return judge(answer, target.via);
  } catch (error) {
    // Node itself refuses to send this: a port that is never used for the web, a header that cannot be written.
    if (error instanceof TransientError && error.code === 'TypeError') return { end: 'refused', code: unsendable };
    if (error instanceof TransientError) return { end: 'later', why: `Slack did not answer (${error.code}).` };
    throw error;
  }
}

function judge(
  { status, headers, body }: { status: number; headers: Record<string, string>; body: string },
  via: 'webhook' | 'bot',
): Answer {
  const retryAfterS = Number(headers['retry-after']);
  const waitMs = Number.isFinite(retryAfterS) && retryAfterS > 0 ? { waitMs: retryAfterS * 1_000 } : {};
  if (status === 429) return { end: 'later', why: 'Slack asked to come back later (429).', ...waitMs };
  if (status >= 500) return { end: 'later', why: `Slack answered ${status}.`, ...waitMs };
  if (via === 'webhook') {
    return status >= 200 && status < 300 ? { end: 'sent' } : { end: 'refused', code: codeIn(body, status) };
  }
  const { ok, error, channel, ts } = parse(body);
  if (ok === true) {
    const isNamed = typeof channel === 'string' && typeof ts === 'string';
    return { end: 'sent', ...(isNamed ? { channel, ts } : {}) };
  }
  if (error === 'ratelimited') return { end: 'later', why: 'Slack asked to come back later (ratelimited).', ...waitMs };
  return { end: 'refused', code: typeof error === 'string' ? codeIn(error, status) : `HTTP ${status}` };
}

function parse(body: string): { ok?: unknown; error?: unknown; channel?: unknown; ts?: unknown } {
  try {
    return JSON.parse(body) as ReturnType<typeof parse>;
  } catch {
    return {};
  }
}

/** Slack names its refusals in one word; anything longer (a proxy's page) is not repeated. */
function codeIn(body: string, status: number): string {
  const word = body.trim();
  return /^[a-z_]{2,60}$/.test(word) ? word : `HTTP ${status}`;
}

/** Our own word, where Slack was never asked. */
const unsendable = 'invalid_request';

const revoked = 'Make a new incoming webhook in Slack and put it into SLACK_WEBHOOK of the CircleCI context.';
const badToken = 'Put a valid bot token (xoxb-…) into SLACK_ACCESS_TOKEN of the CircleCI context.';
const fixes: Readonly<Record<string, string>> = {
  [unsendable]:
    'Check the address of the webhook (or --slack-api-url), and that the bot token is one line without blanks.',
  invalid_url:
    'Give --webhook (SLACK_WEBHOOK) the whole address of an incoming webhook, https://hooks.slack.com/services/….',
  no_service: revoked,
  no_service_id: revoked,
  no_team: revoked,
  team_disabled: revoked,
  invalid_token: revoked,
  action_prohibited: 'Ask an administrator of the Slack workspace: it does not let this webhook post.',
  channel_not_found: 'Check --channel, and invite the bot to it.',
  not_in_channel: 'Invite the bot to the channel.',
  channel_is_archived: 'Post to a channel that is not archived.',
  is_archived: 'Post to a channel that is not archived.',
  invalid_auth: badToken,
  not_authed: badToken,
  token_revoked: badToken,
  token_expired: badToken,
  account_inactive: badToken,
  missing_scope: 'Give the bot the scope chat:write and install it again.',
};

function refused(code: string, attempts: number): NotifyOutcome {
  const fix = own(fixes, code) ?? 'Check the message and the destination.';
  const ours: Readonly<Record<string, string>> = {
    invalid_url: 'The webhook is not an address.',
    [unsendable]: 'The request to Slack cannot be made.',
  };
  const why = own(ours, code) ?? `Slack answered ${code}.`;
  return { sent: false, code, why, fix, attempts };
}
