import { expandVariables } from '../base/expand.ts';
import { escapeSlack } from '../notify/slack-markup.ts';
import { type CommonOptions, generalOptionSpecs, readCommonOptions } from './common.ts';
import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';

/** Where a message goes: its address or token is never printed. */
export type SlackTarget =
  | { via: 'webhook'; url: string }
  | { via: 'bot'; token: string; channel: string; apiUrl: string }
  | { via: 'nothing'; missing: string };

/** Checked options of notify-slack. */
export interface NotifyOptions extends CommonOptions {
  target: SlackTarget;
  /** What the job says of itself, where it was told. */
  status: 'pass' | 'fail' | undefined;
  event: 'always' | 'pass' | 'fail';
  successMessage: string | undefined;
  failureMessage: string | undefined;
  branchPattern: RegExp | undefined;
  mentions: string[];
}

const message = 'Message';
const target = 'Slack';

export const notifyOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'webhook',
    kind: 'string',
    group: target,
    placeholder: 'URL',
    describe: 'Incoming webhook that takes the message.',
    default: 'SLACK_WEBHOOK',
  },
  {
    name: 'bot-token',
    kind: 'string',
    group: target,
    placeholder: 'TOKEN',
    describe: 'Token of a bot with chat:write, where there is no webhook. Better given in the environment.',
    default: 'SLACK_ACCESS_TOKEN',
  },
  {
    name: 'channel',
    kind: 'string',
    group: target,
    placeholder: 'ID|#NAME',
    describe: 'Channel that the bot writes to.',
    default: 'SLACK_DEFAULT_CHANNEL',
  },
  {
    name: 'slack-api-url',
    kind: 'string',
    group: target,
    placeholder: 'URL',
    describe: 'Slack’s Web API, for GovSlack or a proxy.',
    default: 'https://slack.com/api',
  },
  {
    name: 'status',
    kind: 'choice',
    choices: ['pass', 'fail'],
    group: message,
    describe: 'How the job went. A record that says otherwise makes it fail.',
    default: 'what the records in --record-dir say',
  },
  {
    name: 'event',
    kind: 'choice',
    choices: ['always', 'pass', 'fail'],
    group: message,
    describe: 'When to send.',
    default: 'always',
  },
  {
    name: 'success-message',
    kind: 'string',
    group: message,
    placeholder: 'TEXT',
    describe: 'Text instead of the one made from the records; \\n breaks the line, $VAR is always replaced.',
  },
  {
    name: 'failure-message',
    kind: 'string',
    group: message,
    placeholder: 'TEXT',
    describe: 'The same for a failure.',
  },
  {
    name: 'branch-pattern',
    kind: 'string',
    group: message,
    placeholder: 'REGEX',
    describe: 'Send only when the whole branch name matches.',
  },
  {
    name: 'mentions',
    kind: 'names',
    group: message,
    placeholder: 'WHO',
    describe:
      'Whom a failure mentions (with --event pass: a success): here, channel, a user id U…, a group id S…, or @name.',
  },
  ...generalOptionSpecs,
];

/** Reads `notifyOptionSpecs`. */
export function readNotifyOptions(reader: OptionReader): NotifyOptions {
  return {
    ...readCommonOptions(reader),
    target: readTarget(reader),
    status: reader.choice('status', ['pass', 'fail']),
    event: reader.choice('event', ['always', 'pass', 'fail']) ?? 'always',
    successMessage: readMessage(reader, 'success-message'),
    failureMessage: readMessage(reader, 'failure-message'),
    branchPattern: readPattern(reader),
    mentions: reader
      .optionalNames('mentions')
      .map(mention)
      .filter((text) => text !== ''),
  };
}

/** A destination that is not set up is no mistake: forks and branches often have none. */
function readTarget(reader: OptionReader): SlackTarget {
  const { env } = reader;
  const url = reader.optional('webhook') ?? set(env.SLACK_WEBHOOK);
  if (url !== undefined) return { via: 'webhook', url };
  const token = reader.optional('bot-token') ?? set(env.SLACK_ACCESS_TOKEN);
  const channel = reader.optional('channel') ?? set(env.SLACK_DEFAULT_CHANNEL);
  const apiUrl = (reader.optional('slack-api-url') ?? 'https://slack.com/api').replace(/\/+$/, '');
  if (token !== undefined && channel !== undefined) return { via: 'bot', token, channel, apiUrl };
  const missing =
    token === undefined
      ? 'neither a webhook (--webhook, SLACK_WEBHOOK) nor a bot token (--bot-token, SLACK_ACCESS_TOKEN) is set'
      : 'there is a bot token but no channel (--channel, SLACK_DEFAULT_CHANNEL)';
  return { via: 'nothing', missing };
}

const set = (value: string | undefined): string | undefined =>
  (value ?? '').trim() === '' ? undefined : value?.trim();

/** The message as Slack shall see it: the text is the user's markup, what variables put into it is not. */
function readMessage(reader: OptionReader, name: string): string | undefined {
  const given = reader.given(name);
  if (given === undefined) return undefined;
  const escaped = Object.fromEntries(
    Object.entries(reader.env).map(([variable, value]) => [variable, escapeSlack(value ?? '')]),
  );
  const message = expandVariables(given.replaceAll('\\n', '\n'), escaped);
  // Nothing but a variable that this job has not: the message made from the records is better than none.
  return message.trim() === '' ? undefined : message;
}

function readPattern(reader: OptionReader): RegExp | undefined {
  const pattern = reader.optional('branch-pattern');
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    reader.complain(`--branch-pattern is not a regular expression: ${(error as Error).message}`);
    return undefined;
  }
}

function mention(who: string): string {
  const name = who.trim().replace(/^@/, '');
  if (['here', 'channel', 'everyone'].includes(name)) return `<!${name}>`;
  if (/^[UW][A-Z0-9]{5,}$/.test(name)) return `<@${name}>`;
  if (/^S[A-Z0-9]{5,}$/.test(name)) return `<!subteam^${name}>`;
  return name === '' ? '' : `@${escapeSlack(name)}`;
}
