import type { TaskRecord } from '../ecs/records.ts';
import { eventText } from './events.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import { balancers, type Ground, isHealthy, liveTasks, stopUnhealthy, tell } from './tasks.ts';

/** A task runs: its digests become the revision's, its target is registered, its health will be looked at. */
export function taskStarted(
  task: TaskRecord,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  ground: Ground,
): void {
  const { core, settings, targets } = ground;
  const { clock } = core.world;
  for (const { name, imageDigest, defined } of task.containers) {
    if (defined && imageDigest !== undefined) deployment.revision.digests[name] ??= imageDigest;
  }
  ground.wake(service, settings.healthyAfterMs);
  const [balancer] = balancers(service);
  if (balancer === undefined) return;
  const bad = core.tasks.behaviourOf(task, balancer.containerName).targetUnhealthy;
  targets.set(task.arn, {
    healthyAtMs: bad === undefined ? clock.now() + settings.targetHealthyMs : Number.POSITIVE_INFINITY,
  });
  for (const { targetGroupArn } of balancers(service)) tell(service, eventText.registered(1, targetGroupArn), ground);
  ground.wake(service, settings.targetHealthyMs);
  if (bad === undefined) return;
  const graceMs = (service.config.healthCheckGracePeriodSeconds ?? 0) * 1_000;
  clock.at(clock.now() + graceMs + settings.targetUnhealthyMs, () => {
    if (task.desiredStatus === 'STOPPED') return;
    const { targetGroupArn, containerPort } = balancer;
    tell(service, eventText.unhealthyTarget(task.id, containerPort, targetGroupArn, bad.reason), ground);
    stopUnhealthy(task, `Task failed ELB health checks in (target-group ${targetGroupArn})`, ground);
  });
}

/** A task stops: counts it when it failed, and makes the next start wait when it never started. */
export function taskStopping(
  task: TaskRecord,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  ground: Ground,
): void {
  const { core, settings, targets } = ground;
  targets.delete(task.arn);
  const isFailure =
    task.stopCode === 'EssentialContainerExited' ||
    task.stopCode === 'TaskFailedToStart' ||
    (task.stopCode === 'ServiceSchedulerInitiated' && (task.stoppedReason ?? '').startsWith('Task failed'));
  if (!isFailure || deployment.rolloutState === 'FAILED') return;
  service.isSteady = false;
  if (counts(task, service, deployment, ground)) deployment.failedTasks++;
  deployment.updatedAtMs = core.world.clock.now();
  if (task.startedAtMs !== undefined) return;
  deployment.startFailures++;
  const pauseMs = Math.min(settings.longestBackoffMs, settings.startBackoffMs * 2 ** (deployment.startFailures - 1));
  deployment.notBeforeMs = core.world.clock.now() + pauseMs;
  const reason = task.stoppedReason ?? '';
  if (/^(ResourceInitialization|CannotPullContainer)Error/.test(reason)) {
    tell(service, eventText.cannotPlace(reason), ground, { again: true });
  }
  if (deployment.startFailures >= 3) tell(service, eventText.cannotStart(), ground);
}

/** Failures in a row: once a deployment has a healthy task, only failed health checks count, and nothing once it completed. */
function counts(task: TaskRecord, service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): boolean {
  if (deployment.rolloutState === 'COMPLETED') return false;
  const breaker = service.config.deploymentConfiguration?.deploymentCircuitBreaker;
  if (breaker?.resetOnHealthyTask === false || task.stopCode === 'ServiceSchedulerInitiated') return true;
  return !liveTasks(deployment, ground).some((one) => isHealthy(one, service, ground));
}
