import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releasesFile } from './environment.ts';
import type { ExpandedConfig } from './expand.ts';
import { type JobResult, type Layer, runJob } from './job-run.ts';
import type { JobStatus } from './requires.ts';
import { startTokenService } from './token-service.ts';
import type { WorkflowJob } from './workflows.ts';

export interface RunOptions {
  /** The workflow to run; without it the only one that has jobs for this push. */
  workflow?: string;
  /** What `checkout` copies. */
  projectDir: string;
  /** The project's environment variables. */
  env?: Readonly<Record<string, string>>;
  /** Contexts by name, each with its variables. */
  contexts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where jobs, workspaces and results live; a temporary folder that is deleted, when absent. */
  workDir?: string;
  /** Put before PATH, so that a stand-in may hide a tool of this machine. */
  path?: readonly string[];
  /** Makes the OIDC token of a job; without it jobs have none. */
  mintToken?: (job: { name: string; audience: string | undefined }) => Promise<string> | string;
  /** Decides an approval; everything is approved when absent. */
  approve?: (jobName: string) => boolean;
  onOutput?: (output: StepOutput) => void;
  /** Hides values of the project's and contexts' variables as CircleCI's log does. Default true. */
  mask?: boolean;
  user?: string;
}

/** A piece of a step's log. `text` is empty when the step begins. */
export interface StepOutput {
  job: string;
  step: string;
  text: string;
}

export interface WorkflowResult {
  workflow: string;
  status: 'success' | 'failed';
  jobs: readonly JobResult[];
  /** What `run release` was told, in order. */
  releases: readonly ReleaseCall[];
}

/** One call of `circleci run release`. */
export interface ReleaseCall {
  job: string;
  verb: 'plan' | 'update' | 'log';
  name?: string;
  flags: Readonly<Record<string, string>>;
}

/** Runs the jobs of one workflow in the order of their requirements, one at a time, in bash. */
export async function runWorkflow(config: ExpandedConfig, options: RunOptions): Promise<WorkflowResult> {
  const workflow = choose(config, options.workflow);
  const folder = options.workDir ?? (await mkdtemp(join(tmpdir(), 'local-circleci-')));
  await mkdir(folder, { recursive: true });
  const tokens = options.mintToken === undefined ? undefined : await startTokenService(options.mintToken);
  const results = new Map<string, JobResult>();
  let releases: ReleaseCall[] = [];
  try {
    for (const [index, job] of workflow.jobs.entries()) {
      if (!job.included || job.requires.some(({ name }) => !results.has(name))) continue;
      const start = job.requires.every(({ name, statuses }) => statuses.includes(statusOf(results, name)));
      const result = start
        ? await runJob(job, {
            ...options,
            index,
            folder,
            ref: config.ref,
            layers: layersFor(job, workflow.jobs, results),
            tokens,
          })
        : { name: job.name, status: 'not_run' as const, steps: [] };
      results.set(job.name, result);
    }
    releases = await releasesIn(folder);
  } finally {
    tokens?.close();
    if (options.workDir === undefined) await rm(folder, { recursive: true, force: true });
  }
  const jobs = [...results.values()];
  const failed = jobs.some(({ status }) => status === 'failed' || status === 'canceled');
  return { workflow: workflow.name, status: failed ? 'failed' : 'success', jobs, releases };
}

async function releasesIn(folder: string): Promise<ReleaseCall[]> {
  const text = await readFile(releasesFile(folder), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ReleaseCall]));
}

function choose(config: ExpandedConfig, name: string | undefined) {
  const runnable = config.workflows.filter(
    (workflow) => workflow.active && workflow.jobs.some(({ included }) => included),
  );
  const found = name === undefined ? runnable : runnable.filter((workflow) => workflow.name === name);
  const [workflow] = found;
  if (workflow === undefined || found.length > 1) {
    const names = runnable.map((item) => item.name).join(', ') || 'none';
    throw new Error(`This push starts these workflows: ${names}. Name one that it starts.`);
  }
  return workflow;
}

const statusOf = (results: ReadonlyMap<string, JobResult>, name: string): JobStatus =>
  results.get(name)?.status ?? 'not_run';

/** The workspace layers of all jobs upstream, in the order in which they ran. */
function layersFor(job: WorkflowJob, jobs: readonly WorkflowJob[], results: ReadonlyMap<string, JobResult>): Layer[] {
  const upstream = upstreamOf(job, jobs);
  return jobs
    .filter(({ name }) => upstream.has(name))
    .flatMap((owner) =>
      (results.get(owner.name)?.layers ?? []).map((folder) => ({
        job: owner.name,
        folder,
        upstream: upstreamOf(owner, jobs),
      })),
    );
}

function upstreamOf(job: WorkflowJob, jobs: readonly WorkflowJob[]): Set<string> {
  const found = new Set<string>();
  const visit = (names: readonly string[]): void => {
    for (const name of names.filter((candidate) => !found.has(candidate))) {
      found.add(name);
      visit(jobs.find((other) => other.name === name)?.requires.map((requirement) => requirement.name) ?? []);
    }
  };
  visit(job.requires.map(({ name }) => name));
  return found;
}
