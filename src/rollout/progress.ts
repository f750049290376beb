import { breakerThreshold } from './circuit-breaker.ts';
import type { Progress } from './events.ts';
import type { RolloutDeps } from './model.ts';
import { type FollowOptions, failureCount, hasBreaker, mineOf, type Watched } from './watched.ts';

/** How many failed tasks end our patience. */
export function allowedFailures(one: Watched, { maxFailedTasks }: Pick<FollowOptions, 'maxFailedTasks'>): number {
  if (maxFailedTasks !== undefined) return maxFailedTasks;
  if (!hasBreaker(one)) return 3;
  const service = one.service ?? one.ours.plan.before.service;
  return (
    one.record?.deploymentCircuitBreaker?.threshold ??
    breakerThreshold(service.desiredCount ?? 0, service.deploymentConfiguration?.deploymentCircuitBreaker)
  );
}

/** How far our deployment has come. */
export function progressOf(one: Watched, options: Pick<FollowOptions, 'maxFailedTasks'>): Progress {
  const mine = mineOf(one);
  const { record, service, ours } = one;
  const others = (service?.deployments ?? []).filter(({ id }) => id !== ours.deploymentId);
  return {
    running: mine?.runningCount ?? 0,
    pending: mine?.pendingCount ?? 0,
    desired: service?.desiredCount ?? 0,
    failed: failureCount(one),
    allowed: allowedFailures(one, options),
    stage: record?.lifecycleStage,
    productionWeight: record?.targetServiceRevision?.requestedProductionTrafficWeight,
    old: others.reduce((sum, { runningCount = 0 }) => sum + runningCount, 0),
  };
}

/** Tells progress when it changed. */
export function tellProgress(one: Watched, options: FollowOptions, deps: RolloutDeps): void {
  if (mineOf(one) === undefined || (one.looks === 1 && one.ours.plan.isUnchanged)) return;
  const progress = progressOf(one, options);
  if (progress.running >= progress.desired && progress.desired > 0) one.firsts.running ??= deps.clock.now();
  const text = JSON.stringify({ ...progress, pending: 0 });
  if (text === one.progressText) return;
  one.progressText = text;
  deps.announce({ type: 'progress', service: one.ours.name, progress });
}

/** Tells service events since our deployment began, oldest first. */
export function tellEvents(one: Watched, { announce }: RolloutDeps): void {
  const sinceMs = one.ours.isAdopted ? one.ours.startedAtMs : one.ours.deploymentCreatedAtMs;
  for (const { id = '', createdAt, message = '' } of [...(one.service?.events ?? [])].reverse()) {
    if (one.seenEvents.has(id) || (createdAt?.getTime() ?? 0) < sinceMs) continue;
    one.seenEvents.add(id);
    one.events.push(message);
    announce({ type: 'service-event', service: one.ours.name, message });
  }
}
