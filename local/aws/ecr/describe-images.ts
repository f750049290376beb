import { ApiError, type Json } from '../wire.ts';
import type { ImageStore, Repository, StoredManifest } from './image-store.ts';

/** DescribeImages: by id all or nothing, else the whole repository, a page at a time. */
export function describeImages(store: ImageStore, repository: Repository, input: Json): Json {
  const manifests = Array.isArray(input.imageIds)
    ? input.imageIds.map((imageId: Json) => found(store, repository, imageId))
    : byTagStatus(store, repository, input.filter?.tagStatus);
  const start = input.nextToken === undefined ? 0 : Number(input.nextToken);
  const end = start + (input.maxResults ?? 100);
  return {
    imageDetails: manifests.slice(start, end).map((manifest: StoredManifest) => detail(store, repository, manifest)),
    ...(end < manifests.length ? { nextToken: String(end) } : {}),
  };
}

/** ListImages: one entry for each tag, and one for an untagged image. */
export function listImages(repository: Repository, input: Json): Json {
  const tagged = [...repository.tags].map(([imageTag, imageDigest]) => ({ imageDigest, imageTag }));
  const used = new Set(repository.tags.values());
  const untagged = [...repository.manifests.keys()]
    .filter((digest) => !used.has(digest))
    .map((imageDigest) => ({ imageDigest }));
  const status = input.filter?.tagStatus;
  return { imageIds: [...(status === 'UNTAGGED' ? [] : tagged), ...(status === 'TAGGED' ? [] : untagged)] };
}

/** The model's form of an `imageId`; the digest wins where both are given. */
export function imageIdOf(imageId: Json): { tag?: string; digest?: string } {
  if (typeof imageId?.imageDigest === 'string') return { digest: imageId.imageDigest };
  if (typeof imageId?.imageTag === 'string') return { tag: imageId.imageTag };
  throw new ApiError(
    'InvalidParameterException',
    "Invalid parameter at 'imageIds' failed to satisfy constraint: 'imageTag and imageDigest must not both be empty'",
  );
}

function found(store: ImageStore, repository: Repository, imageId: Json): StoredManifest {
  const manifest = store.find(repository, imageIdOf(imageId));
  if (manifest !== undefined) return manifest;
  const { imageTag, imageDigest } = imageId;
  const id = [
    ...(imageDigest === undefined ? [] : [`imageDigest:'${imageDigest}'`]),
    ...(imageTag === undefined ? [] : [`imageTag:'${imageTag}'`]),
  ].join(', ');
  throw new ApiError(
    'ImageNotFoundException',
    `The image with imageId {${imageDigest === undefined ? "imageDigest:'null', " : ''}${id}${imageTag === undefined ? ", imageTag:'null'" : ''}} does not exist within the repository with name '${repository.name}' in the registry with id '${store.world.accountId}'`,
  );
}

function byTagStatus(store: ImageStore, repository: Repository, status: unknown): StoredManifest[] {
  return [...repository.manifests.values()].filter(({ digest }) => {
    const isTagged = store.tagsOf(repository, digest).length > 0;
    return status === undefined || status === 'ANY' || (status === 'TAGGED') === isTagged;
  });
}

function detail(store: ImageStore, repository: Repository, manifest: StoredManifest): Json {
  const imageTags = store.tagsOf(repository, manifest.digest);
  return {
    registryId: store.world.accountId,
    repositoryName: repository.name,
    imageDigest: manifest.digest,
    ...(imageTags.length > 0 ? { imageTags } : {}),
    imageSizeInBytes: sizeOf(repository, manifest),
    imagePushedAt: manifest.pushedAtMs / 1000,
    imageManifestMediaType: manifest.mediaType,
    imageStatus: manifest.archived === true ? 'ARCHIVED' : 'ACTIVE',
  };
}

function sizeOf(repository: Repository, manifest: StoredManifest): number {
  const { layers = [] } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as { layers?: { digest: string }[] };
  return layers.reduce((total, { digest }) => total + (repository.blobs.get(digest)?.length ?? 0), 0);
}
