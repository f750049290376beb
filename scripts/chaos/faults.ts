import fc from 'fast-check';
import type { Fault } from '../../local/aws/faults.ts';

const kinds = [
  'throttle',
  '500-json',
  '503-html',
  'empty-500',
  'truncate',
  'broken-json-200',
  'reset-before',
  'reset-after',
  'hang',
  'hang-after',
  'no-connection',
  'slow',
  'false-date',
] as const;

/** A fault of the way there or back, for one of these operations; the service behind it is sound. */
export function faultArbitrary(operations: readonly string[]): fc.Arbitrary<Fault> {
  return fc.record({
    kind: fc.constantFrom(...kinds),
    operation: fc.constantFrom(...operations),
    times: fc.integer({ min: 1, max: 4 }),
    skip: fc.integer({ min: 0, max: 12 }),
    code: fc.constantFrom('ECONNREFUSED'),
    ms: fc.constantFrom(500, 5_000, 20_000),
    retryAfterSeconds: fc.constantFrom(1, 30),
  });
}

/** A stale read: answers of a while ago, for a while; only of operations where ECS is known to lag (eventual consistency). */
export function staleArbitrary(operations: readonly string[]): fc.Arbitrary<Fault> {
  return fc.record({
    kind: fc.constant('stale' as const),
    operation: fc.constantFrom(...operations),
    skip: fc.integer({ min: 0, max: 20 }),
    forMs: fc.integer({ min: 1_000, max: 600_000 }),
    times: fc.integer({ min: 1, max: 3 }),
    ageMs: fc.integer({ min: 1_000, max: 20_000 }),
  });
}
