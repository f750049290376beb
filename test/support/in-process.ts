import { connectAws } from '../../src/aws/connect.ts';
import type { AwsOptions } from '../../src/options/common.ts';
import type { Announce, Aws, Clock, Interrupt } from '../../src/ports.ts';
import { openRecords, type RecordStore } from '../../src/record.ts';
import type { VirtualClock } from '../local-aws/clock.ts';
import type { WireRequest, WireResponse } from '../local-aws/wire.ts';
import { memoryFiles } from './memory-files.ts';

/** What the harness needs of a model: local AWS, or anything that answers the wire. */
export interface WireModel {
  clock: VirtualClock;
  handle(request: WireRequest): Promise<WireResponse>;
}

/** Everything a use-case is handed, running on the model's virtual clock without a socket. */
export interface InProcess {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt & { trigger(name?: 'SIGINT' | 'SIGTERM'): void };
  announce: Announce;
  /** Everything announced so far. */
  events: { type: string }[];
  files: ReturnType<typeof memoryFiles>;
  records: RecordStore;
}

const requestTimeoutMs = 15_000;

/** The real adapters on `model.handle`; sleeping moves the model's clock. */
export async function inProcess(
  model: WireModel,
  options: Partial<AwsOptions> & { accessKeyId?: string; recordDir?: string } = {},
): Promise<InProcess> {
  const stop = new AbortController();
  let stoppedBy: 'SIGINT' | 'SIGTERM' = 'SIGINT';
  const clock = clockOf(model.clock);
  const events: { type: string }[] = [];
  const files = memoryFiles();
  const aws = await connectAws(
    {
      region: 'eu-west-1',
      profile: undefined,
      roleArn: undefined,
      roleSessionName: undefined,
      sessionDurationSeconds: undefined,
      expectAccount: undefined,
      requestTimeoutMs,
      ...options,
    },
    {
      env: {},
      version: '0.0.0-test',
      clock,
      random: () => 0.5,
      requestHandler: requestHandler(model),
      credentials: async () => ({
        accessKeyId: options.accessKeyId ?? 'AKIALOCALAWS00000000',
        secretAccessKey: 'local-secret',
      }),
    },
  );
  return {
    aws,
    clock,
    interrupt: {
      signal: stop.signal,
      name: () => stoppedBy,
      trigger: (name = 'SIGINT') => {
        stoppedBy = name;
        stop.abort();
      },
    },
    announce: (event) => events.push(event),
    events,
    files,
    records: openRecords(options.recordDir ?? 'records', files),
  };
}

/** The model's clock as a program sees it: sleeping is what makes time pass. */
export function clockOf(clock: VirtualClock): Clock {
  return {
    now: () => clock.now(),
    sleep: async (ms, signal) => {
      if (signal?.aborted !== true) clock.advance(ms);
    },
  };
}

interface SdkRequest {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** A request handler for the SDK's clients that delivers to the model, spoiling the delivery where the model says so. */
export function requestHandler(model: WireModel): unknown {
  return {
    metadata: { handlerProtocol: 'in-process' },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => undefined,
    handle: async (request: SdkRequest) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const query = new URLSearchParams(request.query ?? {}).toString();
      const answer = await model.handle({
        method: request.method,
        path: query === '' ? request.path : `${request.path}?${query}`,
        headers,
        body: typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? new Uint8Array()),
      });
      if (answer.sabotage === 'hang') {
        model.clock.advance(requestTimeoutMs);
        throw Object.assign(new Error(`Request did not complete within ${requestTimeoutMs} ms`), {
          name: 'TimeoutError',
        });
      }
      if (answer.sabotage === 'reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      if (answer.sabotage === 'truncate') throw new Error('aborted');
      const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
      return { response: { statusCode: answer.status, headers: answer.headers, body } };
    },
  };
}
