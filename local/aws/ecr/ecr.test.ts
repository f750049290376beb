import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
} from '@aws-sdk/client-ecr';
import { beforeEach, expect, it } from 'vitest';
import { LocalAws } from '../local-aws.ts';
import { requestHandler } from '../request-handler.ts';

let model: LocalAws;
let ecr: ECRClient;

beforeEach(() => {
  model = new LocalAws();
  ecr = new ECRClient({
    region: 'eu-west-1',
    maxAttempts: 1,
    requestHandler: requestHandler(model) as never,
    credentials: { accessKeyId: 'AKIAX', secretAccessKey: 's' },
  });
});

it('hands a repository out under the address of the registry', async () => {
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/hoge' }));
  expect(repository?.repositoryUri).toBe('123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/hoge');
  const { repositories } = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/hoge'] }));
  expect(repositories).toEqual([repository]);
});

it('refuses to create a repository twice, or with a name in upper case', async () => {
  model.ecr.store.create('hoge');
  await expect(ecr.send(new CreateRepositoryCommand({ repositoryName: 'hoge' }))).rejects.toMatchObject({
    name: 'RepositoryAlreadyExistsException',
    message: "The repository with name 'hoge' already exists in the registry with id '123456789012'",
  });
  await expect(ecr.send(new CreateRepositoryCommand({ repositoryName: 'Hoge' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});

it('describes an image by tag and by digest', async () => {
  const imageDigest = model.ecr.push('hoge', ['v1', 'latest']);
  for (const imageId of [{ imageTag: 'v1' }, { imageDigest }]) {
    const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName: 'hoge', imageIds: [imageId] }));
    expect(imageDetails).toMatchObject([{ imageDigest, imageTags: ['v1', 'latest'], imageStatus: 'ACTIVE' }]);
  }
});

it('names image and repository when one of them is missing', async () => {
  await expect(ecr.send(new DescribeImagesCommand({ repositoryName: 'hoge' }))).rejects.toMatchObject({
    name: 'RepositoryNotFoundException',
  });
  model.ecr.push('hoge', ['v1']);
  const missing = new DescribeImagesCommand({ repositoryName: 'hoge', imageIds: [{ imageTag: 'v2' }] });
  await expect(ecr.send(missing)).rejects.toMatchObject({
    name: 'ImageNotFoundException',
    message:
      "The image with imageId {imageDigest:'null', imageTag:'v2'} does not exist within the repository with name 'hoge' in the registry with id '123456789012'",
  });
});

it('knows nothing of another account or region', async () => {
  model.ecr.push('hoge', ['v1']);
  const foreign = new DescribeImagesCommand({ repositoryName: 'hoge', registryId: '999999999999' });
  await expect(ecr.send(foreign)).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
});

it('answers a batch with images and failures side by side', async () => {
  const imageDigest = model.ecr.push('hoge', ['v1'], 'app', ['linux/amd64', 'linux/arm64']);
  const imageIds = [{ imageTag: 'v1' }, { imageTag: 'v2' }];
  const { images, failures } = await ecr.send(new BatchGetImageCommand({ repositoryName: 'hoge', imageIds }));
  expect(images).toMatchObject([{ imageId: { imageTag: 'v1', imageDigest } }]);
  expect(JSON.parse(images?.[0]?.imageManifest ?? '').manifests).toHaveLength(2);
  expect(failures).toMatchObject([{ failureCode: 'ImageNotFound' }]);
});

it('lists tags, and images that lost theirs', async () => {
  const old = model.ecr.push('hoge', ['latest'], 'one');
  const now = model.ecr.push('hoge', ['latest'], 'two');
  const { imageIds } = await ecr.send(new ListImagesCommand({ repositoryName: 'hoge' }));
  expect(imageIds).toEqual([{ imageDigest: now, imageTag: 'latest' }, { imageDigest: old }]);
});

it('pages through a repository', async () => {
  for (const content of ['1', '2', '3']) model.ecr.push('hoge', [content], content);
  const first = await ecr.send(new DescribeImagesCommand({ repositoryName: 'hoge', maxResults: 2 }));
  expect(first.imageDetails).toHaveLength(2);
  const rest = await ecr.send(new DescribeImagesCommand({ repositoryName: 'hoge', nextToken: first.nextToken }));
  expect(rest.imageDetails).toHaveLength(1);
});

it('issues a password for user AWS that lives twelve hours', async () => {
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const [data] = authorizationData ?? [];
  expect(Buffer.from(data?.authorizationToken ?? '', 'base64').toString()).toMatch(/^AWS:.+/);
  expect(data?.expiresAt?.getTime()).toBe(model.clock.now() + 12 * 3_600_000);
  expect(data?.proxyEndpoint).toBe('https://123456789012.dkr.ecr.eu-west-1.amazonaws.com');
});

it('gives a pull the digest of the tag, or the reason of the container', () => {
  const digest = model.ecr.push('hoge', ['v1']);
  const uri = model.ecr.store.uri('hoge');
  expect(model.ecr.resolve(`${uri}:v1`)).toEqual({ digest });
  expect(model.ecr.resolve(`${uri}@${digest}`)).toEqual({ digest });
  expect(model.ecr.resolve(`${uri}:v2`)).toEqual({ error: expect.stringContaining(`${uri}:v2: not found`) });
  expect(model.ecr.resolve('nginx:1')).toEqual({ digest: expect.stringMatching(/^sha256:/) });
});
