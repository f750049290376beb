import { expect, test } from 'vitest';
import { ecrAddress, isLoopback, parseImageReference, pinned } from '../../src/task-definition/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const ecr = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';

test.each([
  ['a bare name is Docker Hub', 'nginx', { repository: 'nginx' }],
  ['a tag follows the last colon', 'nginx:1.27', { repository: 'nginx', tag: '1.27' }],
  ['a first part without dot or colon is a folder', 'library/nginx', { repository: 'library/nginx' }],
  ['a port is not a tag', 'localhost:5000/app', { registry: 'localhost:5000', repository: 'app' }],
  ['port and tag', 'localhost:5000/app:v1', { registry: 'localhost:5000', repository: 'app', tag: 'v1' }],
  ['an ECR address', `${ecr}/team/app:v1`, { registry: ecr, repository: 'team/app', tag: 'v1' }],
  ['a digest', `${ecr}/app@${digest}`, { registry: ecr, repository: 'app', digest }],
  ['tag and digest', `app:v1@${digest}`, { repository: 'app', tag: 'v1', digest }],
])('%s', (_rule, reference, parts) => {
  expect(parseImageReference(reference)).toEqual(parts);
});

test.each([
  ['upper case in the repository', 'App'],
  ['an empty tag', 'app:'],
  ['a space', 'my app'],
  ['a short digest', 'app@sha256:abc'],
  ['two digests', `app@${digest}@${digest}`],
  ['nothing', ''],
  ['a slash at the end', 'app/'],
])('not a reference: %s', (_rule, reference) => {
  expect(parseImageReference(reference)).toBeUndefined();
});

test.each([
  ['the usual host', ecr, { registryId: '111122223333', region: 'eu-west-1' }],
  ['FIPS', '111122223333.dkr.ecr-fips.us-east-1.amazonaws.com', { registryId: '111122223333', region: 'us-east-1' }],
  ['China', '111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn', { registryId: '111122223333', region: 'cn-north-1' }],
  ['dual stack', '111122223333.dkr-ecr.us-west-2.on.aws', { registryId: '111122223333', region: 'us-west-2' }],
  ['public ECR is something else', 'public.ecr.aws', undefined],
  ['a look-alike', `${ecr}.evil.example`, undefined],
  ['Docker Hub', undefined, undefined],
])('ECR address: %s', (_rule, host, address) => {
  expect(ecrAddress(host)).toEqual(address);
});

test.each([
  ['localhost:4566', true],
  ['127.0.0.1:4566', true],
  ['000000000000.dkr.ecr.us-east-1.localhost.localstack.cloud:4566', true],
  ['ghcr.io', false],
  [undefined, false],
])('loopback: %s is %s', (host, is) => {
  expect(isLoopback(host)).toBe(is);
});

test('pinning drops the tag', () => {
  expect(pinned({ registry: ecr, repository: 'app', tag: 'v1' }, digest)).toBe(`${ecr}/app@${digest}`);
});
