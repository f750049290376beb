import {
  buildArguments,
  connectDocker,
  type Docker,
  hideBuildArguments,
  isMultiPlatform,
  pushedDigest,
} from './build/docker.ts';
import { withDockerConfig } from './build/docker-config.ts';
import {
  digestOf,
  digestsOfTags,
  findRepository,
  type RepositoryEvent,
  type TargetRepository,
} from './build/repository.ts';
import { type DockerStep, dockerFault, lastLines } from './domain/docker-fault.ts';
import { repositoryUri } from './domain/image-reference.ts';
import { UserError } from './errors.ts';
import type { BuildOptions } from './options/build-and-push-image.ts';
import type { Announce, Aws, Clock, Files, Interrupt, ProcessResult, ProcessRunner } from './ports.ts';

/** Facts on the way of an image into its registry. */
export type BuildEvent =
  | RepositoryEvent
  | { type: 'tags-exist'; uri: string; tags: string[]; digest: string }
  | { type: 'build-started'; builder: 'buildx' | 'classic'; references: string[] }
  | { type: 'docker-line'; line: string }
  | { type: 'command-not-run'; command: string[] }
  | { type: 'pushed'; reference: string }
  | { type: 'tag-moved'; tag: string; digest: string; standsFor: string | undefined };

/** How it went; the digest is what the registry says, never what was hoped for. */
export type BuildOutcome =
  | { verdict: 'pushed' | 'already-there'; uri: string; digest: string; timingsMs: Record<string, number> }
  | { verdict: 'built'; uri: string; timingsMs: Record<string, number> }
  | { verdict: 'build-failed'; exitCode: number | undefined; lastLines: string[] }
  | { verdict: 'interrupted' }
  | { verdict: 'dry-run' };

export interface BuildDeps {
  /** Not needed where nothing is pushed. */
  aws: Aws | undefined;
  processes: ProcessRunner;
  files: Files;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  interrupt: Interrupt;
  announce: Announce<BuildEvent>;
}

/** Builds the image, pushes it under every tag and reads its digest back from the registry. */
export async function buildAndPush(options: BuildOptions, deps: BuildDeps): Promise<BuildOutcome> {
  const { aws, announce } = deps;
  if (aws === undefined) return buildOnly(options, deps);
  const repository = await findRepository(options.repository, options, { aws, announce });
  const there = await existingImage(repository, options, announce);
  if (there !== undefined) return { verdict: 'already-there', uri: repository.uri, digest: there, timingsMs: {} };
  const references = options.tags.map((tag) => `${repository.uri}:${tag}`);
  if (options.dryRun) return dryRun(options, references, announce);
  return inDocker(registryOf(repository.uri), deps, async (docker) => {
    await logIn(docker, repository);
    const startMs = deps.clock.now();
    const built = await build(docker, options, references, deps);
    if (built !== undefined) return built;
    const builtMs = deps.clock.now();
    const claimed = await pushAll(docker, options, references, announce);
    if (deps.interrupt.signal.aborted) return { verdict: 'interrupted' };
    const digest = await readBack(repository, options.tags, claimed, announce);
    const timingsMs = { build: builtMs - startMs, push: deps.clock.now() - builtMs };
    return { verdict: 'pushed', uri: repository.uri, digest, timingsMs };
  });
}

async function buildOnly(options: BuildOptions, deps: BuildDeps): Promise<BuildOutcome> {
  const uri = repositoryUri(options.repository);
  const references = options.tags.map((tag) => `${uri}:${tag}`);
  if (options.dryRun) return dryRun(options, references, deps.announce);
  return inDocker(options.repository.registry ?? '', deps, async (docker) => {
    const startMs = deps.clock.now();
    const built = await build(docker, options, references, deps);
    return built ?? { verdict: 'built', uri, timingsMs: { build: deps.clock.now() - startMs } };
  });
}

function inDocker<T>(host: string, deps: BuildDeps, use: (docker: Docker) => Promise<T>): Promise<T> {
  const { processes, env, interrupt, announce } = deps;
  const onLine = (line: string): void => announce({ type: 'docker-line', line });
  return withDockerConfig(host, deps, (folder) =>
    use(connectDocker(folder, { processes, env, signal: interrupt.signal, onLine })),
  );
}

/** The digest to go on with when the tags are there already and may stay; refuses what could only fail after the build. */
async function existingImage(
  repository: TargetRepository,
  { tags, skipWhenTagsExist }: BuildOptions,
  announce: Announce<BuildEvent>,
): Promise<string | undefined> {
  if (!skipWhenTagsExist && !repository.immutable) return undefined;
  const digests = await digestsOfTags(repository, tags);
  const taken = tags.filter((tag) => digests.get(tag) !== undefined);
  const [digest, ...others] = new Set(digests.values());
  if (skipWhenTagsExist && taken.length === tags.length && digest !== undefined && others.length === 0) {
    announce({ type: 'tags-exist', uri: repository.uri, tags, digest });
    return digest;
  }
  if (!repository.immutable || taken.length === 0) return undefined;
  throw new UserError(`The tag ${taken.join(', ')} of ${repository.uri} is taken and immutable.`, {
    code: 'ImageTagAlreadyExistsException',
    why: 'The repository does not let a tag move to another image.',
    fix: 'Use a tag that is new in every build, e.g. the commit, or pass --skip-when-tags-exist to keep the image that is there.',
  });
}

async function logIn(docker: Docker, { ecr, uri }: TargetRepository): Promise<void> {
  const { authorizationData = [] } = await ecr.getAuthorizationToken();
  const clear = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64').toString('utf8');
  const [user = 'AWS', password = ''] = clear.split(/:(.*)/s);
  const host = registryOf(uri);
  const login = await docker.login(host, user, password);
  if (login.code !== 0) throw refusal({ step: 'login', subject: host }, login);
}

async function build(
  docker: Docker,
  options: BuildOptions,
  references: string[],
  { interrupt, announce }: BuildDeps,
): Promise<BuildOutcome | undefined> {
  const buildx = await docker.hasBuildx();
  if (isMultiPlatform(options) && !buildx) {
    throw new UserError('An image for several platforms needs buildx.', {
      why: '`docker buildx version` failed: only the classic builder is there.',
      fix: 'Install the buildx plugin in the job’s image, or give --platform one platform.',
    });
  }
  announce({ type: 'build-started', builder: buildx ? 'buildx' : 'classic', references });
  const result = await docker.build(buildArguments(options, references, { buildx, push: options.push }));
  if (interrupt.signal.aborted) return { verdict: 'interrupted' };
  if (result.code === 0) return undefined;
  const fault = dockerFault({ step: 'build', subject: references[0] ?? options.path }, result.tail);
  // A build that also pushes fails for the reasons of a push, too.
  const pushes = isMultiPlatform(options) && options.push;
  if (fault !== undefined && (pushes || fault.code === 'NoDockerEngine' || fault.code === 'NoSpace')) throw fault;
  return { verdict: 'build-failed', exitCode: result.code, lastLines: lastLines(result.tail, 50) };
}

/** Pushes every tag and answers the digest that docker claims to have pushed, if it says one. */
async function pushAll(
  docker: Docker,
  options: BuildOptions,
  references: readonly string[],
  announce: Announce<BuildEvent>,
): Promise<string | undefined> {
  // The builder has pushed an image for several platforms itself.
  if (isMultiPlatform(options)) return undefined;
  let claimed: string | undefined;
  for (const reference of references) {
    const result = await docker.push(reference);
    if (result.signal !== undefined) return undefined;
    if (result.code !== 0) throw refusal({ step: 'push', subject: reference }, result);
    claimed = pushedDigest(result) ?? claimed;
    announce({ type: 'pushed', reference });
  }
  return claimed;
}

async function readBack(
  repository: TargetRepository,
  tags: readonly string[],
  claimed: string | undefined,
  announce: Announce<BuildEvent>,
): Promise<string> {
  const [tag = ''] = tags;
  const standsFor = await digestOf(repository, { imageTag: tag });
  if (claimed === undefined || claimed === standsFor) {
    if (standsFor !== undefined) return standsFor;
  } else if ((await digestOf(repository, { imageDigest: claimed })) === claimed) {
    // Somebody pushed the same tag right behind us: ours is the digest, not the tag.
    announce({ type: 'tag-moved', tag, digest: claimed, standsFor });
    return claimed;
  }
  throw new UserError(`The registry does not know the image ${repository.uri}:${tag} that was just pushed.`, {
    code: 'ImageNotFoundException',
    why: claimed === undefined ? 'ECR has no image of that tag.' : `ECR has no image ${claimed}.`,
    fix: 'Check whether a lifecycle policy or another job deletes images of this repository, then build again.',
  });
}

function dryRun(options: BuildOptions, references: string[], announce: Announce<BuildEvent>): BuildOutcome {
  const args = buildArguments(options, references, { buildx: false, push: options.push });
  announce({ type: 'command-not-run', command: ['docker', ...hideBuildArguments(args)] });
  if (options.push) {
    for (const reference of references) announce({ type: 'command-not-run', command: ['docker', 'push', reference] });
  }
  return { verdict: 'dry-run' };
}

function refusal(step: DockerStep, result: ProcessResult): UserError {
  const known = dockerFault(step, result.tail);
  if (known !== undefined) return known;
  return new UserError(`docker ${step.step} of ${step.subject} failed.`, {
    code: 'DockerFailed',
    why: lastLines(result.tail, 3).join('\n') || `It ended with exit code ${result.code}.`,
    fix: 'Correct what docker complains about and run the command again.',
  });
}

function registryOf(uri: string): string {
  return uri.split('/')[0] ?? '';
}
