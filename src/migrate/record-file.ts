import { circleCiFacts } from '../domain/circleci.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { type MigrationRecord, type RecordStore, recordSchemaVersion } from '../record.ts';
import { type Outcome, recordMembers } from './result.ts';
import type { TaskFacts } from './task-record.ts';

/** The record of a migration on its way from `running` to its verdict. */
export interface RecordFile {
  /** What is known before the verdict. */
  note(facts: TaskFacts & { clientToken?: string }): void;
  running(facts: TaskFacts): Promise<void>;
  end(outcome: Outcome, facts: TaskFacts): Promise<Outcome & { record: MigrationRecord }>;
  /** For what the user must fix: the record says so, whatever it said before. */
  refused(error: unknown): Promise<void>;
}

/** Begins a record; nothing is written yet. */
export function openRecordFile(
  about: { cluster: string; taskDefinition: string; region: string },
  deps: { records: RecordStore; clock: Clock; env: Readonly<Record<string, string | undefined>> },
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
    note: (facts) => {
      record = { ...record, ...facts };
    },
    running: async (facts) => {
      record = { ...record, ...facts };
      await records.save(record);
    },
    end: async (outcome, facts) => {
      const status = outcome.outcome === 'started' ? 'running' : outcome.outcome;
      return { ...outcome, record: await finish(status, outcome, facts) };
    },
    refused: async (error) => {
      if (!(error instanceof UserError) && !(error instanceof TransientError)) return;
      const { code: reasonCode = 'REFUSED', message: cause } = error;
      const told = error instanceof UserError ? { reason: error.why, fix: error.fix } : {};
      const { reason, fix } = told as { reason?: string | undefined; fix?: string | undefined };
      const parts = { ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) };
      await finish('refused', { verdict: 'refused', reasonCode, cause, ...parts }, {});
    },
  };
}
