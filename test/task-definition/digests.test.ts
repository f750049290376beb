import { beforeEach, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { ResolveImageDeps } from '../../src/task-definition/digests.ts';
import { platformDigests, resolveImage } from '../../src/task-definition/digests.ts';
import { inProcess } from '../support/in-process.ts';

const uri = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge';
let model: LocalAws;
let deps: ResolveImageDeps;
let digest: string;

beforeEach(async () => {
  model = new LocalAws();
  const { aws } = await inProcess(model);
  deps = { ecr: aws.ecr, region: aws.region };
  digest = model.ecr.push('hoge', ['v1', 'latest']);
});

it.each([
  ['a tag becomes its digest', `${uri}:v1`],
  ['no tag means latest', uri],
  ['a digest stays', ''],
])('%s', async (_rule, reference) => {
  const image = reference === '' ? `${uri}@${digest}` : reference;
  expect(await resolveImage(image, deps)).toEqual({ image: `${uri}@${digest}`, digest });
  expect(model.requests).toMatchObject([{ operation: 'DescribeImages', input: { registryId: '123456789012' } }]);
});

it('a digest beats the tag beside it', async () => {
  const old = digest;
  model.ecr.push('hoge', ['v1'], 'newer');
  expect(await resolveImage(`${uri}:v1@${old}`, deps)).toEqual({ image: `${uri}@${old}`, digest: old });
});

it.each([
  ['a tag that was never pushed', `${uri}:v2`, 'ImageNotFoundException', /Push it first/],
  ['a digest that was deleted', `${uri}@sha256:${'0'.repeat(64)}`, 'ImageNotFoundException', /Push it first/],
  ['a repository that is missing', `${uri}-x:v1`, 'RepositoryNotFoundException', /--create-repository/],
])('refuses %s', async (_what, reference, code, fix) => {
  await expect(resolveImage(reference, deps)).rejects.toMatchObject({
    message: `The image ${reference} does not exist.`,
    code,
    fix: expect.stringMatching(fix),
  });
});

it('refuses an archived image, which no task could pull', async () => {
  const manifest = model.ecr.store.repositories.get('hoge')?.manifests.get(digest);
  if (manifest !== undefined) manifest.archived = true;
  await expect(resolveImage(`${uri}:v1`, deps)).rejects.toMatchObject({
    message: `The image ${uri}:v1 cannot be pulled: it is archived.`,
    why: 'Amazon ECR gives its status as ARCHIVED.',
  });
});

it('refuses what Docker would not understand', async () => {
  await expect(resolveImage('Hoge:v1', deps)).rejects.toMatchObject({
    message: "'Hoge:v1' is not an image reference.",
  });
});

it.each([
  ['Docker Hub', 'nginx:1.27'],
  ['another registry', 'ghcr.io/hoge/app:v1'],
  ['another region', uri.replace('eu-west-1', 'us-east-1')],
])('says that an image of %s cannot be pinned, and keeps it', async (_where, reference) => {
  const resolved = await resolveImage(reference, deps);
  expect(resolved).toEqual({ image: reference, warning: expect.stringContaining(`${reference} is not pinned`) });
  expect(model.requests).toEqual([]);
});

it('believes a digest of a registry that cannot be asked', async () => {
  const reference = `nginx@${digest}`;
  expect(await resolveImage(reference, deps)).toEqual({ image: reference, digest });
});

it('asks the other region where the caller can', async () => {
  const asked: string[] = [];
  const ecrIn = (region: string) => {
    asked.push(region);
    return { ...deps.ecr, describeImages: async () => ({ imageDetails: [{ imageDigest: digest }], $metadata: {} }) };
  };
  const reference = uri.replace('eu-west-1', 'us-east-1');
  expect(await resolveImage(`${reference}:v1`, { ...deps, ecrIn })).toEqual({
    image: `${reference}@${digest}`,
    digest,
  });
  expect(asked).toEqual(['us-east-1']);
});

it('resolves an image of a stand-in for ECR on this machine, and no other registry there', async () => {
  model.ecr.store.registryHost = '127.0.0.1:4566';
  const image = `127.0.0.1:4566/hoge@${digest}`;
  expect(await resolveImage('127.0.0.1:4566/hoge:v1', deps)).toEqual({ image, digest });
  expect(await resolveImage('localhost:5000/hoge:v1', deps)).toMatchObject({ image: 'localhost:5000/hoge:v1' });
});

it('knows the platforms of an index', async () => {
  const index = model.ecr.push('multi', ['v1'], 'app', ['linux/amd64', 'linux/arm64']);
  const multi = uri.replace('/hoge', '/multi');
  const platforms = await platformDigests(`${multi}@${index}`, deps);
  expect(platforms).toHaveLength(2);
  expect(platforms).not.toContain(index);
  expect(await platformDigests(`${uri}@${digest}`, deps)).toEqual([]);
});
