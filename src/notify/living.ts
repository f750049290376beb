import { resourceName } from '../base/arn.ts';
import type { Outcome } from '../outcome.ts';
import { type RecordStore, recordName } from '../records/records.ts';
import type { SlackMessageRecord } from '../records/schema.ts';
import type { DeploymentOutcome } from './deployment-outcome.ts';
import { type NotifyDeps, type NotifyOutcome, notify } from './notify.ts';
import type { SlackTarget } from './options.ts';
import { logReply, type SlackMessage } from './slack.ts';

/** Codes of chat.update for a message that is gone or cannot be changed any more (docs.slack.dev: chat.update). */
const gone: readonly string[] = [
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
  'update_failed',
];

/**
 * Posts the message of a deployment, or brings the one up to date that an earlier stage posted; then answers it with the
 * last lines of each stage that failed, once. Its trouble is returned: the next stage tries again.
 */
export async function tellLiving(
  message: SlackMessage,
  { stages, failed }: DeploymentOutcome,
  target: Extract<SlackTarget, { via: 'bot' }>,
  { records, ...deps }: NotifyDeps & { records: RecordStore },
): Promise<NotifyOutcome> {
  const environments = environmentsOf(stages);
  const known = await records.slackMessage(target.channel, environments);
  const updated = known === undefined ? undefined : await notify(message, target, deps, { update: known });
  const isGone = updated?.sent === false && gone.includes(updated.code);
  const result = updated === undefined || isGone ? await notify(message, target, deps) : updated;
  const posted = result === updated ? known : placeOf(result, deps);
  if (!result.sent || posted === undefined) return result;
  const answered = await answerIn(posted, failed, target, deps);
  const isTold = environments.every((name) => posted.environments?.includes(name));
  if (posted !== known || answered.length > posted.answered.length || !isTold) {
    const { channel, ts, postedAt } = posted;
    await records.saveSlackMessage({ channel, ts, postedAt, answered, askedChannel: target.channel, environments });
  }
  return result;
}

/** Where the stages took place; a build has no place. */
const environmentsOf = (stages: readonly Outcome[]): string[] => [
  ...new Set(
    stages.flatMap((stage) => ('cluster' in stage ? [`${stage.region ?? ''}/${resourceName(stage.cluster)}`] : [])),
  ),
];

type Place = Pick<SlackMessageRecord, 'channel' | 'ts' | 'postedAt' | 'answered' | 'environments'>;

function placeOf(result: NotifyOutcome, { clock }: NotifyDeps): Place | undefined {
  if (!result.sent || result.channel === undefined || result.ts === undefined) return undefined;
  const { channel, ts } = result;
  return { channel, ts, postedAt: new Date(clock.now()).toISOString(), answered: [] };
}

/** What is answered now; an answer that Slack did not take is tried again by the next stage. */
async function answerIn(
  { channel, ts, answered }: Place,
  failed: readonly Outcome[],
  target: Extract<SlackTarget, { via: 'bot' }>,
  deps: NotifyDeps,
): Promise<string[]> {
  const all = [...answered];
  for (const record of failed.slice(0, 10)) {
    // A run again of the stage fails anew.
    const name = `${recordName(record)} ${record.startedAt}`;
    const reply = logReply(record);
    if (reply === undefined || all.includes(name)) continue;
    const { sent } = await notify(reply, target, deps, { replyTo: { channel, ts } });
    if (sent) all.push(name);
  }
  return all;
}
