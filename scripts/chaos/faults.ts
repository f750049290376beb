import fc from 'fast-check';
import { connectionErrors, type Fault } from '../../local/aws/faults.ts';

/** The value of a secret in each schedule: nothing that is printed or kept may hold it. */
export const canary = 'canary-8d1f2c';

const kinds = [
  'throttle',
  '500-json',
  '503-html',
  'empty-500',
  'truncate',
  'broken-json-200',
  'empty-json-200',
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
    code: fc.constantFrom(...Object.keys(connectionErrors)),
    ms: fc.constantFrom(500, 5_000, 20_000),
    retryAfterSeconds: fc.constantFrom(1, 30, 86_400),
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

/** AWS refuses, and quotes what it was sent. */
export function echoArbitrary(operations: readonly string[]): fc.Arbitrary<Fault> {
  return fc.record({
    kind: fc.constant('error' as const),
    operation: fc.constantFrom(...operations),
    skip: fc.integer({ min: 0, max: 2 }),
    type: fc.constantFrom('ClientException', 'InvalidParameterException', 'ServerException'),
    status: fc.constantFrom(400, 500),
    message: fc.constantFrom(`The value '${canary}' of SECRET is not valid.`, `{"name":"SECRET","value":"${canary}"}`),
  });
}

/** One value three times of four. */
export const mostly = <T>(common: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(common) }, { weight: 1, arbitrary: other });
