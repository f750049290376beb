import { runCli } from './cli.ts';
import { systemClock, systemFiles, systemHttp, systemOutput, systemProcesses } from './node.ts';
import { exitCode, interruptedExitCode } from './outcome.ts';

declare const MIGRATE_DEPLOY_VERSION: string;

// The SDK would print its own end-of-support notice for Node 20 into the user's log.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const version = typeof MIGRATE_DEPLOY_VERSION === 'string' ? MIGRATE_DEPLOY_VERSION : '0.0.0-source';
const stop = new AbortController();
let stoppedBy: 'SIGINT' | 'SIGTERM' = 'SIGINT';
let stoppedAtMs = 0;
/** `timeout`, npm and terminals signal both the process and its group: such an echo is no second wish. */
const echoMs = 1_000;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The first signal asks; the second one does not wait for an answer.
    if (stop.signal.aborted) {
      if (performance.now() - stoppedAtMs > echoMs) process.exit(interruptedExitCode(name));
      return;
    }
    stoppedBy = name;
    stoppedAtMs = performance.now();
    stop.abort();
  });
}

// What escapes from a timer or a stream is a bug of ours; Node's own exit code for it would say that the answer is no.
process.on('uncaughtException', (error) => {
  process.stderr.write(`Error: migrate-deploy has a bug.\n  Why: ${error.stack}\n`, () => process.exit(exitCode.bug));
});

/** What speaks to AWS is followed to its end, whether or not somebody can read of it: its verdict is the exit code. */
export let isUnderWay = false;

const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;

void runCli(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  interrupt: { signal: stop.signal, name: () => stoppedBy },
  files: systemFiles,
  http: (url, request) => systemHttp(url, { ...request, ...(stop.signal.aborted ? {} : { signal: stop.signal }) }),
  processes: systemProcesses,
  ask: isInteractive ? { select: async (...given) => (await import('./tools.ts')).select(...given) } : undefined,
  live: async (...given) => (await import('./tools.ts')).live(...given),
  circleCi: { expand: async (...given) => (await import('./tools.ts')).expand(...given) },
  version,
  stdout: systemOutput(process.stdout, stop.signal),
  stderr: systemOutput(process.stderr, stop.signal),
  connect: async (options, { onRequest, deadlineMs }) => {
    isUnderWay = true;
    const { connectAws } = await import('./aws/connect.ts');
    return connectAws(options, {
      env: process.env,
      version,
      clock: systemClock,
      processes: systemProcesses,
      interrupt: stop.signal,
      connectSetup: async (...given) => (await import('./tools.ts')).connectSetup(...given),
      onRequest,
      deadlineMs,
    });
  },
}).then((code) => {
  process.exitCode = code;
  // Nothing that still hangs (a search for credentials, say) keeps an interrupted program alive; what was printed gets out first.
  if (stop.signal.aborted) process.stderr.write('', () => process.stdout.write('', () => process.exit()));
});
