/** How many failed tasks the deployment circuit breaker allows; see "deployment circuit breaker" in the ECS developer guide. */
export function breakerThreshold(
  desiredCount: number,
  breaker:
    | { thresholdConfiguration?: { type?: string | undefined; value?: number | undefined } | undefined }
    | undefined,
): number {
  const { type = 'BOUNDED_PERCENT', value = 50 } = breaker?.thresholdConfiguration ?? {};
  if (type === 'COUNT') return value;
  const share = Math.ceil((value / 100) * desiredCount);
  return type === 'UNBOUNDED_PERCENT' ? Math.max(1, share) : Math.min(200, Math.max(3, share));
}
