import type { Progress } from '../records/schema.ts';
import { breakerThreshold } from './circuit-breaker.ts';
import type { RolloutDeps } from './model.ts';
import { failedInARow, hasBreaker, type Observation, ownDeploymentIn } from './observe.ts';
import { failureLimit, type Limits } from './verdict.ts';

/** How far our deployment has come. */
export function progressOf(seen: Observation, limits: Limits): Progress {
  const mine = ownDeploymentIn(seen);
  const { serviceDeployment, service, own } = seen;
  const others = (service?.deployments ?? []).filter(({ id }) => id !== own.deploymentId);
  const allowed = failureLimit(seen, limits);
  const stage = serviceDeployment?.lifecycleStage;
  const productionWeight = serviceDeployment?.targetServiceRevision?.requestedProductionTrafficWeight;
  return {
    running: mine?.runningCount ?? 0,
    pending: mine?.pendingCount ?? 0,
    desired: service?.desiredCount ?? 0,
    failed: failedInARow(seen),
    ...(allowed === undefined ? {} : { allowed }),
    ...(stage === undefined ? {} : { stage }),
    ...(productionWeight === undefined ? {} : { productionWeight }),
    old: others.reduce((sum, { runningCount = 0 }) => sum + runningCount, 0),
  };
}

/** Emits progress of one service, where it changed, keeps how its traffic shifted, and emits once that the breaker's threshold is reached. */
export function progressTeller(limits: Limits, { emit }: Pick<RolloutDeps, 'emit'>) {
  const last = new Map<Observation, string>();
  const told = new Set<Observation>();
  return (seen: Observation): void => {
    const { own, polls } = seen;
    if (ownDeploymentIn(seen) === undefined || (polls === 1 && own.plan.kind === 'unchanged')) return;
    const progress = progressOf(seen, limits);
    const { productionWeight: weight } = progress;
    if (weight !== undefined && weight !== seen.shifts.at(-1)?.weight) seen.shifts.push({ atMs: seen.atMs, weight });
    const text = JSON.stringify({ ...progress, pending: 0 });
    if (text !== last.get(seen)) emit({ type: 'progress', service: own.name, progress });
    last.set(seen, text);
    const threshold = thresholdReached(seen);
    if (threshold === undefined || told.has(seen)) return;
    told.add(seen);
    emit({ type: 'breaker-threshold', service: own.name, failed: progress.failed, threshold });
  };
}

/** The threshold of ECS's circuit breaker, once it is reached; its verdict comes up to minutes later (reference §3.3). */
export function thresholdReached(seen: Observation): number | undefined {
  // A deployment that was successful is over: what fails since is not the breaker's any more.
  if (!hasBreaker(seen) || seen.serviceDeployment?.status === 'SUCCESSFUL') return undefined;
  const service = seen.service ?? seen.own.plan.before.service;
  const threshold =
    seen.serviceDeployment?.deploymentCircuitBreaker?.threshold ??
    breakerThreshold(service.desiredCount ?? 0, service.deploymentConfiguration?.deploymentCircuitBreaker);
  return failedInARow(seen) >= threshold ? threshold : undefined;
}
