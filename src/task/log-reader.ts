import type { GetLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { hasCode } from '../errors.ts';
import type { LogsPort } from '../ports.ts';
import type { LogPlace } from './log-place.ts';

/** Reads a stream from its beginning, each line once. */
export interface LogReader {
  /** Hands over what came since the last call, page by page, so that a page that fails costs no line before it. */
  read(take: (line: string) => void, options: ReadOptions): Promise<void>;
  /** How far the last call came; `missing`: there was no such stream. */
  reached(): 'nothing' | 'missing' | 'part' | 'end';
}

export interface ReadOptions {
  /** `the end` reads until the stream has no more; with more looks to come, a short page is left at that. */
  upTo: 'the end' | 'a short page';
  /** Asked before each page but the first: no flood of lines keeps the task from being looked at, or us from ending. */
  isOver?: () => boolean;
  /** Resolves when whoever reads our output has caught up, so that a flood does not pile up in our memory. */
  drained?: (() => Promise<void>) | undefined;
}

/** One call reads at most this many pages, each of 1 MB or 10,000 lines at most (GetLogEvents, API reference). */
const pagesPerRead = 100;
/** Fewer lines than this on a page, and less text: what follows, if anything, can wait for the next look. */
const shortPage = { lines: 100, characters: 262_144 };

/** A reader of the stream at `place`. */
export function createLogReader(place: Extract<LogPlace, { kind: 'awslogs' }>, logs: LogsPort): LogReader {
  let token: string | undefined;
  let reached: ReturnType<LogReader['reached']> = 'nothing';
  return {
    reached: () => reached,
    read: async (take, { upTo, isOver = () => false, drained }) => {
      for (let page = 0; page < pagesPerRead && (page === 0 || !isOver()); page++) {
        reached = token === undefined ? reached : 'part';
        const answer = await readPage(place, token, logs);
        const events = answer?.events ?? [];
        let characters = 0;
        for (const { message = '' } of events) {
          characters += message.length;
          take(message);
        }
        await drained?.();
        // A page may be empty although more follows; only a token that comes back unchanged is the end.
        const next = answer?.nextForwardToken;
        if (next === undefined || next === token) {
          reached = answer === undefined ? 'missing' : 'end';
          break;
        }
        reached = 'part';
        token = next;
        // A page that is full by its size ends within one event (at most 256 KiB by the awslogs driver) of 1 MB.
        const isShort = events.length > 0 && events.length < shortPage.lines && characters < shortPage.characters;
        if (upTo === 'a short page' && isShort) break;
      }
    },
  };
}

async function readPage(
  { group, stream }: { group: string; stream: string },
  nextToken: string | undefined,
  logs: LogsPort,
): Promise<GetLogEventsCommandOutput | undefined> {
  try {
    return await logs.getLogEvents({
      logGroupName: group,
      logStreamName: stream,
      startFromHead: true,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
  } catch (error) {
    if (hasCode(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}
