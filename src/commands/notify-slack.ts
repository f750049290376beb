import { circleCiFacts } from '../base/circleci.ts';
import { valid } from '../base/parsed.ts';
import { UserError } from '../errors.ts';
import { deploymentOutcome } from '../notify/deployment-outcome.ts';
import { tellLiving } from '../notify/living.ts';
import { type NotifyEvent, notify } from '../notify/notify.ts';
import { mention, reasonOfRef, refPattern, slackMessage, slackTarget } from '../notify/options.ts';
import { ownMessage, recordsMessage, type SlackMessage } from '../notify/slack.ts';
import { choice, flag, group, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { generalOptions } from '../options/shared.ts';
import { exitCode, type Outcome } from '../outcome.ts';
import { concerning } from '../records/fitting.ts';
import { type Line, line, warn } from '../report/line.ts';
import { notifyEndLines, notifyEventLines } from '../report/notify-text.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';

const trimmed = (given: string) => valid(given.trim());

/** The options of notify-slack. A destination that is not set up is no mistake: forks and branches often have none. */
export const notifySlackOptions = {
  ...group('Slack', {
    webhook: text({
      placeholder: 'URL',
      describe: 'Incoming webhook that takes the message.',
      variables: ['SLACK_WEBHOOK'],
      secret: true,
      mayBeEmpty: true,
      parse: trimmed,
    }),
    botToken: text({
      placeholder: 'TOKEN',
      describe:
        'Token of a bot with chat:write, where there is no webhook: with --record-dir the stages then keep one message up to date. Better given in the environment.',
      variables: ['SLACK_ACCESS_TOKEN'],
      secret: true,
      mayBeEmpty: true,
      parse: trimmed,
    }),
    channel: text({
      placeholder: 'ID|#NAME',
      describe: 'Channel that the bot of SLACK_ACCESS_TOKEN writes to.',
      variables: ['SLACK_DEFAULT_CHANNEL'],
      mayBeEmpty: true,
      parse: trimmed,
    }),
    slackApiUrl: text({
      default: 'https://slack.com/api',
      placeholder: 'URL',
      describe: 'Slack’s Web API, for GovSlack or a proxy.',
      mayBeEmpty: true,
      parse: (url) => valid(url.trim().replace(/\/+$/, '')),
    }),
  }),
  ...group('Message', {
    status: choice(['pass', 'fail'], {
      describe: 'How the job went. A record that says otherwise makes it fail.',
      otherwise: 'what the records in --record-dir say',
    }),
    event: choice(['always', 'pass', 'fail'], { default: 'always', describe: 'When to send.' }),
    successMessage: text({
      placeholder: 'TEXT',
      describe: 'Text instead of the one made from the records; \\n breaks the line, $VAR is always replaced.',
      mayBeEmpty: true,
      expandsItself: true,
    }),
    failureMessage: text({
      placeholder: 'TEXT',
      describe: 'The same for a failure.',
      mayBeEmpty: true,
      expandsItself: true,
    }),
    branchPattern: text({
      placeholder: 'REGEX',
      describe: 'Send only when the whole branch name matches.',
      mayBeEmpty: true,
      parse: refPattern,
    }),
    tagPattern: text({
      placeholder: 'REGEX',
      describe: 'Send only when the whole name of the git tag matches, where a tag was pushed.',
      mayBeEmpty: true,
      parse: refPattern,
    }),
    invertMatch: flag({ describe: 'Send only when --branch-pattern and --tag-pattern do not match.' }),
    mentions: names({
      placeholder: 'WHO',
      describe:
        'Whom a failure mentions (with --event pass: a success): here, channel, a user id U…, a group id S…, or @name.',
      mayBeEmpty: true,
      parse: mention,
    }),
  }),
  ...generalOptions,
};
type NotifySlackOptions = ValuesOf<typeof notifySlackOptions>;

/**
 * `notify-slack`: one message about the deployment; with a bot token and records each stage brings it up to date. It never
 * fails a job: its own trouble is a warning.
 */
export const notifySlackCommand = defineCommand({
  options: notifySlackOptions,
  examples: [
    [
      '$0 notify-slack --record-dir deploy',
      'Tells what the records of the stages say, to the webhook in SLACK_WEBHOOK.',
    ],
    [
      "$0 notify-slack --status fail --failure-message ':circleci-fail: $CIRCLE_BRANCH' --event fail",
      'A text of your own, only when it failed.',
    ],
  ],
  run,
  render: (event) => notifyEventLines(event as NotifyEvent),
});

async function run(options: NotifySlackOptions, context: CommandContext): Promise<CommandResult> {
  const { records, troubles } = await readRecords(context);
  const outcome = deploymentOutcome(records, options.status ?? (troubles.length > 0 ? 'fail' : undefined));
  if (outcome === undefined) {
    throw new UserError('There is nothing to tell Slack.', {
      code: 'Options',
      why: 'There is no record of a stage, and --status does not say how the job went.',
      fix: 'Pass --record-dir with the folder of the stages, or --status pass or --status fail.',
    });
  }
  const target = slackTarget(options);
  const quiet = reasonToBeQuiet(options, outcome.status, context);
  // What later stages can find again, they bring up to date.
  const isLiving = target.via === 'bot' && context.records.folder !== undefined;
  const message = messageOf(options, outcome, context, isLiving);
  if (quiet === undefined && options.dryRun) {
    return dryRunResult([{ action: 'the Slack message', input: message }], troubles);
  }
  if (quiet !== undefined || target.via === 'nothing') {
    const why = quiet ?? (target.via === 'nothing' ? target.missing : '');
    return done([...troubles, line(`No Slack message: ${why}`)], { sent: false, why });
  }
  const result =
    target.via === 'bot' && isLiving
      ? await tellLiving(message, outcome, target, context)
      : await notify(message, target, context);
  return done([...troubles, ...notifyEndLines(result)], { status: outcome.status, ...result });
}

const done = (lines: Line[], document: object): CommandResult => ({
  exitCode: exitCode.done,
  lines,
  document: { exitCode: exitCode.done, ...document },
});

/** Records that cannot be read are told, and do not keep the team from hearing that something went wrong. */
async function readRecords(context: CommandContext): Promise<{ records: Outcome[]; troubles: Line[] }> {
  try {
    const [own, all] = await Promise.all([context.records.ofThisJob(), context.records.all()]);
    return { records: concerning(own, all), troubles: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { records: [], troubles: [warn(`Warning: ${error.message}`), line(`  Why: ${error.why}`)] };
  }
}

function reasonToBeQuiet(
  options: NotifySlackOptions,
  status: 'pass' | 'fail',
  { env }: CommandContext,
): string | undefined {
  const { event } = options;
  if (event !== 'always' && event !== status) return `--event ${event}, and the deployment's status is ${status}`;
  return reasonOfRef(options, env);
}

function messageOf(
  { successMessage, failureMessage, mentions, event }: NotifySlackOptions,
  outcome: NonNullable<ReturnType<typeof deploymentOutcome>>,
  { env }: CommandContext,
  living: boolean,
): SlackMessage {
  const called = outcome.status === 'fail' || event === 'pass' ? mentions : [];
  const own = slackMessage(outcome.status === 'fail' ? failureMessage : successMessage, env);
  return own === undefined ? recordsMessage(outcome, circleCiFacts(env), called, { living }) : ownMessage(own, called);
}
