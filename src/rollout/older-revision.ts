import type { Service } from '@aws-sdk/client-ecs';
import { familyOf, familyRevision } from '../base/arn.ts';
import { hasCode, UserError } from '../errors.ts';
import { platformDigests, resolveImage } from '../task-definition/digests.ts';
import { parseImageReference, pinned, repositoryUri } from '../task-definition/image-reference.ts';
import type { PastDeployment } from './history.ts';
import type { RolloutDeps, ServiceBefore } from './model.ts';
import { primaryOf } from './observe.ts';

/** The revision that is to serve again. */
export interface OlderRevision {
  taskDefinition: string;
  /** Its last successful deployment, which knows the digests that served; undefined where ECS does not remember it. */
  past: PastDeployment | undefined;
}

const isDeployed = ({ verdict, taskDefinition }: PastDeployment): boolean =>
  verdict.verdict === 'deployed' && taskDefinition !== undefined;

/** Whether two deployments bring the same: the same revision, and no digest that is known to differ. */
function isSame(one: PastDeployment, other: PastDeployment): boolean {
  if (one.taskDefinition !== other.taskDefinition) return false;
  return one.images.every(({ name, imageDigest }) => {
    const there = other.images.find((image) => image.name === name)?.imageDigest;
    return imageDigest === undefined || there === undefined || imageDigest === there;
  });
}

/**
 * The last revision that was deployed before the one that the service is set to. A revision that was gone back from is
 * newer than that, so a second rollback never brings it back.
 */
export function revisionBefore(history: readonly PastDeployment[], service: Service): OlderRevision | undefined {
  const primary = primaryOf(service);
  const now = history.find(({ deploymentId }) => deploymentId === primary?.id);
  const deployed = history.filter(isDeployed);
  const isNow = (past: PastDeployment): boolean =>
    now === undefined ? past.taskDefinition === primary?.taskDefinition : isSame(past, now);
  const past = deployed.slice(deployed.findLastIndex(isNow) + 1).find((one) => !isNow(one));
  return past?.taskDefinition === undefined ? undefined : { taskDefinition: past.taskDefinition, past };
}

/** Whether a deployment that is under way brings back what was deployed before. */
export function isGoingBack(
  open: PastDeployment,
  history: readonly PastDeployment[],
  served: string | undefined,
): boolean {
  const older = history.filter((past) => past !== open && isDeployed(past));
  return open.taskDefinition !== served && older.some(({ taskDefinition }) => taskDefinition === open.taskDefinition);
}

/** The revision that `--to` names: a task definition, a digest that served, or a tag of such an image. */
export async function revisionNamed(
  to: string,
  history: readonly PastDeployment[],
  before: ServiceBefore,
  deps: RolloutDeps,
): Promise<OlderRevision> {
  const deployed = history.filter(isDeployed);
  if (/^arn:|^[\w-]+:\d+$/.test(to)) {
    const past = deployed.find(({ taskDefinition = '' }) => familyRevision(taskDefinition) === familyRevision(to));
    if (past === undefined && familyOf(to) !== familyOf(before.service.taskDefinition ?? to)) {
      throw ofAnotherFamily(to, before);
    }
    return { taskDefinition: past?.taskDefinition ?? to, past };
  }
  const digests = to.startsWith('sha256:') ? [to] : await digestsOfTag(to, history, deps);
  const past = deployed.find(({ images }) => images.some(({ imageDigest = '' }) => digests.includes(imageDigest)));
  if (past?.taskDefinition !== undefined) return { taskDefinition: past.taskDefinition, past };
  const why =
    digests.length === 0
      ? `${to} is neither FAMILY:REVISION nor a tag in the repositories of its images.`
      : `No successful deployment that Amazon ECS remembers (90 days) ran ${digests[0]}.`;
  throw new UserError(`${before.name} never served ${to}, as far as Amazon ECS remembers.`, {
    code: 'NoSuchRevision',
    why,
    fix: 'Name the revision as FAMILY:REVISION; `migrate-deploy status` lists the last deployments.',
  });
}

/** A revision that only another service ran, as where one is named for several services. */
function ofAnotherFamily(to: string, { name, service: { taskDefinition = '' } }: ServiceBefore): UserError {
  return new UserError(`${name} never served ${familyRevision(to)}, as far as Amazon ECS remembers.`, {
    code: 'NoSuchRevision',
    why: `It runs the family ${familyOf(taskDefinition)}; another family is another program.`,
    fix: 'Name a revision of that family with --to; for several services, the digest or tag of an image that all of them served.',
  });
}

async function digestsOfTag(tag: string, history: readonly PastDeployment[], { aws }: RolloutDeps): Promise<string[]> {
  const references = history.flatMap(({ images }) =>
    images.flatMap(({ image = '' }) => parseImageReference(image) ?? []),
  );
  const found: string[] = [];
  for (const repository of new Set(references.map(repositoryUri))) {
    if (parseImageReference(`${repository}:${tag}`) === undefined) continue;
    try {
      const { image, digest } = await resolveImage(`${repository}:${tag}`, aws);
      if (digest !== undefined) found.push(digest, ...(await platformDigests(image, aws)));
    } catch (error) {
      if (!hasCode(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) throw error;
    }
  }
  return found;
}

/** References that pin images to the digests that served, where the definition's own words would bring others by now. */
export async function movedImages(
  { past }: OlderRevision,
  deps: RolloutDeps,
): Promise<{ container: string; image: string }[]> {
  const moved: { container: string; image: string }[] = [];
  for (const { name, image = '', imageDigest } of past?.images ?? []) {
    const reference = parseImageReference(image);
    if (imageDigest === undefined || reference === undefined || reference.digest !== undefined) continue;
    if (await stillMeans(image, imageDigest, deps)) continue;
    moved.push({ container: name, image: pinned(reference, imageDigest) });
  }
  return moved;
}

async function stillMeans(image: string, served: string, { aws }: RolloutDeps): Promise<boolean> {
  try {
    const { image: now, digest } = await resolveImage(image, aws);
    // Whoever cannot be asked is proved afterwards.
    if (digest === undefined || digest === served) return true;
    return (await platformDigests(now, aws)).includes(served);
  } catch (error) {
    if (hasCode(error, 'ImageNotFoundException', 'RepositoryNotFoundException', 'ImageArchived')) return false;
    throw error;
  }
}

/** The digests that must serve in the end, by container. */
export function servedDigests({ past }: OlderRevision): Map<string, { image: string; digest: string }> {
  return new Map(
    (past?.images ?? []).flatMap(({ name, image = '', imageDigest: digest }) => {
      const reference = parseImageReference(image);
      return digest === undefined || reference === undefined
        ? []
        : [[name, { image: pinned(reference, digest), digest }]];
    }),
  );
}
