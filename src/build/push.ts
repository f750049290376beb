import { type DockerStep, dockerFault, lastLines } from '../diagnosis/docker.ts';
import { UserError } from '../errors.ts';
import type { Emit, ProcessResult } from '../ports.ts';
import type { BuildDeps, BuildEvent } from './build.ts';
import { type Docker, pushedDigest } from './docker.ts';
import { digestOf, type TargetRepository } from './repository.ts';

/** Signs docker in to the registry of the repository, with a password of ECR's that lives for hours. */
export async function logIn(docker: Docker, { ecr, uri }: TargetRepository, { interrupt }: BuildDeps): Promise<void> {
  const { authorizationData = [] } = await ecr.getAuthorizationToken();
  const clear = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64').toString('utf8');
  const [user = 'AWS', password = ''] = clear.split(/:(.*)/s);
  const host = registryOf(uri);
  if (password === '') {
    const why = 'The answer to GetAuthorizationToken holds no password.';
    const fix = 'Check what stands behind AWS_ENDPOINT_URL, if it is set; else run the command again.';
    throw new UserError(`ECR answered without a login for ${host}.`, { why, fix });
  }
  const login = await docker.login(host, user, password);
  if (login.code !== 0 && !interrupt.signal.aborted) throw refusal({ step: 'login', subject: host }, login);
}

/** Pushes every tag and answers the digest that docker claims to have pushed, if it says one. */
export async function pushAll(
  docker: Docker,
  references: readonly string[],
  { emit, interrupt }: BuildDeps,
): Promise<string | undefined> {
  let claimed: string | undefined;
  for (const reference of references) {
    const result = await docker.push(reference);
    if (interrupt.signal.aborted) return undefined;
    if (result.code !== 0) throw refusal({ step: 'push', subject: reference }, result);
    claimed = pushedDigest(result) ?? (await rememberedDigest(docker, reference)) ?? claimed;
    emit({ type: 'pushed', reference });
  }
  return claimed;
}

/** For programs called docker that do not print the digest: what the engine remembers, where it is unambiguous. */
async function rememberedDigest(docker: Docker, reference: string): Promise<string | undefined> {
  const repository = reference.slice(0, reference.lastIndexOf(':'));
  const digests = (await docker.pushedDigests(reference)).filter((name) => name.startsWith(`${repository}@`));
  return digests.length === 1 ? digests[0]?.slice(repository.length + 1) : undefined;
}

/** The digest of the image as the registry knows it; what docker claims must be there. */
export async function readBack(
  repository: TargetRepository,
  tags: readonly string[],
  claimed: string | undefined,
  emit: Emit<BuildEvent>,
): Promise<string> {
  const [tag = ''] = tags;
  const standsFor = await digestOf(repository, { imageTag: tag });
  if (claimed === undefined || claimed === standsFor) {
    if (standsFor !== undefined) return standsFor;
  } else if ((await digestOf(repository, { imageDigest: claimed })) === claimed) {
    // Somebody pushed the same tag right behind us: ours is the digest, not the tag.
    emit({ type: 'tag-moved', tag, digest: claimed, standsFor });
    return claimed;
  }
  throw new UserError(`The registry does not know the image ${repository.uri}:${tag} that was just pushed.`, {
    code: 'ImageNotFoundException',
    why: claimed === undefined ? 'ECR has no image of that tag.' : `ECR has no image ${claimed}.`,
    fix: 'Check whether a lifecycle policy or another job deletes images of this repository, then build again.',
  });
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

/** The host of a repository's address. */
export function registryOf(uri: string): string {
  return uri.split('/')[0] ?? '';
}
