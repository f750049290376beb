import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { applyLayer } from '../../docker/layers.ts';
import type { ContainerConfig, ImageConfig } from '../../docker/store.ts';
import type { ImageStore, Repository, StoredManifest } from '../ecr/image-store.ts';

/** An image's files on disk and how its container starts. */
export interface UnpackedImage {
  root: string;
  config: Partial<ContainerConfig>;
}

interface Manifest {
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string; platform?: { os: string; architecture: string } }[];
}

/** The images of local ECR, unpacked on demand and once each. */
export class RegistryImages {
  readonly #store: ImageStore;
  readonly #folder: string;
  readonly #unpacked = new Map<string, Promise<UnpackedImage>>();

  constructor(store: ImageStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** Whether a builder made and pushed this image; those that a test made up have an empty configuration. */
  has(digest: string): boolean {
    const found = this.#find(digest);
    if (found === undefined) return false;
    const { manifests, config } = parse<Manifest>(found.manifest.bytes);
    if (manifests !== undefined) return manifests.some((child) => this.has(child.digest));
    const blob = found.repository.blobs.get(config?.digest ?? '');
    return blob !== undefined && Object.keys(parse<ImageConfig>(blob).config ?? {}).length > 0;
  }

  /** `host/repository@digest`, as a pull would name it. */
  referenceOf(digest: string): string {
    const found = this.#find(digest);
    if (found === undefined) throw new Error(`no repository has ${digest}`);
    return `${this.#store.uri(found.repository.name)}@${digest}`;
  }

  /** The STOPSIGNAL of an image, SIGTERM unless it names another one. */
  stopSignalOf(digest: string): NodeJS.Signals {
    const found = this.#find(digest);
    if (found === undefined) return 'SIGTERM';
    const { manifests, config } = parse<Manifest>(found.manifest.bytes);
    const child = manifests?.find(({ platform }) => platform?.os === 'linux');
    if (child !== undefined) return this.stopSignalOf(child.digest);
    const blob = found.repository.blobs.get(config?.digest ?? '');
    return ((blob === undefined ? undefined : parse<ImageConfig>(blob).config?.StopSignal) ??
      'SIGTERM') as NodeJS.Signals;
  }

  unpack(digest: string): Promise<UnpackedImage> {
    const known = this.#unpacked.get(digest);
    if (known !== undefined) return known;
    const image = this.#unpack(digest);
    this.#unpacked.set(digest, image);
    return image;
  }

  #find(digest: string): { repository: Repository; manifest: StoredManifest } | undefined {
    for (const repository of this.#store.repositories.values()) {
      const manifest = repository.manifests.get(digest);
      if (manifest !== undefined) return { repository, manifest };
    }
    return undefined;
  }

  async #unpack(digest: string): Promise<UnpackedImage> {
    const found = this.#find(digest);
    if (found === undefined) throw new Error(`no repository has ${digest}`);
    const manifest = parse<Manifest>(found.manifest.bytes);
    const child = manifest.manifests?.find(({ platform }) => platform?.os === 'linux');
    if (child !== undefined) return this.#unpack(child.digest);
    const blob = (wanted = '') => {
      const bytes = found.repository.blobs.get(wanted);
      if (bytes === undefined) throw new Error(`the registry has lost the blob ${wanted}`);
      return bytes;
    };
    const root = join(this.#folder, digest.slice('sha256:'.length, 'sha256:'.length + 12));
    await rm(`${root}.part`, { recursive: true, force: true });
    await mkdir(`${root}.part`, { recursive: true });
    for (const layer of manifest.layers ?? []) await applyLayer(blob(layer.digest), `${root}.part`);
    await rename(`${root}.part`, root);
    return { root, config: parse<ImageConfig>(blob(manifest.config?.digest)).config };
  }
}

function parse<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
