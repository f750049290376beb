import { breakerThreshold } from './breaker.ts';
import { eventText, rolloutReason, statusReason } from './events.ts';
import type { DeploymentRecord, RevisionRecord, ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import { type Ground, liveTasks, stopTasks, tell } from './tasks.ts';

/** Why a deployment is given up. */
export interface Failure {
  kind: 'breaker' | 'alarm' | 'user' | 'hook';
  /** The service deployment's statusReason when it is rolled back. */
  statusReason: string;
  rollback: boolean;
}

/** A new entry of deployments[], the new PRIMARY. */
export function newDeployment(
  service: ServiceRecord,
  revision: RevisionRecord,
  serviceDeployment: ServiceDeploymentRecord,
  options: { isRollback: boolean; reason?: string },
  ground: Ground,
): DeploymentRecord {
  const { world } = ground.core;
  const id = `ecs-svc/${world.digits(19)}`;
  const nowMs = world.clock.now();
  const deployment: DeploymentRecord = {
    id,
    status: 'PRIMARY',
    revision,
    serviceDeployment,
    isRollback: options.isRollback,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: options.reason ?? rolloutReason.inProgress(id),
    failedTasks: 0,
    startFailures: 0,
    notBeforeMs: nowMs,
    isFrozen: false,
    taskArns: new Set(),
    healthyArns: new Set(),
    ignoredAlarms: Object.keys(ground.settings.alarms).filter((name) => ground.settings.alarms[name] === 'ALARM'),
    productionWeight: 0,
    testWeight: 0,
  };
  for (const other of service.deployments) if (other.status === 'PRIMARY') other.status = 'ACTIVE';
  service.deployments.unshift(deployment);
  service.isSteady = false;
  ground.wake(service);
  return deployment;
}

/** Moves a service deployment to a state. */
export function setStatus(record: ServiceDeploymentRecord, status: string, ground: Ground, reason?: string): void {
  const nowMs = ground.core.world.clock.now();
  record.status = status;
  record.updatedAtMs = nowMs;
  if (reason !== undefined) record.statusReason = reason;
  if (['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'].includes(status)) {
    record.finishedAtMs = nowMs;
    delete record.lifecycleStage;
  }
}

/** Why the circuit breaker, an alarm or nothing at all ends this deployment now. */
export function failureOf(service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): Failure | undefined {
  if (deployment.isFrozen || deployment.rolloutState !== 'IN_PROGRESS') return undefined;
  const { deploymentCircuitBreaker: breaker, alarms } = service.config.deploymentConfiguration ?? {};
  if (breaker?.enable === true && deployment.failedTasks >= breakerThreshold(service.desiredCount, breaker)) {
    deployment.serviceDeployment.breakerTriggered = true;
    return { kind: 'breaker', statusReason: statusReason.breaker(), rollback: breaker.rollback === true };
  }
  if (alarms?.enable !== true || deployment.isRollback) return undefined;
  const ringing = (alarms.alarmNames ?? []).filter(
    (name: string) => ground.settings.alarms[name] === 'ALARM' && !deployment.ignoredAlarms.includes(name),
  );
  if (ringing.length === 0) return undefined;
  deployment.serviceDeployment.triggeredAlarms = ringing;
  return { kind: 'alarm', statusReason: statusReason.alarm(ringing), rollback: alarms.rollback === true };
}

/** Gives a deployment up: rolls back to the last completed one, or stands still in FAILED. */
export function fail(service: ServiceRecord, deployment: DeploymentRecord, failure: Failure, ground: Ground): void {
  const record = deployment.serviceDeployment;
  const target = service.lastCompleted;
  deployment.isFrozen = true;
  delete record.lifecycleStage;
  if (deployment.isRollback) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'ROLLBACK_FAILED', ground, failure.statusReason);
    return;
  }
  if (!failure.rollback) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'STOPPED', ground, statusReason.breakerStopped());
    return;
  }
  if (target === undefined) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'ROLLBACK_FAILED', ground, statusReason.noCandidate());
    return;
  }
  const { world } = ground.core;
  setStatus(record, 'ROLLBACK_REQUESTED', ground, failure.statusReason);
  record.rollback = { reason: failure.statusReason, startedAtMs: world.clock.now(), revisionArn: target.revision.arn };
  world.clock.at(world.clock.now() + ground.settings.rollbackRequestMs, () =>
    rollBack(service, deployment, failure, target, ground),
  );
}

function rollBack(
  service: ServiceRecord,
  failed: DeploymentRecord,
  failure: Failure,
  target: { id: string; revision: RevisionRecord },
  ground: Ground,
): void {
  // A newer update has taken over in the meantime.
  if (failed.serviceDeployment.status !== 'ROLLBACK_REQUESTED') return;
  const { world } = ground.core;
  setStatus(failed.serviceDeployment, 'ROLLBACK_IN_PROGRESS', ground);
  const reason = rollbackReasons[failure.kind](target.id);
  const back = newDeployment(service, target.revision, failed.serviceDeployment, { isRollback: true, reason }, ground);
  adopt(service, failed, back, ground);
  service.config.taskDefinition = target.revision.taskDefinition.arn;
  tell(
    service,
    eventText.failed(failed.id, failure.kind === 'alarm' ? 'alarm detected' : 'tasks failed to start'),
    ground,
  );
  tell(service, eventText.rollingBack(target.id), ground);
  stopTasks(service, liveTasks(failed, ground), failed.id, ground);
  world.clock.at(world.clock.now() + ground.settings.failedStateDelayMs, () =>
    markFailed(service, failed, failure, ground),
  );
}

/** After a traffic shift the previous tasks still run: the rollback takes them over instead of starting new ones. */
function adopt(service: ServiceRecord, failed: DeploymentRecord, back: DeploymentRecord, ground: Ground): void {
  failed.productionWeight = 0;
  failed.testWeight = 0;
  back.productionWeight = 100;
  if (failed.stage === undefined) return;
  for (const other of service.deployments) {
    if (other === failed || other === back || other.revision !== back.revision) continue;
    for (const task of liveTasks(other, ground)) {
      other.taskArns.delete(task.arn);
      back.taskArns.add(task.arn);
      ground.owners.set(task.arn, { service, deployment: back });
    }
  }
}

const rollbackReasons = {
  breaker: rolloutReason.breakerRollback,
  alarm: rolloutReason.alarmRollback,
  user: rolloutReason.userRollback,
  hook: rolloutReason.hookRollback,
};
const failedReasons = {
  breaker: rolloutReason.breaker,
  alarm: rolloutReason.alarm,
  user: rolloutReason.user,
  hook: rolloutReason.hook,
};

function markFailed(service: ServiceRecord, deployment: DeploymentRecord, failure: Failure, ground: Ground): void {
  deployment.rolloutState = 'FAILED';
  deployment.rolloutStateReason = failedReasons[failure.kind]();
  deployment.updatedAtMs = ground.core.world.clock.now();
  if (deployment.status === 'PRIMARY') tell(service, eventText.failed(deployment.id, 'tasks failed to start'), ground);
  ground.wake(service);
}

/** The new revision serves: the service deployment is over, though old tasks may still be on their way out. */
export function succeed(deployment: DeploymentRecord, ground: Ground): void {
  const record = deployment.serviceDeployment;
  if (['IN_PROGRESS', 'PENDING'].includes(record.status)) setStatus(record, 'SUCCESSFUL', ground);
  if (record.status === 'ROLLBACK_IN_PROGRESS') setStatus(record, 'ROLLBACK_SUCCESSFUL', ground);
}

/** The old tasks are gone too: the entry of deployments[] says COMPLETED. */
export function complete(service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): void {
  deployment.rolloutState = 'COMPLETED';
  deployment.rolloutStateReason = rolloutReason.completed(deployment.id);
  deployment.updatedAtMs = ground.core.world.clock.now();
  deployment.productionWeight = 100;
  service.lastCompleted = { id: deployment.id, revision: deployment.revision };
  tell(service, eventText.completed(deployment.id), ground);
}
