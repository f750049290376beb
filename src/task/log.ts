import type { Task } from '@aws-sdk/client-ecs';
import { taskId } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import type { FollowEvent } from '../migrate/events.ts';
import type { Announce, Aws } from '../ports.ts';
import { type LogPlace, logPlace } from './log-place.ts';
import { createLogReader, type LogReader, type ReadOptions } from './log-reader.ts';

/** The log of the container that counts, from wherever its definition sends it. */
export interface TaskLog {
  /** Takes from the task what the place depends on. */
  sight(task: Task): void;
  /** Announces what came since the last call; until the end of the stream, or as far as one look needs. */
  read(nowMs: number, options: ReadOptions): Promise<void>;
  place(): LogPlace | undefined;
  lastLines(): string[];
  lastLineMs(): number | undefined;
  /** Whether more lines can come: the container ran, and its log can be read. */
  mayGrow(): boolean;
}

const keptLines = 50;

/** The log of one container; a place that we cannot read is announced once. */
export function createTaskLog(
  taskArn: string,
  container: { name: string; logConfiguration?: unknown },
  deps: { aws: Aws; announce: Announce<FollowEvent> },
): TaskLog {
  const { aws, announce } = deps;
  let place: LogPlace | undefined;
  let reader: LogReader | undefined;
  let readable = true;
  let started = false;
  let lastLineMs: number | undefined;
  const kept: string[] = [];
  return {
    sight: (task) => {
      const status = task.containers?.find(({ name }) => name === container.name)?.lastStatus;
      started ||= task.startedAt !== undefined || status === 'RUNNING';
      if (place !== undefined && place.kind !== 'awslogs-unnamed') return;
      const found = placeOfLog(task, container, aws.region);
      if (found.kind !== place?.kind) announce({ type: 'log-place', taskArn, container: container.name, place: found });
      place = found;
      if (found.kind === 'awslogs') reader = createLogReader(found, aws.logs(found.region));
    },
    read: async (nowMs, options) => {
      // The stream is made when the container starts: until then every question would be in vain.
      if (reader === undefined || !readable || !started) return;
      try {
        await reader.read((message) => {
          lastLineMs = nowMs;
          kept.push(message);
          if (kept.length > keptLines) kept.shift();
          announce({ type: 'log-line', taskArn, container: container.name, message });
        }, options);
      } catch (error) {
        // Whoever may not read the log may still learn the verdict.
        if (!(error instanceof UserError)) throw error;
        // The next look at the task will tell of it; where the verdict stands already, it takes nothing away.
        if (error.code === 'ExpiredTokenException') return;
        readable = false;
        announce({ type: 'logs-unreadable', taskArn, why: error.why ?? error.message, fix: error.fix });
      }
    },
    place: () => place,
    lastLines: () => [...kept],
    lastLineMs: () => lastLineMs,
    mayGrow: () => reader !== undefined && readable && started,
  };
}

/** Where the container's log is, as far as this sight of the task tells. */
export function placeOfLog(
  task: Task,
  container: { name: string; logConfiguration?: unknown },
  region: string,
): LogPlace {
  const runtimeId = task.containers?.find(({ name }) => name === container.name)?.runtimeId;
  return logPlace(container, { id: taskId(task.taskArn ?? ''), region, runtimeId });
}
