import { circleCiFacts } from '../base/circleci.ts';
import { UserError } from '../errors.ts';
import { deploymentOutcome } from '../notify/deployment-outcome.ts';
import { type NotifyEvent, notify } from '../notify/notify.ts';
import { ownMessage, recordsMessage, type SlackMessage } from '../notify/slack.ts';
import { notifyEndLines, notifyEventLines } from '../notify/text.ts';
import { type NotifyOptions, notifyOptionSpecs, readNotifyOptions } from '../options/notify-slack.ts';
import { exitCode, type Outcome } from '../outcome.ts';
import { type Line, line, warn } from '../report/line.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';

/** `notify-slack`: one message about the deployment. It never fails a job: its own trouble is a warning. */
export const notifySlackCommand = defineCommand<NotifyOptions>({
  options: notifyOptionSpecs,
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
  takesRest: false,
  check: readNotifyOptions,
  run,
  render: (event) => notifyEventLines(event as NotifyEvent),
});

async function run(options: NotifyOptions, context: CommandContext): Promise<CommandResult> {
  const { records, troubles } = await readRecords(context);
  const outcome = deploymentOutcome(records, options.status ?? (troubles.length > 0 ? 'fail' : undefined));
  if (outcome === undefined) {
    throw new UserError('There is nothing to tell Slack.', {
      code: 'Options',
      why: 'There is no record of a stage, and --status does not say how the job went.',
      fix: 'Pass --record-dir with the folder of the stages, or --status pass or --status fail.',
    });
  }
  const quiet = reasonToBeQuiet(options, outcome.status, context);
  const message = messageOf(options, outcome, context);
  if (quiet === undefined && options.dryRun)
    return dryRunResult([{ action: 'the Slack message', input: message }], troubles);
  if (quiet !== undefined || options.target.via === 'nothing') {
    const why = quiet ?? (options.target.via === 'nothing' ? options.target.missing : '');
    return done([...troubles, line(`No Slack message: ${why}`)], { sent: false, why });
  }
  const result = await notify(message, options.target, context);
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
    return { records: await context.records.all(), troubles: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { records: [], troubles: [warn(`Warning: ${error.message}`), line(`  Why: ${error.why}`)] };
  }
}

function reasonToBeQuiet(
  { event, branchPattern }: NotifyOptions,
  status: 'pass' | 'fail',
  { env }: CommandContext,
): string | undefined {
  if (event !== 'always' && event !== status) return `--event ${event}, and the deployment's status is ${status}`;
  const branch = env.CIRCLE_BRANCH ?? '';
  if (branchPattern !== undefined && !branchPattern.test(branch))
    return `the branch ${branch === '' ? '(none)' : branch} does not match --branch-pattern`;
  return undefined;
}

function messageOf(
  { successMessage, failureMessage, mentions, event }: NotifyOptions,
  outcome: NonNullable<ReturnType<typeof deploymentOutcome>>,
  { env }: CommandContext,
): SlackMessage {
  const called = outcome.status === 'fail' || event === 'pass' ? mentions : [];
  const own = outcome.status === 'fail' ? failureMessage : successMessage;
  return own === undefined ? recordsMessage(outcome, circleCiFacts(env), called) : ownMessage(own, called);
}
