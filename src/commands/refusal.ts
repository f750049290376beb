import { familyOf } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { optional } from '../base/optional.ts';
import { UserError } from '../errors.ts';
import { explanationOf, type Outcome } from '../outcome.ts';
import { isSameSubject } from '../records/fitting.ts';
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
  const shared = { schemaVersion, startedAt: new Date(startedAtMs).toISOString(), ci: circleCiFacts(env) } as const;
  try {
    const begun = await begunRecords(deps);
    for (const names of stages) {
      const refused: Outcome = { ...shared, ...known(names, env), ...ended };
      const own = begun.filter((record) => isSameSubject(record, refused));
      const open = own.filter(({ verdict }) => verdict === 'running').map((record) => ({ ...record, ...ended }));
      for (const record of own.length === 0 ? [refused] : open) await records.save(record);
    }
  } catch (thrown) {
    // A folder that cannot be written to must not hide why the stage was refused.
    if (!(thrown instanceof UserError)) throw thrown;
  }
}

/** The records that were begun since this run began. */
async function begunRecords({ records, startedAtMs }: RefusalDeps): Promise<Outcome[]> {
  const all = await records.all().catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
  return all.filter(({ startedAt }) => Date.parse(startedAt) >= startedAtMs);
}

/** The names with what the environment and they themselves tell: it makes the file that a later run of the stage writes. */
function known(names: StageNames, env: RefusalDeps['env']): StageNames {
  const region = [env.AWS_REGION, env.AWS_DEFAULT_REGION].find((one) => one !== undefined && one !== '');
  if (names.stage === 'build-and-push-image') return names;
  const placed = { ...optional('region', region), ...names };
  if (placed.stage !== 'run-migration-task' || placed.taskDefinition === undefined) return placed;
  return { family: familyOf(placed.taskDefinition), ...placed };
}
