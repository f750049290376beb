import type { LocalAws } from '../../local/aws/local-aws.ts';
import { connectAws } from '../../src/aws/connect.ts';
import type { Aws, Files, Interrupt } from '../../src/ports.ts';
import { openRecords, type RecordStore } from '../../src/records/records.ts';
import type { SharedTime } from './shared-time.ts';

/** What one run of our program is handed: real adapters on the model, in shared virtual time. */
export interface Program {
  aws: Aws;
  clock: SharedTime['clock'];
  interrupt: Interrupt & { trigger(): void };
  emit(event: { type: string }): void;
  events: { type: string }[];
  records: RecordStore;
  env: Readonly<Record<string, string>>;
}

const requestTimeoutMs = 15_000;

export interface ProcessOptions {
  env: Record<string, string>;
  /** Contents of its records by path. */
  folder: Map<string, string>;
  /** After so long no request is waited for, as the command line sees to it. */
  timeoutMs: number;
  /** In the User-Agent: tells the requests of one process from those of another. */
  version?: string;
}

/** A new process with these variables; processes that share `folder` find each other's records. */
export async function startProgram(
  model: LocalAws,
  time: SharedTime,
  { env, folder, timeoutMs, version = '0.0.0-chaos' }: ProcessOptions,
): Promise<Program> {
  const stop = new AbortController();
  const events: { type: string }[] = [];
  const aws = await connectAws(
    {
      region: 'eu-west-1',
      profile: undefined,
      roleArn: undefined,
      roleSessionName: undefined,
      sessionDurationMs: undefined,
      expectAccount: undefined,
      requestTimeoutMs,
    },
    {
      env: {},
      version,
      clock: time.clock,
      random: () => 0.5,
      interrupt: stop.signal,
      deadlineMs: time.clock.now() + timeoutMs,
      requestHandler: requestHandler(model, time),
      credentials: async () => ({ accessKeyId: 'AKIALOCALAWS00000000', secretAccessKey: 'local-secret' }),
    },
  );
  return {
    aws,
    clock: time.clock,
    interrupt: {
      signal: stop.signal,
      name: () => 'SIGINT',
      trigger: () => {
        time.touch();
        stop.abort();
      },
    },
    emit: (event) => events.push(event),
    events,
    records: openRecords('records', inMemory(folder), env),
    env,
  };
}

function inMemory(contents: Map<string, string>): Files {
  const refuse = (): never => {
    throw new Error('a random schedule has no such files');
  };
  return {
    absolute: (path) => path,
    read: async (path) => contents.get(path),
    write: async (path, text) => void contents.set(path, text),
    list: async (folder) =>
      [...contents.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
    append: async () => refuse(),
    readStdin: async () => refuse(),
    inPrivateFolder: async () => refuse(),
  };
}

interface SdkRequest {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** Delivers to the model; a request that hangs takes virtual time, and an abort ends it. */
function requestHandler(model: LocalAws, time: SharedTime): unknown {
  return {
    metadata: { handlerProtocol: 'chaos' },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => undefined,
    handle: async (
      request: SdkRequest,
      { abortSignal, requestTimeout = requestTimeoutMs }: { abortSignal?: AbortSignal; requestTimeout?: number } = {},
    ) => {
      time.touch();
      const isAborted = (): boolean => abortSignal?.aborted === true;
      const aborted = (): Error => Object.assign(new Error('Request aborted'), { name: 'AbortError' });
      if (isAborted()) throw aborted();
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
      time.touch();
      if (answer.delayMs !== undefined) await time.sleep(Math.min(answer.delayMs, requestTimeout), abortSignal);
      const isLate = answer.sabotage === 'hang' || (answer.delayMs ?? 0) >= requestTimeout;
      if (answer.sabotage === 'hang') await time.sleep(requestTimeout, abortSignal);
      if (isAborted()) throw aborted();
      if (isLate) {
        throw Object.assign(new Error(`Request did not complete within ${requestTimeout} ms`), {
          name: 'TimeoutError',
        });
      }
      if (answer.sabotage === 'reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      if (answer.sabotage === 'no-connection') {
        throw Object.assign(new Error(`no connection (${answer.code})`), { code: answer.code });
      }
      if (answer.sabotage === 'truncate') throw new Error('aborted');
      const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
      return { response: { statusCode: answer.status, headers: answer.headers, body } };
    },
  };
}
