import type { DeploymentSnapshot, ServiceDeploymentSnapshot, ServiceSnapshot } from './snapshot.ts';

/** A hook that waits for somebody. */
export interface Pause {
  hookId: string;
  stage: string | undefined;
  expiresAt: Date | undefined;
  timeoutAction: string;
}

/** How far ECS has come with taking our deployment back. */
export type RollbackPhase = 'requested' | 'in-progress' | 'done' | 'failed';

/** What became of our deployment, or that it is still going. */
export type RolloutVerdict =
  | { verdict: 'going'; isVisible: boolean }
  | { verdict: 'paused'; pause: Pause }
  /** Ours serves; with `drained` the old tasks are gone too. */
  | { verdict: 'landed'; drained: boolean }
  | { verdict: 'failed'; code: string; reason: string }
  | {
      verdict: 'rolled-back';
      phase: RollbackPhase;
      reason: string;
      /** The service revision that comes back, where ECS says it. */
      toRevision?: string;
    }
  | { verdict: 'overtaken'; reason: string; by?: string };

/** What we know of our deployment apart from the snapshots. */
export interface Ours {
  deploymentId: string;
  /** The PRIMARY before our update. */
  baselineId: string | undefined;
  /** A service deployment that began after ours exists. */
  newer?: string | undefined;
}

const going = (isVisible: boolean): RolloutVerdict => ({ verdict: 'going', isVisible });

/** Judges our service deployment: the record that keeps a rollback and an overtaking apart. */
export function serviceDeploymentVerdict(
  record: ServiceDeploymentSnapshot,
  service: ServiceSnapshot | undefined,
  ours: Ours,
): RolloutVerdict {
  const reason = record.statusReason ?? record.rollback?.reason ?? 'Amazon ECS gave no reason.';
  const toRevision = record.rollback?.serviceRevisionArn;
  const rolledBack = (phase: RollbackPhase): RolloutVerdict => ({
    verdict: 'rolled-back',
    phase,
    reason,
    ...(toRevision === undefined ? {} : { toRevision }),
  });
  switch (record.status) {
    case 'SUCCESSFUL':
      return { verdict: 'landed', drained: isDrained(service, ours.deploymentId) };
    case 'ROLLBACK_REQUESTED':
      return rolledBack('requested');
    case 'ROLLBACK_IN_PROGRESS':
      return rolledBack('in-progress');
    case 'ROLLBACK_SUCCESSFUL':
      return rolledBack('done');
    case 'ROLLBACK_FAILED':
      return rolledBack('failed');
    case 'STOP_REQUESTED':
    case 'STOPPED':
      return stopped(record, reason, ours);
    default: {
      const pause = pauseOf(record);
      return pause === undefined ? going(true) : { verdict: 'paused', pause };
    }
  }
}

/** A deployment is stopped by a newer one, or by its own failure where no rollback is configured. */
function stopped(record: ServiceDeploymentSnapshot, reason: string, ours: Ours): RolloutVerdict {
  const isOwnFault =
    record.deploymentCircuitBreaker?.status === 'TRIGGERED' ||
    record.alarms?.status === 'TRIGGERED' ||
    /circuit breaker|alarm|hook\(s\) failed|networking configuration/i.test(record.statusReason ?? '');
  if (isOwnFault) return { verdict: 'failed', code: codeOf(record, reason), reason };
  if (ours.newer !== undefined) return { verdict: 'overtaken', reason, by: ours.newer };
  // The newer record can be late: only the final state is believed without it.
  if (record.status !== 'STOPPED') return going(true);
  if (/newer service deployment/i.test(record.statusReason ?? '')) return { verdict: 'overtaken', reason };
  return { verdict: 'failed', code: 'STOPPED', reason };
}

function pauseOf(record: ServiceDeploymentSnapshot): Pause | undefined {
  const hook = record.lifecycleHookDetails?.find(({ status }) => status === 'AWAITING_ACTION');
  if (hook === undefined) return undefined;
  return {
    hookId: hook.hookId ?? '',
    stage: record.lifecycleStage,
    expiresAt: hook.expiresAt,
    timeoutAction: hook.timeoutAction ?? 'ROLLBACK',
  };
}

/** Our stable code for why a deployment failed. */
export function codeOf(record: ServiceDeploymentSnapshot, reason: string): string {
  if (record.alarms?.status === 'TRIGGERED' || /alarm/i.test(reason)) return 'ALARM';
  if (record.deploymentCircuitBreaker?.status === 'TRIGGERED' || /circuit breaker/i.test(reason))
    return 'CIRCUIT_BREAKER';
  if (/hook/i.test(reason)) return 'LIFECYCLE_HOOK';
  if (/networking configuration/i.test(reason)) return 'NETWORK_CONFIGURATION';
  return /rollback was requested|user/i.test(reason) ? 'ROLLBACK_REQUESTED' : 'ROLLED_BACK';
}

/** Judges by `deployments[]` alone, for those who may not read service deployments, by the id of our deployment. */
export function deploymentVerdict(service: ServiceSnapshot, ours: Ours): RolloutVerdict {
  if (service.status === 'INACTIVE' || service.status === 'DRAINING') {
    return { verdict: 'failed', code: 'SERVICE_DELETED', reason: `The service is ${service.status}: it was deleted.` };
  }
  const { deployments = [] } = service;
  const mine = deployments.find(({ id }) => id === ours.deploymentId);
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  if (mine === undefined) return gone(service, primary, ours);
  if (mine.status === 'PRIMARY') return primaryVerdict(service, mine, ours);
  const reason = primary?.rolloutStateReason ?? mine.rolloutStateReason ?? 'Amazon ECS gave no reason.';
  if (isRollingBack(primary)) return { verdict: 'rolled-back', phase: 'in-progress', reason };
  // Whoever is PRIMARY now: a deployment that says FAILED did not merely lose its turn.
  if (mine.rolloutState === 'FAILED') {
    return { verdict: 'rolled-back', phase: 'done', reason: mine.rolloutStateReason ?? reason };
  }
  return overtaken(primary);
}

function primaryVerdict(service: ServiceSnapshot, mine: DeploymentSnapshot, ours: Ours): RolloutVerdict {
  switch (mine.rolloutState) {
    case 'COMPLETED':
      return { verdict: 'landed', drained: isDrained(service, ours.deploymentId) };
    case 'FAILED': {
      const reason = mine.rolloutStateReason ?? 'Amazon ECS gave no reason.';
      return { verdict: 'failed', code: codeOf({}, reason), reason };
    }
    case undefined: {
      // Behind a Classic Load Balancer there is no rollout state; counts are all there is.
      const isFull = mine.runningCount === mine.desiredCount && (mine.pendingCount ?? 0) === 0;
      return isFull && service.deployments?.length === 1 ? { verdict: 'landed', drained: true } : going(true);
    }
    default:
      return going(true);
  }
}

/** Ours is not in the list: not visible yet, or already forgotten. */
function gone(service: ServiceSnapshot, primary: DeploymentSnapshot | undefined, ours: Ours): RolloutVerdict {
  if (primary === undefined || primary.id === ours.baselineId) return going(false);
  if (isRollingBack(primary)) {
    return { verdict: 'rolled-back', phase: 'in-progress', reason: primary.rolloutStateReason ?? '' };
  }
  // Nothing is left of a rollback that is long done but what the events tell.
  const failure = service.events?.find(({ message = '' }) =>
    message.includes(`(deployment ${ours.deploymentId}) deployment failed`),
  );
  if (failure !== undefined) return { verdict: 'rolled-back', phase: 'done', reason: failure.message ?? '' };
  return overtaken(primary);
}

function overtaken(primary: DeploymentSnapshot | undefined): RolloutVerdict {
  const by = primary?.id;
  return {
    verdict: 'overtaken',
    reason: `Deployment ${by ?? 'unknown'} is PRIMARY now.`,
    ...(by === undefined ? {} : { by }),
  };
}

const isRollingBack = (deployment: DeploymentSnapshot | undefined): boolean =>
  /rolling back to deployment/i.test(deployment?.rolloutStateReason ?? '');

/** Whether nothing but our deployment is left. */
export function isDrained(service: ServiceSnapshot | undefined, deploymentId: string): boolean {
  const deployments = service?.deployments ?? [];
  return (
    deployments.length === 1 && deployments[0]?.id === deploymentId && deployments[0].rolloutState !== 'IN_PROGRESS'
  );
}
