import { digestOf, type ImageStore, type Repository } from '../ecr/image-store.ts';
import { refuseTagChange } from '../ecr/immutable-tags.ts';
import type { WireResponse } from '../wire.ts';
import type { RegistryRequest, Use } from './index.ts';
import { apiVersion, RegistryError } from './registry-error.ts';

interface Manifest {
  schemaVersion?: number;
  mediaType?: string;
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

/** Serves a manifest by tag or digest, byte for byte as it was pushed. */
export function getManifest(store: ImageStore, repository: Repository, reference: string, use: Use): WireResponse {
  use('BatchGetImage');
  const manifest = store.find(repository, idOf(reference));
  if (manifest === undefined) {
    throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
  }
  const headers = {
    ...apiVersion,
    'content-type': manifest.mediaType,
    'docker-content-digest': manifest.digest,
  };
  return { status: 200, headers, body: manifest.bytes };
}

/** Takes a manifest whose blobs (or, for an index, whose manifests) are all there. */
export function putManifest(
  store: ImageStore,
  repository: Repository,
  reference: string,
  { body, headers }: RegistryRequest,
  use: Use,
): WireResponse {
  use('PutImage');
  const manifest = parse(body);
  const { tag, digest } = idOf(reference);
  if (digest !== undefined && digestOf(body) !== digest) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  const missing = [
    ...[manifest.config ?? [], manifest.layers ?? []].flat().filter((blob) => !repository.blobs.has(blob.digest)),
    ...(manifest.manifests ?? []).filter((child) => !repository.manifests.has(child.digest)),
  ].map((blob) => blob.digest);
  if (missing.length > 0) {
    throw new RegistryError(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `Layers with digests '[${missing.join(', ')}]' required for pushing image into repository with name '${repository.name}' in the registry with id '${store.world.accountId}' do not exist`,
    );
  }
  refuseTagChange(repository, tag, body, store);
  const mediaType = headers['content-type'] ?? manifest.mediaType ?? '';
  const stored = store.put(repository, body, mediaType, tag);
  const location = `/v2/${repository.name}/manifests/${stored.digest}`;
  return { status: 201, headers: { ...apiVersion, location, 'docker-content-digest': stored.digest }, body: '' };
}

function parse(body: Uint8Array): Manifest {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(body)) as Manifest;
    if (manifest.schemaVersion === 2) return manifest;
  } catch {
    // Falls through to the registry's own complaint.
  }
  throw new RegistryError(400, 'MANIFEST_INVALID', 'manifest invalid');
}

function idOf(reference: string): { tag?: string; digest?: string } {
  return reference.startsWith('sha256:') ? { digest: reference } : { tag: reference };
}
