import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import type { RecordedRequest } from '../../local/aws/wire.ts';
import type { Finished, RunOptions } from '../../scripts/run-bundle.ts';
import { migrationWorld } from '../acceptance/migration-world.ts';
import { pipelineWorld } from '../acceptance/pipeline-world.ts';
import { rolloutWorld } from '../rollout/rollout-world.ts';

export type { LocalAws } from '../../local/aws/local-aws.ts';
export { breaker, crash, type RolloutWorld, registry } from '../rollout/rollout-world.ts';

/** What a scenario may set for one run of the program. */
export interface GoldenOptions {
  env?: Record<string, string>;
  /** Sends SIGINT after so much virtual time. */
  interruptAfterMs?: number;
}

/** A world that runs whole command lines, and writes down what was seen and what was sent. */
export interface Golden {
  /** Puts a file into that folder. */
  file(path: string, text: string): Promise<void>;
  /** Runs the bundle and writes it down. */
  run(args: readonly string[], options?: GoldenOptions): Promise<void>;
  /** Adds a section of the scenario's own. */
  section(title: string, text: string): void;
  /** All that was written down, with what is random made plain. */
  text(): string;
}

interface Stage {
  model: LocalAws;
  folder: string;
  /** Words that the world itself puts in front of the arguments. */
  prefix?: readonly string[];
  bundle(args: readonly string[], options: RunOptions): Promise<Finished>;
}

/** The environment of a CircleCI job. */
export const job = {
  CIRCLE_BRANCH: 'main',
  CIRCLE_BUILD_NUM: '42',
  CIRCLE_BUILD_URL: 'https://circleci.com/gh/acme/shop/42',
  CIRCLE_JOB: 'deploy',
  CIRCLE_PIPELINE_ID: '5034460f-c7c4-4c43-9457-de07e2029e7b',
  CIRCLE_PROJECT_REPONAME: 'shop',
  CIRCLE_PROJECT_USERNAME: 'acme',
  CIRCLE_SHA1: 'abcdef0123456789abcdef0123456789abcdef01',
  CIRCLE_USERNAME: 'momiji',
  CIRCLE_WORKFLOW_ID: 'b7d3c1f0-6c53-4a6c-8a0e-0d5f1b1c6a11',
  CIRCLE_WORKFLOW_JOB_ID: 'a3e5c7d9-1111-4222-8333-444455556666',
  CIRCLE_WORKFLOW_WORKSPACE_ID: 'b7d3c1f0-6c53-4a6c-8a0e-0d5f1b1c6a11',
};

/** A golden run in the world of a migration: cluster `prod`, family `app`. */
export async function goldenMigration(...given: Parameters<typeof migrationWorld>) {
  const { model, bundle } = await migrationWorld(...given);
  return { model, golden: golden({ model, bundle, folder: await newFolder() }) };
}

/** A golden run in the world of a rollout: cluster `prod`, service `web`. */
export async function goldenRollout(...given: Parameters<typeof rolloutWorld>) {
  const world = await rolloutWorld(...given);
  const prefix = ['update-service-and-verify', '--cluster', 'prod'];
  const stage = { model: world.model, prefix, folder: await newFolder(), bundle: world.bundle };
  return { ...world, golden: golden(stage) };
}

/** The same world for commands of every name. */
export async function goldenService(...given: Parameters<typeof rolloutWorld>) {
  const world = await rolloutWorld(...given);
  /** A deployment that came before, at frozen time as well, of which nothing is written down. */
  const deploy = (...args: string[]) =>
    world.bundle(['--service', 'web', ...args], { env: { NODE_OPTIONS: `--import ${frozenTime}` } });
  return { ...world, deploy, golden: golden({ model: world.model, folder: await newFolder(), bundle: world.run }) };
}

/** A golden run in the world of a whole pipeline, with Docker and Slack. */
export async function goldenPipeline() {
  const world = await pipelineWorld();
  const bundle: Stage['bundle'] = (args, options) =>
    world.run(args, { ...options, env: { SLACK_WEBHOOK: world.slack.webhookUrl, ...options.env } });
  return { ...world, golden: golden({ model: world.model, bundle, folder: join(world.folder, 'project') }) };
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-golden-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const frozenTime = new URL('./frozen-time.mjs', import.meta.url).href;

function golden({ model, folder, prefix = [], bundle }: Stage): Golden {
  const sections: string[] = [];
  const section: Golden['section'] = (title, text) => {
    const ended = text === '' || text.endsWith('\n') ? text : `${text}\n(no newline at the end)\n`;
    sections.push(`--- ${title}\n${ended}`);
  };
  return {
    section,
    file: async (path, text) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    run: async (args, { env = job, interruptAfterMs } = {}) => {
      const filesBefore = await filesOf(folder);
      const requestsBefore = model.requests.length;
      const interrupt = interruptAfterMs === undefined ? {} : { INTERRUPT_AFTER_MS: String(interruptAfterMs) };
      const time = { NODE_OPTIONS: `--import ${frozenTime}`, ...interrupt };
      const { exitCode, signal, stdout, stderr } = await bundle(args, { cwd: folder, env: { ...env, ...time } });
      sections.push(`$ migrate-deploy ${[...prefix, ...args].map(quoted).join(' ')}\nexit ${exitCode ?? signal}\n`);
      section('stdout', stdout);
      section('stderr', stderr);
      section('requests', requestLines(model.requests.slice(requestsBefore)));
      for (const [path, text] of await filesOf(folder))
        if (filesBefore.get(path) !== text) section(`file ${path}`, text);
    },
    text: () => plain(sections.join(''), model, folder),
  };
}

/** Only what differs from run to run: ports, folders, ids of requests; marks and client tokens, in order of appearance. */
function plain(text: string, model: LocalAws, folder: string): string {
  const ids = model.requests.reduce((rest, { requestId }) => rest.replaceAll(requestId, '<request id>'), text);
  return ids
    .replaceAll(folder, '<folder>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/127-0-0-1-\d+-([\w-]+)\.[0-9a-f]{8}\.json/g, '127-0-0-1-<port>-$1.<hash>.json')
    .replace(/\bmd-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'md-<random>')
    .replace(/\bmigrate-deploy\/[0-9a-f]{64}\b/g, numbered('migrate-deploy/<mark'))
    .replace(/\bmd-[0-9a-f]{60}\b/g, numbered('md-<token'));
}

/** Another number for each different text. */
function numbered(name: string): (found: string) => string {
  const seen: string[] = [];
  return (found) => {
    if (!seen.includes(found)) seen.push(found);
    return `${name} ${seen.indexOf(found) + 1}>`;
  };
}

const quoted = (word: string): string => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

async function filesOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(paths.sort().map((path) => readFile(path, 'utf8')));
  return new Map(paths.map((path, index) => [path.slice(folder.length + 1), texts[index] ?? '']));
}

const reads = /^(Describe|List|Get|BatchGet|BatchCheck)/;

/** Changes in full and in order; between two of them each different read once, with how often it was sent: several are under way at a time. */
function requestLines(requests: readonly RecordedRequest[]): string {
  const lines: string[] = [];
  let counts = new Map<string, number>();
  const flush = (): void => {
    for (const [line, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
      lines.push(count === 1 ? line : `${line} ×${count}`);
    counts = new Map();
  };
  for (const { operation, input, errorType } of requests) {
    const answer = errorType === undefined ? '' : ` → ${errorType}`;
    if (reads.test(operation)) {
      const { nextToken: _page, ...main } = input;
      const line = `${operation} ${JSON.stringify(main)}${answer}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    } else {
      flush();
      const short = JSON.stringify(input);
      lines.push(`${operation} ${short.length <= 110 ? short : JSON.stringify(input, undefined, 2)}${answer}`);
    }
  }
  flush();
  return lines.map((line) => `${line}\n`).join('');
}
