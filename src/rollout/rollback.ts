import { accountOf, familyRevision } from '../base/arn.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import type { RolloutOutcome } from '../records/schema.ts';
import { adopt } from './adopt.ts';
import { carryOut, type Step } from './carry-out.ts';
import { historyOf, isUnderWay, type PastDeployment } from './history.ts';
import { migrationsSince, pastRecords } from './migrations-since.ts';
import type { RolloutDeps, RolloutOptions, ServiceBefore, ServicePlan } from './model.ts';
import type { Observation } from './observe.ts';
import {
  isGoingBack,
  movedImages,
  type OlderRevision,
  revisionBefore,
  revisionNamed,
  servedDigests,
} from './older-revision.ts';
import { planServices } from './plan.ts';
import { type PlannedRequest, requestsFor, updateSteps } from './rollout.ts';
import { findServices } from './services.ts';

/** What rollback-service is asked for. */
export type RollbackOptions = RolloutOptions & { to: string | undefined };

/** A deployment that is under way and is rolled back, or followed where it goes back already. */
interface UnderWay {
  by: 'stop' | 'following';
  seen: Observation;
  deployment: PastDeployment;
}

/** How one service comes back. */
type Way = { by: 'update'; plan: ServicePlan } | UnderWay;

/** What a rollback would send, in order; nothing is changed. */
export async function planRollback(options: RollbackOptions, deps: RolloutDeps): Promise<PlannedRequest[]> {
  return (await waysBack(options, deps)).flatMap((way): PlannedRequest[] => {
    const { plan, name } = way.by === 'update' ? { plan: way.plan, name: way.plan.before.name } : way.seen.own;
    // Where it is carried out, the summary says so.
    if (plan.database !== undefined) deps.emit({ type: 'warning', text: `${name}: ${plan.database}` });
    if (way.by === 'update') return requestsFor(way.plan, options, deps);
    return way.by === 'stop' ? [{ action: 'ecs:StopServiceDeployment', input: stopInput(way.deployment) }] : [];
  });
}

/** Brings an older revision of each service back, follows that and returns how each one ended. */
export async function rollBack(options: RollbackOptions, deps: RolloutDeps): Promise<RolloutOutcome[]> {
  const ways = await waysBack(options, deps);
  const updates = ways.flatMap((way) => (way.by === 'update' ? [way.plan] : []));
  const stops = ways.flatMap((way): Step[] => {
    if (way.by === 'update') return [];
    const { own } = way.seen;
    const begin = async () => {
      if (way.by === 'stop') await stop(own.name, way.deployment, deps);
      return { own, seen: way.seen };
    };
    return [{ plan: own.plan, revision: own.taskDefinitionArn, begin }];
  });
  return carryOut([...stops, ...(await updateSteps(updates, options, deps))], options, deps);
}

async function waysBack(options: RollbackOptions, deps: RolloutDeps): Promise<Way[]> {
  const services = await findServices(options.cluster, options.services, deps);
  const records = await pastRecords(deps);
  const ways: Way[] = [];
  for (const before of services) {
    const history = before.mayReadServiceDeployments ? await historyOf(options.cluster, before.name, deps.aws) : [];
    const place = {
      account: accountOf(before.service.serviceArn ?? ''),
      region: deps.aws.region,
      cluster: options.cluster,
    };
    const { way, sinceMs } = await wayBack(before, history, options, deps);
    const database = migrationsSince(records, place, sinceMs);
    if (way.by === 'update') ways.push({ ...way, plan: { ...way.plan, database } });
    else ways.push({ ...way, seen: withDatabase(way.seen, database) });
  }
  return ways;
}

function withDatabase(seen: Observation, database: string): Observation {
  return { ...seen, own: { ...seen.own, plan: { ...seen.own.plan, database } } };
}

async function wayBack(
  before: ServiceBefore,
  history: readonly PastDeployment[],
  options: RollbackOptions,
  deps: RolloutDeps,
): Promise<{ way: Way; sinceMs: number | undefined }> {
  const { to } = options;
  if (to === undefined && !before.mayReadServiceDeployments) throw notReadable(before);
  const open = to === undefined ? history.find(isUnderWay) : undefined;
  if (open !== undefined) {
    const way = fromUnderWay(before, open, history, deps);
    return { way, sinceMs: way.seen.own.plan.before.primary?.createdAt?.getTime() };
  }
  const older =
    to === undefined ? revisionBefore(history, before.service) : await revisionNamed(to, history, before, deps);
  if (older === undefined) throw nothingBefore(before);
  const plan = await planOlder(before, older, options, deps);
  return { way: { by: 'update', plan }, sinceMs: older.past?.createdAtMs };
}

/** A deployment that is under way is rolled back by ECS, unless it goes back already. */
function fromUnderWay(
  { name, service }: ServiceBefore,
  open: PastDeployment,
  history: readonly PastDeployment[],
  { clock, emit }: RolloutDeps,
): UnderWay {
  const { deploymentId, status, taskDefinition = 'an unknown revision' } = open;
  const adopted = (kind: ServicePlan['kind']): Observation =>
    adopt({ name, service, mayRead: true }, open, kind, clock.now()).seen;
  const rollback = adopted('rollback');
  const tell = (because: string): void => emit({ type: 'deployment-adopted', service: name, deploymentId, because });
  if (status.startsWith('ROLLBACK_')) {
    tell('Amazon ECS rolls it back already');
    return { by: 'following', seen: rollback, deployment: open };
  }
  if (isGoingBack(open, history, rollback.own.plan.before.primary?.taskDefinition)) {
    tell(`it goes back to ${familyRevision(taskDefinition)} already`);
    return { by: 'following', seen: adopted('deployment'), deployment: open };
  }
  return { by: 'stop', seen: rollback, deployment: open };
}

async function planOlder(
  before: ServiceBefore,
  older: OlderRevision,
  options: RollbackOptions,
  deps: RolloutDeps,
): Promise<ServicePlan> {
  const images = await movedImages(older, deps);
  const changes = { ...options.changes, images };
  const taskDefinition = { kind: 'reference' as const, reference: older.taskDefinition };
  // What the records of this workflow would deploy is what is gone back from.
  const [plan] = await planServices([before], { ...options, taskDefinition, changes }, [], deps);
  if (plan === undefined) throw new Error(`There is no plan for ${before.name}.`);
  return { ...plan, digests: new Map([...plan.digests, ...servedDigests(older)]) };
}

const stopInput = ({ serviceDeploymentArn }: PastDeployment) => ({
  serviceDeploymentArn,
  stopType: 'ROLLBACK' as const,
});

/** Asks ECS to roll a deployment back. Whether it did is seen by following it: nothing here is a verdict. */
export async function stop(service: string, deployment: PastDeployment, { aws, emit }: RolloutDeps): Promise<void> {
  emit({ type: 'rolling-back', service, how: 'StopServiceDeployment' });
  try {
    await aws.ecs.stopServiceDeployment(stopInput(deployment));
  } catch (error) {
    const isOver = hasCode(error, 'ConflictException');
    if (!isOver && !(error instanceof TransientError)) throw error;
    emit({ type: 'note', text: `${service}: ${error.message} Following the deployment to see what became of it.` });
  }
}

const notReadable = ({ name }: ServiceBefore): UserError =>
  new UserError(`Which revision ${name} served before is not known.`, {
    code: 'AccessDeniedException',
    why: 'These credentials are not authorized to read its service deployments (ecs:ListServiceDeployments, ecs:DescribeServiceDeployments, ecs:DescribeServiceRevisions).',
    fix: 'Allow them (`migrate-deploy iam-policy --for rollback-service`), or name the revision with --to.',
  });

const nothingBefore = ({ name }: ServiceBefore): UserError =>
  new UserError(`There is no older revision of ${name} to go back to.`, {
    code: 'NoOlderRevision',
    why: 'Amazon ECS remembers no successful deployment (90 days) before that of the revision that the service is set to.',
    fix: 'Name the revision with --to FAMILY:REVISION.',
  });
