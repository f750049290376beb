import { circleCiFacts } from '../base/circleci.ts';
import { TransientError, UserError } from '../errors.ts';
import { taskOf } from '../migrate/record-file.ts';
import type { BuildRecord, MigrationRecord, RolloutRecord, StageRecord, WaitRecord } from '../records/record.ts';
import type { CommandContext } from './command.ts';

/** What a stage's record says before anything was looked up: which stage, and the names that the options hold. */
export type StageNames =
  | Pick<BuildRecord, 'stage' | 'repository' | 'tags' | 'commit'>
  | Pick<MigrationRecord, 'stage' | 'cluster' | 'taskDefinition'>
  | Pick<WaitRecord, 'stage' | 'cluster' | 'taskArn'>
  | Pick<RolloutRecord, 'stage' | 'cluster' | 'service'>;

export interface RefusalDeps extends Pick<CommandContext, 'records' | 'clock' | 'env'> {
  startedAtMs: number;
}

/** For a name that the options should have held and did not. */
export const unnamed = 'unknown';

/**
 * Puts on record what the user must fix, so that the team hears the reason also of a stage that never began; what an
 * earlier run left there no longer counts. What this run wrote itself keeps its members, and stays if it is at its end.
 */
export async function recordRefusal(error: unknown, stages: readonly StageNames[], deps: RefusalDeps): Promise<void> {
  if (!(error instanceof UserError) && !(error instanceof TransientError)) return;
  try {
    if (stages.length === 0) return;
    const all = await deps.records.all();
    const own = all.filter(({ startedAt }) => Date.parse(startedAt) >= deps.startedAtMs);
    for (const names of stages) {
      const before = own.find((record) => isSame(record, names));
      const task = names.stage === 'run-migration-task' ? taskOf(all.find(isMigration)) : {};
      if (before !== undefined && before.status !== 'running') continue;
      await deps.records.save({ ...(before ?? { ...names, ...task }), ...refusal(error, deps) } as StageRecord);
    }
  } catch (thrown) {
    // A folder that cannot be written to, or that holds what is no record, must not hide why the stage was refused.
    if (!(thrown instanceof UserError)) throw thrown;
  }
}

const isMigration = (record: StageRecord): record is MigrationRecord => record.stage === 'run-migration-task';

function isSame(record: StageRecord, names: StageNames): boolean {
  if (record.stage !== names.stage) return false;
  return !('service' in record) || !('service' in names) || record.service === names.service;
}

function refusal(error: UserError | TransientError, { clock, env, startedAtMs }: RefusalDeps) {
  const why = error instanceof UserError ? error.why : undefined;
  const fix = error instanceof UserError ? error.fix : undefined;
  const ci = circleCiFacts(env);
  return {
    schemaVersion: 1 as const,
    status: 'refused' as const,
    verdict: 'refused',
    reasonCode: error.code ?? 'REFUSED',
    reason: why === undefined ? error.message : `${error.message} ${why.trim()}`,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(clock.now()).toISOString(),
    ...(fix === undefined ? {} : { fix }),
    ...(Object.keys(ci).length === 0 ? {} : { ci }),
  };
}
