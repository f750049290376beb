import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { Files } from '../ports.ts';
import { outcomeSchema, type SlackMessageRecord } from './schema.ts';
import { isSlackMessage, type SlackMessage, slackMessages } from './slack-message.ts';

/** Where the stages leave their Outcomes for each other; without a folder it keeps nothing and finds nothing. */
export interface RecordStore {
  /** The folders that are read, in words. */
  readonly folder: string | undefined;
  /** Writes one file a stage and subject, with the commit and the workflow it belongs to. */
  save(outcome: Outcome): Promise<void>;
  /** All records, in order of their file names; a UserError names a file that is unusable or of another commit or workflow. */
  all(): Promise<Outcome[]>;
  /**
   * The newest Slack message of this workflow that a job put on record, in this channel and of these environments (REGION/CLUSTER)
   * or of a build alone; what cannot be read or is of another workflow is none.
   */
  slackMessage(askedChannel: string, environments: readonly string[]): Promise<SlackMessageRecord | undefined>;
  /** Puts a Slack message on record, in a file of this job's own: jobs side by side never write the same one. */
  saveSlackMessage(message: SlackMessage): Promise<void>;
  /** Where the records of other jobs lie in a folder of their own: the records of this job alone. Else all of them. */
  ofThisJob(): Promise<Outcome[]>;
}

/**
 * The records in `folderAsGiven`, of the commit and the workflow that `env` names. Those in `fromAsGiven` are read too and
 * nothing is written there, so that a job can hand on what it wrote itself and nothing else.
 */
export function openRecords(
  folderAsGiven: string | undefined,
  files: Files,
  env: Readonly<Record<string, string | undefined>>,
  fromAsGiven?: string | undefined,
): RecordStore {
  const origin = originOf(env);
  const folder = atHome(folderAsGiven, env);
  const from = atHome(fromAsGiven, env);
  const read = async (folders: readonly string[]): Promise<Outcome[]> => {
    const named = await Promise.all(folders.map((one) => recordsIn(one, files)));
    // A record of this folder is the newer one of its subject.
    const found = [...new Map(named.flat().map((record) => [record.name, record])).values()];
    for (const { path, outcome } of found) checkOrigin(path, outcome, origin);
    return found.map(({ outcome }) => outcome);
  };
  const own = folder === undefined ? [] : [folder];
  const others = from === undefined ? [] : [from];
  return {
    folder: [...own, ...others].join(' and ') || undefined,
    save: async (outcome) => {
      if (folder === undefined) return;
      const text = JSON.stringify({ ...outcome, ...origin }, null, 2);
      await files.write(`${folder}/${recordName(outcome)}`, `${text}\n`);
    },
    all: () => read([...others, ...own]),
    ofThisJob: () => read(own),
    ...slackMessages(folder, [...others, ...own], files, env, origin),
  };
}

/** YAML knows no `~`: a path that CircleCI takes so is read as CircleCI reads it. */
function atHome(path: string | undefined, { HOME: home }: Readonly<Record<string, string | undefined>>) {
  return home === undefined ? path : path?.replace(/^~(?=\/|$)/, () => home);
}

async function recordsIn(folder: string, files: Files): Promise<{ name: string; path: string; outcome: Outcome }[]> {
  const names = (await files.list(folder)).filter((name) => name.endsWith('.json') && !isSlackMessage(name));
  return Promise.all(
    names.map(async (name) => {
      const path = `${folder}/${name}`;
      return { name, path, outcome: parseRecord(path, (await files.read(path)) ?? '') };
    }),
  );
}

/** What the records of one workflow share: reruns of a workflow keep its workspace, and with it this id. */
function originOf(env: Readonly<Record<string, string | undefined>>): { commit?: string; workflow?: string } {
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
