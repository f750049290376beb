import { type Parsed, valid, wrong } from '../base/parsed.ts';

/** An image reference, taken apart the way Docker reads it. */
export interface ImageReference {
  /** Host with port; absent where Docker Hub is meant. */
  registry?: string;
  /** Path within the registry. */
  repository: string;
  tag?: string;
  /** `sha256:…` */
  digest?: string;
}

/** An Amazon ECR repository as its address tells it. */
export interface EcrAddress {
  registryId: string;
  region: string;
}

const repositoryPart = /^[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*$/;
const tagPart = /^[\w][\w.-]{0,127}$/;
const digestPart = /^sha256:[0-9a-f]{64}$/;
const ecrHost =
  /^(\d{12})\.dkr(?:\.ecr|\.ecr-fips|-ecr|-ecr-fips)\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;

/** Takes a reference apart, or answers undefined where Docker would not understand it. */
export function parseImageReference(reference: string): ImageReference | undefined {
  const [name = '', digest, ...more] = reference.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPart.test(digest))) return undefined;
  const slash = name.indexOf('/');
  const host = slash === -1 ? undefined : name.slice(0, slash);
  // Docker's own rule: the first part is a host if it could not be a folder of Docker Hub.
  const registry = host !== undefined && (/[.:]/.test(host) || host === 'localhost') ? host : undefined;
  const path = registry === undefined ? name : name.slice(slash + 1);
  const colon = path.indexOf(':');
  const repository = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (!repositoryPart.test(repository) || (tag !== undefined && !tagPart.test(tag))) return undefined;
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Reads the name or address of a repository, which has neither tag nor digest. */
export function repositoryReference(given: string): Parsed<ImageReference> {
  const parsed = parseImageReference(given.trim());
  if (parsed === undefined) return wrong('must be the name or address of a repository in lower case');
  const isPlain = parsed.tag === undefined && parsed.digest === undefined;
  return isPlain ? valid(parsed) : wrong('takes no tag or digest; give the tag with --tag');
}

/** What is wrong with the tag of an image, if anything. */
export function tagFault(tag: string): string | undefined {
  if (tagPart.test(tag)) return undefined;
  return `may hold letters, digits, and after the first character dots and dashes, at most 128, not ${JSON.stringify(tag)}`;
}

/** Registry and repository without tag and digest. */
export function repositoryUri({ registry, repository }: ImageReference): string {
  return registry === undefined ? repository : `${registry}/${repository}`;
}

/** The same repository at a digest: the one name of an image that nobody can move. */
export function pinned(reference: ImageReference, digest: string): string {
  return `${repositoryUri(reference)}@${digest}`;
}

/** Account and region of a private ECR registry, or undefined for any other host. */
export function ecrAddress(registry: string | undefined): EcrAddress | undefined {
  const [, registryId, region] = ecrHost.exec(registry ?? '') ?? [];
  return registryId === undefined || region === undefined ? undefined : { registryId, region };
}

/** Whether the host is this machine, where a local stand-in for ECR may hand out addresses. */
export function isLoopback(registry: string | undefined): boolean {
  const host = (registry ?? '').replace(/:\d+$/, '');
  return host === 'localhost' || /^127\./.test(host) || host === '[::1]' || host.includes('.localhost');
}
