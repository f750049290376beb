import type { GetLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { hasCode } from '../errors.ts';
import type { LogsPort } from '../ports.ts';
import type { LogPlace } from './log-place.ts';

/** Reads a stream from its beginning, each line once. */
export interface LogReader {
  /**
   * Hands over what came since the last call, page by page, so that a page that fails costs no line before it.
   * `upTo` the end reads until the stream has no more; with more looks to come, a short page is left at that.
   */
  read(take: (line: string) => void, upTo: 'the end' | 'a short page'): Promise<void>;
}

/** One call reads at most this many pages, so that a flood of lines cannot keep the task from being looked at. */
const pagesPerRead = 100;
/** Fewer lines than this on a page: what follows, if anything, can wait for the next look. */
const shortPage = 100;

/** A reader of the stream at `place`. */
export function createLogReader(place: Extract<LogPlace, { kind: 'awslogs' }>, logs: LogsPort): LogReader {
  let token: string | undefined;
  return {
    read: async (take, upTo) => {
      for (let page = 0; page < pagesPerRead; page++) {
        const answer = await readPage(place, token, logs);
        const events = answer?.events ?? [];
        for (const { message = '' } of events) take(message);
        // A page may be empty although more follows; only a token that comes back unchanged is the end.
        const next = answer?.nextForwardToken;
        if (next === undefined || next === token) break;
        token = next;
        if (upTo === 'a short page' && events.length > 0 && events.length < shortPage) break;
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
