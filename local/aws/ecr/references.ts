import { digestOf, type ImageStore } from './image-store.ts';

/** Name, tag and digest of a reference to this ECR, under either of its addresses; undefined for other registries. */
export function ownReference(
  reference: string,
  { registryHost, world }: ImageStore,
): { name: string; tag?: string; digest?: string } | undefined {
  const hosts = [registryHost, `${world.accountId}.dkr.ecr.${world.region}.amazonaws.com`];
  const host = hosts.find((candidate) => reference.startsWith(`${candidate}/`));
  if (host === undefined) return undefined;
  const [path = '', digest] = reference.slice(host.length + 1).split('@');
  const [name = '', tag] = path.split(':');
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** What an image of another registry is taken to be: its digest, or one made from its name. */
export function otherRegistryDigest(reference: string): string {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? digestOf(reference);
}
