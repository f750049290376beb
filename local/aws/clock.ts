/** The model's time: milliseconds since the epoch, and things that happen at a moment of it. */
export interface ModelClock {
  now(): number;
  /** Runs `run` once when the clock reaches `timeMs` (at once if it is past); the answer cancels it. */
  at(timeMs: number, run: () => void): () => void;
}

interface Appointment {
  timeMs: number;
  order: number;
  run: () => void;
}

/** Time that moves only when a test moves it; everything due on the way happens in order, each at its own moment. */
export class VirtualClock implements ModelClock {
  #nowMs: number;
  #order = 0;
  #appointments: Appointment[] = [];

  constructor(startMs = Date.UTC(2026, 0, 5, 9, 0, 0)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  at(timeMs: number, run: () => void): () => void {
    const appointment = { timeMs: Math.max(timeMs, this.#nowMs), order: this.#order++, run };
    this.#appointments.push(appointment);
    return () => {
      this.#appointments = this.#appointments.filter((other) => other !== appointment);
    };
  }

  /** Moves time on by `ms` and runs what falls due, including what those things schedule within the span. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#appointments
        .filter(({ timeMs }) => timeMs <= untilMs)
        .sort((a, b) => a.timeMs - b.timeMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#appointments = this.#appointments.filter((other) => other !== next);
      this.#nowMs = next.timeMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** The wall clock, `scale` times as fast. Its timers never keep the process alive on their own. */
export class ScaledClock implements ModelClock {
  readonly #startMs = Date.now();
  readonly scale: number;

  constructor(scale = 1) {
    this.scale = scale;
  }

  now(): number {
    return this.#startMs + (Date.now() - this.#startMs) * this.scale;
  }

  at(timeMs: number, run: () => void): () => void {
    let timer: NodeJS.Timeout;
    // A timer may fire a little early, which at this scale is a long time: nothing happens before its moment.
    const wait = (): void => {
      const leftMs = timeMs - this.now();
      timer = setTimeout(() => (this.now() < timeMs ? wait() : run()), Math.ceil(Math.max(0, leftMs) / this.scale));
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  }
}
