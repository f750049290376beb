import { randomUUID } from 'node:crypto';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobRunOptions } from './job-run.ts';
import type { WorkflowJob } from './workflows.ts';
import { mapOf, type Yaml } from './yaml.ts';

interface Places {
  home: string;
  temporary: string;
  workingDirectory: string;
  bashEnv: string;
}

const tools = fileURLToPath(new URL('./bin', import.meta.url));

/** A job's environment: project, then contexts, then CircleCI's own, then the job's; the later wins. */
export async function jobEnvironment(
  job: WorkflowJob,
  options: JobRunOptions,
  places: Places,
): Promise<Record<string, string>> {
  const contexts = job.contexts.map((name) => {
    const context = options.contexts?.[name];
    if (context === undefined) throw new Error(`Context '${name}' of job '${job.name}' does not exist`);
    return context;
  });
  return {
    ...machine(options, places),
    ...options.env,
    ...Object.assign({}, ...contexts),
    ...builtIns(job, options, places),
    ...(await oidc(job, options)),
    ...environmentOf(job.job?.settings.environment),
  };
}

/** Values of `environment:` as a shell sees them: booleans are 1 and 0, long integers lose their digits. */
export function environmentOf(value: Yaml | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapOf(value, 'environment')).map(([name, item]) => [name, asVariable(item)]),
  );
}

function asVariable(value: Yaml): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'number') return value === null ? '' : String(value);
  if (!Number.isInteger(value) || Math.abs(value) < 10_000_000) return String(value);
  return value.toExponential().replace('e+', 'E');
}

function machine(options: JobRunOptions, places: Places): Record<string, string> {
  const path = [...(options.path ?? []), tools, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'];
  return {
    PATH: path.join(delimiter),
    HOME: places.home,
    TMPDIR: places.temporary,
    LANG: 'C.UTF-8',
    USER: 'circleci',
    LOCAL_CIRCLECI_RELEASES: releasesFile(options.folder),
    // Nothing here runs on EC2, and asking takes seconds.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function builtIns(job: WorkflowJob, options: JobRunOptions, places: Places): Record<string, string> {
  const { ref } = options;
  return {
    CI: 'true',
    CIRCLECI: 'true',
    CIRCLE_JOB: job.name,
    ...(ref.branch === undefined ? {} : { CIRCLE_BRANCH: ref.branch }),
    ...(ref.tag === undefined ? {} : { CIRCLE_TAG: ref.tag }),
    CIRCLE_SHA1: options.env?.CIRCLE_SHA1 ?? '8f1d3c5b7a9e0d2c4b6a8f0e1d3c5b7a9e0d2c4b',
    CIRCLE_BUILD_NUM: String(100 + options.index),
    CIRCLE_BUILD_URL: `https://circleci.com/gh/example/project/${100 + options.index}`,
    CIRCLE_NODE_INDEX: '0',
    CIRCLE_NODE_TOTAL: '1',
    CIRCLE_PIPELINE_ID: '5034460f-c7c4-4c43-9457-de07e2029e7b',
    CIRCLE_WORKFLOW_ID: 'b5f2c0de-0f6e-4a86-9c6b-2a1a6a7d9f10',
    CIRCLE_WORKFLOW_WORKSPACE_ID: 'b5f2c0de-0f6e-4a86-9c6b-2a1a6a7d9f10',
    CIRCLE_WORKFLOW_JOB_ID: randomUUID(),
    CIRCLE_PROJECT_ID: 'c9e1d3f5-1b2a-4c3d-8e5f-6a7b8c9d0e1f',
    CIRCLE_ORGANIZATION_ID: 'f22b6566-597d-46d5-ba74-99ef5bb3d85c',
    CIRCLE_PROJECT_USERNAME: 'example',
    CIRCLE_PROJECT_REPONAME: 'project',
    CIRCLE_REPOSITORY_URL: 'git@github.com:example/project.git',
    CIRCLE_USERNAME: options.user ?? 'octocat',
    CIRCLE_WORKING_DIRECTORY: places.workingDirectory,
    CIRCLE_SHELL_ENV: places.bashEnv,
    BASH_ENV: places.bashEnv,
  };
}

async function oidc(job: WorkflowJob, { tokens }: JobRunOptions): Promise<Record<string, string>> {
  if (tokens === undefined) return {};
  const token = await tokens.mint(job.name, undefined);
  return {
    CIRCLE_OIDC_TOKEN: token,
    CIRCLE_OIDC_TOKEN_V2: token,
    LOCAL_CIRCLECI_TOKENS: tokens.address(job.name),
  };
}

/** A path as CircleCI reads it: `~` is the home folder, anything relative starts at `base`. */
export function expandHome(path: string, home: string, base: string): string {
  return resolve(base, path.replace(/^~(?=\/|$)/, home));
}

/** Where the jobs of a workflow keep what `run release` was told. */
export const releasesFile = (folder: string): string => join(folder, 'releases.jsonl');
