import type { Core } from '../core.ts';
import { ApiError, type Json, type Operations } from '../wire.ts';
import { filterLogEvents } from './filter-log-events.ts';
import type { LogEvent } from './log-store.ts';

/** CloudWatch Logs: reading streams, and what is needed to make and find them. */
export function logOperations(core: Core): Operations {
  let reads = 0;
  return {
    GetLogEvents: (input: Json, call) => {
      const events = readable(input, call.region, core);
      reads++;
      const { emptyLogPageEvery } = core.settings;
      // AWS may answer an empty page although more follows; its token differs from the one that was passed.
      const empty = emptyLogPageEvery > 0 && reads % emptyLogPageEvery === 0;
      return page(input, events, empty, core);
    },
    CreateLogGroup: (input: Json, call) => {
      if (core.logs.hasGroup(input.logGroupName, call.region)) {
        throw new ApiError('ResourceAlreadyExistsException', 'The specified log group already exists');
      }
      core.logs.createGroup(input.logGroupName, call.region);
      return {};
    },
    FilterLogEvents: (input: Json, call) => filterLogEvents(input, call.region, core),
    DescribeLogGroups: (input: Json, call) => ({
      logGroups: core.logs
        .groups(call.region)
        .filter((name) => name.startsWith(input.logGroupNamePrefix ?? ''))
        .map((logGroupName) => ({
          logGroupName,
          arn: `arn:aws:logs:${call.region}:${core.world.accountId}:log-group:${logGroupName}:*`,
        })),
    }),
    DescribeLogStreams: (input: Json, call) => {
      if (!core.logs.hasGroup(input.logGroupName, call.region)) {
        throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
      }
      const names = core.logs.streams(input.logGroupName, call.region);
      return {
        logStreams: names
          .filter((name) => name.startsWith(input.logStreamNamePrefix ?? ''))
          .slice(0, input.limit ?? 50)
          .map((logStreamName) => ({ logStreamName })),
      };
    },
  };
}

function readable(input: Json, region: string, core: Core): LogEvent[] {
  if (!input.logGroupName || !input.logStreamName) {
    throw new ApiError('InvalidParameterException', 'logGroupName and logStreamName are required.');
  }
  if (!core.logs.hasGroup(input.logGroupName, region)) {
    throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
  }
  const stream = core.logs.stream(input.logGroupName, input.logStreamName, region);
  if (stream === undefined) {
    throw new ApiError('ResourceNotFoundException', 'The specified log stream does not exist.');
  }
  const nowMs = core.world.clock.now();
  return stream
    .filter(({ readableAtMs }) => readableAtMs <= nowMs)
    .sort((a, b) => a.readableAtMs - b.readableAtMs || a.timestampMs - b.timestampMs);
}

/** Tokens are `f/<position>` and `b/<position>`; a forward token that comes back unchanged means the end for now. */
function page(input: Json, events: LogEvent[], empty: boolean, core: Core): Json {
  const token: string | undefined = input.nextToken;
  const match = /^[fb]\/0*(\d+)(?:e\d+)?$/.exec(token ?? '');
  if (token !== undefined && match === null) {
    throw new ApiError('InvalidParameterException', 'The specified nextToken is invalid.');
  }
  const limit: number = Math.min(input.limit ?? 10_000, core.settings.logPageSize);
  const shown = events.filter(({ timestampMs }) => timestampMs >= (input.startTime ?? 0));
  const forward = token === undefined ? input.startFromHead === true : token.startsWith('f');
  const at = match === null ? (forward ? 0 : shown.length) : Number(match[1]);
  const [from, to] = forward ? [at, Math.min(at + limit, shown.length)] : [Math.max(0, at - limit), at];
  if (empty && from < to) {
    return { events: [], nextForwardToken: `f/${pad(at)}e${core.world.digits(4)}`, nextBackwardToken: `b/${pad(at)}` };
  }
  const unchanged = token !== undefined && forward && from === to;
  return {
    events: shown.slice(from, to).map(({ timestampMs, readableAtMs, message }) => ({
      timestamp: Math.round(timestampMs),
      message,
      ingestionTime: Math.round(readableAtMs),
    })),
    nextForwardToken: unchanged ? token : `f/${pad(to)}`,
    nextBackwardToken: `b/${pad(from)}`,
  };
}

const pad = (position: number): string => String(position).padStart(56, '0');
