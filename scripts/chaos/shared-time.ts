import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { VirtualClock } from '../../local/aws/clock.ts';
import type { Clock } from '../../src/ports.ts';

interface Sleeper {
  wakeAtMs: number;
  wake: () => void;
}

/** One virtual time for several programs at once: it moves to the next moment at which one of them wakes, when all of them wait. */
export class SharedTime {
  readonly #clock: VirtualClock;
  readonly #sleepers = new Set<Sleeper>();
  #activity = 0;
  #busy = 0;

  /** The newest one stands in for the time of the process: also AbortSignal.timeout runs on it. */
  constructor(clock: VirtualClock) {
    this.#clock = clock;
    AbortSignal.timeout = (ms) => this.#timeout(ms);
  }

  /** The clock that a program is handed. */
  readonly clock: Clock = {
    now: () => this.#clock.now(),
    sleep: (ms, signal) => this.sleep(ms, signal),
  };

  /** Something happened that others may react to: time stands still until they have. */
  touch(): void {
    this.#activity++;
  }

  /** Time stands still while this goes on, however long it really takes. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.touch();
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.touch();
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const onAbort = (): void => this.#wake(sleeper);
      const sleeper = {
        wakeAtMs: this.#clock.now() + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** AbortSignal.timeout on this time; one that nobody listens to any more is forgotten. */
  #timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    const { signal } = controller;
    const sleeper = { wakeAtMs: this.#clock.now() + ms, wake: () => controller.abort() };
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    let listeners = 0;
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      this.#sleepers.add(sleeper);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      if (--listeners <= 0) this.#sleepers.delete(sleeper);
      remove(...args);
    };
    return signal;
  }

  /** Lets time pass until `work` is over; programs that wait for nothing at all are an Error. */
  async passUntil<T>(work: Promise<T>): Promise<T> {
    const state = { over: false };
    const watched = work.finally(() => {
      state.over = true;
      this.touch();
    });
    watched.catch(() => undefined);
    let idle = 0;
    for (;;) {
      await this.#quiet();
      if (state.over) return watched;
      const next = this.#next();
      if (next === undefined) {
        // Loading a module takes real time.
        if (++idle > 1_000) throw new Error('nobody sleeps, and the work is not over: a program hangs');
        await delay(1);
        continue;
      }
      idle = 0;
      this.#clock.advance(Math.max(0, next.wakeAtMs - this.#clock.now()));
      this.#wake(next);
    }
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const one of this.#sleepers) if (next === undefined || one.wakeAtMs < next.wakeAtMs) next = one;
    return next;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    this.touch();
    sleeper.wake();
  }

  /** Waits until a few turns of the event loop went by in which nothing happened. */
  async #quiet(): Promise<void> {
    for (let still = 0; still < 3; still++) {
      const before = this.#activity;
      await turn();
      if (this.#activity !== before || this.#busy > 0) still = -1;
    }
  }
}
