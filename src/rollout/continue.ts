import { accountOf } from '../base/arn.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { isOfPlace } from '../records/fitting.ts';
import type { RolloutOutcome } from '../records/schema.ts';
import { adopt } from './adopt.ts';
import { carryOut, type Step } from './carry-out.ts';
import { historyOf, isUnderWay, type PastDeployment } from './history.ts';
import { migrationsSince, pastRecords } from './migrations-since.ts';
import type { RolloutDeps, RolloutOptions, ServiceBefore } from './model.ts';
import { type Observation, primaryOf } from './observe.ts';
import { stop } from './rollback.ts';
import type { PlannedRequest } from './rollout.ts';
import { findServices } from './services.ts';

/** What continue-deployment is asked for. */
export type ContinueOptions = RolloutOptions & { action: 'continue' | 'rollback' };

/** One service with the deployment that is under way, and the hooks that wait for an answer. */
interface Waiting {
  seen: Observation;
  /** Undefined where the rollout of this workflow has ended without a pause. */
  deployment: PastDeployment | undefined;
  hookIds: string[];
}

/** What answering would send; nothing is changed. */
export async function planContinue(options: ContinueOptions, deps: RolloutDeps): Promise<PlannedRequest[]> {
  return (await allWaiting(options, deps)).flatMap(({ seen, deployment, hookIds }): PlannedRequest[] => {
    if (deployment === undefined) return [];
    const { name, plan } = seen.own;
    // Where it is carried out, the summary says so.
    if (plan.database !== undefined) deps.emit({ type: 'warning', text: `${name}: ${plan.database}` });
    const { serviceDeploymentArn } = deployment;
    if (hookIds.length === 0 && options.action === 'rollback') {
      return [{ action: 'ecs:StopServiceDeployment', input: { serviceDeploymentArn, stopType: 'ROLLBACK' } }];
    }
    return hookIds.map((hookId) => ({
      action: 'ecs:ContinueServiceDeployment',
      input: answerInput(deployment, hookId, options.action),
    }));
  });
}

/** Answers the pause hooks of each service, follows the deployment and returns how each one ended. */
export async function continueDeployments(options: ContinueOptions, deps: RolloutDeps): Promise<RolloutOutcome[]> {
  const steps = (await allWaiting(options, deps)).map((one): Step => {
    const { own } = one.seen;
    const begin = async () => {
      await answer(one, options, deps);
      return { own, seen: one.seen };
    };
    return { plan: own.plan, revision: own.taskDefinitionArn, begin };
  });
  return carryOut(steps, options, deps);
}

async function allWaiting(options: ContinueOptions, deps: RolloutDeps): Promise<Waiting[]> {
  const services = await findServices(options.cluster, options.services, deps);
  const records = await pastRecords(deps);
  const found: Waiting[] = [];
  for (const before of services) found.push(await waiting(before, records, options, deps));
  return found;
}

async function waiting(
  before: ServiceBefore,
  records: readonly Outcome[],
  { cluster, action }: ContinueOptions,
  deps: RolloutDeps,
): Promise<Waiting> {
  const { name, service, mayReadServiceDeployments: mayRead } = before;
  const { aws, clock, emit } = deps;
  if (!mayRead) throw notReadable(before);
  const deployment = (await historyOf(cluster, name, aws)).find(isUnderWay);
  if (deployment === undefined) {
    const primary = primaryOf(service);
    if (action === 'rollback' || !hasEnded(before, records, cluster, deps)) throw nothingUnderWay(before, action);
    emit({ type: 'note', text: `${name}: its rollout ended without a pause; there is nothing to continue.` });
    const standing = {
      deploymentId: primary?.id ?? '',
      createdAtMs: primary?.createdAt?.getTime() ?? 0,
      taskDefinition: primary?.taskDefinition,
    };
    const { seen } = adopt({ name, service, mayRead }, standing, 'unchanged', clock.now());
    return { seen, deployment, hookIds: [] };
  }
  const kind = action === 'rollback' ? 'rollback' : 'deployment';
  const { seen } = adopt({ name, service, mayRead }, deployment, kind, clock.now());
  const { serviceDeployments = [] } = await aws.ecs.describeServiceDeployments({
    serviceDeploymentArns: [deployment.serviceDeploymentArn],
  });
  if (action === 'rollback') {
    const place = { account: accountOf(service.serviceArn ?? ''), region: aws.region, cluster };
    const { plan } = seen.own;
    plan.database = migrationsSince(records, place, plan.before.primary?.createdAt?.getTime());
  }
  const hooks = serviceDeployments[0]?.lifecycleHookDetails ?? [];
  const hookIds = hooks.flatMap(({ hookId, status }) =>
    status === 'AWAITING_ACTION' && hookId !== undefined ? [hookId] : [],
  );
  return { seen, deployment, hookIds };
}

/** Whether the rollout of this workflow is over and its revision is what the service is set to. */
function hasEnded(
  { name, service }: ServiceBefore,
  records: readonly Outcome[],
  cluster: string,
  { aws }: RolloutDeps,
): boolean {
  const place = { account: accountOf(service.serviceArn ?? ''), region: aws.region, cluster };
  const primary = primaryOf(service);
  return records.some(
    (record) =>
      record.stage === 'update-service-and-verify' &&
      isOfPlace(record, place) &&
      record.service === name &&
      ['deployed', 'unchanged'].includes(record.verdict) &&
      record.taskDefinition === primary?.taskDefinition &&
      primary?.rolloutState === 'COMPLETED',
  );
}

const answerInput = ({ serviceDeploymentArn }: PastDeployment, hookId: string, action: ContinueOptions['action']) => ({
  serviceDeploymentArn,
  hookId,
  action: action === 'continue' ? ('CONTINUE' as const) : ('ROLLBACK' as const),
});

/** Answers every hook that waits; with none that waits the deployment goes on by itself, or is rolled back all the same. */
async function answer(
  { seen, deployment, hookIds }: Waiting,
  { action }: ContinueOptions,
  deps: RolloutDeps,
): Promise<void> {
  const { emit, aws } = deps;
  const { name: service } = seen.own;
  if (deployment === undefined) return;
  if (deployment.status.startsWith('ROLLBACK_')) {
    emit({ type: 'note', text: `${service}: Amazon ECS rolls the deployment back already.` });
    return;
  }
  let isAnswered = false;
  for (const hookId of hookIds) {
    emit({ type: 'hook-answered', service, hookId, action });
    seen.answered.add(hookId);
    try {
      await aws.ecs.continueServiceDeployment(answerInput(deployment, hookId, action));
      isAnswered = true;
    } catch (error) {
      // Somebody else, its time-out or our own request, whose answer was lost, came first: following shows which.
      const isPast = hasCode(error, 'ConflictException', 'InvalidParameterException');
      if (!isPast && !(error instanceof TransientError)) throw error;
      emit({ type: 'note', text: `${service}: ${error.message}` });
      isAnswered ||= error instanceof TransientError;
    }
    // One answer of ROLLBACK ends them all.
    if (isAnswered && action === 'rollback') return;
  }
  if (isAnswered) return;
  if (action === 'rollback') await stop(service, deployment, deps);
  else emit({ type: 'note', text: `${service}: no hook waits for an answer; following the deployment as it goes.` });
}

const notReadable = ({ name }: ServiceBefore): UserError =>
  new UserError(`Whether ${name} is paused is not known.`, {
    code: 'AccessDeniedException',
    why: 'These credentials are not authorized to read its service deployments (ecs:ListServiceDeployments, ecs:DescribeServiceDeployments, ecs:DescribeServiceRevisions).',
    fix: 'Allow them: `migrate-deploy iam-policy --for continue-deployment` prints the policy.',
  });

const nothingUnderWay = ({ name }: ServiceBefore, action: ContinueOptions['action']): UserError =>
  new UserError(
    `No deployment of ${name} is under way: there is nothing to ${action === 'continue' ? 'continue' : 'roll back'}.`,
    {
      code: 'NotPaused',
      why: 'It has ended, or its pause hook was not answered in time.',
      fix: `\`migrate-deploy status\` shows how it ended${action === 'continue' ? '' : '; `migrate-deploy rollback-service` brings back the revision that served before'}.`,
    },
  );
