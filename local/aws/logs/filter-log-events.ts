import type { Core } from '../core.ts';
import { ApiError, type Json } from '../wire.ts';

/** FilterLogEvents: the lines of many streams by time; finished when there is no nextToken. */
export function filterLogEvents(input: Json, region: string, core: Core): Json {
  const { logGroupName, logStreamNames, logStreamNamePrefix, startTime = 0, endTime, limit = 10_000 } = input;
  if (!core.logs.hasGroup(logGroupName ?? '', region)) {
    throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
  }
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw new ApiError('InvalidParameterException', 'logStreamNames and logStreamNamePrefix must not both be given.');
  }
  const fits = matcher(input.filterPattern ?? '');
  const nowMs = core.world.clock.now();
  const events = core.logs
    .streams(logGroupName, region)
    .filter((name) => logStreamNames?.includes(name) ?? name.startsWith(logStreamNamePrefix ?? ''))
    .flatMap((name) =>
      (core.logs.stream(logGroupName, name, region) ?? []).map((event, index) => ({ ...event, name, index })),
    )
    .filter(
      ({ timestampMs, readableAtMs, message }) =>
        readableAtMs <= nowMs &&
        timestampMs >= startTime &&
        timestampMs <= (endTime ?? Number.POSITIVE_INFINITY) &&
        fits(message),
    )
    .sort((a, b) => a.timestampMs - b.timestampMs || a.readableAtMs - b.readableAtMs);
  const from = Number(input.nextToken ?? 0);
  const to = from + Math.min(limit, core.settings.logPageSize);
  return {
    events: events.slice(from, to).map(({ timestampMs, readableAtMs, message, name, index }) => ({
      eventId: `${Math.round(timestampMs)}${String(index).padStart(20, '0')}`,
      logStreamName: name,
      message,
      timestamp: Math.round(timestampMs),
      ingestionTime: Math.round(readableAtMs),
    })),
    nextToken: to < events.length ? String(to) : undefined,
    searchedLogStreams: [],
  };
}

/** Plain terms only: all of them must stand in the line. */
function matcher(pattern: string): (message: string) => boolean {
  if (/^\s*[{[%?-]/.test(pattern)) {
    throw new ApiError('InvalidParameterException', 'local AWS knows filter patterns of plain terms only.');
  }
  const terms = [...pattern.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  return (message) => terms.every((term) => message.includes(term));
}
