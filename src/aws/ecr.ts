import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  type ECRClientConfig,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr';
import type { EcrPort } from '../ports.ts';
import type { Send } from './send.ts';

/** ECR over the SDK. */
export function connectEcr(config: ECRClientConfig, send: Send): EcrPort {
  const client = new ECRClient(config);
  return {
    describeImages: (input) =>
      send('ecr:DescribeImages', 'always', () => client.send(new DescribeImagesCommand(input))),
    batchGetImage: (input) => send('ecr:BatchGetImage', 'always', () => client.send(new BatchGetImageCommand(input))),
    describeRepositories: (input) =>
      send('ecr:DescribeRepositories', 'always', () => client.send(new DescribeRepositoriesCommand(input))),
    createRepository: (input) =>
      send('ecr:CreateRepository', 'when-refused', () => client.send(new CreateRepositoryCommand(input))),
    getAuthorizationToken: () =>
      send('ecr:GetAuthorizationToken', 'always', () => client.send(new GetAuthorizationTokenCommand({}))),
  };
}
