import type { Json } from '../wire.ts';
import { statusReason } from './events.ts';
import { complete, fail, succeed } from './outcome.ts';
import type { DeploymentRecord, HookRecord, ServiceRecord } from './records.ts';
import { type Ground, isHealthy, liveTasks, remainingTasks, startTasks, stopTasks } from './tasks.ts';

/** PRE_PRODUCTION_TRAFFIC_SHIFT has hooks but is no lifecycleStage of its own: the API shows the stage before it. */
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
] as const;

/** Whether a strategy shifts traffic between two complete sets of tasks. */
export function shiftsTraffic(service: ServiceRecord): boolean {
  return ['BLUE_GREEN', 'LINEAR', 'CANARY'].includes(service.config.deploymentConfiguration?.strategy ?? 'ROLLING');
}

/** One step of a blue/green, linear or canary deployment. */
export function shift(service: ServiceRecord, green: DeploymentRecord, ground: Ground): void {
  if (green.rolloutState !== 'IN_PROGRESS' || green.isFrozen) return;
  if (green.stage === undefined) enter(service, green, 'RECONCILE_SERVICE', ground);
  for (;;) {
    const { stage } = green;
    if (stage === undefined || hooksHold(service, green, ground) || !stageIsDone(service, green, ground)) return;
    const next = stages[stages.indexOf(stage.name as (typeof stages)[number]) + 1];
    if (next === undefined) {
      succeed(green, ground);
      const left = others(service, green).flatMap((other) => remainingTasks(other, ground)).length;
      if (left === 0) complete(service, green, ground);
      return;
    }
    enter(service, green, next, ground);
  }
}

const others = (service: ServiceRecord, green: DeploymentRecord) => service.deployments.filter((one) => one !== green);

function enter(service: ServiceRecord, green: DeploymentRecord, name: (typeof stages)[number], ground: Ground): void {
  const { world } = ground.core;
  green.stage = { name, enteredAtMs: world.clock.now(), steps: 0 };
  const record = green.serviceDeployment;
  if (name !== 'PRE_PRODUCTION_TRAFFIC_SHIFT') record.lifecycleStage = name;
  record.updatedAtMs = world.clock.now();
  const hooks: Json[] = service.config.deploymentConfiguration?.lifecycleHooks ?? [];
  for (const hook of hooks)
    if (hook.lifecycleStages?.includes(name)) startHook(service, record.hooks, hook, name, ground);
  ground.wake(service, ground.settings.stageMs);
}

function startHook(service: ServiceRecord, list: HookRecord[], hook: Json, stage: string, ground: Ground): void {
  const { world } = ground.core;
  const nowMs = world.clock.now();
  const hookId = world.uuid();
  if (hook.targetType === 'PAUSE') {
    const { timeoutInMinutes = 1440, action = 'ROLLBACK' } = hook.timeoutConfiguration ?? {};
    const expiresAtMs = nowMs + timeoutInMinutes * 60_000;
    list.push({ hookId, stage, targetType: 'PAUSE', status: 'AWAITING_ACTION', expiresAtMs, timeoutAction: action });
    ground.wake(service, expiresAtMs - nowMs);
    return;
  }
  const record: HookRecord = {
    hookId,
    stage,
    targetType: 'AWS_LAMBDA',
    targetArn: hook.hookTargetArn,
    status: 'IN_PROGRESS',
  };
  list.push(record);
  const answer = ground.settings.hooks[hook.hookTargetArn] ?? { status: 'SUCCEEDED' as const };
  world.clock.at(nowMs + (answer.afterMs ?? 3_000), () => {
    record.status = answer.status === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED';
    if (answer.status !== 'SUCCEEDED') record.fault = answer.status;
    ground.wake(service);
  });
}

function hooksHold(service: ServiceRecord, green: DeploymentRecord, ground: Ground): boolean {
  const nowMs = ground.core.world.clock.now();
  const hooks = green.serviceDeployment.hooks.filter(({ stage }) => stage === green.stage?.name);
  for (const hook of hooks) {
    if (hook.status === 'AWAITING_ACTION' && nowMs >= (hook.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
      hook.status = hook.timeoutAction === 'CONTINUE' ? 'SUCCEEDED' : 'TIMED_OUT';
    }
  }
  const bad = hooks.find(({ status }) => status === 'FAILED' || status === 'TIMED_OUT');
  if (bad !== undefined) {
    const reason =
      bad.targetType === 'PAUSE'
        ? statusReason.pause(bad.stage)
        : statusReason.hook(bad.stage, bad.targetArn ?? '', bad.fault ?? 'FAILED');
    fail(service, green, { kind: 'hook', statusReason: reason, rollback: true }, ground);
    return true;
  }
  return hooks.some(({ status }) => status === 'AWAITING_ACTION' || status === 'IN_PROGRESS');
}

function stageIsDone(service: ServiceRecord, green: DeploymentRecord, ground: Ground): boolean {
  const { stage } = green;
  if (stage === undefined) return false;
  const nowMs = ground.core.world.clock.now();
  if (nowMs < stage.enteredAtMs + ground.settings.stageMs) return false;
  switch (stage.name) {
    case 'SCALE_UP':
      return scaledUp(service, green, ground);
    case 'TEST_TRAFFIC_SHIFT':
      green.testWeight = 100;
      return true;
    case 'PRODUCTION_TRAFFIC_SHIFT':
      return shiftWeights(service, green, ground);
    case 'BAKE_TIME': {
      const bakeMs = (service.config.deploymentConfiguration?.bakeTimeInMinutes ?? 0) * 60_000;
      const leftMs = stage.enteredAtMs + bakeMs - nowMs;
      if (leftMs > 0) ground.wake(service, leftMs);
      return leftMs <= 0;
    }
    case 'CLEAN_UP':
      for (const blue of others(service, green)) stopTasks(service, liveTasks(blue, ground), green.id, ground);
      return others(service, green).every((blue) => liveTasks(blue, ground).length === 0);
    default:
      return true;
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

/** Blue/green moves all at once, linear in equal steps, canary a little first; each step bakes. */
function shiftWeights(service: ServiceRecord, green: DeploymentRecord, ground: Ground): boolean {
  const { stage } = green;
  if (stage === undefined) return false;
  const nowMs = ground.core.world.clock.now();
  const { strategy, linearConfiguration = {}, canaryConfiguration = {} } = service.config.deploymentConfiguration;
  const weights =
    strategy === 'LINEAR'
      ? steps(linearConfiguration.stepPercent ?? 10)
      : strategy === 'CANARY'
        ? [canaryConfiguration.canaryPercent ?? 5, 100]
        : [100];
  const bakeMs =
    60_000 *
    (strategy === 'LINEAR'
      ? (linearConfiguration.stepBakeTimeInMinutes ?? 6)
      : (canaryConfiguration.canaryBakeTimeInMinutes ?? 10));
  const reached = Math.floor((nowMs - stage.enteredAtMs - ground.settings.stageMs) / bakeMs);
  const weight = weights[Math.min(reached, weights.length - 1)] ?? 100;
  green.productionWeight = weight;
  for (const blue of others(service, green))
    blue.productionWeight = blue.revision === green.revision ? 0 : 100 - weight;
  if (weight < 100) ground.wake(service, bakeMs - ((nowMs - stage.enteredAtMs - ground.settings.stageMs) % bakeMs));
  return weight >= 100;
}

function steps(percent: number): number[] {
  const count = Math.ceil(100 / percent);
  return Array.from({ length: count }, (_, index) => Math.min(100, percent * (index + 1)));
}
