import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { expandHome } from './environment.ts';
import type { RunningJob, StepResult } from './job-run.ts';
import type { Step } from './steps.ts';
import { listOf, type YamlMap } from './yaml.ts';

type Ended = Pick<StepResult, 'status' | 'exitCode'>;
const done: Ended = { status: 'success', exitCode: 0 };

/** Runs a built-in step other than `run`. */
export async function runSpecialStep({ type, body }: Step, job: RunningJob): Promise<Ended> {
  switch (type) {
    case 'checkout':
      return checkOut(body, job);
    case 'persist_to_workspace':
      return persist(body, job);
    case 'attach_workspace':
      return attach(body, job);
    case 'store_artifacts':
    case 'store_test_results':
      return store(type, body, job);
    default:
      job.log(`${type}: nothing to do on this machine\n`);
      return done;
  }
}

function fail(job: RunningJob, message: string): Ended {
  job.log(`${message}\n`);
  return { status: 'failed', exitCode: 1 };
}

async function checkOut(body: YamlMap, job: RunningJob): Promise<Ended> {
  const target = expandHome(String(body.path ?? '.'), job.home, job.workingDirectory);
  const present = await readdir(target).catch(() => []);
  if (present.length > 0)
    return fail(job, `Directory (${target}) you are trying to checkout to is not empty and not a git repository`);
  await cp(job.options.projectDir, target, { recursive: true, verbatimSymlinks: true });
  job.log(`Checked out ${job.env.CIRCLE_BRANCH ?? job.env.CIRCLE_TAG ?? ''}\n`);
  return done;
}

async function persist(body: YamlMap, job: RunningJob): Promise<Ended> {
  const root = expandHome(String(body.root), job.home, job.workingDirectory);
  const layer = join(job.artifacts, '..', `layer-${job.layers.length}`);
  const patterns = listOf(body.paths, 'paths', true).map(String);
  const found = (await Promise.all(patterns.map((pattern) => matching(root, pattern)))).flat();
  if (found.length === 0) return fail(job, `The specified paths did not match any files in ${root}`);
  for (const path of found) {
    await mkdir(dirname(join(layer, path)), { recursive: true });
    await cp(join(root, path), join(layer, path), { recursive: true, verbatimSymlinks: true });
  }
  job.layers.push(layer);
  job.log(`Workspace layer saved: ${found.join(', ')}\n`);
  return done;
}

/** A plain path is itself or nothing; anything with glob characters is matched. */
async function matching(root: string, pattern: string): Promise<string[]> {
  const plainPath = relative(root, join(root, pattern)) || '.';
  if (await exists(join(root, plainPath))) return [plainPath];
  if (!/[*?[]/.test(pattern)) return [];
  const entries = await readdir(root, { recursive: true }).catch(() => []);
  return entries.filter((entry) => matchesGlob(pattern, entry));
}

function matchesGlob(pattern: string, path: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll(/\*\*\/?|\*|\?/g, (mark) => (mark.startsWith('**') ? '.*' : mark === '*' ? '[^/]*' : '[^/]'));
  return new RegExp(`^${source}$`).test(path);
}

async function attach(body: YamlMap, job: RunningJob): Promise<Ended> {
  const at = expandHome(String(body.at), job.home, job.workingDirectory);
  await mkdir(at, { recursive: true });
  const owners = new Map<string, string>();
  for (const { job: owner, folder, upstream } of job.options.layers) {
    for (const file of await files(folder)) {
      const before = owners.get(file);
      if (before !== undefined && before !== owner && !upstream.has(before)) {
        return fail(job, `Concurrent upstream jobs persisted the same file(s) into the workspace: ${file}`);
      }
      owners.set(file, owner);
    }
    await cp(folder, at, { recursive: true, verbatimSymlinks: true, force: true });
    job.log(`Applied the workspace layer of ${owner}\n`);
  }
  return done;
}

async function store(type: string, body: YamlMap, job: RunningJob): Promise<Ended> {
  const from = expandHome(String(body.path), job.home, job.workingDirectory);
  if (!(await exists(from))) {
    job.log(`No files at ${String(body.path)}\n`);
    return done;
  }
  const to = join(job.artifacts, type, String(body.destination ?? basename(from)));
  await cp(from, to, { recursive: true });
  job.log(`Stored ${String(body.path)}\n`);
  return done;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
