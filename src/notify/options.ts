import { expandVariables } from '../base/expand.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { escapeSlack } from './slack-markup.ts';

/** Where a message goes: its address or token is never printed. */
export type SlackTarget =
  | { via: 'webhook'; url: string }
  | { via: 'bot'; token: string; channel: string; apiUrl: string }
  | { via: 'nothing'; missing: string };

/** The destination that the options name. */
export function slackTarget(given: {
  webhook: string | undefined;
  botToken: string | undefined;
  channel: string | undefined;
  slackApiUrl: string;
}): SlackTarget {
  const { webhook, botToken: token, channel, slackApiUrl: apiUrl } = given;
  if (webhook !== undefined) return { via: 'webhook', url: webhook };
  if (token !== undefined && channel !== undefined) return { via: 'bot', token, channel, apiUrl };
  const missing =
    token === undefined
      ? 'neither a webhook (--webhook, SLACK_WEBHOOK) nor a bot token (--bot-token, SLACK_ACCESS_TOKEN) is set'
      : 'there is a bot token but no channel (--channel, SLACK_DEFAULT_CHANNEL)';
  return { via: 'nothing', missing };
}

/**
 * The message as Slack shall see it: the text is the user's markup, what variables put into it is not. Undefined where
 * nothing is left of it: the message made from the records is better than none.
 */
export function slackMessage(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const escaped = Object.fromEntries(
    Object.entries(env).map(([variable, value]) => [variable, escapeSlack(value ?? '')]),
  );
  const { text } = expandVariables((given ?? '').replaceAll('\\n', '\n'), escaped);
  return text.trim() === '' ? undefined : text;
}

/** Reads a regular expression for the whole name of a branch or tag. */
export function refPattern(given: string): Parsed<RegExp> {
  try {
    return valid(new RegExp(`^(?:${given.trim()})$`));
  } catch (error) {
    return wrong(`is not a regular expression: ${(error as Error).message}`);
  }
}

/** Why nothing is sent from this branch or tag, if so; the pattern of the other kind says nothing about it. */
export function reasonOfRef(
  {
    branchPattern,
    tagPattern,
    invertMatch,
  }: { branchPattern: RegExp | undefined; tagPattern: RegExp | undefined; invertMatch: boolean },
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const tag = env.CIRCLE_TAG ?? '';
  const isTag = tag !== '' && (tagPattern !== undefined || (env.CIRCLE_BRANCH ?? '') === '');
  const pattern = isTag ? tagPattern : branchPattern;
  const ref = isTag ? tag : (env.CIRCLE_BRANCH ?? '');
  if (pattern === undefined || pattern.test(ref) !== invertMatch) return undefined;
  const what = isTag ? 'tag' : 'branch';
  const name = `the ${what} ${ref === '' ? '(none)' : ref}`;
  return invertMatch
    ? `${name} matches --${what}-pattern, and --invert-match is set`
    : `${name} does not match --${what}-pattern`;
}

/** Reads whom to mention, into Slack's own form. */
export function mention(who: string): Parsed<string> {
  const name = who.trim().replace(/^@/, '');
  if (['here', 'channel', 'everyone'].includes(name)) return valid(`<!${name}>`);
  if (/^[UW][A-Z0-9]{5,}$/.test(name)) return valid(`<@${name}>`);
  if (/^S[A-Z0-9]{5,}$/.test(name)) return valid(`<!subteam^${name}>`);
  return name === '' ? wrong('must be a name behind @') : valid(`@${escapeSlack(name)}`);
}
