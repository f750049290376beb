import type { World } from '../part.ts';
import { ApiError, type Call, type Json, type Operations } from '../wire.ts';
import type { Repository } from './image-store.ts';

/** What is set on a repository: scanning, mutability, its policy, its lifecycle policy. None of it is carried out here. */
export function repositorySettings(find: (input: Json, call: Call) => Repository, world: World): Operations {
  const named = ({ name }: Repository): Json => ({ registryId: world.accountId, repositoryName: name });
  const present = (text: string | undefined, type: string, what: string, { name }: Repository): string => {
    if (text !== undefined) return text;
    throw new ApiError(
      type,
      `${what} does not exist for the repository with name '${name}' in the registry with id '${world.accountId}'`,
    );
  };
  return {
    PutImageTagMutability: (input, call) => {
      const repository = find(input, call);
      repository.imageTagMutability = input.imageTagMutability;
      return { ...named(repository), imageTagMutability: repository.imageTagMutability };
    },
    PutImageScanningConfiguration: (input, call) => {
      const repository = find(input, call);
      repository.scanOnPush = input.imageScanningConfiguration?.scanOnPush === true;
      return { ...named(repository), imageScanningConfiguration: { scanOnPush: repository.scanOnPush } };
    },
    PutLifecyclePolicy: (input, call) => {
      const repository = find(input, call);
      repository.lifecyclePolicy = document(input.lifecyclePolicyText, 'lifecyclePolicyText');
      return { ...named(repository), lifecyclePolicyText: repository.lifecyclePolicy };
    },
    GetLifecyclePolicy: (input, call) => {
      const repository = find(input, call);
      const text = repository.lifecyclePolicy;
      const lifecyclePolicyText = present(text, 'LifecyclePolicyNotFoundException', 'Lifecycle policy', repository);
      return { ...named(repository), lifecyclePolicyText };
    },
    SetRepositoryPolicy: (input, call) => {
      const repository = find(input, call);
      repository.policy = document(input.policyText, 'policyText');
      return { ...named(repository), policyText: repository.policy };
    },
    GetRepositoryPolicy: (input, call) => {
      const repository = find(input, call);
      const policyText = present(
        repository.policy,
        'RepositoryPolicyNotFoundException',
        'Repository policy',
        repository,
      );
      return { ...named(repository), policyText };
    },
    DescribeImageScanFindings: (input, call) => {
      const { name } = find(input, call);
      throw new ApiError(
        'ScanNotFoundException',
        `Image scan does not exist for the image with '${JSON.stringify(input.imageId)}' in the repository with name '${name}' in the registry with id '${world.accountId}'`,
      );
    },
  };
}

function document(text: unknown, member: string): string {
  try {
    JSON.parse(String(text));
  } catch {
    throw new ApiError(
      'InvalidParameterException',
      `Invalid parameter at '${member}' failed to satisfy constraint: 'must be JSON'`,
    );
  }
  return String(text);
}
