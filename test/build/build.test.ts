import { beforeEach, describe, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { type BuildDeps, type BuildEvent, type BuildResult, buildAndPush, planBuild } from '../../src/build/build.ts';
import { buildOptions } from '../../src/commands/build-and-push-image.ts';
import { buildEventLines } from '../../src/report/build-text.ts';
import { type FakeDocker, fakeDocker } from '../support/fake-docker.ts';
import { type InProcess, inProcess } from '../support/in-process.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

const uri = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg';
let model: LocalAws;
let harness: InProcess;
let docker: FakeDocker;

beforeEach(async () => {
  model = new LocalAws();
  harness = await inProcess(model);
  docker = fakeDocker(model);
  model.ecr.store.create('hoge-stg');
});

const env = { HOME: '/home/ci', PATH: '/bin' };

async function build(given: Record<string, unknown> = {}, deps: Partial<BuildDeps> = {}): Promise<BuildResult> {
  const options = await valuesOf(buildOptions, { repository: 'hoge-stg', tag: 'v1', ...given });
  return buildAndPush(options, { ...harness, processes: docker, env, ...deps });
}

const steps = (): string[] => docker.calls.map(({ args }) => args.slice(0, args[0] === 'buildx' ? 2 : 1).join(' '));
const operations = (): string[] => model.requests.map(({ operation }) => operation);
const buildCall = (): string[] => docker.calls.find(({ args }) => args.includes('--tag'))?.args ?? [];

describe('a build', () => {
  it('logs in, builds, pushes every tag and answers the digest of the registry', async () => {
    const outcome = await build({ tag: ['v1', 'latest'] });
    const digest = model.ecr.push('hoge-stg', [], 'app');
    expect(outcome).toMatchObject({ verdict: 'succeeded', repository: uri, digest, image: `${uri}@${digest}` });
    expect(steps()).toEqual(['login', 'buildx version', 'buildx build', 'push', 'push']);
    expect(operations()).toEqual(['DescribeRepositories', 'GetAuthorizationToken', 'DescribeImages']);
  });

  it('hands the password to docker on standard input, never as an argument', async () => {
    await build();
    const [password = ''] = model.ecr.tokens.passwords();
    expect(docker.calls[0]).toMatchObject({
      args: ['login', '--username', 'AWS', '--password-stdin', '123456789012.dkr.ecr.eu-west-1.amazonaws.com'],
      input: password,
    });
    expect(docker.calls.flatMap(({ args }) => args).join(' ')).not.toContain(password);
    expect(JSON.stringify(harness.events)).not.toContain(password);
  });

  it.each([
    ['no data', {}],
    ['an empty token', { authorizationData: [{ authorizationToken: '' }] }],
  ])('does not go on where ECR gives no password: %s', async (_what, answer) => {
    model.operations.ecr.GetAuthorizationToken = () => answer;
    await expect(build()).rejects.toMatchObject({ message: expect.stringContaining('ECR answered without a login') });
    expect(docker.calls).toEqual([]);
  });

  it('gives docker a configuration of its own that knows the user’s other registries', async () => {
    harness.files.contents.set(
      '/home/ci/.docker/config.json',
      JSON.stringify({
        auths: { 'docker.io': { auth: 'x' } },
        credHelpers: { [uri.split('/')[0]!]: 'ecr-login', b: 'c' },
      }),
    );
    let config = '';
    docker.during = () => {
      config = harness.files.contents.get('/private/config.json') ?? '';
    };
    await build();
    expect(JSON.parse(config)).toEqual({ auths: { 'docker.io': { auth: 'x' } }, credHelpers: { b: 'c' } });
    expect(docker.calls.every((call) => call.env.DOCKER_CONFIG === '/private')).toBe(true);
    expect([...harness.files.contents.keys()]).toEqual(['/home/ci/.docker/config.json']);
  });

  it('passes every build option on', async () => {
    await build({
      path: 'app',
      dockerfile: 'docker/Dockerfile',
      target: 'apps',
      'build-arg': ['A=1', 'B'],
      platform: 'linux/arm64',
      'cache-from': ['x:latest'],
      'extra-build-args': "--label 'a b' --no-cache",
    });
    expect(buildCall()).toEqual([
      ...['buildx', 'build', '--progress=plain', '--load', '--tag', `${uri}:v1`, '--file', 'docker/Dockerfile'],
      ...['--target', 'apps', '--build-arg', 'A=1', '--build-arg', 'B', '--platform', 'linux/arm64'],
      ...['--cache-from', 'x:latest', '--label', 'a b', '--no-cache', 'app'],
    ]);
  });

  it('uses the classic builder where there is no buildx', async () => {
    docker.hasBuildx = false;
    expect(await build()).toMatchObject({ verdict: 'succeeded' });
    expect(buildCall()).toEqual(['build', '--tag', `${uri}:v1`, '.']);
  });

  it('lets the builder push an image for several platforms', async () => {
    expect(await build({ platform: 'linux/amd64,linux/arm64' })).toMatchObject({ verdict: 'succeeded' });
    expect(buildCall()).toContain('--push');
    expect(steps()).not.toContain('push');
  });

  it('refuses several platforms without buildx', async () => {
    docker.hasBuildx = false;
    await expect(build({ platform: 'linux/amd64,linux/arm64' })).rejects.toThrow('needs buildx');
  });

  it('without a push needs neither AWS nor a login', async () => {
    const outcome = await build({ push: false }, { aws: undefined });
    expect(outcome).toMatchObject({ verdict: 'succeeded', repository: 'hoge-stg' });
    // What was not pushed has no digest that a later stage could pin.
    expect([outcome.image, outcome.digest]).toEqual([undefined, undefined]);
    expect(steps()).toEqual(['buildx version', 'buildx build']);
    expect(model.requests).toEqual([]);
  });

  it('trusts the digest that was pushed when somebody moves the tag meanwhile', async () => {
    docker.answers.push = { output: `v1: digest: ${model.ecr.push('hoge-stg', [], 'mine')} size: 1` };
    const theirs = model.ecr.push('hoge-stg', ['v1'], 'theirs');
    const mine = model.ecr.push('hoge-stg', [], 'mine');
    expect(await build()).toMatchObject({ verdict: 'succeeded', digest: mine });
    expect(harness.events).toContainEqual({ type: 'tag-moved', tag: 'v1', digest: mine, standsFor: theirs });
  });

  it('takes the digest that the engine remembers where docker prints none', async () => {
    const mine = model.ecr.push('hoge-stg', [], 'mine');
    model.ecr.push('hoge-stg', ['v1'], 'theirs');
    docker.answers.push = { output: 'Writing manifest to image destination' };
    docker.repoDigests = [`${uri}@${mine}`, `other/repository@sha256:${'1'.repeat(64)}`];
    expect(await build()).toMatchObject({ verdict: 'succeeded', digest: mine });
  });

  it('takes the digest of an image for several platforms from what the builder wrote down', async () => {
    const mine = model.ecr.push('hoge-stg', [], 'mine', ['linux/amd64', 'linux/arm64']);
    docker.during = (step) => {
      if (step !== 'build') return;
      const args = docker.calls.at(-1)?.args ?? [];
      const file = args[args.indexOf('--metadata-file') + 1] ?? '';
      harness.files.contents.set(file, JSON.stringify({ 'containerimage.digest': mine }));
    };
    const outcome = await build({ platform: 'linux/amd64,linux/arm64' });
    expect(outcome).toMatchObject({ verdict: 'succeeded', digest: mine });
    expect(harness.events).toContainEqual(expect.objectContaining({ type: 'tag-moved', digest: mine }));
  });

  it('a push that is killed is a failure, whatever the tag stands for', async () => {
    model.ecr.push('hoge-stg', ['v1'], 'an older image');
    docker.answers.push = { signal: 'SIGKILL', output: 'Preparing' };
    await expect(build()).rejects.toThrow(`docker push of ${uri}:v1 failed.`);
  });

  it('refuses a digest that the registry does not know', async () => {
    docker.answers.push = { output: `v1: digest: sha256:${'0'.repeat(64)} size: 1` };
    await expect(build()).rejects.toThrow('The registry does not know the image');
  });
});

describe('the repository', () => {
  it('missing is refused before anything is built', async () => {
    await expect(build({ repository: 'nope' })).rejects.toMatchObject({
      message: 'The repository nope does not exist in region eu-west-1.',
      why: expect.stringContaining("The repository with name 'nope' does not exist in the registry"),
      fix: expect.stringContaining('--create-repository'),
    });
    expect(docker.calls).toEqual([]);
  });

  it('missing is created where that was asked for', async () => {
    expect(await build({ repository: 'new', 'create-repository': true })).toMatchObject({ verdict: 'succeeded' });
    expect(operations().slice(0, 2)).toEqual(['DescribeRepositories', 'CreateRepository']);
    expect(harness.events).toContainEqual({ type: 'repository-created', uri: uri.replace('hoge-stg', 'new') });
  });

  it('may be given by its whole address', async () => {
    expect(await build({ repository: uri })).toMatchObject({ verdict: 'succeeded', repository: uri });
    expect(model.requests[0]?.input).toEqual({ registryId: '123456789012', repositoryNames: ['hoge-stg'] });
  });

  it('of an address that is not its own is refused', async () => {
    await expect(build({ repository: '127.0.0.1:9/hoge-stg' })).rejects.toThrow('is not one of this ECR');
  });
});

describe('tags that are there already', () => {
  it('are kept with --skip-when-tags-exist, and the digest goes on', async () => {
    const digest = model.ecr.push('hoge-stg', ['v1'], 'before');
    expect(await build({ 'skip-when-tags-exist': true })).toMatchObject({ verdict: 'succeeded', digest });
    expect(harness.events).toEqual([{ type: 'tags-exist', uri, tags: ['v1'], digest }]);
    expect(docker.calls).toEqual([]);
  });

  it('are built again when one of them is missing', async () => {
    model.ecr.push('hoge-stg', ['v1'], 'before');
    expect(await build({ tag: ['v1', 'v2'], 'skip-when-tags-exist': true })).toMatchObject({ verdict: 'succeeded' });
  });

  it('and immutable are refused before the build', async () => {
    model.ecr.store.create('hoge-stg', { immutable: true });
    model.ecr.push('hoge-stg', ['v1'], 'before');
    await expect(build()).rejects.toMatchObject({ code: 'ImageTagAlreadyExistsException' });
    expect(docker.calls).toEqual([]);
  });
});

describe('docker’s refusals', () => {
  it('a failed build is a verdict with its last lines', async () => {
    docker.answers.build = { code: 17, output: 'step 3\nrails: not found\n' };
    expect(await build()).toEqual({
      verdict: 'failed',
      exitCode: 17,
      explanation: {
        code: 'BUILD_FAILED',
        cause: 'docker build ended with exit code 17.',
        fix: 'Correct what the lines of docker name; nothing was pushed.',
      },
      logTail: [{ container: 'docker build', lines: ['step 3', 'rails: not found'] }],
    });
    expect(steps()).not.toContain('push');
  });

  it.each([
    ['no engine', 'build', 'ERROR: Cannot connect to the Docker daemon at unix:///x', 'No Docker engine answers.'],
    [
      'a login that is refused',
      'login',
      'Error response from daemon: login attempt to https://x/v2/ failed with status: 401 Unauthorized',
      'The registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com refused the login.',
    ],
    [
      'a push that IAM denies',
      'push',
      'denied: User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:eu-west-1:1:repository/hoge because no identity-based policy allows the ecr:InitiateLayerUpload action',
      `These credentials are not authorized to push ${uri}:v1.`,
    ],
    [
      'a tag that became immutable',
      'push',
      "tag invalid: The image tag 'v1' already exists in the 'hoge-stg' repository and cannot be overwritten because the repository is immutable.",
      `The tag of ${uri}:v1 is immutable and already stands for another image.`,
    ],
    [
      'a repository that went away',
      'push',
      "name unknown: The repository with name 'hoge-stg' does not exist in the registry with id '1'",
      `The repository of ${uri}:v1 does not exist.`,
    ],
    ['no login', 'push', 'no basic auth credentials', `The registry refused the push of ${uri}:v1.`],
    ['a full disk', 'build', 'write /x: no space left on device', 'The disk of the Docker engine is full.'],
    ['anything else', 'push', 'unexpected EOF', `docker push of ${uri}:v1 failed.`],
  ])('%s', async (_what, step, output, message) => {
    docker.answers[step] = { code: 1, output: `some line before\n${output}\n` };
    await expect(build()).rejects.toMatchObject({
      message,
      why: expect.stringContaining(output),
      fix: expect.any(String),
    });
  });
});

it.each([
  ['login', ['login']],
  ['version', ['login', 'buildx version']],
  ['build', ['login', 'buildx version', 'buildx build']],
  ['push', ['login', 'buildx version', 'buildx build', 'push']],
])('an interrupt during the %s ends it there', async (step, done) => {
  docker.during = (now) => {
    if (now === step) harness.interrupt.trigger('SIGTERM');
  };
  docker.answers[step] = { signal: 'SIGTERM' };
  expect(await build({ tag: ['v1', 'v2'] })).toMatchObject({
    verdict: 'interrupted',
    signal: 'SIGTERM',
    explanation: { cause: 'The image was not pushed under all its tags.' },
  });
  expect(steps()).toEqual(done);
});

it.each(['login', 'build', 'push'])('docker is silent for three minutes in its %s: each is told', async (step) => {
  docker.silentMinutes[step] = 3;
  await build();
  const told = (harness.events as BuildEvent[]).filter(({ type }) => type === 'docker-silent').flatMap(buildEventLines);
  expect(told.map(({ text }) => text)).toEqual(
    ['1m 00s', '2m 00s', '3m 00s'].map((time) => `docker ${step} goes on; it has said nothing for ${time}`),
  );
});

it('a repository is created with what was asked for, and with both policies', async () => {
  const key = 'arn:aws:kms:eu-west-1:123456789012:key/1';
  const rules = '{"rules": []}';
  const asked = {
    'lifecycle-policy': 'rules.json',
    'repository-policy': '{"Statement": []}',
    'encryption-type': 'KMS',
  };
  const options = await valuesOf(
    buildOptions,
    {
      ...{ repository: 'new', tag: 'v1', 'create-repository': true, 'image-tag-mutability': 'IMMUTABLE' },
      ...{ ...asked, 'encryption-kms-key': key },
    },
    {},
    memoryFiles({ 'rules.json': rules }),
  );
  expect((await buildAndPush(options, { ...harness, processes: docker, env })).verdict).toBe('succeeded');
  expect(model.ecr.store.repositories.get('new')).toMatchObject({
    scanOnPush: true,
    imageTagMutability: 'IMMUTABLE',
    encryption: { encryptionType: 'KMS', kmsKey: key },
    lifecyclePolicy: rules,
    policy: '{"Statement": []}',
  });
});

it('a dry run looks, answers the commands without values, and changes nothing', async () => {
  const options = await valuesOf(buildOptions, {
    ...{ repository: 'new', tag: 'v1', 'create-repository': true },
    ...{ 'build-arg': 'TOKEN=canary', 'extra-build-args': '--build-arg=OTHER=canary' },
  });
  const planned = await planBuild(options, { ...harness, processes: docker, env });
  expect(operations()).toEqual(['DescribeRepositories']);
  expect(docker.calls).toEqual([]);
  expect(planned).toEqual([
    {
      action: 'ecr:CreateRepository',
      input: {
        repositoryName: 'new',
        imageScanningConfiguration: { scanOnPush: true },
        imageTagMutability: 'MUTABLE',
        encryptionConfiguration: { encryptionType: 'AES256' },
      },
    },
    { command: expect.arrayContaining(['docker', 'build', 'TOKEN=(hidden)', '--build-arg=OTHER=(hidden)']) },
    { command: ['docker', 'push', 'REGISTRY/new:v1'] },
  ]);
  expect(JSON.stringify([planned, harness.events])).not.toContain('canary');
});

it('a dry run plans nothing where the tags are there and may stay', async () => {
  model.ecr.push('hoge-stg', ['v1'], 'before');
  const options = await valuesOf(buildOptions, { repository: 'hoge-stg', tag: 'v1', 'skip-when-tags-exist': true });
  expect(await planBuild(options, { ...harness, processes: docker, env })).toEqual([]);
});

describe('options', () => {
  it.each([
    ['the commit is the tag', {}, { CIRCLE_SHA1: 'abc123' }, ['abc123']],
    ['tags may hold commas', { tag: 'latest,v1' }, { CIRCLE_SHA1: 'abc123' }, ['latest', 'v1']],
    ['a tag given twice counts once', { tag: ['v1', 'v1'] }, {}, ['v1']],
  ])('%s', async (_rule, given, environment, tags) => {
    expect((await valuesOf(buildOptions, { repository: 'hoge', ...given }, environment)).tags).toEqual(tags);
  });

  it('tell all their errors at once', async () => {
    expect(
      await errorsOf(buildOptions, { repository: 'Hoge:v1', tag: 'feature/a', 'extra-build-args': "'open" }),
    ).toEqual([
      '--repository must be the name or address of a repository in lower case, not "Hoge:v1"',
      expect.stringMatching(/^--tag may hold letters, digits/),
      '--extra-build-args has a quote that is never closed',
    ]);
    expect(await errorsOf(buildOptions, {})).toEqual([
      '--repository is missing: the ECR repository to push to, by name or by its whole address',
      '--tag is missing: the tag to push (and CIRCLE_SHA1 is not set)',
    ]);
    expect(await errorsOf(buildOptions, { repository: 'hoge:v1', tag: 'v1' })).toEqual([
      '--repository takes no tag or digest; give the tag with --tag',
    ]);
  });
});
