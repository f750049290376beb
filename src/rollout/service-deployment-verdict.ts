import { codeOf, explained, noReason } from './explain.ts';
import type { Pause, RollbackPhase, RolloutVerdict, ServiceDeploymentSnapshot } from './snapshot.ts';

/** Judges our service deployment: the object that keeps a rollback and a superseding apart. */
export function serviceDeploymentVerdict(
  record: ServiceDeploymentSnapshot,
  { newer, answered = new Set() }: { newer?: string | undefined; answered?: ReadonlySet<string> },
): RolloutVerdict {
  const reason = record.statusReason ?? record.rollback?.reason ?? noReason;
  const toRevision = record.rollback?.serviceRevisionArn;
  const rolledBack = (phase: RollbackPhase): RolloutVerdict => ({
    verdict: 'rolled-back',
    phase,
    explanation: explained(codeOf(record, reason), reason),
    ...(toRevision === undefined ? {} : { toRevision }),
  });
  switch (record.status) {
    case 'SUCCESSFUL':
      return { verdict: 'deployed' };
    case 'ROLLBACK_REQUESTED':
      return rolledBack('requested');
    case 'ROLLBACK_IN_PROGRESS':
      return rolledBack('in-progress');
    case 'ROLLBACK_SUCCESSFUL':
      return rolledBack('done');
    case 'ROLLBACK_FAILED':
      // Nothing was gone back to: the service keeps what it has.
      return { verdict: 'failed', phase: 'failed', explanation: explained(codeOf(record, reason), reason) };
    case 'STOP_REQUESTED':
    case 'STOPPED':
      return stopped(record, reason, newer);
    default: {
      const pause = pauseOf(record, answered);
      return pause === undefined ? { verdict: 'running' } : { verdict: 'paused', pause };
    }
  }
}

/** `Replaced by a new service deployment.` was seen on real clusters; the other wording is older. */
const replaced = /replaced by a new service deployment|newer service deployment/i;

/** A deployment is stopped by a newer one, or by its own failure where no rollback is configured. */
function stopped(record: ServiceDeploymentSnapshot, reason: string, newer: string | undefined): RolloutVerdict {
  const isOwnFault =
    record.deploymentCircuitBreaker?.status === 'TRIGGERED' ||
    record.alarms?.status === 'TRIGGERED' ||
    /circuit breaker|alarm|hook\(s\) failed|networking configuration/i.test(record.statusReason ?? '');
  if (isOwnFault) return { verdict: 'failed', explanation: explained(codeOf(record, reason), reason) };
  if (replaced.test(reason)) return superseded(newer, reason);
  if (newer !== undefined) return superseded(newer, record.statusReason);
  // The newer one can be late: only the final state is believed without it.
  if (record.status !== 'STOPPED') return { verdict: 'running' };
  return { verdict: 'failed', explanation: explained('STOPPED', reason) };
}

/** The verdict that another deployment took our place. */
export function superseded(by: string | undefined, said: string | undefined): RolloutVerdict {
  const explanation = {
    code: 'SUPERSEDED',
    cause: 'Another deployment of the service replaced ours.',
    ...(said === undefined ? {} : { said }),
    fix: 'Look at the job of the other deployment; run this one again only if its revision should serve.',
  };
  return { verdict: 'superseded', explanation, ...(by === undefined ? {} : { by }) };
}

/** A hook that was answered may still look as if it waited, in an answer that is older than ours. */
function pauseOf(record: ServiceDeploymentSnapshot, answered: ReadonlySet<string>): Pause | undefined {
  const hook = record.lifecycleHookDetails?.find(
    ({ status, hookId = '' }) => status === 'AWAITING_ACTION' && !answered.has(hookId),
  );
  if (hook === undefined) return undefined;
  return {
    hookId: hook.hookId ?? '',
    stage: record.lifecycleStage,
    expiresAt: hook.expiresAt,
    timeoutAction: hook.timeoutAction ?? 'ROLLBACK',
  };
}
