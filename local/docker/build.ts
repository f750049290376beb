import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildState } from './build-state.ts';
import { buildContext } from './context.ts';
import { DockerError } from './docker-error.ts';
import { type Dockerfile, expand, parseDockerfile, type Stage } from './dockerfile.ts';
import { digestOf } from './layers.ts';
import { carryOut, startStage } from './stage.ts';
import type { ImageConfig, Store } from './store.ts';

export interface BuildOptions {
  contextPath: string;
  dockerfilePath: string | undefined;
  target: string | undefined;
  tags: string[];
  buildArguments: Record<string, string>;
  labels: Record<string, string>;
  useCache: boolean;
}

export interface BuildDeps {
  store: Store;
  environment: NodeJS.ProcessEnv;
  say: (line: string) => void;
}

/** Builds the target stage, and those before it, as the classic builder does; answers the image's id. */
export async function build(options: BuildOptions, deps: BuildDeps): Promise<string> {
  const path = options.dockerfilePath ?? join(options.contextPath, 'Dockerfile');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new DockerError(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${path}: no such file or directory`,
    );
  });
  const dockerfile = parseDockerfile(text);
  const stages = neededStages(dockerfile, options.target);
  const context = buildContext(options.contextPath);
  deps.say(`Sending build context to the stand-in docker  ${context.names.length} files`);
  const folder = await mkdtemp(join(tmpdir(), 'stand-in-docker-'));
  try {
    const built = await buildStages(dockerfile, stages, { options, deps, context, folder });
    return await finish(built, options, deps);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function neededStages({ stages }: Dockerfile, target: string | undefined): Stage[] {
  if (target === undefined) return stages;
  const last = stages.findIndex(({ name }, index) => name === target.toLowerCase() || String(index) === target);
  if (last === -1) throw new DockerError(`failed to reach build target ${target} in Dockerfile`);
  return stages.slice(0, last + 1);
}

async function buildStages(
  dockerfile: Dockerfile,
  stages: Stage[],
  {
    options,
    deps,
    context,
    folder,
  }: { options: BuildOptions; deps: BuildDeps } & Pick<BuildState, 'context'> & { folder: string },
): Promise<BuildState> {
  const globals = globalArguments(dockerfile, options);
  const total = stages.reduce((sum, { instructions }) => sum + instructions.length + 1, 0);
  const done: BuildState[] = [];
  let step = 0;
  for (const stage of stages) {
    const base = expand(stage.base, (name) => globals[name]);
    deps.say(`Step ${++step}/${total} : FROM ${base}${stage.name === undefined ? '' : ` AS ${stage.name}`}`);
    const state = await startStage({ ...stage, base }, { options, deps, context, done, globals, folder });
    for (const instruction of stage.instructions) {
      const flags = Object.entries(instruction.flags).map(([flag, value]) => ` --${flag}=${value}`);
      deps.say(`Step ${++step}/${total} : ${instruction.name}${flags.join('')} ${instruction.value}`);
      await carryOut(instruction, state);
      deps.say(` ---> ${shortId(idOf(state.image))}`);
    }
    done.push(state);
  }
  const last = done.at(-1);
  if (last === undefined) throw new DockerError('no build stage in current context');
  return last;
}

function globalArguments({ globals }: Dockerfile, { buildArguments }: BuildOptions): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { value } of globals) {
    const [name = '', fallback] = value.split(/=(.*)/s);
    const given = buildArguments[name] ?? fallback;
    if (given !== undefined) values[name] = given;
  }
  return values;
}

async function finish(state: BuildState, options: BuildOptions, deps: BuildDeps): Promise<string> {
  if (Object.keys(options.labels).length > 0) {
    state.image.config.Labels = { ...state.image.config.Labels, ...options.labels };
  }
  const id = await deps.store.writeBlob(Buffer.from(JSON.stringify(state.image)));
  await deps.store.saveImage({ id, layers: state.layers, repoDigests: [] });
  deps.say(`Successfully built ${shortId(id)}`);
  for (const tag of options.tags) {
    await deps.store.tag(tag, id);
    deps.say(`Successfully tagged ${tag}`);
  }
  return id;
}

function idOf(image: ImageConfig): string {
  return digestOf(JSON.stringify(image));
}

function shortId(id: string): string {
  return id.slice('sha256:'.length, 'sha256:'.length + 12);
}
