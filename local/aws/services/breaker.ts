import type { Json } from '../wire.ts';

/** How many failed tasks the deployment circuit breaker allows for so many desired tasks. */
export function breakerThreshold(desiredCount: number, configuration: Json): number {
  const { type = 'BOUNDED_PERCENT', value = 50 } = configuration?.thresholdConfiguration ?? {};
  if (type === 'COUNT') return value;
  const share = Math.ceil((value / 100) * desiredCount);
  return type === 'UNBOUNDED_PERCENT' ? Math.max(1, share) : Math.min(200, Math.max(3, share));
}

/** The fewest healthy and the most running tasks that a deployment may cause. */
export function taskLimits(desiredCount: number, configuration: Json, daemon = false): { least: number; most: number } {
  const { minimumHealthyPercent = daemon ? 0 : 100, maximumPercent = daemon ? 100 : 200 } = configuration ?? {};
  return {
    least: Math.ceil((desiredCount * minimumHealthyPercent) / 100),
    most: Math.floor((desiredCount * maximumPercent) / 100),
  };
}

/** How many tasks a rolling deployment starts and stops next. */
export function nextMoves(state: {
  desiredCount: number;
  limits: { least: number; most: number };
  /** Live tasks of the new revision, and of all others. */
  fresh: number;
  old: number;
  oldUnhealthy: number;
  healthy: number;
  /** Tasks told to stop whose targets still drain: they still run. */
  draining: number;
}): { start: number; stopOld: number; stuck: boolean } {
  const { desiredCount, limits, fresh, old, oldUnhealthy, healthy, draining } = state;
  const missing = Math.max(0, desiredCount - fresh);
  const start = Math.max(0, Math.min(missing, limits.most - fresh - old - draining));
  const spare = Math.max(0, healthy - limits.least);
  const stopOld = Math.min(old, spare + oldUnhealthy);
  return { start, stopOld, stuck: missing > 0 && start === 0 && stopOld === 0 && draining === 0 && old > 0 };
}
