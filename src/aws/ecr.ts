import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  type ECRClientConfig,
  GetAuthorizationTokenCommand,
  PutLifecyclePolicyCommand,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr';
import type { EcrPort } from '../ports.ts';
import type { Send } from './send.ts';

/** ECR over the SDK. */
export function connectEcr(config: ECRClientConfig, send: Send): EcrPort {
  const client = new ECRClient(config);
  return {
    describeImages: (input) =>
      send('ecr:DescribeImages', 'read', (attempt) => client.send(new DescribeImagesCommand(input), attempt)),
    batchGetImage: (input) =>
      send('ecr:BatchGetImage', 'read', (attempt) => client.send(new BatchGetImageCommand(input), attempt)),
    describeRepositories: (input) =>
      send('ecr:DescribeRepositories', 'read', (attempt) =>
        client.send(new DescribeRepositoriesCommand(input), attempt),
      ),
    createRepository: (input) =>
      send('ecr:CreateRepository', 'change', (attempt) => client.send(new CreateRepositoryCommand(input), attempt)),
    putLifecyclePolicy: (input) =>
      send('ecr:PutLifecyclePolicy', 'change', (attempt) => client.send(new PutLifecyclePolicyCommand(input), attempt)),
    setRepositoryPolicy: (input) =>
      send('ecr:SetRepositoryPolicy', 'change', (attempt) =>
        client.send(new SetRepositoryPolicyCommand(input), attempt),
      ),
    getAuthorizationToken: () =>
      send('ecr:GetAuthorizationToken', 'read', (attempt) =>
        client.send(new GetAuthorizationTokenCommand({}), attempt),
      ),
  };
}
