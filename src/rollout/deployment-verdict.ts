import { codeOf, explained, noReason } from './explain.ts';
import { superseded } from './service-deployment-verdict.ts';
import type { DeploymentSnapshot, RolloutVerdict, ServiceSnapshot } from './snapshot.ts';

/** What tells our deployment from those before and after it. */
export interface OwnFacts {
  deploymentId: string | undefined;
  createdAtMs: number;
  /** Ids of the deployments that were there before ours: none of them can supersede it. */
  idsBefore: ReadonlySet<string>;
  /** Ours stood in an answer of DescribeServices. */
  wasSeen: boolean;
  /** For how many milliseconds answers have shown an older PRIMARY and not ours, after ours was seen. */
  awayMs: number;
}

/** A stale read may hide a deployment that was seen already, but not for long. */
const staleForMs = 30_000;

/**
 * Judges by `deployments[]` alone, by the id of our deployment: for those who are not authorized to read service
 * deployments. A rollback brings the old deployment back with its old id (reference §3.4).
 */
export function deploymentVerdict(service: ServiceSnapshot, own: OwnFacts): RolloutVerdict {
  if (service.status === 'INACTIVE' || service.status === 'DRAINING') return deleted(service.status);
  const { deployments = [] } = service;
  const mine = deployments.find(({ id }) => id !== undefined && id === own.deploymentId);
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  if (mine === undefined) return gone(service, primary, own);
  if (mine.status === 'PRIMARY') return primaryVerdict(service, mine);
  const failure = failureOf(service, own);
  const other = failure === undefined ? otherFailureIn(service, own) : undefined;
  if (other !== undefined && mine.rolloutState !== 'FAILED') return superseded(other, undefined);
  const isFailed = mine.rolloutState === 'FAILED' || failure !== undefined;
  if (!isFailed && !isRollingBack(primary) && !isOlder(primary, own)) return superseded(primary?.id, undefined);
  const said = isRollingBack(primary) ? primary?.rolloutStateReason : (failure ?? mine.rolloutStateReason);
  if (!isGoneBack(service, primary, own, said)) return failed(said);
  return rolledBack(primary?.rolloutState === 'COMPLETED' && isFailed ? 'done' : 'in-progress', said);
}

function deleted(status: string): RolloutVerdict {
  const explanation = {
    code: 'SERVICE_DELETED',
    cause: `The service is ${status}: it was deleted.`,
    fix: 'Create the service again, then deploy.',
  };
  return { verdict: 'failed', explanation };
}

function primaryVerdict(service: ServiceSnapshot, mine: DeploymentSnapshot): RolloutVerdict {
  switch (mine.rolloutState) {
    case 'COMPLETED':
      return { verdict: 'deployed' };
    case 'FAILED': {
      return failed(mine.rolloutStateReason ?? noReason);
    }
    case undefined: {
      // Behind a Classic Load Balancer there is no rollout state; counts are all there is.
      const { desiredCount, runningCount, pendingCount = 0 } = mine;
      const isFull = desiredCount !== undefined && runningCount === desiredCount && pendingCount === 0;
      return { verdict: isFull && service.deployments?.length === 1 ? 'deployed' : 'running' };
    }
    default:
      return { verdict: 'running' };
  }
}

/** Ours is not in the list: not visible yet, or already forgotten. */
function gone(service: ServiceSnapshot, primary: DeploymentSnapshot | undefined, own: OwnFacts): RolloutVerdict {
  if (primary === undefined) return { verdict: 'running' };
  const failure = failureOf(service, own);
  const other = failure === undefined ? otherFailureIn(service, own) : undefined;
  if (other !== undefined) return superseded(other, undefined);
  if (isRollingBack(primary) && !wasBefore(primary, own)) return rolledBack('in-progress', primary.rolloutStateReason);
  if (failure !== undefined) {
    if (!isGoneBack(service, primary, own, failure)) return failed(failure);
    return rolledBack(primary.rolloutState === 'COMPLETED' ? 'done' : 'in-progress', failure);
  }
  if (!isOlder(primary, own)) return superseded(primary.id, undefined);
  // An older deployment is PRIMARY: ECS went back to it, or this answer is older than ours.
  const isBack = own.wasSeen && (isTouchedSince(primary, own) || own.awayMs >= staleForMs);
  return isBack ? rolledBack('done', undefined) : { verdict: 'running' };
}

function failed(said: string | undefined): RolloutVerdict {
  return { verdict: 'failed', explanation: explained(codeOf({}, said ?? ''), said) };
}

/** Whether ECS went back after a failure. Where no rollback is configured and none shows, somebody else deployed since. */
function isGoneBack(
  service: ServiceSnapshot,
  primary: DeploymentSnapshot | undefined,
  own: OwnFacts,
  said: string | undefined,
): boolean {
  const { deploymentConfiguration: configuration } = service;
  const { deploymentCircuitBreaker: breaker, alarms } = configuration ?? {};
  // Each has a switch of its own: what alarms roll back, failed tasks may not.
  const ended = codeOf({}, said ?? '') === 'ALARM' ? alarms : breaker;
  const isConfigured = configuration === undefined || ended?.rollback === true;
  const isTold = service.events?.some(({ message = '' }) => /rolling back to deployment/i.test(message));
  return isConfigured || isTold === true || isRollingBack(primary) || isOlder(primary, own);
}

function rolledBack(phase: 'in-progress' | 'done', said: string | undefined): RolloutVerdict {
  return { verdict: 'rolled-back', phase, explanation: explained(codeOf({}, said ?? ''), said) };
}

/** Nothing is left of a rollback that is long done but what the events tell. */
const failureOf = ({ events }: ServiceSnapshot, { deploymentId }: OwnFacts): string | undefined =>
  deploymentId === undefined
    ? undefined
    : events?.find(({ message = '' }) => message.includes(`(deployment ${deploymentId}) deployment failed`))?.message;

/** The deployment that failed since ours began, neither ours nor one of before: it had replaced ours, and the rollback is its own. */
function otherFailureIn({ events = [] }: ServiceSnapshot, own: OwnFacts): string | undefined {
  const failed = events
    .filter(({ createdAt }) => createdAt !== undefined && createdAt.getTime() >= own.createdAtMs)
    .flatMap(({ message = '' }) => /\(deployment (ecs-svc\/\d+)\) deployment failed/.exec(message)?.[1] ?? []);
  return failed.find((id) => id !== own.deploymentId && !own.idsBefore.has(id));
}

const isRollingBack = (deployment: DeploymentSnapshot | undefined): boolean =>
  /rolling back to deployment/i.test(deployment?.rolloutStateReason ?? '');

/** Whether a deployment was there before ours. */
export const isOlder = (deployment: DeploymentSnapshot | undefined, own: OwnFacts): boolean =>
  deployment !== undefined &&
  (own.idsBefore.has(deployment.id ?? '') ||
    (deployment.createdAt !== undefined && deployment.createdAt.getTime() < own.createdAtMs));

/** An old answer may show the rollback of a deployment that came before ours. */
const wasBefore = (primary: DeploymentSnapshot, own: OwnFacts): boolean =>
  isOlder(primary, own) && primary.updatedAt !== undefined && !isTouchedSince(primary, own);

const isTouchedSince = ({ updatedAt }: DeploymentSnapshot, { createdAtMs }: OwnFacts): boolean =>
  updatedAt !== undefined && updatedAt.getTime() > createdAtMs;

/** Whether no task but those of our deployment is left; a deployment that failed may stand in the list without any. */
export function isDrained(service: ServiceSnapshot | undefined, deploymentId: string | undefined): boolean {
  const { deployments = [] } = service ?? {};
  const mine = deployments.find(({ id }) => id === deploymentId);
  const hasTasks = ({ runningCount, pendingCount = 0 }: DeploymentSnapshot): boolean =>
    runningCount !== 0 || pendingCount !== 0;
  const others = deployments.filter((one) => one !== mine);
  return mine !== undefined && mine.rolloutState !== 'IN_PROGRESS' && !others.some(hasTasks);
}
