import * as v from 'valibot';
import { UserError } from '../errors.ts';
import type { Files } from '../ports.ts';

/** Raised when a change would make an older reader misunderstand a record. */
export const recordSchemaVersion = 1;

const text = v.string();
const moment = v.pipe(v.string(), v.isoTimestamp());
const maybe = <T extends v.GenericSchema>(schema: T) => v.optional(schema);

const base = {
  schemaVersion: v.literal(recordSchemaVersion),
  /** `running` until the verdict stands: a record that stays so belongs to a run that was cut off. */
  status: v.picklist(['running', 'succeeded', 'failed', 'timed-out', 'overtaken', 'interrupted', 'refused']),
  /** Our word for the verdict, e.g. `rolled-back`. */
  verdict: text,
  /** Stable code for programs, e.g. `OUT_OF_MEMORY`. */
  reasonCode: maybe(text),
  /** One sentence for people. */
  reason: maybe(text),
  /** What to do about it. */
  fix: maybe(text),
  exitCode: maybe(v.number()),
  region: maybe(text),
  account: maybe(text),
  startedAt: moment,
  finishedAt: maybe(moment),
  /** Milliseconds of each phase or task state, in order. */
  timingsMs: maybe(v.record(text, v.number())),
  lastLogLines: maybe(v.array(text)),
  ci: maybe(v.record(text, text)),
};

const buildRecord = v.object({
  ...base,
  stage: v.literal('build-and-push-image'),
  repository: text,
  tags: v.array(text),
  /** `repository@sha256:…`: what later stages pin. */
  image: maybe(text),
  digest: maybe(text),
  commit: maybe(text),
});

const container = v.object({
  name: text,
  image: maybe(text),
  imageDigest: maybe(text),
  exitCode: maybe(v.number()),
  reason: maybe(text),
});

const taskMembers = {
  ...base,
  cluster: text,
  taskArn: maybe(text),
  /** ARN of the revision that ran: what the next stage deploys. */
  taskDefinition: maybe(text),
  migrationContainer: maybe(text),
  clientToken: maybe(text),
  startedBy: maybe(text),
  stopCode: maybe(text),
  containers: maybe(v.array(container)),
  logs: maybe(v.array(v.object({ container: text, group: text, stream: text, region: text }))),
  /** Moments of the task's states as ECS told them. */
  timeline: maybe(v.record(text, moment)),
};

const migrationRecord = v.object({ ...taskMembers, stage: v.literal('run-migration-task') });
const waitRecord = v.object({ ...taskMembers, stage: v.literal('wait-for-task') });

const failedTask = v.object({
  taskArn: text,
  stopCode: maybe(text),
  reason: maybe(text),
  containers: maybe(v.array(container)),
  lastLogLines: maybe(v.array(text)),
});

const rolloutRecord = v.object({
  ...base,
  stage: v.literal('update-service-and-verify'),
  cluster: text,
  service: text,
  /** ARN of the revision that was asked for. */
  taskDefinition: maybe(text),
  previousTaskDefinition: maybe(text),
  /** ARN of the revision that serves now, as far as ECS says. */
  servesNow: maybe(text),
  deploymentId: maybe(text),
  serviceDeploymentArn: maybe(text),
  images: maybe(v.array(container)),
  failedTasks: maybe(v.array(failedTask)),
  events: maybe(v.array(text)),
});

const anyRecord = v.variant('stage', [buildRecord, migrationRecord, waitRecord, rolloutRecord]);

export type BuildRecord = v.InferOutput<typeof buildRecord>;
export type MigrationRecord = v.InferOutput<typeof migrationRecord>;
export type WaitRecord = v.InferOutput<typeof waitRecord>;
export type RolloutRecord = v.InferOutput<typeof rolloutRecord>;
export type StageRecord = v.InferOutput<typeof anyRecord>;

/** Where the stages leave their facts for each other; without a folder it keeps nothing and finds nothing. */
export interface RecordStore {
  save(record: StageRecord): Promise<void>;
  /** All records, in order of their file names; a UserError names the file that cannot be used. */
  all(): Promise<StageRecord[]>;
  build(): Promise<BuildRecord | undefined>;
  migration(): Promise<MigrationRecord | undefined>;
}

/** The records in `folder`. */
export function openRecords(folder: string | undefined, files: Files): RecordStore {
  const all = async (): Promise<StageRecord[]> => {
    if (folder === undefined) return [];
    const names = (await files.list(folder)).filter((name) => name.endsWith('.json'));
    return Promise.all(
      names.map(async (name) => parseRecord(`${folder}/${name}`, (await files.read(`${folder}/${name}`)) ?? '')),
    );
  };
  return {
    all,
    save: async (record) => {
      if (folder !== undefined)
        await files.write(`${folder}/${fileName(record)}`, `${JSON.stringify(record, null, 2)}\n`);
    },
    build: async () => (await all()).find((record) => record.stage === 'build-and-push-image'),
    migration: async () => (await all()).find((record) => record.stage === 'run-migration-task'),
  };
}

function fileName(record: StageRecord): string {
  const service =
    record.stage === 'update-service-and-verify' ? `-${record.service.replaceAll(/[^A-Za-z0-9_-]/g, '-')}` : '';
  return `${record.stage}${service}.json`;
}

/** Reads one record; a file that is no record of ours, or of another version, is a UserError. */
export function parseRecord(path: string, contents: string): StageRecord {
  const fix =
    'Give --record-dir a folder that only the stages of this workflow write to, and the same version of migrate-deploy to all of them.';
  let document: unknown;
  try {
    document = JSON.parse(contents);
  } catch (error) {
    throw new UserError(`The record ${path} is not JSON.`, { why: (error as Error).message, fix });
  }
  const result = v.safeParse(anyRecord, document);
  if (result.success) return result.output;
  const why = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`).join('; ');
  throw new UserError(`The record ${path} cannot be used.`, { why, fix });
}
