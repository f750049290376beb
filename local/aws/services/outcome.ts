import { breakerThreshold } from './breaker.ts';
import { eventText, rolloutReason, statusReason } from './events.ts';
import type { DeploymentRecord, RevisionRecord, ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import { type Ground, tell } from './tasks.ts';

/** Why a deployment is given up. */
export interface Failure {
  kind: 'breaker' | 'alarm' | 'user' | 'hook';
  /** The service deployment's statusReason when it is rolled back. */
  statusReason: string;
  rollback: boolean;
}

/** The service deployment that a deployment works for: its own, or the one whose rollback brings it back. */
export const inCharge = (deployment: DeploymentRecord): ServiceDeploymentRecord =>
  deployment.restoring ?? deployment.serviceDeployment;

/** A new entry of deployments[], the new PRIMARY; its digits are those of its service revision. */
export function newDeployment(
  service: ServiceRecord,
  revision: RevisionRecord,
  serviceDeployment: ServiceDeploymentRecord,
  productionWeight: number,
  ground: Ground,
): DeploymentRecord {
  const id = `ecs-svc/${revision.arn.split('/').at(-1)}`;
  const nowMs = ground.core.world.clock.now();
  const deployment: DeploymentRecord = {
    id,
    status: 'PRIMARY',
    revision,
    serviceDeployment,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: rolloutReason.inProgress(id),
    failedTasks: 0,
    startFailures: 0,
    notBeforeMs: nowMs,
    isFrozen: false,
    taskArns: new Set(),
    healthyArns: new Set(),
    ignoredAlarms: Object.keys(ground.settings.alarms).filter((name) => ground.settings.alarms[name] === 'ALARM'),
    productionWeight,
    testWeight: 0,
  };
  makePrimary(service, deployment, ground);
  return deployment;
}

function makePrimary(service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): void {
  for (const other of service.deployments) if (other.status === 'PRIMARY') other.status = 'ACTIVE';
  deployment.status = 'PRIMARY';
  service.deployments = [deployment, ...service.deployments.filter((other) => other !== deployment)];
  service.isSteady = false;
  ground.wake(service);
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
  if (inCharge(deployment).finishedAtMs !== undefined) return undefined;
  const { deploymentCircuitBreaker: breaker, alarms } = service.config.deploymentConfiguration ?? {};
  if (breaker?.enable === true && breakerSpeaks(service, deployment, breaker, ground)) {
    deployment.serviceDeployment.breakerTriggered = true;
    return { kind: 'breaker', statusReason: statusReason.breaker(), rollback: breaker.rollback === true };
  }
  if (alarms?.enable !== true || deployment.restoring !== undefined) return undefined;
  const ringing = (alarms.alarmNames ?? []).filter(
    (name: string) => ground.settings.alarms[name] === 'ALARM' && !deployment.ignoredAlarms.includes(name),
  );
  if (ringing.length === 0) return undefined;
  deployment.serviceDeployment.triggeredAlarms = ringing;
  return { kind: 'alarm', statusReason: statusReason.alarm(ringing), rollback: alarms.rollback === true };
}

/** The verdict comes later than the failure that reached the threshold, unless a healthy task comes first. */
function breakerSpeaks(
  service: ServiceRecord,
  deployment: DeploymentRecord,
  breaker: object,
  { core, settings, wake }: Ground,
): boolean {
  if (deployment.failedTasks < breakerThreshold(service.desiredCount, breaker)) {
    delete deployment.thresholdAtMs;
    return false;
  }
  const nowMs = core.world.clock.now();
  deployment.thresholdAtMs ??= nowMs;
  const leftMs = deployment.thresholdAtMs + settings.breakerDelayMs - nowMs;
  if (leftMs > 0) wake(service, leftMs);
  return leftMs <= 0;
}

/** Gives a deployment up: rolls back to the last completed one, or stands still in FAILED with the tasks that it has. */
export function fail(service: ServiceRecord, deployment: DeploymentRecord, failure: Failure, ground: Ground): void {
  const record = inCharge(deployment);
  const { lastCompleted } = service;
  deployment.isFrozen = true;
  delete record.lifecycleStage;
  if (deployment.restoring !== undefined) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'ROLLBACK_FAILED', ground, failure.statusReason);
    return;
  }
  if (!failure.rollback) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'STOPPED', ground, statusReason.breakerStopped());
    return;
  }
  if (lastCompleted?.rolloutState !== 'COMPLETED' || lastCompleted === deployment) {
    markFailed(service, deployment, failure, ground);
    setStatus(record, 'ROLLBACK_FAILED', ground, statusReason.noCandidate());
    return;
  }
  const { clock } = ground.core.world;
  setStatus(record, 'ROLLBACK_REQUESTED', ground, failure.statusReason);
  record.rollback = {
    reason: failure.statusReason,
    startedAtMs: clock.now(),
    revisionArn: lastCompleted.revision.arn,
  };
  clock.at(clock.now() + ground.settings.rollbackRequestMs, () =>
    rollBack(service, deployment, failure, lastCompleted, ground),
  );
}

/** The old deployment becomes PRIMARY again, with its old id and createdAt; the one that failed is ACTIVE until it is gone. */
function rollBack(
  service: ServiceRecord,
  failed: DeploymentRecord,
  failure: Failure,
  old: DeploymentRecord,
  ground: Ground,
): void {
  const record = failed.serviceDeployment;
  // A newer update has taken over in the meantime: what was to be rolled back is now an old deployment like others.
  if (record.status !== 'ROLLBACK_REQUESTED') {
    failed.isFrozen = false;
    ground.wake(service);
    return;
  }
  const { clock } = ground.core.world;
  setStatus(record, 'ROLLBACK_IN_PROGRESS', ground);
  makePrimary(service, old, ground);
  Object.assign(old, {
    restoring: record,
    updatedAtMs: clock.now(),
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: rollbackReasons[failure.kind](old.id),
    failedTasks: 0,
    startFailures: 0,
    isFrozen: false,
    productionWeight: 100,
  });
  // Where traffic was shifted it is shifted back at once; tasks of a rolling deployment serve until they are replaced.
  if (failed.productionWeight < 100 || failed.testWeight > 0) failed.productionWeight = 0;
  failed.testWeight = 0;
  const { config, taskDefinition } = old.revision;
  service.config = { ...service.config, ...config, taskDefinition: taskDefinition.arn };
  tell(service, eventText.failed(failed.id, eventReasons[failure.kind]), ground);
  tell(service, eventText.rollingBack(old.id), ground, { again: true });
  clock.at(clock.now() + ground.settings.failedStateDelayMs, () => markFailed(service, failed, failure, ground));
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
const eventReasons = {
  breaker: 'tasks failed to start',
  alarm: 'alarm detected',
  user: 'deployment failure',
  hook: 'deployment failure',
};

function markFailed(service: ServiceRecord, deployment: DeploymentRecord, failure: Failure, ground: Ground): void {
  deployment.rolloutState = 'FAILED';
  deployment.rolloutStateReason = failedReasons[failure.kind]();
  deployment.updatedAtMs = ground.core.world.clock.now();
  if (deployment.status === 'PRIMARY') {
    tell(service, eventText.failed(deployment.id, eventReasons[failure.kind]), ground);
  }
  ground.wake(service);
}

/** The new revision serves: the service deployment is over, though old tasks may still be on their way out. */
export function succeed(deployment: DeploymentRecord, ground: Ground): void {
  const record = inCharge(deployment);
  if (['IN_PROGRESS', 'PENDING'].includes(record.status)) setStatus(record, 'SUCCESSFUL', ground);
  if (record.status === 'ROLLBACK_IN_PROGRESS') setStatus(record, 'ROLLBACK_SUCCESSFUL', ground);
}

/** The old tasks are gone too: the entry of deployments[] says COMPLETED, after a rollback a second time. */
export function complete(service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): void {
  deployment.rolloutState = 'COMPLETED';
  deployment.rolloutStateReason = rolloutReason.completed(deployment.id);
  deployment.updatedAtMs = ground.core.world.clock.now();
  deployment.productionWeight = 100;
  delete deployment.restoring;
  service.lastCompleted = deployment;
  tell(service, eventText.completed(deployment.id), ground, { again: true });
  ground.wake(service);
}
