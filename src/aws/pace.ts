import type { Clock } from '../ports.ts';

/** Token buckets of ECS for an account and region ("Request throttling for the Amazon ECS API", API reference). */
const buckets: Readonly<Record<string, { burst: number; perSecond: number }>> = {
  'ecs:RegisterTaskDefinition': { burst: 20, perSecond: 1 },
  'ecs:UpdateService': { burst: 50, perSecond: 5 },
};

/** How long a request waits so that AWS need not refuse it, in milliseconds; calling it takes the request's turn. */
export function createPace(clock: Clock): (action: string) => number {
  const turns = new Map<string, { tokens: number; atMs: number }>();
  return (action) => {
    const bucket = buckets[action];
    if (bucket === undefined) return 0;
    const nowMs = clock.now();
    const { tokens, atMs } = turns.get(action) ?? { tokens: bucket.burst, atMs: nowMs };
    const left = Math.min(bucket.burst, tokens + ((nowMs - atMs) * bucket.perSecond) / 1_000) - 1;
    turns.set(action, { tokens: left, atMs: nowMs });
    return left >= 0 ? 0 : Math.ceil((-left * 1_000) / bucket.perSecond);
  };
}
