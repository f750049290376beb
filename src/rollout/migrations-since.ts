import { familyRevision, resourceName, taskId } from '../base/arn.ts';
import { dateText } from '../base/duration.ts';
import { UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { isOfPlace, type Place, settled } from '../records/fitting.ts';
import type { TaskOutcome } from '../records/schema.ts';
import type { RolloutDeps } from './model.ts';

/** Records for looking back; those of another workflow, as a rollback pipeline finds them, are none. */
export async function pastRecords({ records }: Pick<RolloutDeps, 'records'>): Promise<Outcome[]> {
  try {
    return await records.all();
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** What a rollback leaves in the database: the migrations that ran since the older revision was deployed, as far as records tell. */
export function migrationsSince(records: readonly Outcome[], place: Place, sinceMs: number | undefined): string {
  const migrations = settled(records).filter(
    (record): record is TaskOutcome =>
      record.stage === 'run-migration-task' &&
      record.taskArn !== undefined &&
      isOfPlace(record, place) &&
      Date.parse(record.startedAt) > (sinceMs ?? 0),
  );
  const stays = 'The database is not rolled back';
  if (migrations.length === 0) return `${stays}. No record says whether a migration ran since.`;
  return `${stays}: ${migrations.map(named).join('; ')}. The older revision must be able to work with that.`;
}

function named({
  name,
  taskDefinition,
  family = 'unknown',
  taskArn = '',
  cluster,
  startedAt,
  verdict,
}: TaskOutcome): string {
  const what = taskDefinition === undefined ? family : familyRevision(taskDefinition);
  const step = name === undefined ? '' : ` (${name})`;
  return `the migration of ${what}${step} on ${resourceName(cluster)} ran since, at ${dateText(startedAt)}, and ${verdict === 'succeeded' ? verdict : `is ${verdict}`} (task ${taskId(taskArn)})`;
}
