import { complete, succeed } from './outcome.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import { enter, hooksHold } from './stages.ts';
import { type Ground, isHealthy, liveTasks, remainingTasks, startTasks, stopTasks } from './tasks.ts';

const stages = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
  'BAKE_TIME',
  'CLEAN_UP',
];

/** Whether a strategy shifts traffic between two complete sets of tasks. */
export function shiftsTraffic(service: ServiceRecord): boolean {
  return ['BLUE_GREEN', 'LINEAR', 'CANARY'].includes(service.config.deploymentConfiguration?.strategy ?? 'ROLLING');
}

/** One step of a blue/green, linear or canary deployment. */
export function shift(service: ServiceRecord, green: DeploymentRecord, ground: Ground): void {
  if (green.rolloutState !== 'IN_PROGRESS' || green.isFrozen) return;
  if (green.stage === undefined) enter(service, green, 'RECONCILE_SERVICE', ground);
  keepScale(service, green, ground);
  for (;;) {
    const { stage } = green;
    if (stage === undefined || hooksHold(service, green, ground) || !stageIsDone(service, green, ground)) return;
    const { step } = stage;
    // LINEAR and CANARY go back for each step of the traffic.
    if (stage.name === 'PRODUCTION_TRAFFIC_SHIFT' && step < weights(service).length - 1) {
      enter(service, green, 'PRE_PRODUCTION_TRAFFIC_SHIFT', ground, step + 1);
      continue;
    }
    const next = stages[stages.indexOf(stage.name) + 1];
    if (next === undefined) {
      succeed(green, ground);
      const left = others(service, green).flatMap((other) => remainingTasks(other, ground)).length;
      if (left === 0) complete(service, green, ground);
      return;
    }
    enter(service, green, next, ground, step);
    if (next === 'PRODUCTION_TRAFFIC_SHIFT') shiftWeights(service, green, step);
  }
}

const others = (service: ServiceRecord, green: DeploymentRecord) => service.deployments.filter((one) => one !== green);

function stageIsDone(service: ServiceRecord, green: DeploymentRecord, ground: Ground): boolean {
  const { stage } = green;
  if (stage === undefined) return false;
  const { deploymentConfiguration = {} } = service.config;
  const waited = (ms: number): boolean => {
    const leftMs = stage.enteredAtMs + ms - ground.core.world.clock.now();
    if (leftMs > 0) ground.wake(service, leftMs);
    return leftMs <= 0;
  };
  if (!waited(ground.settings.stageMs)) return false;
  switch (stage.name) {
    case 'SCALE_UP':
      return scaledUp(service, green, ground);
    case 'TEST_TRAFFIC_SHIFT':
      green.testWeight = 100;
      return true;
    case 'PRODUCTION_TRAFFIC_SHIFT':
      return stage.step >= weights(service).length - 1 || waited(ground.settings.stageMs + stepBakeMs(service));
    case 'BAKE_TIME':
      return waited((deploymentConfiguration.bakeTimeInMinutes ?? 0) * 60_000);
    case 'CLEAN_UP':
      for (const blue of others(service, green)) stopTasks(service, liveTasks(blue, ground), green.id, ground);
      return others(service, green).every((blue) => liveTasks(blue, ground).length === 0);
    default:
      return true;
  }
}

/** Both sets of tasks stay complete while traffic shifts: whatever ends is replaced. */
function keepScale(service: ServiceRecord, green: DeploymentRecord, ground: Ground): void {
  const { stage } = green;
  if (stage !== undefined && stages.indexOf(stage.name) > stages.indexOf('SCALE_UP')) scaledUp(service, green, ground);
  for (const blue of others(service, green)) {
    if (blue.productionWeight > 0 && !blue.isFrozen) scaledUp(service, blue, ground);
  }
}

function scaledUp(service: ServiceRecord, green: DeploymentRecord, ground: Ground): boolean {
  const { clock } = ground.core.world;
  const live = liveTasks(green, ground);
  const missing = service.desiredCount - live.length;
  if (missing > 0 && clock.now() >= green.notBeforeMs) startTasks(service, green, missing, ground);
  else if (missing > 0) ground.wake(service, green.notBeforeMs - clock.now());
  return live.filter((task) => isHealthy(task, service, ground)).length >= service.desiredCount;
}

function shiftWeights(service: ServiceRecord, green: DeploymentRecord, step: number): void {
  const weight = weights(service)[step] ?? 100;
  green.productionWeight = weight;
  for (const blue of others(service, green))
    blue.productionWeight = blue.revision === green.revision ? 0 : 100 - weight;
}

/** Blue/green moves all at once, linear in equal steps, canary a little first. */
function weights(service: ServiceRecord): number[] {
  const { strategy, linearConfiguration = {}, canaryConfiguration = {} } = service.config.deploymentConfiguration;
  if (strategy === 'CANARY') return [canaryConfiguration.canaryPercent ?? 5, 100];
  if (strategy !== 'LINEAR') return [100];
  const percent = linearConfiguration.stepPercent ?? 10;
  return Array.from({ length: Math.ceil(100 / percent) }, (_, index) => Math.min(100, percent * (index + 1)));
}

/** How long each step but the last bakes. */
function stepBakeMs(service: ServiceRecord): number {
  const { strategy, linearConfiguration = {}, canaryConfiguration = {} } = service.config.deploymentConfiguration;
  const minutes =
    strategy === 'LINEAR'
      ? (linearConfiguration.stepBakeTimeInMinutes ?? 6)
      : (canaryConfiguration.canaryBakeTimeInMinutes ?? 10);
  return minutes * 60_000;
}
