import type { Task } from '@aws-sdk/client-ecs';
import { taskId } from '../base/arn.ts';
import { linesForDiagnosis } from '../diagnosis/application.ts';
import { lossNote } from '../diagnosis/log-finding.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Aws, Clock, Emit, Interrupt } from '../ports.ts';
import type { FollowEvent } from './events.ts';
import { type LoggedContainer, type LogPlace, logPlace } from './log-place.ts';
import { createLogReader, type LogReader, type ReadOptions } from './log-reader.ts';

export type { LoggedContainer } from './log-place.ts';

/** The log of the container that counts, from wherever its definition sends it. */
export interface TaskLog {
  /** Takes from the task what the place depends on. */
  observe(task: Task): void;
  /** Emits what came since the last call; until the end of the stream, or as far as one look needs. */
  read(nowMs: number, options: ReadOptions): Promise<void>;
  place(): LogPlace | undefined;
  /** As many as a diagnosis looks at. */
  lastLines(): string[];
  /** Why lines may be missing, in short; undefined where nothing speaks for it. */
  incomplete(): string | undefined;
  lastLineMs(): number | undefined;
  /** Whether more lines can come: the container ran, and its log can be read. */
  mayGrow(): boolean;
}

/** Of longer lines the beginning is kept: none explains more in its end. */
const keptCharacters = 8_000;

/** The log of one container; a place that we cannot read is told of once. */
export function createTaskLog(
  taskArn: string,
  container: LoggedContainer,
  deps: { aws: Aws; emit: Emit<FollowEvent> },
): TaskLog {
  const { aws, emit } = deps;
  let place: LogPlace | undefined;
  let reader: LogReader | undefined;
  let readable = true;
  let started = false;
  let lastLineMs: number | undefined;
  const kept: string[] = [];
  return {
    observe: (task) => {
      const status = task.containers?.find(({ name }) => name === container.name)?.lastStatus;
      started ||= task.startedAt !== undefined || status === 'RUNNING';
      if (place !== undefined && place.kind !== 'awslogs-unnamed') return;
      const found = placeOfLog(task, container, aws.region);
      if (found.kind !== place?.kind) emit({ type: 'log-place', taskArn, container: container.name, place: found });
      place = found;
      if (found.kind === 'awslogs') reader = createLogReader(found, aws.logs(found.region));
    },
    read: async (nowMs, options) => {
      // The stream is made when the container starts: until then every question would be in vain.
      if (reader === undefined || !readable || !started) return;
      try {
        await reader.read((message) => {
          lastLineMs = nowMs;
          kept.push(message.slice(0, keptCharacters));
          if (kept.length > linesForDiagnosis) kept.shift();
          emit({ type: 'log-line', taskArn, container: container.name, message });
        }, options);
      } catch (error) {
        // Whoever is not authorized to read the log still learns the verdict.
        if (!(error instanceof UserError)) throw error;
        // The next look at the task will tell of it; where the verdict stands already, it takes nothing away.
        if (error.code === 'ExpiredTokenException') return;
        readable = false;
        emit({ type: 'logs-unreadable', taskArn, why: error.why ?? error.message, fix: error.fix });
      }
    },
    place: () => place,
    lastLines: () => [...kept],
    incomplete: () => {
      if (reader === undefined || !started) return undefined;
      if (!readable) return 'the log cannot be read';
      switch (reader.reached()) {
        case 'nothing':
          return 'the log could not be read in time';
        case 'missing':
          return 'the log stream does not exist, so nothing was written or it is not there yet';
        case 'part':
          return 'the log was not read to its end: it is long, or CloudWatch Logs was slow';
        case 'end':
          return lossNote(container.logConfiguration);
      }
    },
    lastLineMs: () => lastLineMs,
    mayGrow: () => reader !== undefined && readable && started,
  };
}

/** Where the container's log is, as far as this answer of DescribeTasks says. */
export function placeOfLog(task: Task, container: LoggedContainer, region: string): LogPlace {
  const runtimeId = task.containers?.find(({ name }) => name === container.name)?.runtimeId;
  return logPlace(container, { id: taskId(task.taskArn ?? ''), region, runtimeId });
}

/** For so long a poll reads the log at most, before it looks at the tasks again. */
const readMs = 10_000;

/** Reads what is there now, side by side; no trouble with a log may stand in the way of a verdict, and an interrupt ends it. */
export async function readLogs(
  tasks: readonly { log: TaskLog | undefined }[],
  deps: {
    clock: Clock;
    emit: Emit<FollowEvent>;
    interrupt: Interrupt | undefined;
    drained?: (() => Promise<void>) | undefined;
  },
  upTo: ReadOptions['upTo'],
  budgetMs = readMs,
): Promise<void> {
  const { clock, emit, interrupt, drained } = deps;
  const untilMs = clock.now() + budgetMs;
  const isOver = (): boolean => interrupt?.signal.aborted === true || clock.now() >= untilMs;
  const readOne = async (log: TaskLog | undefined): Promise<void> => {
    try {
      await log?.read(clock.now(), { upTo, isOver, drained });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (interrupt?.signal.aborted !== true) emit({ type: 'trouble', message: error.message, inARow: 1 });
    }
  };
  await Promise.all(tasks.map(({ log }) => readOne(log)));
}
