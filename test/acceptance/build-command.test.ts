import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../local/aws/ecr/image-store.ts';
import { accountId, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const operations = ({ model }: PipelineWorld): string[] => model.requests.map(({ operation }) => operation);

describe('build-and-push-image', () => {
  it('really pushes: the registry holds the manifest and every blob, and the digest is the registry’s', async () => {
    const world = await pipelineWorld();
    const { exitCode, stdout } = await world.build('--tag', 'v2', '--output', 'json');
    expect(exitCode).toBe(0);
    const { digest, image } = JSON.parse(stdout);
    const repository = world.model.ecr.store.repositories.get('hoge-stg');
    const manifest = repository?.manifests.get(digest);
    expect(digestOf(manifest?.bytes ?? '')).toBe(digest);
    expect(repository?.tags.get('v2')).toBe(digest);
    expect(image).toBe(`${world.uri}@${digest}`);
    expect((await world.dockerCalls()).map((call) => call.split(' ')[0])).toEqual([
      'login',
      'buildx',
      'build',
      'push',
      'push',
    ]);
  });

  it('creates the repository where that was asked for', async () => {
    const world = await pipelineWorld();
    const args = ['build-and-push-image', '--repository', 'brand-new', '--tag', 'v1', '--create-repository'];
    const { exitCode, stdout } = await world.run(args);
    expect(stdout).toContain('Created the repository');
    expect(exitCode).toBe(0);
    expect(world.model.ecr.store.repositories.get('brand-new')?.tags.has('v1')).toBe(true);
  });

  it('builds nothing when the tags exist, and records their digest', async () => {
    const world = await pipelineWorld();
    const { exitCode, stdout } = await world.build('--skip-when-tags-exist');
    expect(stdout).toContain('has latest already: nothing to build');
    expect(exitCode).toBe(0);
    expect(await world.dockerCalls()).toEqual([]);
    expect(await world.record('build-and-push-image')).toMatchObject({
      verdict: 'succeeded',
      digest: world.model.ecr.store.repositories.get('hoge-stg')?.tags.get('latest'),
    });
  });
});

describe('each fault is a clear error', () => {
  it('a repository that does not exist: exit 2 before docker is called', async () => {
    const world = await pipelineWorld();
    const { exitCode, stderr } = await world.run(['build-and-push-image', '--repository', 'nope', '--tag', 'v1']);
    expect(stderr).toContain('Error: The repository nope does not exist in region eu-west-1.');
    expect(stderr).toContain('pass --create-repository');
    expect(exitCode).toBe(2);
    expect(await world.dockerCalls()).toEqual([]);
  });

  it('a login that is refused', async () => {
    const world = await pipelineWorld();
    world.model.operations.ecr.GetAuthorizationToken = () => ({
      authorizationData: [{ authorizationToken: Buffer.from('AWS:stale-password').toString('base64') }],
    });
    const { exitCode, stderr } = await world.build();
    expect(stderr).toContain('refused the login');
    expect(stderr).not.toContain('stale-password');
    expect(exitCode).toBe(2);
    expect(await world.record('build-and-push-image')).toMatchObject({
      verdict: 'refused',
      explanation: { code: 'RegistryDenied' },
    });
  });

  it('a build that fails: exit 1, docker’s last lines, and no push', async () => {
    const world = await pipelineWorld();
    await writeFile(join(world.folder, 'project/Dockerfile'), 'FROM scratch AS apps\nCOPY missing.txt /\n');
    const { exitCode, stdout } = await world.build();
    expect(stdout).toMatch(/The build failed: docker build ended with exit code \d+\./);
    expect(stdout).toContain('missing.txt');
    expect(exitCode).toBe(1);
    expect((await world.dockerCalls()).some((call) => call.startsWith('push'))).toBe(false);
    const record = await world.record('build-and-push-image');
    expect(record).toMatchObject({ verdict: 'failed', explanation: { code: 'BUILD_FAILED' } });
    expect(record.logTail[0].lines.join('\n')).toContain('missing.txt');
  });

  it('a push that IAM denies names the action and the resource', async () => {
    const world = await pipelineWorld();
    const Action = ['ecr:GetAuthorizationToken', 'ecr:Describe*', 'ecr:BatchCheckLayerAvailability'];
    const Statement = { Effect: 'Allow' as const, Action, Resource: '*' };
    world.model.identity.enforce(`arn:aws:iam::${accountId}:user/ci`, { Statement });
    const { exitCode, stderr } = await world.build();
    expect(stderr).toContain(`Error: These credentials are not authorized to push ${world.uri}:latest.`);
    expect(stderr).toContain(
      `is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:eu-west-1:${accountId}:repository/hoge-stg`,
    );
    expect(exitCode).toBe(2);
  });

  it('an immutable tag that is taken: exit 2 before the build', async () => {
    const world = await pipelineWorld();
    const repository = world.model.ecr.store.repositories.get('hoge-stg');
    if (repository !== undefined) repository.imageTagMutability = 'IMMUTABLE';
    const { exitCode, stderr } = await world.build();
    expect(stderr).toContain(`Error: The tag latest of ${world.uri} is taken and immutable.`);
    expect(exitCode).toBe(2);
    expect(await world.dockerCalls()).toEqual([]);
  });

  it('no docker in the image', async () => {
    const world = await pipelineWorld();
    const { exitCode, stderr } = await world.run(['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v1'], {
      env: { PATH: '/nonexistent' },
    });
    expect(stderr).toContain('docker could not be started');
    expect(exitCode).toBe(2);
  });

  it('no engine behind docker', async () => {
    const world = await pipelineWorld();
    await world.program(
      'docker',
      'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1',
    );
    const { exitCode, stderr } = await world.build();
    expect(stderr).toContain('Error: No Docker engine answers.');
    expect(stderr).toContain('setup_remote_docker');
    expect(exitCode).toBe(2);
  });

  it('wrong options, all at once, and no request', async () => {
    const world = await pipelineWorld();
    const { exitCode, stderr } = await world.run(['build-and-push-image', '--tag', 'a/b', '--platfrm', 'x']);
    expect(stderr).toContain('--repository is missing');
    expect(stderr).toContain('--tag may hold letters');
    expect(stderr).toContain('did you mean --platform?');
    expect(exitCode).toBe(2);
    expect(operations(world)).toEqual([]);
  });
});

it('a dry run prints the exact commands and changes nothing', async () => {
  const world = await pipelineWorld();
  const { exitCode, stdout } = await world.build('--dry-run', '--build-arg', 'TOKEN=canary');
  expect(stdout).toContain(`docker build --tag ${world.uri}:latest --build-arg 'TOKEN=(hidden)' --target apps .`);
  expect(stdout).toContain(`docker push ${world.uri}:latest`);
  expect(exitCode).toBe(0);
  expect(operations(world)).toEqual(['DescribeRepositories']);
  expect(await world.dockerCalls()).toEqual([]);
  const json = await world.build('--dry-run', '--output', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    exitCode: 0,
    dryRun: [{}, { command: ['docker', 'push', `${world.uri}:latest`] }],
  });
});
