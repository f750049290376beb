import type { Json } from '../wire.ts';
import { statusReason } from './events.ts';
import { fail } from './outcome.ts';
import type { DeploymentRecord, HookRecord, ServiceRecord } from './records.ts';
import type { Ground } from './tasks.ts';

/** The lifecycle hooks of a service as it is configured now. */
export const hooksOf = (service: ServiceRecord): Json[] => service.config.deploymentConfiguration?.lifecycleHooks ?? [];

/** Enters a lifecycle stage and starts its hooks; a stage that is entered again gets fresh ones. */
export function enter(
  service: ServiceRecord,
  deployment: DeploymentRecord,
  name: string,
  ground: Ground,
  step = 0,
): void {
  const nowMs = ground.core.world.clock.now();
  const hooks = hooksOf(service)
    .filter(({ lifecycleStages }) => lifecycleStages?.includes(name))
    .map((hook) => startHook(service, hook, name, ground));
  deployment.stage = { name, enteredAtMs: nowMs, step, hooks };
  const { serviceDeployment } = deployment;
  serviceDeployment.hooks.push(...hooks);
  serviceDeployment.lifecycleStage = name;
  serviceDeployment.updatedAtMs = nowMs;
  ground.wake(service, ground.settings.stageMs);
}

function startHook(service: ServiceRecord, hook: Json, stage: string, ground: Ground): HookRecord {
  const { world } = ground.core;
  const nowMs = world.clock.now();
  if (hook.targetType === 'PAUSE') {
    const { timeoutInMinutes = 1440, action = 'ROLLBACK' } = hook.timeoutConfiguration ?? {};
    const expiresAtMs = nowMs + timeoutInMinutes * 60_000;
    ground.wake(service, expiresAtMs - nowMs);
    const hookId = `ecs-pause-${world.hex(43)}`;
    return { hookId, stage, targetType: 'PAUSE', status: 'AWAITING_ACTION', expiresAtMs, timeoutAction: action };
  }
  const record: HookRecord = {
    hookId: world.uuid(),
    stage,
    targetType: 'AWS_LAMBDA',
    targetArn: hook.hookTargetArn,
    status: 'IN_PROGRESS',
  };
  const answer = ground.settings.hooks[hook.hookTargetArn] ?? { status: 'SUCCEEDED' as const };
  world.clock.at(nowMs + (answer.afterMs ?? 3_000), () => {
    record.status = answer.status === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED';
    if (answer.status !== 'SUCCEEDED') record.fault = answer.status;
    ground.wake(service);
  });
  return record;
}

/** Whether the hooks of its stage keep a deployment where it is; one that failed gives the deployment up. */
export function hooksHold(service: ServiceRecord, deployment: DeploymentRecord, ground: Ground): boolean {
  const nowMs = ground.core.world.clock.now();
  const hooks = deployment.stage?.hooks ?? [];
  for (const hook of hooks) {
    if (hook.status === 'AWAITING_ACTION' && nowMs >= (hook.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
      hook.status = 'TIMED_OUT';
    }
  }
  const bad = hooks.find(
    ({ status, timeoutAction }) => status === 'FAILED' || (status === 'TIMED_OUT' && timeoutAction !== 'CONTINUE'),
  );
  if (bad !== undefined) {
    const reason =
      bad.targetType === 'PAUSE'
        ? statusReason.pause(bad.stage)
        : statusReason.hook(bad.stage, bad.targetArn ?? '', bad.fault ?? 'FAILED');
    fail(service, deployment, { kind: 'hook', statusReason: reason, rollback: true }, ground);
    return true;
  }
  return hooks.some(({ status }) => status === 'AWAITING_ACTION' || status === 'IN_PROGRESS');
}
