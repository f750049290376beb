import type { ImageResolver, Part, World } from '../part.ts';
import { ApiError, type Call, type Json, type Operations } from '../wire.ts';
import { AuthorizationTokens } from './authorization-tokens.ts';
import { describeImages, imageIdOf, listImages } from './describe-images.ts';
import { ImageStore, type Repository } from './image-store.ts';
import { refuseTagChange } from './immutable-tags.ts';
import { otherRegistryDigest, ownReference } from './references.ts';
import { repositorySettings } from './repository-settings.ts';

const repositoryName = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** Amazon ECR: repositories, images and the tokens that open the registry. */
export class EcrPart implements Part, ImageResolver {
  readonly store: ImageStore;
  readonly tokens: AuthorizationTokens;
  readonly operations: Operations;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.store = new ImageStore(world);
    this.tokens = new AuthorizationTokens(world);
    this.operations = {
      CreateRepository: (input, call) => this.#createRepository(input, call),
      DescribeRepositories: (input, call) => this.#describeRepositories(input, call),
      DescribeImages: (input, call) => describeImages(this.store, this.repository(input, call), input),
      ListImages: (input, call) => listImages(this.repository(input, call), input),
      BatchGetImage: (input, call) => this.#batchGetImage(input, call),
      BatchDeleteImage: (input, call) => this.#batchDeleteImage(input, call),
      PutImage: (input, call) => this.#putImage(input, call),
      DeleteRepository: (input, call) => this.#deleteRepository(input, call),
      ...repositorySettings((input, call) => this.repository(input, call), world),
      GetDownloadUrlForLayer: (input, call) => this.#downloadUrl(input, call),
      GetAuthorizationToken: (_input, call) => this.#getAuthorizationToken(call),
    };
  }

  /** See `ImageStore.push`. */
  push(name: string, tags: readonly string[], content?: string, platforms?: readonly string[]): string {
    return this.store.push(name, tags, content, platforms);
  }

  /** What a task's pull of `reference` gives; images of other registries are taken to exist. */
  resolve(reference: string): { digest: string } | { error: string } {
    const own = ownReference(reference, this.store);
    if (own === undefined) return { digest: otherRegistryDigest(reference) };
    const repository = this.store.repositories.get(own.name);
    const manifest = repository === undefined ? undefined : this.store.find(repository, own);
    if (manifest !== undefined && manifest.archived !== true) return { digest: manifest.digest };
    return {
      error: `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${reference}: ${reference}: not found`,
    };
  }

  /** The repository that a request means, or the refusal that ECR answers with. */
  repository(input: Json, call: Call): Repository {
    const name = input?.repositoryName;
    if (typeof name !== 'string') throw invalid('repositoryName', 'Member must not be null', null);
    const registryId = input.registryId ?? call.principal?.accountId ?? this.#world.accountId;
    const here = registryId === this.#world.accountId && call.region === this.#world.region;
    const repository = here ? this.store.repositories.get(name) : undefined;
    if (repository !== undefined) return repository;
    throw new ApiError(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
    );
  }

  #downloadUrl(input: Json, call: Call): Json {
    const { blobs, name } = this.repository(input, call);
    const { layerDigest } = input;
    if (!blobs.has(layerDigest)) {
      throw new ApiError('LayersNotFoundException', `The layers with digests '[${layerDigest}]' do not exist`);
    }
    return { downloadUrl: `https://layers.example/${name}/${layerDigest}`, layerDigest };
  }

  #createRepository(input: Json, call: Call): Json {
    const name = input?.repositoryName;
    if (typeof name !== 'string' || name.length < 2 || name.length > 256 || !repositoryName.test(name)) {
      throw new ApiError(
        'InvalidParameterException',
        `Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '${repositoryName.source.slice(1, -1)}''`,
      );
    }
    if (this.store.repositories.has(name)) {
      const registryId = call.principal?.accountId ?? this.#world.accountId;
      throw new ApiError(
        'RepositoryAlreadyExistsException',
        `The repository with name '${name}' already exists in the registry with id '${registryId}'`,
      );
    }
    const immutable = input.imageTagMutability === 'IMMUTABLE';
    const scanOnPush = input.imageScanningConfiguration?.scanOnPush === true;
    return {
      repository: this.#view(
        this.store.create(name, { immutable, scanOnPush, encryption: input.encryptionConfiguration }),
      ),
    };
  }

  #describeRepositories(input: Json, call: Call): Json {
    const names: unknown = input?.repositoryNames;
    const repositories = Array.isArray(names)
      ? names.map((name) => this.repository({ repositoryName: name, registryId: input.registryId }, call))
      : [...this.store.repositories.values()];
    return { repositories: repositories.map((repository) => this.#view(repository)) };
  }

  #batchGetImage(input: Json, call: Call): Json {
    const repository = this.repository(input, call);
    if (!Array.isArray(input.imageIds) || input.imageIds.length === 0) {
      throw invalid('imageIds', 'Member must not be null', null);
    }
    const images: Json[] = [];
    const failures: Json[] = [];
    for (const imageId of input.imageIds) {
      const manifest = this.store.find(repository, imageIdOf(imageId));
      if (manifest === undefined) {
        failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
        continue;
      }
      images.push({
        registryId: this.#world.accountId,
        repositoryName: repository.name,
        imageId: { ...imageId, imageDigest: manifest.digest },
        imageManifest: new TextDecoder().decode(manifest.bytes),
        imageManifestMediaType: manifest.mediaType,
      });
    }
    return { images, failures };
  }

  #batchDeleteImage(input: Json, call: Call): Json {
    const repository = this.repository(input, call);
    const imageIds: Json[] = [];
    const failures: Json[] = [];
    for (const imageId of input.imageIds ?? []) {
      const manifest = this.store.find(repository, imageIdOf(imageId));
      if (manifest === undefined) {
        failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
        continue;
      }
      imageIds.push({ ...imageId, imageDigest: manifest.digest });
      if (imageId.imageTag !== undefined) repository.tags.delete(imageId.imageTag);
      if (imageId.imageDigest !== undefined || this.store.tagsOf(repository, manifest.digest).length === 0) {
        for (const tag of this.store.tagsOf(repository, manifest.digest)) repository.tags.delete(tag);
        repository.manifests.delete(manifest.digest);
      }
    }
    return { imageIds, failures };
  }

  #putImage(input: Json, call: Call): Json {
    const repository = this.repository(input, call);
    const bytes = new TextEncoder().encode(String(input.imageManifest));
    const mediaType = input.imageManifestMediaType ?? JSON.parse(input.imageManifest).mediaType;
    refuseTagChange(repository, input.imageTag, bytes, this.store);
    const manifest = this.store.put(repository, bytes, mediaType, input.imageTag);
    return {
      image: {
        registryId: this.#world.accountId,
        repositoryName: repository.name,
        imageId: { imageDigest: manifest.digest, ...(input.imageTag ? { imageTag: input.imageTag } : {}) },
        imageManifest: input.imageManifest,
        imageManifestMediaType: manifest.mediaType,
      },
    };
  }

  #deleteRepository(input: Json, call: Call): Json {
    const repository = this.repository(input, call);
    if (repository.manifests.size > 0 && input.force !== true) {
      throw new ApiError(
        'RepositoryNotEmptyException',
        `The repository with name '${repository.name}' in registry with id '${this.#world.accountId}' cannot be deleted because it still contains images`,
      );
    }
    this.store.repositories.delete(repository.name);
    return { repository: this.#view(repository) };
  }

  #getAuthorizationToken(call: Call): Json {
    const { token, expiresAtMs } = this.tokens.issue(call.principal);
    const host = this.store.registryHost;
    const proxyEndpoint = /^(127\.|localhost|\[::1\])/.test(host) ? `http://${host}` : `https://${host}`;
    return { authorizationData: [{ authorizationToken: token, expiresAt: expiresAtMs / 1000, proxyEndpoint }] };
  }

  #view(repository: Repository): Json {
    return {
      repositoryArn: repository.arn,
      registryId: this.#world.accountId,
      repositoryName: repository.name,
      repositoryUri: this.store.uri(repository.name),
      createdAt: repository.createdAtMs / 1000,
      imageTagMutability: repository.imageTagMutability,
      imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
      encryptionConfiguration: repository.encryption,
    };
  }
}

function invalid(member: string, rule: string, value: unknown): ApiError {
  return new ApiError(
    'InvalidParameterException',
    `1 validation error detected: Value ${value === null ? 'null' : `'${String(value)}'`} at '${member}' failed to satisfy constraint: ${rule}`,
  );
}
