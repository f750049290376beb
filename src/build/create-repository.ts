import type { CreateRepositoryCommandInput, Repository } from '@aws-sdk/client-ecr';
import type { BuildOptions } from '../commands/build-and-push-image.ts';
import { hasCode } from '../errors.ts';
import type { EcrPort } from '../ports.ts';

/** What a repository is created with. */
export type NewRepositoryOptions = Pick<
  BuildOptions,
  'scanOnPush' | 'imageTagMutability' | 'encryptionType' | 'encryptionKmsKey' | 'lifecyclePolicy' | 'repositoryPolicy'
>;

/** The requests that create a repository, in order, as a dry run shows them. */
export function creationRequests(repositoryName: string, options: NewRepositoryOptions) {
  const { lifecyclePolicy: lifecyclePolicyText, repositoryPolicy: policyText } = options;
  return [
    { action: 'ecr:CreateRepository', input: creation(repositoryName, options) },
    ...(lifecyclePolicyText === undefined
      ? []
      : [{ action: 'ecr:PutLifecyclePolicy', input: { repositoryName, lifecyclePolicyText } }]),
    ...(policyText === undefined ? [] : [{ action: 'ecr:SetRepositoryPolicy', input: { repositoryName, policyText } }]),
  ];
}

function creation(repositoryName: string, options: NewRepositoryOptions): CreateRepositoryCommandInput {
  const { scanOnPush, imageTagMutability, encryptionType, encryptionKmsKey: kmsKey } = options;
  return {
    repositoryName,
    imageScanningConfiguration: { scanOnPush },
    imageTagMutability,
    encryptionConfiguration: { encryptionType, ...(kmsKey === undefined ? {} : { kmsKey }) },
  };
}

/** Creates a repository with its policies, and answers it; one that a job beside this one created first is left as it is. */
export async function createRepository(
  ecr: EcrPort,
  repositoryName: string,
  options: NewRepositoryOptions,
): Promise<Repository | undefined> {
  const { lifecyclePolicy: lifecyclePolicyText, repositoryPolicy: policyText } = options;
  try {
    const { repository } = await ecr.createRepository(creation(repositoryName, options));
    if (lifecyclePolicyText !== undefined) await ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText });
    if (policyText !== undefined) await ecr.setRepositoryPolicy({ repositoryName, policyText });
    return repository;
  } catch (error) {
    if (!hasCode(error, 'RepositoryAlreadyExistsException')) throw error;
    return (await ecr.describeRepositories({ repositoryNames: [repositoryName] })).repositories?.[0];
  }
}
