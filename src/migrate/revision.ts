import { TransientError, UserError } from '../errors.ts';
import { type DefinitionDocument, sameDefinition } from '../task-definition/pin.ts';
import { registerRevision } from '../task-definition/register.ts';
import type { MigrateDeps } from './migrate.ts';
import type { MigrationPlan } from './plan.ts';
import { refused } from './start.ts';

/** The revision that the task runs. */
export interface Revision {
  arn: string;
  /** We registered it, for this task alone. */
  isNew: boolean;
}

/** Registers the plan's document; the family's latest revision is used where it is the same already. */
export async function register(plan: MigrationPlan, { aws, emit }: MigrateDeps): Promise<Revision> {
  if (plan.register === undefined) return { arn: plan.request.taskDefinition, isNew: false };
  const latest = await aws.ecs.describeTaskDefinition(plan.family);
  if (sameDefinition(latest.taskDefinition as DefinitionDocument, plan.register as DefinitionDocument)) {
    return { arn: latest.taskDefinition.taskDefinitionArn ?? '', isNew: false };
  }
  const arn = await registerRevision(plan.register, aws).catch((error: unknown) => {
    throw refused(error, plan.request);
  });
  emit({ type: 'revision-registered', taskDefinitionArn: arn });
  return { arn, isNew: true };
}

/** A revision that no task ever ran must not become the family's latest for others. */
export async function deregister({ arn, isNew }: Revision, { aws, emit }: MigrateDeps): Promise<void> {
  if (!isNew) return;
  try {
    await aws.ecs.deregisterTaskDefinition(arn);
    emit({ type: 'revision-deregistered', taskDefinitionArn: arn });
  } catch (error) {
    if (!(error instanceof UserError || error instanceof TransientError)) throw error;
    const why = error instanceof UserError ? (error.why ?? error.message) : error.message;
    const text = `${arn} stays the latest revision of its family although its task never ran: it could not be deregistered. ${why}`;
    emit({ type: 'warning', text });
  }
}
