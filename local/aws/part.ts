import type { ModelClock } from './clock.ts';
import type { Operations } from './wire.ts';

/** What every part of the model (ECS tasks, ECS services, Logs, ECR, STS) may rely on. */
export interface World {
  clock: ModelClock;
  region: string;
  accountId: string;
  /** The next pseudo-random hex string of this length: the same sequence in every run. */
  hex(length: number): string;
  /** The next pseudo-random decimal string of this length, not starting with 0. */
  digits(length: number): string;
  /** A pseudo-random UUID. */
  uuid(): string;
}

/** A part of the model: its API operations by name, e.g. `RunTask`. */
export interface Part {
  operations: Operations;
}

/** How an image reference resolves when a task pulls it. ECR answers for its own repositories. */
export interface ImageResolver {
  /** The digest that a pull of `reference` would get, or the container reason with which the pull would fail. */
  resolve(reference: string): { digest: string } | { error: string };
}
