import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const preload = new URL('../local/aws/time/virtual-time.mjs', import.meta.url).href;

/** Where `npm run build` left the program; MIGRATE_DEPLOY_TEST_BUNDLE=orb asks for the orb's. */
export const bundlePath = join(
  root,
  process.env.MIGRATE_DEPLOY_TEST_BUNDLE === 'orb' ? 'dist/orb/migrate-deploy.cjs' : 'dist/migrate-deploy.mjs',
);

/** What a finished child process left behind. */
export interface Finished {
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Added to a clean environment: nothing of the machine's but PATH and a HOME of its own. */
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** The local AWS whose virtual clock the child lives by; real time when absent. */
  control?: string;
  /** Sees every line as it is printed; may call `kill`. */
  onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
  node?: string;
}

/** Runs the built bundle as a user would, in an environment of its own. */
export async function runBundle(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const home = await mkdtemp(join(tmpdir(), 'migrate-deploy-test-'));
  try {
    return await run(args, options, home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function run(args: readonly string[], options: RunOptions, home: string): Promise<Finished> {
  const time = options.control === undefined ? [] : ['--import', preload];
  const child = spawn(options.node ?? process.execPath, [...time, bundlePath, ...args], {
    cwd: options.cwd ?? home,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      TMPDIR: home,
      NO_COLOR: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(options.control === undefined ? {} : { LOCAL_AWS_CONTROL: options.control }),
      ...options.env,
    },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    let rest = '';
    child[stream].setEncoding('utf8');
    child[stream].on('data', (chunk: string) => {
      output[stream] += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line, (signal) => void child.kill(signal));
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined, ...output }),
    );
  });
}
