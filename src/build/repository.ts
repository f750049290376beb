import { hasCode, UserError } from '../errors.ts';
import type { Aws, EcrPort, Emit } from '../ports.ts';
import { type EcrAddress, ecrAddress, type ImageReference } from '../task-definition/image-reference.ts';
import { createRepository, creationRequests, type NewRepositoryOptions } from './create-repository.ts';

/** The repository that the image goes to. */
export interface TargetRepository {
  ecr: EcrPort;
  name: string;
  /** Account of the registry. */
  registryId: string | undefined;
  /** Host and name, without tag. */
  uri: string;
  immutable: boolean;
}

export type RepositoryEvent = { type: 'repository-created'; uri: string };

/** A repository that a dry run would create, by these requests. */
export interface PlannedRepository {
  uri: string;
  create: readonly { action: string; input: unknown }[];
}

/** Finds the repository, or creates it where that was asked for; in a dry run it answers what it would send. */
export async function findRepository(
  reference: ImageReference,
  options: NewRepositoryOptions & { createRepository: boolean; dryRun: boolean },
  deps: { aws: Aws; emit: Emit<RepositoryEvent> },
): Promise<TargetRepository | PlannedRepository> {
  const { aws, emit } = deps;
  const address = ecrAddress(reference.registry);
  const ecr = address === undefined || address.region === aws.region ? aws.ecr : aws.ecrIn(address.region);
  const registry = address === undefined ? {} : { registryId: address.registryId };
  const name = reference.repository;
  const found = await describe(ecr, { ...registry, repositoryNames: [name] });
  if (!(found instanceof UserError)) return target(found, name, ecr, reference);
  if (!options.createRepository) throw missing(name, address, aws.region, found);
  if (options.dryRun) {
    const create = creationRequests(name, options);
    return { uri: `${reference.registry ?? 'REGISTRY'}/${name}`, create };
  }
  const created = await createRepository(ecr, name, options);
  const repository = target(created, name, ecr, reference);
  emit({ type: 'repository-created', uri: repository.uri });
  return repository;
}

/** The repository, or ECR's word that there is none. */
async function describe(
  ecr: EcrPort,
  input: { registryId?: string; repositoryNames: string[] },
): Promise<RepositoryView | undefined | UserError> {
  try {
    return (await ecr.describeRepositories(input)).repositories?.[0];
  } catch (error) {
    if (hasCode(error, 'RepositoryNotFoundException')) return error;
    throw error;
  }
}

/** The digests that the tags stand for now; undefined for a tag that is not there. */
export async function digestsOfTags(
  { ecr, name, registryId }: TargetRepository,
  tags: readonly string[],
): Promise<Map<string, string | undefined>> {
  const digests = new Map<string, string | undefined>();
  for (const imageTag of tags) {
    digests.set(imageTag, await digestOf({ ecr, name, registryId }, { imageTag }));
  }
  return digests;
}

/** The digest of one image as the registry knows it, or undefined where it has no such image. */
export async function digestOf(
  { ecr, name, registryId }: Pick<TargetRepository, 'ecr' | 'name' | 'registryId'>,
  imageId: { imageTag: string } | { imageDigest: string },
): Promise<string | undefined> {
  try {
    const { imageDetails = [] } = await ecr.describeImages({
      ...(registryId === undefined ? {} : { registryId }),
      repositoryName: name,
      imageIds: [imageId],
    });
    return imageDetails[0]?.imageDigest;
  } catch (error) {
    if (hasCode(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) return undefined;
    throw error;
  }
}

interface RepositoryView {
  repositoryUri?: string | undefined;
  registryId?: string | undefined;
  imageTagMutability?: string | undefined;
}

function target(
  view: RepositoryView | undefined,
  name: string,
  ecr: EcrPort,
  reference: ImageReference,
): TargetRepository {
  const uri = view?.repositoryUri;
  if (uri === undefined) {
    throw new UserError(`ECR answered without the repository ${name}.`, { fix: 'Run the command again.' });
  }
  if (reference.registry !== undefined && uri !== `${reference.registry}/${name}`) {
    throw new UserError(`The repository ${reference.registry}/${name} is not one of this ECR.`, {
      code: 'RepositoryNotFoundException',
      why: `The repository ${name} of these credentials has the address ${uri}.`,
      fix: 'Correct --repository, or use the credentials of the account that owns it.',
    });
  }
  return { ecr, name, registryId: view?.registryId, uri, immutable: view?.imageTagMutability === 'IMMUTABLE' };
}

function missing(name: string, address: EcrAddress | undefined, region: string, error: UserError): UserError {
  const account = /registry with id '(\d{12})'/.exec(error.why ?? '')?.[1];
  const place = address === undefined ? region : `${address.region} (account ${address.registryId})`;
  const isElsewhere = address !== undefined && address.region !== region;
  return new UserError(`The repository ${name} does not exist in ${address === undefined ? 'region ' : ''}${place}.`, {
    code: error.code,
    why: error.why,
    fix: isElsewhere
      ? `Its address names ${address.region}, the calls go to ${region}: correct --repository or --region.`
      : `Create it or pass --create-repository; else check --repository, --region and the account${account === undefined ? '' : ` (${account})`}.`,
    requestId: error.requestId,
    cause: error,
  });
}
