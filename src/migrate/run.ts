import { circleCiFacts } from '../base/circleci.ts';
import { optional } from '../base/optional.ts';
import { UserError } from '../errors.ts';
import { type MigrationOutcome, schemaVersion } from '../records/schema.ts';
import type { TaskResult } from '../task/outcome.ts';
import type { MigrateDeps } from './migrate.ts';
import type { MigrateOptions } from './options.ts';

/** One run: what is known of it so far becomes its Outcome and its record. */
export interface Run {
  leftMs(): number;
  know(facts: Partial<TaskResult>): void;
  outcome(result: TaskResult): MigrationOutcome;
  /** The Outcome of the end, on record; trouble with the folder is a warning, the verdict stands. */
  end(result: TaskResult): Promise<MigrationOutcome>;
  /** The same for what is known before the end. */
  keep(): Promise<void>;
}

/** Begins a run; nothing is written yet. */
export function openRun(options: MigrateOptions, { clock, aws, env, records, emit }: MigrateDeps): Run {
  const startMs = clock.now();
  let known: Partial<TaskResult> = {};
  const outcome = (result: TaskResult): MigrationOutcome => ({
    schemaVersion,
    stage: 'run-migration-task',
    region: aws.region,
    cluster: options.cluster,
    startedAt: new Date(startMs).toISOString(),
    ...optional('taskDefinition', options.taskDefinition),
    ...optional('name', options.name),
    ...known,
    ...result,
    ci: circleCiFacts(env) as Record<string, string>,
  });
  const save = async (record: MigrationOutcome): Promise<void> => {
    await records.save(record).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      emit({ type: 'warning', text: `${error.message} ${error.why ?? ''}`.trim() });
    });
  };
  return {
    leftMs: () => Math.max(0, options.waiting.timeoutMs - (clock.now() - startMs)),
    know: (facts) => {
      known = { ...known, ...facts };
    },
    outcome,
    keep: () => save(outcome({ verdict: 'running' })),
    end: async (result) => {
      const ended = outcome({ ...result, finishedAt: new Date(clock.now()).toISOString() });
      await save(ended);
      return ended;
    },
  };
}
