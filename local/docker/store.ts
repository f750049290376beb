import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DockerError } from './docker-error.ts';
import { digestOf } from './layers.ts';

/** The part of an image's configuration that says how its container starts. */
export interface ContainerConfig {
  Env: string[];
  Cmd?: string[];
  Entrypoint?: string[];
  StopSignal?: string;
  WorkingDir: string;
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Labels?: Record<string, string>;
}

/** An image's configuration file, as Docker's image specification v1.2 writes it. */
export interface ImageConfig {
  architecture: string;
  os: string;
  created: string;
  config: ContainerConfig;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history: { created: string; created_by: string; empty_layer?: boolean }[];
}

/** A local image: its configuration's digest is its id. */
export interface LocalImage {
  id: string;
  /** Digests of the gzipped layers, first one first. */
  layers: string[];
  /** `repository@sha256:…`, one for each repository that it was pushed to. */
  repoDigests: string[];
}

/** The stand-in's local images and blobs, kept in one folder. */
export interface Store {
  folder: string;
  writeBlob(bytes: Uint8Array): Promise<string>;
  readBlob(digest: string): Promise<Buffer>;
  saveImage(image: LocalImage): Promise<void>;
  tag(reference: string, id: string): Promise<void>;
  find(referenceOrId: string): Promise<LocalImage>;
  /** Remembers, under a key, the layer that a RUN made. */
  remember(key: string, layer: CachedLayer): Promise<void>;
  recall(key: string): Promise<CachedLayer | undefined>;
}

export interface CachedLayer {
  digest: string;
  diffId: string;
}

/** Opens the store in `STAND_IN_DOCKER_HOME`, else below the home folder. */
export function openStore(environment: NodeJS.ProcessEnv): Store {
  const folder = environment.STAND_IN_DOCKER_HOME ?? join(homedir(), '.cache', 'stand-in-docker');
  const pathOf = (kind: string, name: string) => join(folder, kind, name.replaceAll(/[^\w.-]/g, '_'));
  const read = async <T>(kind: string, name: string): Promise<T | undefined> => {
    const text = await readFile(pathOf(kind, name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  const write = async (kind: string, name: string, content: string | Uint8Array) => {
    await mkdir(join(folder, kind), { recursive: true });
    const path = pathOf(kind, name);
    await writeFile(`${path}.${process.pid}`, content);
    await rename(`${path}.${process.pid}`, path);
  };
  return {
    folder,
    async writeBlob(bytes) {
      const digest = digestOf(bytes);
      await write('blobs', digest, bytes);
      return digest;
    },
    readBlob: (digest) => readFile(pathOf('blobs', digest)),
    saveImage: (image) => write('images', image.id, JSON.stringify(image)),
    tag: (reference, id) => write('tags', tagged(reference), JSON.stringify(id)),
    async find(referenceOrId) {
      const id = (await read<string>('tags', tagged(referenceOrId))) ?? referenceOrId;
      const image = await read<LocalImage>('images', id);
      if (image === undefined) throw new DockerError(`Error response from daemon: No such image: ${referenceOrId}`);
      return image;
    },
    remember: (key, layer) => write('cache', key, JSON.stringify(layer)),
    recall: (key) => read<CachedLayer>('cache', key),
  };
}

/** The reference with `:latest` added where it names no tag. */
export function tagged(reference: string): string {
  return /:[^/]+$/.test(reference) ? reference : `${reference}:latest`;
}
