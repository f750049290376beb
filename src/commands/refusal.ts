import { circleCiFacts } from '../base/circleci.ts';
import { UserError } from '../errors.ts';
import { explanationOf, type Outcome } from '../outcome.ts';
import {
  type BuildOutcome,
  type MigrationOutcome,
  type RolloutOutcome,
  schemaVersion,
  type WaitOutcome,
} from '../records/schema.ts';
import type { CommandContext } from './command.ts';

/** What a stage's record says before anything was looked up: which stage, and the names that the options hold. */
export type StageNames =
  | Pick<BuildOutcome, 'stage' | 'repository' | 'tags'>
  | Pick<MigrationOutcome, 'stage' | 'cluster' | 'taskDefinition' | 'family' | 'name' | 'region'>
  | Pick<WaitOutcome, 'stage' | 'cluster' | 'taskArn' | 'region'>
  | Pick<RolloutOutcome, 'stage' | 'cluster' | 'service' | 'region'>;

export interface RefusalDeps extends Pick<CommandContext, 'records' | 'clock' | 'env'> {
  startedAtMs: number;
}

/** For a name that the options should have held and did not. */
export const unnamed = 'unknown';

/**
 * Puts on record what the user must fix, so that the team hears the reason also of a stage that never began. Records that
 * this run has begun itself keep what they know; those it has ended stay as they are.
 */
export async function recordRefusal(error: unknown, stages: readonly StageNames[], deps: RefusalDeps): Promise<void> {
  const explanation = explanationOf(error);
  if (explanation === undefined || stages.length === 0) return;
  const { clock, env, records, startedAtMs } = deps;
  const ended = { verdict: 'refused', explanation, finishedAt: new Date(clock.now()).toISOString() } as const;
  try {
    const begun = await begunRecords(stages, deps);
    const open = begun.filter(({ verdict }) => verdict === 'running');
    const fresh = begun.length > 0 ? [] : stages;
    const startedAt = new Date(startedAtMs).toISOString();
    const ci = circleCiFacts(env) as Record<string, string>;
    for (const names of fresh) await records.save({ schemaVersion, startedAt, ...names, ...ended, ci });
    for (const record of open) await records.save({ ...record, ...ended });
  } catch (thrown) {
    // A folder that cannot be written to must not hide why the stage was refused.
    if (!(thrown instanceof UserError)) throw thrown;
  }
}

/** The records of these stages that this run wrote. */
async function begunRecords(stages: readonly StageNames[], { records, startedAtMs }: RefusalDeps): Promise<Outcome[]> {
  const all = await records.all().catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
  return all.filter(
    ({ stage, startedAt }) => stages.some((one) => one.stage === stage) && Date.parse(startedAt) >= startedAtMs,
  );
}
