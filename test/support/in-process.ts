import type { VirtualClock } from '../../local/aws/clock.ts';
import { requestHandler, requestTimeoutMs, type WireModel } from '../../local/aws/request-handler.ts';
import { connectAws } from '../../src/aws/connect.ts';
import { connectSetup } from '../../src/aws/setup.ts';
import type { AwsOptions } from '../../src/options/shared.ts';
import type { Aws, Clock, Emit, Interrupt } from '../../src/ports.ts';
import { openRecords, type RecordStore } from '../../src/records/records.ts';
import { memoryFiles } from './memory-files.ts';

/** Everything a use-case is handed, running on the model's virtual clock without a socket. */
export interface InProcess {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt & { trigger(name?: 'SIGINT' | 'SIGTERM'): void };
  emit: Emit;
  /** Everything emitted so far. */
  events: { type: string }[];
  files: ReturnType<typeof memoryFiles>;
  records: RecordStore;
  env: Readonly<Record<string, string>>;
}

/** The real adapters on `model.handle`; sleeping moves the model's clock. */
export async function inProcess(
  model: WireModel,
  options: Partial<AwsOptions> & { accessKeyId?: string; recordDir?: string; env?: Record<string, string> } = {},
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
      sessionDurationMs: undefined,
      expectAccount: undefined,
      requestTimeoutMs,
      ...options,
    },
    {
      env: {},
      version: '0.0.0-test',
      clock,
      random: () => 0.5,
      connectSetup: async (config, send) => connectSetup(config, send),
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
    emit: (event) => events.push(event),
    events,
    files,
    records: openRecords(options.recordDir ?? 'records', files, options.env ?? {}),
    env: options.env ?? {},
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
