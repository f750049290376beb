import { circleCiFacts } from '../base/circleci.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Announce, Clock } from '../ports.ts';
import { type MigrationRecord, type RecordStore, recordSchemaVersion } from '../records/record.ts';
import type { TaskFacts } from '../task/facts.ts';
import { type Outcome, recordMembers } from '../task/outcome.ts';
import type { MigrationEvent } from './events.ts';

/** The record of a migration on its way from `running` to its verdict. */
export interface RecordFile {
  /** What is known before the verdict; a UserError where the folder takes no record. */
  running(facts: TaskFacts & { clientToken?: string }): Promise<void>;
  /** The same once the task runs: from now on trouble with the folder is told and does not end the wait. */
  started(facts: TaskFacts): Promise<void>;
  end(outcome: Outcome, facts: TaskFacts): Promise<Outcome & { record: MigrationRecord }>;
  /** For what the user must fix: the record says so, and goes on naming the task that an earlier run of it left. */
  refused(error: unknown, before: MigrationRecord | undefined): Promise<void>;
}

/** Begins a record; nothing is written yet. */
export function openRecordFile(
  about: { cluster: string; taskDefinition: string; region: string },
  deps: {
    records: RecordStore;
    clock: Clock;
    env: Readonly<Record<string, string | undefined>>;
    announce: Announce<MigrationEvent>;
  },
): RecordFile {
  const { records, clock } = deps;
  let record: MigrationRecord = {
    schemaVersion: recordSchemaVersion,
    stage: 'run-migration-task',
    status: 'running',
    verdict: 'running',
    ...about,
    startedAt: new Date(clock.now()).toISOString(),
    ci: circleCiFacts(deps.env) as Record<string, string>,
  };
  const finish = async (status: MigrationRecord['status'], outcome: Omit<Outcome, 'outcome'>, facts: TaskFacts) => {
    const finishedAt = new Date(clock.now()).toISOString();
    record = { ...record, ...facts, status, verdict: outcome.verdict, finishedAt, ...recordMembers(outcome) };
    await records.save(record);
    return record;
  };
  return {
    running: async (facts) => {
      record = { ...record, ...facts };
      await records.save(record);
    },
    started: async (facts) => {
      record = { ...record, ...facts };
      await records.save(record).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        deps.announce({ type: 'warning', text: `${error.message} ${error.why ?? ''}`.trim() });
      });
    },
    end: async (outcome, facts) => {
      const status = outcome.outcome === 'started' ? 'running' : outcome.outcome;
      return { ...outcome, record: await finish(status, outcome, facts) };
    },
    refused: async (error, before) => {
      if (!(error instanceof UserError) && !(error instanceof TransientError)) return;
      const { code: reasonCode = 'REFUSED', message: cause } = error;
      const told = error instanceof UserError ? { reason: error.why, fix: error.fix } : {};
      const { reason, fix } = told as { reason?: string | undefined; fix?: string | undefined };
      const parts = { ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) };
      const own = record.clientToken ?? before?.clientToken;
      const facts = before?.clientToken === own && record.taskArn === undefined ? taskOf(before) : {};
      await finish('refused', { verdict: 'refused', reasonCode, cause, ...parts }, facts).catch((thrown: unknown) => {
        // Why it was refused matters more than that it cannot be written down.
        if (!(thrown instanceof UserError)) throw thrown;
      });
    },
  };
}

/** What a record must not forget of a task that may still run: by these a later run knows it for its own. */
export function taskOf(
  before: MigrationRecord | undefined,
): Partial<Pick<MigrationRecord, 'taskArn' | 'taskDefinition' | 'clientToken'>> {
  const { taskArn, taskDefinition, clientToken } = before ?? {};
  if (taskArn === undefined || taskDefinition === undefined || clientToken === undefined) return {};
  return { taskArn, taskDefinition, clientToken };
}
