import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentOf, expandHome } from './environment.ts';
import type { RunningJob, StepResult } from './job-run.ts';
import type { YamlMap } from './yaml.ts';

/** A `background: true` step that goes on beside the others until the job ends. */
export interface Background {
  end(): Promise<void>;
}

/** Steps that run now; they end with this process, whichever way it ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL');
});

type Ended = Pick<StepResult, 'status' | 'exitCode'> & { halted?: true };

/** Runs a `run` step in a shell of its own. */
export async function runShell(body: YamlMap, job: RunningJob): Promise<Ended> {
  const cwd = expandHome(String(body.working_directory ?? '.'), job.home, job.workingDirectory);
  await mkdir(job.workingDirectory, { recursive: true });
  const haltFile = join(job.artifacts, '..', 'halted');
  const [shell = '', ...flags] = String(body.shell ?? job.settings.shell ?? '/bin/bash -eo pipefail').split(/\s+/);
  const child = spawn(shell, [...flags, '-c', String(body.command)], {
    cwd,
    env: { ...job.env, LOCAL_CIRCLECI_HALT: haltFile, ...environmentOf(body.environment) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the step's children end with it.
    detached: true,
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const ended = follow(child, job.log, milliseconds(String(body.no_output_timeout ?? '10m')), body);
  if (body.background === true) {
    job.backgrounds.push({
      end: async () => {
        kill(child, 'SIGTERM');
        await ended;
      },
    });
    return { status: 'success', exitCode: 0 };
  }
  const result = await ended;
  const halted = await access(haltFile).then(
    () => true,
    () => false,
  );
  return halted ? { ...result, halted } : result;
}

function follow(child: ChildProcess, log: (text: string) => void, silenceMs: number, body: YamlMap): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined;
  let tooSilent = false;
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      tooSilent = true;
      log(
        `\nToo long with no output (exceeded ${String(body.no_output_timeout ?? '10m')}): context deadline exceeded\n`,
      );
      kill(child, 'SIGKILL');
    }, silenceMs);
  };
  if (body.background !== true) listen();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (body.background !== true) listen();
      log(text);
    });
  }
  return new Promise((resolve) => {
    const end = (exitCode: number): void => {
      clearTimeout(timer);
      if (exitCode !== 0 && !tooSilent) log(`\nExited with code exit status ${exitCode}\n`);
      resolve({ status: exitCode === 0 ? 'success' : 'failed', exitCode });
    };
    child.on('error', (error) => {
      log(`${error.message}\n`);
      end(1);
    });
    child.on('close', (code, signal) => end(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

function milliseconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)([smh]?)/g)];
  return parts.reduce((sum, [, amount = '0', unit = '']) => sum + Number(amount) * (units[unit] ?? 1_000), 0);
}
