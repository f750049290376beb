import { hasCode, UserError } from '../errors.ts';
import type { EcrPort } from '../ports.ts';
import { ecrAddress, type ImageReference, isLoopback, parseImageReference, pinned } from './image-reference.ts';

/** An image reference after the registry was asked what it means. */
export interface ResolvedImage {
  /** `repository@sha256:…`, or the reference as it was where nobody could be asked. */
  image: string;
  digest?: string;
  /** Why the image is not pinned. */
  warning?: string;
}

export interface ResolveImageDeps {
  ecr: EcrPort;
  /** The region that `ecr` speaks to. */
  region: string;
  /** ECR in another region, where the caller can provide it. */
  ecrIn?: (region: string) => EcrPort;
}

/** Turns a tag into the digest it stands for now, so that every later stage means the same image. */
export async function resolveImage(reference: string, deps: ResolveImageDeps): Promise<ResolvedImage> {
  const parsed = parseImageReference(reference);
  if (parsed === undefined) {
    throw new UserError(`'${reference}' is not an image reference.`, {
      why: 'The form is [REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST], the repository in lower case.',
      fix: 'Correct --image.',
    });
  }
  const registry = await findRegistry(parsed, deps);
  if (registry === undefined) return unresolved(reference, parsed);
  const digest = await lookUp(reference, parsed, registry);
  return { image: pinned(parsed, digest), digest };
}

/** The digests of an image's platforms where it is an index, so that a running task's digest can be recognised. */
export async function platformDigests(image: string, deps: ResolveImageDeps): Promise<string[]> {
  const parsed = parseImageReference(image);
  if (parsed?.digest === undefined) return [];
  const registry = await findRegistry(parsed, deps);
  if (registry === undefined) return [];
  const { images = [] } = await registry.ecr.batchGetImage({
    ...registry.ids,
    repositoryName: parsed.repository,
    imageIds: [{ imageDigest: parsed.digest }],
    acceptedMediaTypes: indexTypes,
  });
  return childDigests(images[0]?.imageManifest);
}

/** The tags that stand for an image now; undefined where no registry can be asked, or it does not know the image any more. */
export async function tagsOf(image: string, digest: string, deps: ResolveImageDeps): Promise<string[] | undefined> {
  const parsed = parseImageReference(image);
  const registry = parsed === undefined ? undefined : await findRegistry(parsed, deps);
  if (parsed === undefined || registry === undefined) return undefined;
  try {
    const { imageDetails = [] } = await registry.ecr.describeImages({
      ...registry.ids,
      repositoryName: parsed.repository,
      imageIds: [{ imageDigest: digest }],
    });
    return imageDetails[0]?.imageTags ?? [];
  } catch (error) {
    if (hasCode(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) return undefined;
    throw error;
  }
}

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

function childDigests(manifest: string | undefined): string[] {
  if (manifest === undefined) return [];
  const { manifests } = JSON.parse(manifest) as { manifests?: { digest?: unknown }[] };
  return (manifests ?? []).flatMap(({ digest }) => (typeof digest === 'string' ? [digest] : []));
}

interface Registry {
  ecr: EcrPort;
  ids: { registryId?: string };
}

async function findRegistry(reference: ImageReference, deps: ResolveImageDeps): Promise<Registry | undefined> {
  const address = ecrAddress(reference.registry);
  if (address !== undefined) {
    const ecr = address.region === deps.region ? deps.ecr : deps.ecrIn?.(address.region);
    return ecr === undefined ? undefined : { ecr, ids: { registryId: address.registryId } };
  }
  if (!isLoopback(reference.registry)) return undefined;
  // A stand-in for ECR on this machine has no address of ECR's form; it knows whether the repository is its own.
  return (await ownsRepository(reference, deps.ecr)) ? { ecr: deps.ecr, ids: {} } : undefined;
}

async function ownsRepository({ registry, repository }: ImageReference, ecr: EcrPort): Promise<boolean> {
  try {
    const { repositories = [] } = await ecr.describeRepositories({ repositoryNames: [repository] });
    return repositories.some(({ repositoryUri }) => repositoryUri === `${registry}/${repository}`);
  } catch (error) {
    if (hasCode(error, 'RepositoryNotFoundException')) return false;
    throw error;
  }
}

async function lookUp(reference: string, parsed: ImageReference, { ecr, ids }: Registry): Promise<string> {
  const imageId = parsed.digest === undefined ? { imageTag: parsed.tag ?? 'latest' } : { imageDigest: parsed.digest };
  try {
    const { imageDetails = [] } = await ecr.describeImages({
      ...ids,
      repositoryName: parsed.repository,
      imageIds: [imageId],
    });
    const { imageDigest, imageStatus } = imageDetails[0] ?? {};
    if (imageStatus !== undefined && imageStatus !== 'ACTIVE') throw archived(reference, imageStatus);
    if (imageDigest !== undefined) return imageDigest;
  } catch (error) {
    if (hasCode(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) throw notFound(reference, error);
    throw error;
  }
  throw notFound(reference, undefined);
}

function archived(reference: string, status: string): UserError {
  return new UserError(`The image ${reference} cannot be pulled: it is archived.`, {
    code: 'ImageArchived',
    why: `Amazon ECR gives its status as ${status}.`,
    fix: 'Restore it (aws ecr update-image-storage-class --target-storage-class STANDARD), or deploy another image.',
  });
}

function notFound(reference: string, error: UserError | undefined): UserError {
  return new UserError(`The image ${reference} does not exist.`, {
    why: error?.why ?? 'Amazon ECR answered without an image.',
    fix:
      error?.code === 'RepositoryNotFoundException'
        ? 'Check the repository, its account and its region; build-and-push-image --create-repository makes it.'
        : 'Push it first (build-and-push-image), or correct --image.',
    code: error?.code ?? 'ImageNotFoundException',
    cause: error,
  });
}

function unresolved(reference: string, parsed: ImageReference): ResolvedImage {
  if (parsed.digest !== undefined) return { image: reference, digest: parsed.digest };
  const where = parsed.registry === undefined ? 'without a registry it means Docker Hub, and ' : '';
  return {
    image: reference,
    warning:
      `${reference} is not pinned: ${where}only private Amazon ECR repositories can be asked for its digest, ` +
      'so another push of the same tag would change what runs. Give the image as REPOSITORY@sha256:… to pin it.',
  };
}
