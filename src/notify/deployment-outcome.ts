import type { StageRecord } from '../records/record.ts';

/** What the records of all stages say together. */
export interface DeploymentOutcome {
  status: 'pass' | 'fail';
  /** The records that count, in the order of the stages. */
  stages: StageRecord[];
  /** Those that went wrong; none where only the job says so. */
  failed: StageRecord[];
}

const order = ['build-and-push-image', 'run-migration-task', 'wait-for-task', 'update-service-and-verify'] as const;

/**
 * Judges the deployment: one stage that did not succeed makes it fail, whatever the job says of itself.
 * A wait that was resumed speaks for the migration that was cut off. Undefined where nobody says anything.
 */
export function deploymentOutcome(
  records: readonly StageRecord[],
  said: 'pass' | 'fail' | undefined,
): DeploymentOutcome | undefined {
  if (records.length === 0 && said === undefined) return undefined;
  const resumed = new Set(
    records.flatMap((record) => (record.stage === 'wait-for-task' ? (record.taskArn ?? []) : [])),
  );
  const stages = records
    .filter((record) => record.stage !== 'run-migration-task' || !resumed.has(record.taskArn ?? ''))
    .sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  const failed = stages.filter(({ status }) => status !== 'succeeded');
  return { status: failed.length > 0 || said === 'fail' ? 'fail' : 'pass', stages, failed };
}
