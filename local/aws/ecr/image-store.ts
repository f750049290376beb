import { createHash } from 'node:crypto';
import type { World } from '../part.ts';
import type { Json } from '../wire.ts';

/** One manifest as it was pushed. */
export interface StoredManifest {
  digest: string;
  mediaType: string;
  bytes: Uint8Array;
  pushedAtMs: number;
  archived?: boolean;
}

/** One repository with its blobs, manifests and tags. */
export interface Repository {
  name: string;
  arn: string;
  createdAtMs: number;
  imageTagMutability: 'MUTABLE' | 'IMMUTABLE';
  scanOnPush: boolean;
  encryption: Json;
  /** Documents that are kept as they were put. */
  lifecyclePolicy?: string;
  policy?: string;
  blobs: Map<string, Uint8Array>;
  manifests: Map<string, StoredManifest>;
  tags: Map<string, string>;
}

/** `sha256:` of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The repositories of one account and region; the API and the registry face share it. */
export class ImageStore {
  readonly world: World;
  readonly repositories = new Map<string, Repository>();
  /** Host under which repositories are handed out: ECR's own name until the registry listens on a port. */
  registryHost: string;

  constructor(world: World) {
    this.world = world;
    this.registryHost = `${world.accountId}.dkr.ecr.${world.region}.amazonaws.com`;
  }

  create(
    name: string,
    options: { immutable?: boolean; scanOnPush?: boolean; encryption?: Json | undefined } = {},
  ): Repository {
    const { region, accountId, clock } = this.world;
    const repository: Repository = {
      name,
      arn: `arn:aws:ecr:${region}:${accountId}:repository/${name}`,
      createdAtMs: clock.now(),
      imageTagMutability: options.immutable === true ? 'IMMUTABLE' : 'MUTABLE',
      scanOnPush: options.scanOnPush ?? false,
      encryption: options.encryption ?? { encryptionType: 'AES256' },
      blobs: new Map(),
      manifests: new Map(),
      tags: new Map(),
    };
    this.repositories.set(name, repository);
    return repository;
  }

  uri(name: string): string {
    return `${this.registryHost}/${name}`;
  }

  /** Stores a manifest and moves the tag to it. */
  put(repository: Repository, bytes: Uint8Array, mediaType: string, tag?: string): StoredManifest {
    const digest = digestOf(bytes);
    const manifest = repository.manifests.get(digest) ?? {
      digest,
      mediaType,
      bytes,
      pushedAtMs: this.world.clock.now(),
    };
    repository.manifests.set(digest, manifest);
    if (tag !== undefined) repository.tags.set(tag, digest);
    return manifest;
  }

  find(repository: Repository, id: { tag?: string; digest?: string }): StoredManifest | undefined {
    const digest = id.digest ?? repository.tags.get(id.tag ?? 'latest');
    return digest === undefined ? undefined : repository.manifests.get(digest);
  }

  tagsOf(repository: Repository, digest: string): string[] {
    return [...repository.tags].filter(([, tagged]) => tagged === digest).map(([tag]) => tag);
  }

  /**
   * Pushes a small real image (configuration, one layer, manifest) without a client and answers its digest;
   * creates the repository if needed. The same content gives the same digest.
   */
  push(name: string, tags: readonly string[], content = 'app', platforms: readonly string[] = []): string {
    const repository = this.repositories.get(name) ?? this.create(name);
    const images = (platforms.length === 0 ? ['linux/amd64'] : platforms).map((platform) => {
      const bytes = encode(imageManifest(repository, content, platform));
      return { platform, manifest: this.put(repository, bytes, dockerManifest) };
    });
    let top = images[0]?.manifest as StoredManifest;
    if (platforms.length > 0) {
      const manifests = images.map(({ platform, manifest }) => ({
        mediaType: manifest.mediaType,
        size: manifest.bytes.length,
        digest: manifest.digest,
        platform: platformOf(platform),
      }));
      top = this.put(repository, encode({ schemaVersion: 2, mediaType: ociIndex, manifests }), ociIndex);
    }
    for (const tag of tags) repository.tags.set(tag, top.digest);
    return top.digest;
  }
}

const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

function imageManifest(repository: Repository, content: string, platform: string): object {
  const layer = new TextEncoder().encode(content);
  const config = encode({
    ...platformOf(platform),
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  for (const blob of [layer, config]) repository.blobs.set(digestOf(blob), blob);
  const blobOf = (mediaType: string, bytes: Uint8Array) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  return {
    schemaVersion: 2,
    mediaType: dockerManifest,
    config: blobOf('application/vnd.docker.container.image.v1+json', config),
    layers: [blobOf('application/vnd.docker.image.rootfs.diff.tar', layer)],
  };
}

function platformOf(platform: string): { os: string; architecture: string } {
  const [os = 'linux', architecture = 'amd64'] = platform.split('/');
  return { os, architecture };
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
