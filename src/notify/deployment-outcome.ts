import { isGreen, type Outcome } from '../outcome.ts';
import { settled } from '../records/fitting.ts';

/** What the Outcomes of all stages say together. */
export interface DeploymentOutcome {
  status: 'pass' | 'fail';
  /** The Outcomes that count, in the order of the stages. */
  stages: Outcome[];
  /** Those that went wrong; none where only the job says so. */
  failed: Outcome[];
}

const order: readonly Outcome['stage'][] = [
  'build-and-push-image',
  'run-migration-task',
  'wait-for-task',
  'update-service-and-verify',
  'continue-deployment',
  'rollback-service',
];

/**
 * Judges the deployment: one stage that is not green makes it fail, whatever the job says of itself.
 * Undefined where nobody says anything.
 */
export function deploymentOutcome(
  records: readonly Outcome[],
  said: 'pass' | 'fail' | undefined,
): DeploymentOutcome | undefined {
  if (records.length === 0 && said === undefined) return undefined;
  const stages = settled(records).sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  // A task that was started and never waited for proves nothing to the team.
  const failed = stages.filter((outcome) => !isGreen(outcome) || isOpenMigration(outcome));
  return { status: failed.length > 0 || said === 'fail' ? 'fail' : 'pass', stages, failed };
}

const isOpenMigration = ({ stage, verdict }: Outcome): boolean =>
  stage === 'run-migration-task' && verdict === 'started';
