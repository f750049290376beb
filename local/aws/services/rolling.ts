import { nextMoves, taskLimits } from './breaker.ts';
import { eventText } from './events.ts';
import { complete, inCharge, succeed } from './outcome.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import { enter, hooksHold, hooksOf } from './stages.ts';
import { type Ground, isHealthy, liveTasks, remainingTasks, startTasks, stopTasks, tell } from './tasks.ts';

/** One step of a rolling deployment: start what is missing, stop what is spare, see whether it is done. */
export function roll(service: ServiceRecord, primary: DeploymentRecord, ground: Ground): void {
  const { clock } = ground.core.world;
  if (heldBefore('SCALE_UP', service, primary, ground)) return;
  const others = service.deployments.filter((other) => other !== primary);
  const fresh = liveTasks(primary, ground);
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

/** Pause and Lambda hooks of a rolling deployment: before its first task, and before it is told to be a success. */
function heldBefore(
  next: 'SCALE_UP' | 'SUCCESS',
  service: ServiceRecord,
  primary: DeploymentRecord,
  ground: Ground,
): boolean {
  if (primary.rolloutState !== 'IN_PROGRESS' || primary.restoring !== undefined) return false;
  if (primary.stage === undefined && hooksOf(service).length === 0) return false;
  if (primary.stage === undefined) enter(service, primary, 'PRE_SCALE_UP', ground);
  if (hooksHold(service, primary, ground)) return true;
  if (primary.stage?.name === 'PRE_SCALE_UP') enter(service, primary, 'SCALE_UP', ground);
  if (next === 'SCALE_UP' || primary.stage?.name !== 'SCALE_UP') return false;
  enter(service, primary, 'POST_SCALE_UP', ground);
  return hooksHold(service, primary, ground);
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
  const isEarly =
    early?.enable === true &&
    primary.restoring === undefined &&
    healthy >= Math.ceil((service.desiredCount * (early.healthyPercent ?? 100)) / 100) &&
    (early.sourceServiceRevisionCleanup === 'DEFERRED' || oldLeft === 0);
  const isReady = early?.enable === true && primary.restoring === undefined ? isEarly : isFull;
  const isOver = inCharge(primary).finishedAtMs !== undefined;
  if (!isOver && isReady && !heldBefore('SUCCESS', service, primary, ground) && bakeIsOver(service, primary, ground)) {
    succeed(primary, ground);
  }
  const hasServed = ['SUCCESSFUL', 'ROLLBACK_SUCCESSFUL'].includes(inCharge(primary).status);
  if (hasServed && isFull && oldLeft === 0) complete(service, primary, ground);
}

/** Alarms add a bake time to a rolling deployment, in which nothing is decided yet. */
function bakeIsOver(service: ServiceRecord, primary: DeploymentRecord, ground: Ground): boolean {
  const { alarms, bakeTimeInMinutes = 5 } = service.config.deploymentConfiguration ?? {};
  if (alarms?.enable !== true || primary.restoring !== undefined) return true;
  const { clock } = ground.core.world;
  if (primary.bakeUntilMs === undefined) {
    primary.bakeUntilMs = clock.now() + bakeTimeInMinutes * 60_000;
    ground.wake(service, bakeTimeInMinutes * 60_000);
  }
  return clock.now() >= primary.bakeUntilMs;
}
