import { nextMoves, taskLimits } from './breaker.ts';
import { eventText } from './events.ts';
import { complete, succeed } from './outcome.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import { type Ground, isHealthy, liveTasks, remainingTasks, startTasks, stopTasks, tell } from './tasks.ts';

/** One step of a rolling deployment: start what is missing, stop what is spare, see whether it is done. */
export function roll(service: ServiceRecord, primary: DeploymentRecord, ground: Ground): void {
  const { clock } = ground.core.world;
  const others = service.deployments.filter((other) => other !== primary);
  const fresh = liveTasks(primary, ground);
  for (const failed of others.filter(({ isFrozen }) => isFrozen)) {
    stopTasks(service, liveTasks(failed, ground), failed.id, ground);
  }
  const old = others.flatMap((other) => liveTasks(other, ground));
  const healthy = (tasks: typeof fresh) => tasks.filter((task) => isHealthy(task, service, ground));
  const moves = nextMoves({
    desiredCount: service.desiredCount,
    limits: taskLimits(service.desiredCount, service.config.deploymentConfiguration, isDaemon(service)),
    fresh: fresh.length,
    old: old.length,
    oldUnhealthy: old.length - healthy(old).length,
    healthy: healthy(old).length + healthy(fresh).length,
    draining: drainingTasks(service, ground),
  });
  if (moves.start > 0 && clock.now() >= primary.notBeforeMs && !primary.isFrozen) {
    startTasks(service, primary, moves.start, ground);
  } else if (moves.start > 0 && !primary.isFrozen) ground.wake(service, primary.notBeforeMs - clock.now());
  if (moves.stopOld > 0) {
    // Unhealthy ones go first.
    const order = [...old].sort(
      (a, b) => Number(isHealthy(a, service, ground)) - Number(isHealthy(b, service, ground)),
    );
    stopTasks(service, order.slice(0, moves.stopOld), primary.id, ground);
  }
  if (fresh.length > service.desiredCount) {
    stopTasks(service, fresh.slice(service.desiredCount), primary.id, ground);
  }
  if (moves.stuck) tell(service, eventText.stuck(), ground);
  judge(service, primary, ground);
}

const isDaemon = (service: ServiceRecord): boolean => service.config.schedulingStrategy === 'DAEMON';

const drainingTasks = (service: ServiceRecord, ground: Ground): number =>
  service.deployments.flatMap(({ taskArns }) => [...taskArns]).filter((arn) => ground.draining.has(arn)).length;

function judge(service: ServiceRecord, primary: DeploymentRecord, ground: Ground): void {
  if (primary.rolloutState !== 'IN_PROGRESS' || primary.isFrozen) return;
  const others = service.deployments.filter((other) => other !== primary);
  const healthy = liveTasks(primary, ground).filter((task) => isHealthy(task, service, ground)).length;
  const oldLive = others.flatMap((other) => liveTasks(other, ground)).length;
  const oldLeft = others.flatMap((other) => remainingTasks(other, ground)).length;
  const early = service.config.deploymentConfiguration?.earlySuccessCriteria;
  const isFull = healthy >= service.desiredCount && oldLive === 0;
  if (early?.enable === true && !primary.isRollback) {
    const enough = healthy >= Math.ceil((service.desiredCount * (early.healthyPercent ?? 100)) / 100);
    if (enough && (early.sourceServiceRevisionCleanup === 'DEFERRED' || oldLeft === 0)) succeed(primary, ground);
  } else if (isFull && bakeIsOver(service, primary, ground)) succeed(primary, ground);
  const landed = ['SUCCESSFUL', 'ROLLBACK_SUCCESSFUL'].includes(primary.serviceDeployment.status);
  if (landed && isFull && oldLeft === 0) complete(service, primary, ground);
}

/** Alarms add a bake time to a rolling deployment, in which nothing is decided yet. */
function bakeIsOver(service: ServiceRecord, primary: DeploymentRecord, ground: Ground): boolean {
  const { alarms, bakeTimeInMinutes = 5 } = service.config.deploymentConfiguration ?? {};
  if (alarms?.enable !== true || primary.isRollback) return true;
  const { clock } = ground.core.world;
  if (primary.bakeUntilMs === undefined) {
    primary.bakeUntilMs = clock.now() + bakeTimeInMinutes * 60_000;
    ground.wake(service, bakeTimeInMinutes * 60_000);
  }
  return clock.now() >= primary.bakeUntilMs;
}
