import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { type BuildState, CREATED, environmentOf } from './build-state.ts';
import { DockerError } from './docker-error.ts';
import { commandOf, type Instruction } from './dockerfile.ts';
import { applyLayer, digestOf, layerBetween, snapshotOf } from './layers.ts';
import type { CachedLayer } from './store.ts';

/** Carries out a RUN, or takes over what it made the last time on the same files. */
export async function run(instruction: Instruction, state: BuildState): Promise<void> {
  const { store, say } = state.deps;
  const createdBy = `RUN ${instruction.value}`;
  const key = digestOf(JSON.stringify([process.version, state.image, state.layers, state.arguments, createdBy]));
  const known = state.options.useCache ? await store.recall(key) : undefined;
  if (known !== undefined) {
    say(' ---> Using cache');
    await applyLayer(await store.readBlob(known.digest), state.root);
    state.snapshot = snapshotOf(state.root);
    addLayer(createdBy, known, state);
    return;
  }
  await runCommand(instruction.value, state);
  const made = await commit(createdBy, state);
  if (made !== undefined) await store.remember(key, made);
}

async function runCommand(value: string, state: BuildState): Promise<void> {
  const [program = '', ...words] = commandOf(value);
  const env = { ...hostSettings(state.deps.environment), ...state.arguments, ...withoutPath(environmentOf(state)) };
  const child = spawn(program, words, {
    cwd: join(state.root, state.image.config.WorkingDir),
    env: { ...env, npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => state.deps.say(line));
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0)
    throw new DockerError(`The command '${commandOf(value).join(' ')}' returned a non-zero code: ${code}`);
}

/** Where this machine's programs and package registry are; nothing else of the surroundings enters a build. */
function hostSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted = /^(PATH|HOME|NODE_EXTRA_CA_CERTS|(https?|no)_proxy|npm_config_\w+)$/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => wanted.test(name)));
}

function withoutPath({ PATH: _, ...environment }: Record<string, string>): Record<string, string> {
  return environment;
}

/** Turns what changed on disk into a layer; an instruction that changed nothing leaves only its line in the history. */
export async function commit(createdBy: string, state: BuildState): Promise<CachedLayer | undefined> {
  const after = snapshotOf(state.root);
  const tar = await layerBetween(state.root, state.snapshot, after);
  state.snapshot = after;
  if (tar.length <= EMPTY_TAR_BYTES) {
    addEmptyLayer(createdBy, state);
    return undefined;
  }
  const layer = { diffId: digestOf(tar), digest: await state.deps.store.writeBlob(gzipSync(tar)) };
  addLayer(createdBy, layer, state);
  return layer;
}

/** Notes an instruction that changed only the configuration. */
export function addEmptyLayer(createdBy: string, { image }: BuildState): void {
  image.history.push({ created: CREATED, created_by: createdBy, empty_layer: true });
}

const EMPTY_TAR_BYTES = 1024;

function addLayer(createdBy: string, layer: { digest: string; diffId: string }, state: BuildState): void {
  state.layers.push(layer.digest);
  state.image.rootfs.diff_ids.push(layer.diffId);
  state.image.history.push({ created: CREATED, created_by: createdBy });
}
