import { hasCode } from '../../errors.ts';
import type { EcrPort, RawContainerDefinition, RawTaskDefinition } from '../../ports.ts';
import { ecrAddress, isLoopback, parseImageReference } from '../../task-definition/image-reference.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Target } from './target.ts';

/** Whether the repositories are there and take the tags. */
export async function checkRepositories({ builds }: Target, { aws }: DoctorDeps): Promise<Finding[]> {
  const found = builds.map(({ repository, tags }) =>
    check('repository', async () => {
      const { registry, repository: name = repository } = parseImageReference(repository) ?? {};
      const address = ecrAddress(registry);
      const ecr = address === undefined ? aws.ecr : aws.ecrIn(address.region);
      const { repositories = [] } = await ecr
        .describeRepositories({
          repositoryNames: [name],
          ...(address === undefined ? {} : { registryId: address.registryId }),
        })
        .catch((error: unknown) => {
          if (hasCode(error, 'RepositoryNotFoundException')) return { repositories: [] };
          throw error;
        });
      const [found] = repositories;
      if (found === undefined) {
        return [
          fault(
            'repository',
            `There is no repository ${name} in ${address?.region ?? aws.region}`,
            `aws ecr create-repository --repository-name ${name}`,
          ),
        ];
      }
      // A tag with a variable in it is another one with each push.
      const fixed = tags.filter((tag) => !tag.includes('$'));
      if (found.imageTagMutability?.startsWith('IMMUTABLE') === true && fixed.length > 0) {
        return [
          fault(
            'repository',
            `${name} never moves a tag, and ${listed(fixed)} is pushed each time: the second push fails`,
            'Leave the tag out, or make the repository MUTABLE',
          ),
        ];
      }
      return [ok('repository', `${name} is there (${found.imageTagMutability ?? 'MUTABLE'})`)];
    }),
  );
  return (await Promise.all(found)).flat();
}

const architectures: Readonly<Record<string, string>> = { X86_64: 'amd64', ARM64: 'arm64' };

/** Whether an image that a definition names can be pulled, and was built for the CPU that the task runs on. */
export async function checkImage(
  definition: RawTaskDefinition,
  container: RawContainerDefinition,
  builds: Target['builds'],
  deps: DoctorDeps,
): Promise<Finding[]> {
  const { image = '', name } = container;
  const parsed = parseImageReference(image);
  const address = ecrAddress(parsed?.registry);
  if (parsed === undefined || (address === undefined && !isLoopback(parsed.registry))) return [];
  return check('image', async () => {
    const ecr = address === undefined ? deps.aws.ecr : deps.aws.ecrIn(address.region);
    const place = {
      repositoryName: parsed.repository,
      ...(address === undefined ? {} : { registryId: address.registryId }),
    };
    const imageId = parsed.digest === undefined ? { imageTag: parsed.tag ?? 'latest' } : { imageDigest: parsed.digest };
    const { images = [] } = await ecr.batchGetImage({ ...place, imageIds: [imageId] }).catch((error: unknown) => {
      if (hasCode(error, 'RepositoryNotFoundException')) return { images: [] };
      throw error;
    });
    const manifest = images[0]?.imageManifest;
    if (manifest === undefined) {
      // A repository that the pipeline fills has nothing before the first push.
      const isBuilt = builds.some(
        ({ repository }) => parseImageReference(repository)?.repository === parsed.repository,
      );
      if (isBuilt && (await isEmpty(ecr, place)))
        return [ok('image', `${parsed.repository} is empty: the first push builds the image of ${name}`)];
      return [fault('image', `${image} of ${name} does not exist`, 'Push it, or correct the task definition')];
    }
    const { cpuArchitecture = 'X86_64' } = (definition.runtimePlatform ?? {}) as { cpuArchitecture?: string };
    const wanted = architectures[cpuArchitecture] ?? cpuArchitecture;
    const built = await architecturesOf(manifest, place, deps);
    if (built === undefined) return [ok('image', `${image} of ${name} exists`)];
    if (built.includes(wanted)) return [ok('image', `${image} of ${name} exists, for ${wanted}`)];
    return [
      fault(
        'image',
        `${image} is built for ${listed(built)}, and tasks of ${definition.family} run on ${wanted}`,
        `Build with --platform linux/${wanted}, or set runtimePlatform.cpuArchitecture`,
      ),
    ];
  });
}

async function isEmpty(ecr: EcrPort, place: { repositoryName: string; registryId?: string }): Promise<boolean> {
  try {
    return ((await ecr.describeImages({ ...place, maxResults: 1 })).imageDetails ?? []).length === 0;
  } catch (error) {
    if (hasCode(error, 'RepositoryNotFoundException')) return false;
    throw error;
  }
}

interface Manifest {
  config?: { digest?: string };
  manifests?: { platform?: { architecture?: string } }[];
}

/** An index names its platforms; of a single image only its configuration does, which lies beside its layers. */
async function architecturesOf(
  text: string,
  place: { repositoryName: string; registryId?: string },
  { aws, http }: DoctorDeps,
): Promise<string[] | undefined> {
  const { config, manifests } = JSON.parse(text) as Manifest;
  if (manifests !== undefined) return manifests.flatMap(({ platform }) => platform?.architecture ?? []);
  if (config?.digest === undefined) return undefined;
  try {
    const url = await aws.setup.layerUrl({ ...place, layerDigest: config.digest });
    if (url === undefined) return undefined;
    const { status, body } = await http(url, { method: 'GET', timeoutMs: 10_000 });
    const { architecture } = (status === 200 ? JSON.parse(body) : {}) as { architecture?: string };
    return architecture === undefined ? undefined : [architecture];
  } catch {
    // It stays unknown; that the image exists is known.
    return undefined;
  }
}
