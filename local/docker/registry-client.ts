import { DockerError } from './docker-error.ts';
import { digestOf } from './layers.ts';
import type { LocalImage, Store } from './store.ts';

export interface RegistryDeps {
  store: Store;
  /** `user:password` in base64 for this host, if there was a login. */
  authorizationOf: (host: string) => Promise<string | undefined>;
  say: (line: string) => void;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** Asks the registry whether it accepts these credentials. */
export async function checkLogin(host: string, authorization: string): Promise<void> {
  const response = await fetch(`${baseOf(host)}/`, { headers: { authorization: `Basic ${authorization}` } });
  if (response.ok) return;
  throw new DockerError(
    `Error response from daemon: login attempt to ${baseOf(host)}/ failed with status: ${response.status} ${response.statusText}`,
  );
}

/** Pushes an image over the registry's HTTP API v2 and answers the manifest's digest. */
export async function push(reference: string, image: LocalImage, deps: RegistryDeps): Promise<string> {
  const { host, repository, tag } = partsOf(reference);
  deps.say(`The push refers to repository [${host}/${repository}]`);
  const registry = connect(host, repository, await deps.authorizationOf(host));
  for (const digest of [...image.layers, image.id]) {
    const isNew = await registry.uploadBlob(digest, () => deps.store.readBlob(digest));
    if (digest !== image.id) deps.say(`${digest.slice(7, 19)}: ${isNew ? 'Pushed' : 'Layer already exists'}`);
  }
  const manifest = await manifestOf(image, deps.store);
  await registry.putManifest(tag, manifest);
  const digest = digestOf(manifest);
  deps.say(`${tag}: digest: ${digest} size: ${Buffer.byteLength(manifest)}`);
  return digest;
}

function connect(host: string, repository: string, authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { authorization: `Basic ${authorization}` };
  const send = async (method: string, url: string, body?: Uint8Array | string, contentType?: string) => {
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...type },
      ...(body === undefined ? {} : { body }),
    });
    // A HEAD has no body to explain itself; the POST that follows does.
    if (method === 'HEAD') return response;
    if (!response.ok) throw new DockerError(await refusal(response));
    return response;
  };
  return {
    async uploadBlob(digest: string, read: () => Promise<Buffer>): Promise<boolean> {
      const found = await send('HEAD', `${baseOf(host)}/${repository}/blobs/${digest}`);
      if (found.ok) return false;
      const started = await send('POST', `${baseOf(host)}/${repository}/blobs/uploads/`);
      const target = new URL(started.headers.get('location') ?? '', `${baseOf(host)}/`);
      target.searchParams.set('digest', digest);
      await send('PUT', target.href, await read(), 'application/octet-stream');
      return true;
    },
    async putManifest(tag: string, manifest: string): Promise<void> {
      await send('PUT', `${baseOf(host)}/${repository}/manifests/${tag}`, manifest, MANIFEST);
    },
  };
}

async function manifestOf(image: LocalImage, store: Store): Promise<string> {
  const sized = async (mediaType: string, digest: string) => ({
    mediaType,
    size: (await store.readBlob(digest)).length,
    digest,
  });
  const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const layers = await Promise.all(image.layers.map((digest) => sized(layerType, digest)));
  const config = await sized('application/vnd.docker.container.image.v1+json', image.id);
  return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers }, null, 3);
}

/** A refusal in docker's words: the registry's code in lower case, then its message. */
async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { code, message } = (JSON.parse(text) as { errors: { code: string; message: string }[] }).errors[0] ?? {};
    if (code === 'UNAUTHORIZED') return 'no basic auth credentials';
    return `${(code ?? 'unknown').toLowerCase().replaceAll('_', ' ')}: ${message}`;
  } catch {
    return `unexpected status from ${response.url}: ${response.status} ${response.statusText}`;
  }
}

function partsOf(reference: string): { host: string; repository: string; tag: string } {
  const [, host, repository, tag = 'latest'] = /^([^/]+)\/([^:@]+)(?::([^/]+))?$/.exec(reference) ?? [];
  if (host === undefined || repository === undefined) {
    throw new DockerError(`invalid reference format: ${reference} names no registry`);
  }
  return { host, repository, tag };
}

function baseOf(host: string): string {
  if (!/^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?$/.test(host)) {
    throw new DockerError(`the stand-in docker only talks to registries on this machine, and ${host} is not one`);
  }
  return `http://${host}/v2`;
}
