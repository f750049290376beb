import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { BuildDeps } from './build.ts';
import { type BuildState, CREATED, environmentOf } from './build-state.ts';
import { copy, everythingBelow } from './context.ts';
import { DockerError } from './docker-error.ts';
import { commandOf, execFormOf, expand, type Instruction, pairsOf, type Stage } from './dockerfile.ts';
import { applyLayer, snapshotOf } from './layers.ts';
import { addEmptyLayer, commit, run } from './run.ts';
import type { ImageConfig } from './store.ts';

const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type Surroundings = Pick<BuildState, 'options' | 'deps' | 'context' | 'done' | 'globals'> & { folder: string };

/** Begins a stage from the one it names, from nothing, or from this machine's Node in place of a node image. */
export async function startStage(stage: Stage, { folder, ...surroundings }: Surroundings): Promise<BuildState> {
  const root = join(folder, `stage-${surroundings.done.length}`);
  await mkdir(root);
  const parent = surroundings.done.find(({ name }) => name !== undefined && name === stage.base.toLowerCase());
  const fresh = { name: stage.name, root, arguments: {}, ...surroundings };
  if (parent !== undefined) {
    for (const layer of parent.layers) await applyLayer(await parent.deps.store.readBlob(layer), root);
    const inherited = { image: structuredClone(parent.image), layers: [...parent.layers] };
    return { ...fresh, ...inherited, snapshot: snapshotOf(root) };
  }
  if (stage.base !== 'scratch') standInFor(stage.base, surroundings.deps);
  return { ...fresh, image: emptyImage(stage.base), layers: [], snapshot: new Map() };
}

function standInFor(base: string, { say }: BuildDeps): void {
  if (!/^(?:.*\/)?node(?::[\w.-]+)?(?:@.*)?$/.test(base)) {
    throw new DockerError(
      `the stand-in docker has no ${base}: it knows "node:…" (this machine's own Node) and "scratch"`,
    );
  }
  say(` ---> ${base}: here this machine's own Node ${process.version} stands in for it`);
}

function emptyImage(base: string): ImageConfig {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const history = [{ created: CREATED, created_by: `FROM ${base}`, empty_layer: true }];
  const config = { Env: [`PATH=${BASE_PATH}`], WorkingDir: '/' };
  return { architecture, os: 'linux', created: CREATED, config, rootfs: { type: 'layers', diff_ids: [] }, history };
}

/** Carries out one instruction: the state's image, layers and files are as docker would leave them. */
export async function carryOut(instruction: Instruction, state: BuildState): Promise<void> {
  const { config } = state.image;
  const value = ['RUN', 'CMD', 'ENTRYPOINT'].includes(instruction.name)
    ? instruction.value
    : expand(instruction.value, (name) => state.arguments[name] ?? environmentOf(state)[name]);
  switch (instruction.name) {
    case 'ARG':
      takeArgument(value, state);
      break;
    case 'ENV':
      for (const [name, text] of pairsOf(value)) setEnvironment(name, text, state);
      break;
    case 'LABEL':
      config.Labels = { ...config.Labels, ...Object.fromEntries(pairsOf(value)) };
      break;
    case 'WORKDIR':
      config.WorkingDir = posix.resolve(config.WorkingDir, value);
      await mkdir(join(state.root, config.WorkingDir), { recursive: true });
      break;
    case 'EXPOSE':
      config.ExposedPorts = { ...config.ExposedPorts, ...portsOf(value) };
      break;
    case 'USER':
      config.User = value;
      break;
    case 'STOPSIGNAL':
      config.StopSignal = value;
      break;
    case 'CMD':
      config.Cmd = commandOf(value);
      break;
    case 'ENTRYPOINT':
      config.Entrypoint = commandOf(value);
      delete config.Cmd;
      break;
    case 'COPY':
      copyInto(value, instruction.flags, state);
      break;
    case 'RUN':
      return run(instruction, state);
    default:
      throw new DockerError(`the stand-in docker does not know the instruction ${instruction.name}`);
  }
  const touchesFiles = instruction.name === 'COPY' || instruction.name === 'WORKDIR';
  if (touchesFiles) await commit(`${instruction.name} ${value}`, state);
  else addEmptyLayer(`${instruction.name} ${value}`, state);
}

function portsOf(value: string): Record<string, Record<string, never>> {
  return Object.fromEntries(value.split(/\s+/).map((port) => [port.includes('/') ? port : `${port}/tcp`, {}]));
}

function takeArgument(value: string, state: BuildState): void {
  const [name = '', fallback] = value.split(/=(.*)/s);
  const given = state.options.buildArguments[name] ?? fallback ?? state.globals[name];
  if (given !== undefined) state.arguments[name] = given;
}

function setEnvironment(name: string, value: string, { image: { config } }: BuildState): void {
  config.Env = [...config.Env.filter((pair) => !pair.startsWith(`${name}=`)), `${name}=${value}`];
}

function copyInto(value: string, flags: Record<string, string>, state: BuildState): void {
  const words = execFormOf(value) ?? value.split(/\s+/);
  const target = words.pop();
  if (target === undefined || words.length === 0) throw new DockerError('COPY requires at least two arguments');
  const from = flags.from === undefined ? state.context : everythingBelow(stageNamed(flags.from, state).root);
  const path = posix.resolve(state.image.config.WorkingDir, target) + (target.endsWith('/') ? '/' : '');
  copy(from, words, { root: state.root, path });
}

function stageNamed(name: string, { done }: BuildState): BuildState {
  const stage = done.find((other, index) => other.name === name.toLowerCase() || String(index) === name);
  if (stage === undefined)
    throw new DockerError(`invalid from flag value ${name}: no stage before this one has that name`);
  return stage;
}
