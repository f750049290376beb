import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expandHome, jobEnvironment } from './environment.ts';
import type { Ref } from './filters.ts';
import { createMask } from './mask.ts';
import type { JobStatus } from './requires.ts';
import type { RunOptions } from './runner.ts';
import { type Background, runShell } from './shell.ts';
import { runSpecialStep } from './special-steps.ts';
import type { Step } from './steps.ts';
import type { TokenService } from './token-service.ts';
import type { WorkflowJob } from './workflows.ts';
import type { YamlMap } from './yaml.ts';

export interface StepResult {
  name: string;
  status: 'success' | 'failed' | 'skipped';
  exitCode?: number;
  output: string;
}

export interface JobResult {
  name: string;
  status: JobStatus;
  steps: readonly StepResult[];
  /** Folders that `persist_to_workspace` filled. */
  layers?: readonly string[];
  /** Where `store_artifacts` and `store_test_results` put what they stored. */
  artifacts?: string;
}

/** What one job upstream left in the workspace. */
export interface Layer {
  job: string;
  folder: string;
  /** The jobs that had ended before that job began. */
  upstream: ReadonlySet<string>;
}

export interface JobRunOptions extends RunOptions {
  index: number;
  folder: string;
  ref: Ref;
  layers: readonly Layer[];
  tokens: TokenService | undefined;
}

/** A job that is running: its folders, its environment and what it has produced. */
export interface RunningJob {
  name: string;
  settings: YamlMap;
  options: JobRunOptions;
  home: string;
  workingDirectory: string;
  artifacts: string;
  env: Readonly<Record<string, string>>;
  layers: string[];
  backgrounds: Background[];
  log(text: string): void;
}

/** Runs one job in a folder and an environment of its own. */
export async function runJob(job: WorkflowJob, options: JobRunOptions): Promise<JobResult> {
  if (job.job === undefined) {
    const approved = options.approve?.(job.name) ?? true;
    return { name: job.name, status: approved ? 'success' : 'canceled', steps: [] };
  }
  const running = await prepare(job, options);
  const steps: StepResult[] = [];
  let failed = false;
  let halted = false;
  for (const step of job.job.steps) {
    const skipped: boolean = halted || !runsNow(step, failed);
    const result: StepResult & { halted?: true } = skipped
      ? { name: stepName(step), status: 'skipped' as const, output: '' }
      : await runStep(step, running);
    steps.push(result);
    if (result.status === 'failed') failed = true;
    halted ||= result.halted === true;
  }
  for (const background of running.backgrounds) await background.end();
  const { layers, artifacts } = running;
  return { name: job.name, status: failed ? 'failed' : 'success', steps, layers, artifacts };
}

async function prepare(job: WorkflowJob, options: JobRunOptions): Promise<RunningJob> {
  const root = join(
    options.folder,
    `${options.index}-${job.name.replaceAll(/[^\w.-]/g, '_')}-${randomUUID().slice(0, 8)}`,
  );
  const home = join(root, 'home');
  const artifacts = join(root, 'artifacts');
  const temporary = join(root, 'tmp');
  for (const folder of [home, artifacts, temporary]) await mkdir(folder, { recursive: true });
  const settings = job.job?.settings ?? {};
  const workingDirectory = expandHome(String(settings.working_directory ?? '~/project'), home, home);
  const bashEnv = join(temporary, 'bash_env');
  await writeFile(bashEnv, '');
  const env = await jobEnvironment(job, options, { home, temporary, workingDirectory, bashEnv });
  return {
    name: job.name,
    settings,
    options,
    home,
    workingDirectory,
    artifacts,
    env,
    layers: [],
    backgrounds: [],
    log: () => undefined,
  };
}

/** `when` of a run step; artifacts and test results are kept after a failure too. */
function runsNow({ type, body }: Step, failed: boolean): boolean {
  if (type === 'store_artifacts' || type === 'store_test_results') return true;
  const when = type === 'run' ? (body.when ?? 'on_success') : 'on_success';
  return when === 'always' || (when === 'on_fail') === failed;
}

async function runStep(step: Step, job: RunningJob): Promise<StepResult & { halted?: true }> {
  const name = stepName(step);
  const { options } = job;
  const mask = options.mask === false ? (text: string) => text : createMask(options);
  let output = '';
  const log = (text: string): void => {
    output += text;
    options.onOutput?.({ job: job.name, step: name, text: mask(text) });
  };
  options.onOutput?.({ job: job.name, step: name, text: '' });
  const ended =
    step.type === 'run' ? await runShell(step.body, { ...job, log }) : await runSpecialStep(step, { ...job, log });
  return { name, output: mask(output), ...ended };
}

function stepName({ type, body }: Step): string {
  if (typeof body.name === 'string' && body.name !== '') return body.name;
  if (type !== 'run') return type;
  return String(body.command).split('\n')[0] ?? '';
}
