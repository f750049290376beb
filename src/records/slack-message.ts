import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Files } from '../ports.ts';
import type { RecordStore } from './records.ts';
import { type SlackMessageRecord, schemaVersion, slackMessageSchema } from './schema.ts';

/** What a job knows of the message when it puts it on record. */
export type SlackMessage = Omit<SlackMessageRecord, 'schemaVersion' | 'commit' | 'workflow'>;

const prefix = 'notify-slack.';

/** Whether a file in a folder of records is no Outcome but a Slack message. */
export const isSlackMessage = (name: string): boolean => name.startsWith(prefix);

/** The Slack message in these folders, and where this job puts its own. */
export function slackMessages(
  folder: string | undefined,
  folders: readonly string[],
  files: Files,
  env: Readonly<Record<string, string | undefined>>,
  origin: { commit?: string; workflow?: string },
): Pick<RecordStore, 'slackMessage' | 'saveSlackMessage'> {
  return {
    slackMessage: async (askedChannel, environments) => {
      const paths = await Promise.all(
        folders.map(async (one) => (await files.list(one)).filter(isSlackMessage).map((name) => `${one}/${name}`)),
      );
      const found = await Promise.all(paths.flat().map((path) => read(path, files)));
      const own = found.flatMap((one) => (one === undefined || one.workflow !== origin.workflow ? [] : [one]));
      const messages = own.map((one) => merged(one, own));
      // What tells of another environment, or in another channel, is not ours to write over.
      const isOfOthers = (told: readonly string[]): boolean =>
        told.length > 0 && environments.length > 0 && !told.some((name) => environments.includes(name));
      const fitting = messages.filter(
        (one) => (one.askedChannel ?? askedChannel) === askedChannel && !isOfOthers(one.environments),
      );
      return fitting.toSorted((a, b) => b.postedAt.localeCompare(a.postedAt))[0];
    },
    saveSlackMessage: async (message) => {
      if (folder === undefined) return;
      const job = [env.CIRCLE_JOB, env.CIRCLE_NODE_INDEX, env.CIRCLE_WORKFLOW_JOB_ID].join(' ');
      const digest = createHash('sha256').update(job).digest('hex').slice(0, 8);
      const text = JSON.stringify({ schemaVersion, ...message, ...origin }, null, 2);
      await files.write(`${folder}/${prefix}${digest}.json`, `${text}\n`);
    },
  };
}

/** A message with what all jobs noted of it. */
function merged(message: SlackMessageRecord, noted: readonly SlackMessageRecord[]) {
  const same = noted.filter(({ channel, ts }) => channel === message.channel && ts === message.ts);
  const environments = new Set(same.flatMap((one) => one.environments ?? []));
  return {
    ...message,
    answered: [...new Set(same.flatMap(({ answered }) => answered))],
    environments: [...environments],
  };
}

async function read(path: string, files: Files): Promise<SlackMessageRecord | undefined> {
  try {
    const result = v.safeParse(slackMessageSchema, JSON.parse((await files.read(path)) ?? ''));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
