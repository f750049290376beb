import { optional } from '../base/optional.ts';
import type { BuildOptions } from '../commands/build-and-push-image.ts';
import { dockerFault, lastLines } from '../diagnosis/docker.ts';
import { UserError } from '../errors.ts';
import type { Aws, Clock, Emit, Files, Interrupt, ProcessRunner } from '../ports.ts';
import type { BuildOutcome } from '../records/schema.ts';
import { repositoryUri } from '../task-definition/image-reference.ts';
import {
  buildArguments,
  connectDocker,
  type Docker,
  digestInMetadata,
  hideBuildArguments,
  isMultiPlatform,
} from './docker.ts';
import { withDockerConfig } from './docker-config.ts';
import { logIn, pushAll, readBack, registryOf } from './push.ts';
import { digestsOfTags, findRepository, type RepositoryEvent, type TargetRepository } from './repository.ts';

/** Facts on the way of an image into its registry. */
export type BuildEvent =
  | RepositoryEvent
  | { type: 'tags-exist'; uri: string; tags: string[]; digest: string }
  | { type: 'build-started'; builder: 'buildx' | 'classic'; references: string[] }
  | { type: 'docker-line'; line: string }
  | { type: 'docker-silent'; step: string; silentMs: number }
  | { type: 'pushed'; reference: string }
  | { type: 'tag-moved'; tag: string; digest: string; standsFor: string | undefined };

/** What an Outcome says of a build beside its stage and its times; the digest is what the registry says. */
export type BuildResult = Pick<BuildOutcome, 'verdict'> & Partial<Omit<BuildOutcome, 'stage' | 'schemaVersion'>>;

/** What a dry run would do: a request to AWS, or a program that runs. */
export type PlannedStep = { action: string; input: unknown } | { command: string[] };

export interface BuildDeps {
  /** Not needed where nothing is pushed. */
  aws: Aws | undefined;
  processes: ProcessRunner;
  files: Files;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  interrupt: Interrupt;
  emit: Emit<BuildEvent>;
}

/** What a build would send and run, in order; repository and tags are looked up, nothing is changed. */
export async function planBuild(options: BuildOptions, { aws, emit }: BuildDeps): Promise<PlannedStep[]> {
  if (aws === undefined) return dockerSteps(options, repositoryUri(options.repository));
  const found = await findRepository(options.repository, { ...options, dryRun: true }, { aws, emit });
  if ('create' in found) return [...found.create, ...dockerSteps(options, found.uri)];
  return (await existingImage(found, options, emit)) === undefined ? dockerSteps(options, found.uri) : [];
}

function dockerSteps(options: BuildOptions, uri: string): PlannedStep[] {
  const references = options.tags.map((tag) => `${uri}:${tag}`);
  const args = buildArguments(options, references, { buildx: isMultiPlatform(options), push: options.push });
  const pushes = options.push && !isMultiPlatform(options) ? references : [];
  return [
    { command: ['docker', ...hideBuildArguments(args)] },
    ...pushes.map((reference) => ({ command: ['docker', 'push', reference] })),
  ];
}

/** Builds the image, pushes it under every tag and reads its digest back from the registry. */
export async function buildAndPush(options: BuildOptions, deps: BuildDeps): Promise<BuildResult> {
  const { aws, emit } = deps;
  if (aws === undefined) return buildOnly(options, deps);
  const repository = await findRepository(options.repository, { ...options, dryRun: false }, { aws, emit });
  if ('create' in repository) throw new Error('a repository was planned outside a dry run');
  const there = await existingImage(repository, options, emit);
  const { uri, registryId } = repository;
  const account = optional('account', registryId);
  if (there !== undefined) return { verdict: 'succeeded', ...pinned(uri, there), ...account };
  const references = options.tags.map((tag) => `${uri}:${tag}`);
  return inDocker(registryOf(uri), deps, async (docker, folder) => {
    await logIn(docker, repository, deps);
    if (deps.interrupt.signal.aborted) return interrupted(deps);
    const startMs = deps.clock.now();
    const metadataFile = `${folder}/build-metadata.json`;
    const built = await build(docker, options, references, { ...deps, metadataFile });
    if (built !== undefined) return built;
    const builtMs = deps.clock.now();
    // The builder has pushed an image for several platforms itself.
    const claimed = isMultiPlatform(options)
      ? digestInMetadata(await deps.files.read(metadataFile))
      : await pushAll(docker, references, deps);
    if (deps.interrupt.signal.aborted) return interrupted(deps);
    const digest = await readBack(repository, options.tags, claimed, emit);
    const timingsMs = { build: builtMs - startMs, push: deps.clock.now() - builtMs };
    return { verdict: 'succeeded', ...pinned(uri, digest), ...account, timingsMs };
  });
}

const pinned = (uri: string, digest: string) => ({ repository: uri, digest, image: `${uri}@${digest}` });

function interrupted({ interrupt }: Pick<BuildDeps, 'interrupt'>): BuildResult {
  const cause = 'The image was not pushed under all its tags.';
  return { verdict: 'interrupted', signal: interrupt.name(), explanation: { code: 'INTERRUPTED', cause } };
}

async function buildOnly(options: BuildOptions, deps: BuildDeps): Promise<BuildResult> {
  const repository = repositoryUri(options.repository);
  const references = options.tags.map((tag) => `${repository}:${tag}`);
  return inDocker(options.repository.registry ?? '', deps, async (docker) => {
    const startMs = deps.clock.now();
    const built = await build(docker, options, references, deps);
    return built ?? { verdict: 'succeeded', repository, timingsMs: { build: deps.clock.now() - startMs } };
  });
}

function inDocker<T>(host: string, deps: BuildDeps, use: (docker: Docker, folder: string) => Promise<T>): Promise<T> {
  const { processes, env, interrupt, emit } = deps;
  const onLine = (line: string): void => emit({ type: 'docker-line', line });
  const onSilence = (step: string, silentMs: number): void => emit({ type: 'docker-silent', step, silentMs });
  return withDockerConfig(host, deps, (folder) =>
    use(connectDocker(folder, { processes, env, signal: interrupt.signal, onLine, onSilence }), folder),
  );
}

/** The digest to go on with when the tags are there already and may stay; refuses what could only fail after the build. */
async function existingImage(
  repository: TargetRepository,
  { tags, skipWhenTagsExist }: BuildOptions,
  emit: Emit<BuildEvent>,
): Promise<string | undefined> {
  if (!skipWhenTagsExist && !repository.immutable) return undefined;
  const digests = await digestsOfTags(repository, tags);
  const taken = tags.filter((tag) => digests.get(tag) !== undefined);
  const [digest, ...others] = new Set(digests.values());
  if (skipWhenTagsExist && taken.length === tags.length && digest !== undefined && others.length === 0) {
    emit({ type: 'tags-exist', uri: repository.uri, tags, digest });
    return digest;
  }
  if (!repository.immutable || taken.length === 0) return undefined;
  throw new UserError(`The tag ${taken.join(', ')} of ${repository.uri} is taken and immutable.`, {
    code: 'ImageTagAlreadyExistsException',
    why: 'The repository does not let a tag move to another image.',
    fix: 'Use a tag that is new in every build, e.g. the commit, or pass --skip-when-tags-exist to keep the image that is there.',
  });
}

/** Faults that are no fault of the image. */
const beforeTheBuild = ['NoDockerEngine', 'NoSpace', 'NoDockerfile', 'NoBuildContext'];

async function build(
  docker: Docker,
  options: BuildOptions,
  references: string[],
  { interrupt, emit, metadataFile }: BuildDeps & { metadataFile?: string },
): Promise<BuildResult | undefined> {
  const buildx = await docker.hasBuildx();
  if (interrupt.signal.aborted) return interrupted({ interrupt });
  if (isMultiPlatform(options) && !buildx) {
    throw new UserError('An image for several platforms needs buildx.', {
      why: '`docker buildx version` failed: only the classic builder is there.',
      fix: 'Install the buildx plugin in the job’s image, or give --platform one platform.',
    });
  }
  emit({ type: 'build-started', builder: buildx ? 'buildx' : 'classic', references });
  const pushing = { push: options.push, ...(metadataFile === undefined ? {} : { metadataFile }) };
  const result = await docker.build(buildArguments(options, references, { buildx, ...pushing }));
  if (interrupt.signal.aborted) return interrupted({ interrupt });
  if (result.code === 0) return undefined;
  const fault = dockerFault({ step: 'build', subject: references[0] ?? options.path }, result.tail);
  // A build that also pushes fails for the reasons of a push, too.
  const pushes = isMultiPlatform(options) && options.push;
  if (fault !== undefined && (pushes || beforeTheBuild.includes(fault.code ?? ''))) throw fault;
  const cause =
    result.code === undefined
      ? 'docker build was ended by a signal.'
      : `docker build ended with exit code ${result.code}.`;
  return {
    verdict: 'failed',
    ...optional('exitCode', result.code),
    explanation: { code: 'BUILD_FAILED', cause, fix: 'Correct what the lines of docker name; nothing was pushed.' },
    logTail: [{ container: 'docker build', lines: lastLines(result.tail, 50) }],
  };
}
