import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { Files } from '../ports.ts';
import { outcomeSchema, type SlackMessageRecord, schemaVersion, slackMessageSchema } from './schema.ts';

/** Where the stages leave their Outcomes for each other; without a folder it keeps nothing and finds nothing. */
export interface RecordStore {
  /** The folder, as the user named it. */
  readonly folder: string | undefined;
  /** Writes one file a stage and subject, with the commit and the workflow it belongs to. */
  save(outcome: Outcome): Promise<void>;
  /** All records, in order of their file names; a UserError names a file that is unusable or of another commit or workflow. */
  all(): Promise<Outcome[]>;
  /** The newest Slack message of this workflow that a job put on record; what cannot be read or is of another workflow is none. */
  slackMessage(): Promise<SlackMessageRecord | undefined>;
  /** Puts a Slack message on record, in a file of this job's own: jobs side by side never write the same one. */
  saveSlackMessage(message: Omit<SlackMessageRecord, 'schemaVersion' | 'commit' | 'workflow'>): Promise<void>;
}

/** Its files are no Outcomes. */
const messagePrefix = 'notify-slack.';

/** The records in `folder`, of the commit and the workflow that `env` names. */
export function openRecords(
  folder: string | undefined,
  files: Files,
  env: Readonly<Record<string, string | undefined>>,
): RecordStore {
  const origin = originOf(env);
  return {
    folder,
    save: async (outcome) => {
      if (folder === undefined) return;
      const text = JSON.stringify({ ...outcome, ...origin }, null, 2);
      await files.write(`${folder}/${recordName(outcome)}`, `${text}\n`);
    },
    all: async () => {
      if (folder === undefined) return [];
      const names = (await files.list(folder)).filter(
        (name) => name.endsWith('.json') && !name.startsWith(messagePrefix),
      );
      const paths = names.map((name) => `${folder}/${name}`);
      const outcomes = await Promise.all(
        paths.map(async (path) => ({ path, outcome: parseRecord(path, (await files.read(path)) ?? '') })),
      );
      for (const { path, outcome } of outcomes) checkOrigin(path, outcome, origin);
      return outcomes.map(({ outcome }) => outcome);
    },
    slackMessage: async () => {
      if (folder === undefined) return undefined;
      const names = (await files.list(folder)).filter((name) => name.startsWith(messagePrefix));
      const found = await Promise.all(names.map((name) => readMessage(`${folder}/${name}`, files)));
      const own = found.filter((one) => one !== undefined && one.workflow === origin.workflow);
      const [newest] = own.toSorted((a, b) => (b?.postedAt ?? '').localeCompare(a?.postedAt ?? ''));
      if (newest === undefined) return undefined;
      const same = own.filter((one) => one?.ts === newest.ts);
      return { ...newest, answered: [...new Set(same.flatMap((one) => one?.answered ?? []))] };
    },
    saveSlackMessage: async (message) => {
      if (folder === undefined) return;
      const job = [env.CIRCLE_JOB, env.CIRCLE_NODE_INDEX, env.CIRCLE_WORKFLOW_JOB_ID].join(' ');
      const digest = createHash('sha256').update(job).digest('hex').slice(0, 8);
      const text = JSON.stringify({ schemaVersion, ...message, ...origin }, null, 2);
      await files.write(`${folder}/${messagePrefix}${digest}.json`, `${text}\n`);
    },
  };
}

async function readMessage(path: string, files: Files): Promise<SlackMessageRecord | undefined> {
  try {
    const result = v.safeParse(slackMessageSchema, JSON.parse((await files.read(path)) ?? ''));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What the records of one workflow share: reruns of a workflow keep its workspace, and with it this id. */
export function originOf(env: Readonly<Record<string, string | undefined>>): { commit?: string; workflow?: string } {
  const { commit } = circleCiFacts(env);
  const workflow = env.CIRCLE_WORKFLOW_WORKSPACE_ID ?? '';
  return { ...(commit === undefined ? {} : { commit }), ...(workflow === '' ? {} : { workflow }) };
}

function checkOrigin(path: string, record: Outcome, origin: { commit?: string; workflow?: string }): void {
  const wrong = (['workflow', 'commit'] as const).find(
    (name) => origin[name] !== undefined && record[name] !== origin[name],
  );
  if (wrong === undefined) return;
  const words = { workflow: 'workflow (CIRCLE_WORKFLOW_WORKSPACE_ID)', commit: 'commit' }[wrong];
  throw new UserError(`The record ${path} belongs to another ${wrong}.`, {
    code: 'ForeignRecord',
    why: `It was written by ${words} ${record[wrong] ?? 'unknown'}; this job is of ${origin[wrong]}.`,
    fix: `Let --record-dir name a folder that only the stages of this workflow write to; remove ${path}, and do not commit records.`,
  });
}

/** The file name of a record: one a stage and subject, so that jobs side by side never write the same file. */
export function recordName(outcome: Outcome): string {
  const parts = subjectOf(outcome);
  // Two subjects may look alike once they are a file name.
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
  const words = [outcome.stage, ...parts].map((part) => part.replaceAll(/[^A-Za-z0-9_-]+/g, '-')).filter(Boolean);
  return `${words.join('.').slice(0, 180)}.${digest}.json`;
}

function subjectOf(outcome: Outcome): string[] {
  const { account = '', region = '', name = '' } = outcome;
  if (outcome.stage === 'build-and-push-image') return [outcome.repository, name];
  const place = [account, region, resourceName(outcome.cluster)];
  if (outcome.stage === 'run-migration-task') return [...place, outcome.family ?? '', name];
  if (outcome.stage === 'wait-for-task') return [...place, resourceName(outcome.taskArn ?? ''), name];
  return [...place, resourceName(outcome.service), name];
}

/** Reads one record; a file that is no record of ours, or of another version, is a UserError. */
export function parseRecord(path: string, contents: string): Outcome {
  const fix =
    'Give --record-dir a folder that only the stages of this workflow write to, and the same version of migrate-deploy to all of them.';
  let document: unknown;
  try {
    document = JSON.parse(contents);
  } catch (error) {
    throw new UserError(`The record ${path} is not JSON.`, { code: 'Record', why: (error as Error).message, fix });
  }
  const result = v.safeParse(outcomeSchema, document);
  if (result.success) return result.output;
  const why = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`).join('; ');
  throw new UserError(`The record ${path} cannot be used.`, { code: 'Record', why, fix });
}
