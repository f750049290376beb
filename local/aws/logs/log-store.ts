import type { World } from '../part.ts';
import type { Settings } from '../settings.ts';

/** One line in a stream. Readable from `readableAtMs` on, in the order of arrival. */
export interface LogEvent {
  timestampMs: number;
  readableAtMs: number;
  message: string;
}

/** Log groups with their streams, by region. */
export class LogStore {
  readonly #world: World;
  readonly #settings: Settings;
  readonly #groups = new Map<string, Map<string, LogEvent[]>>();

  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
  }

  createGroup(group: string, region = this.#world.region): void {
    const key = `${region} ${group}`;
    if (!this.#groups.has(key)) this.#groups.set(key, new Map());
  }

  hasGroup(group: string, region = this.#world.region): boolean {
    return this.#groups.has(`${region} ${group}`);
  }

  /** Streams begin to exist when a container starts; the group must be there. */
  createStream(group: string, stream: string, region = this.#world.region): void {
    const streams = this.#groups.get(`${region} ${group}`);
    if (streams !== undefined && !streams.has(stream)) streams.set(stream, []);
  }

  /** Appends a line, creating group and stream where needed. */
  write(
    group: string,
    stream: string,
    message: string,
    options: { ingestDelayMs?: number | undefined; region?: string } = {},
  ): void {
    const region = options.region ?? this.#world.region;
    this.createGroup(group, region);
    this.createStream(group, stream, region);
    const timestampMs = this.#world.clock.now();
    const readableAtMs = timestampMs + (options.ingestDelayMs ?? this.#settings.logIngestionMs);
    this.#groups.get(`${region} ${group}`)?.get(stream)?.push({ timestampMs, readableAtMs, message });
  }

  /** The stream's events, or undefined where there is no such group or stream. */
  stream(group: string, stream: string, region = this.#world.region): LogEvent[] | undefined {
    return this.#groups.get(`${region} ${group}`)?.get(stream);
  }

  groups(region = this.#world.region): string[] {
    return [...this.#groups.keys()].filter((key) => key.startsWith(`${region} `)).map((key) => key.split(' ')[1] ?? '');
  }

  streams(group: string, region = this.#world.region): string[] {
    return [...(this.#groups.get(`${region} ${group}`)?.keys() ?? [])];
  }
}
