import { type ModelClock, VirtualClock } from './clock.ts';
import type { World } from './part.ts';

/** What a model starts from; the same seed makes the same ids in every run. */
export interface WorldOptions {
  clock?: ModelClock;
  region?: string;
  accountId?: string;
  seed?: number;
}

/** A world with its clock, its place and its sequence of ids. */
export function createWorld(options: WorldOptions = {}): World {
  const next = mulberry32(options.seed ?? 1);
  const hex = (length: number): string => pick('0123456789abcdef', length, next);
  const digits = (length: number): string => pick('123456789', 1, next) + pick('0123456789', length - 1, next);
  return {
    clock: options.clock ?? new VirtualClock(),
    region: options.region ?? 'eu-west-1',
    accountId: options.accountId ?? '123456789012',
    hex,
    digits,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  };
}

function pick(alphabet: string, length: number, next: () => number): string {
  return Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('');
}

/** The mulberry32 generator: small, and good enough to look random. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
