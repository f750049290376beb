import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { expandConfig } from '../../local/circleci/expand.ts';
import { runWorkflow, type WorkflowResult } from '../../local/circleci/runner.ts';
import { mapOf, readYaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import { orbFiles } from '../orb/support.ts';
import { hasTool } from '../support/needs-tool.ts';
import { type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

/** The orb's own examples with the built bundle, local CircleCI and local AWS. */
let orb = '';
let examples = new Map<string, string>();
beforeAll(async () => {
  ({ text: orb } = await packOrb({ outFile: join((await pipelineWorld()).folder, 'orb.yml') }));
  const files = await orbFiles('examples');
  examples = new Map(files.map(({ name, body }) => [name, stringify(mapOf(body.usage, 'usage'), { version: '1.1' })]));
});

const hasCli = hasTool({ name: 'the AWS CLI', probe: ['aws', '--version'], install: 'pip install awscli' });
const preload = new URL('../../local/aws/time/virtual-time.mjs', import.meta.url).href;
const service = 'hoge-apps-service-stg';
const cluster = 'hoge-stg';
const hourMs = 3_600_000;

/** Runs an example in the article's staging environment; `swap` says what is called otherwise there. */
async function run(
  world: PipelineWorld,
  name: string,
  swap: (text: string) => string,
  { env = {}, deploy }: { env?: Record<string, string>; deploy?: Record<string, string> } = {},
): Promise<WorkflowResult> {
  const config = mapOf(readYaml(swap(examples.get(name) ?? '')), name);
  const expanded = expandConfig(stringify(config as YamlMap, { version: '1.1' }), {
    orbs: { 'migrate-deploy': orb },
    branch: 'main',
    ...(deploy === undefined ? {} : { deploy }),
  });
  const { PATH: _path, ...machine } = world.env;
  return runWorkflow(expanded, {
    projectDir: join(world.folder, 'project'),
    path: [join(world.folder, 'bin')],
    mask: false,
    env: {
      ...machine,
      NODE_OPTIONS: `--import ${preload}`,
      LOCAL_AWS_CONTROL: world.served.url,
      NO_COLOR: '1',
      ...env,
    },
    contexts: { aws: { SLACK_WEBHOOK: world.slack.webhookUrl } },
  });
}

/** What the AWS CLI reads, where it is installed. */
async function awsCli(world: PipelineWorld, ...args: string[]) {
  const { PATH = '' } = process.env;
  const options = { env: { ...world.env, PATH, HOME: world.folder } };
  const all = ['--endpoint-url', world.served.url, '--output', 'json', ...args];
  const { stdout } = await promisify(execFile)('aws', all, options);
  return JSON.parse(stdout);
}

const call = (world: PipelineWorld, operation: string, input: object) =>
  world.model.operations.ecs[operation]?.(input, {
    ...{ service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 },
  });
const outputOf = (result: WorkflowResult): string =>
  result.jobs.flatMap(({ steps }) => steps.map(({ output }) => output)).join('');
const stepsOf = (result: WorkflowResult) =>
  result.jobs.flatMap(({ steps }) => steps.map(({ name, status }) => `${name}: ${status}`));
const digests = ({ model }: PipelineWorld) => model.truth.serving(service).imageDigests;

describe('pause_and_test', () => {
  const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
  const deploymentConfiguration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks };

  async function tested(exitCode: number, crashes = false) {
    const world = await pipelineWorld();
    await call(world, 'UpdateService', { cluster, service, deploymentConfiguration });
    const before = digests(world);
    const digest = world.model.ecr.push('hoge-stg', ['next'], 'version 2');
    if (crashes) world.model.behaviours.script({ image: digest }, { runMs: 1_000, exitCode: 1 });
    const result = await run(world, 'pause_and_test', (text) =>
      text
        .replaceAll('cluster: production', `cluster: ${cluster}`)
        .replaceAll('service: shop', `service: ${service}`)
        .replace(/image: 111122223333\S+/, `image: ${world.uri}:next`)
        .replace('npm ci && npm run test:e2e', `echo "tests against $BASE_URL"; exit ${exitCode}`),
    );
    return { world, before, digest, result };
  }

  it('goes on when the tests passed: the new digest serves, and the AWS CLI agrees', async () => {
    const { world, before, digest, result } = await tested(0);
    expect(result.status, outputOf(result)).toBe('success');
    expect(outputOf(result)).toContain('is paused after POST_TEST_TRAFFIC_SHIFT, as asked for');
    expect(outputOf(result)).toContain('tests against https://shop.example.com:8443');
    expect(stepsOf(result)).toContain('Roll back what did not pass: skipped');
    expect([digests(world), before]).toEqual([[digest], [expect.not.stringContaining(digest)]]);
    expect(JSON.stringify(world.slack.messages())).toContain(`${service} on ${cluster}: deployed from main`);
    if (!hasCli) return;
    const listed = await awsCli(world, 'ecs', 'list-service-deployments', '--cluster', cluster, '--service', service);
    expect(listed.serviceDeployments[0].status).toBe('SUCCESSFUL');
    const revision = listed.serviceDeployments[0].targetServiceRevisionArn;
    const described = await awsCli(world, 'ecs', 'describe-service-revisions', '--service-revision-arns', revision);
    expect(described.serviceRevisions[0].containerImages[0].imageDigest).toBe(digest);
  });

  it('rolls back when they failed: the job is red, the old digest serves, and the AWS CLI agrees', async () => {
    const { world, before, result } = await tested(1);
    expect(result.status, outputOf(result)).toBe('failed');
    expect(stepsOf(result)).toContain('Roll back what did not pass: success');
    expect(outputOf(result)).toMatch(/was rolled back from \S+ to hoge-apps-service-stg:1 after .*, as asked for\./);
    expect(digests(world)).toEqual(before);
    expect(world.slack.messages()).toHaveLength(1);
    expect(JSON.stringify(world.slack.messages())).toContain('❌');
    if (!hasCli) return;
    const listed = await awsCli(world, 'ecs', 'list-service-deployments', '--cluster', cluster, '--service', service);
    expect(listed.serviceDeployments[0].status).toBe('ROLLBACK_SUCCESSFUL');
    world.model.clock.advance(hourMs);
    const { services } = await awsCli(world, 'ecs', 'describe-services', '--cluster', cluster, '--services', service);
    expect(services[0].deployments.map(({ taskDefinition }: { taskDefinition: string }) => taskDefinition)).toEqual([
      expect.stringMatching(/hoge-apps-service-stg:1$/),
    ]);
  });

  it('a deployment that fails before its pause is told as that, though a later step saw the rollback through', async () => {
    const { world, before, result } = await tested(0, true);
    expect(result.status).toBe('failed');
    expect(stepsOf(result)).toContain('Roll back what did not pass: success');
    const told = JSON.stringify(world.slack.messages());
    expect(told).toContain('the circuit breaker threshold was exceeded');
    expect(told).toContain(`${service} on ${cluster}: deployment from main failed: rollout rolled back`);
    expect(told).not.toContain(`${service}, ${service}`);
    expect(digests(world)).toEqual(before);
  });
});

describe('rollback_pipeline', () => {
  /** Two versions were deployed; the button was pressed for `target`. */
  async function rolledBack(target: string, cli?: string) {
    const world = await pipelineWorld();
    const served: Record<string, string> = {};
    for (const version of ['a1b2c3d', 'e4f5a6b']) {
      served[version] = world.model.ecr.push('hoge-stg', [version], `content of ${version}`);
      const image = ['--image', `${world.uri}:${version}`];
      const deployed = await world.run([
        ...['update-service-and-verify', '--cluster', cluster, '--service', service, ...image],
      ]);
      expect(deployed.exitCode, deployed.stdout).toBe(0);
      world.model.clock.advance(hourMs);
    }
    if (cli !== undefined) for (const name of ['circleci-agent', 'circleci']) await world.program(name, cli);
    const deploy = { component_name: service, environment_name: cluster, target_version: target };
    const result = await run(world, 'rollback_pipeline', (text) => text, { deploy });
    const told = result.releases.map(({ verb, name, flags }) => [verb, name, flags]);
    return { world, served, result, told };
  }

  it('brings back the digest that the version stands for, tells CircleCI, and the AWS CLI agrees', async () => {
    const { world, served, result, told } = await rolledBack('a1b2c3d');
    expect(result.status, outputOf(result)).toBe('success');
    expect(digests(world)).toEqual([served.a1b2c3d]);
    const named = { 'environment-name': cluster, 'component-name': service, 'target-version': 'a1b2c3d' };
    expect(told).toEqual([
      ['plan', 'roll-back', { ...named, rollback: '' }],
      ['update', 'roll-back', { status: 'SUCCESS' }],
    ]);
    expect(outputOf(result)).toContain('The database is not rolled back.');
    expect(outputOf(result)).toContain(`${service} on ${cluster} serves hoge-apps-service-stg:2`);
    expect(JSON.stringify(world.slack.messages())).toContain('rolled back, as asked for');
    if (!hasCli) return;
    const { taskArns } = await awsCli(world, 'ecs', 'list-tasks', '--cluster', cluster, '--service-name', service);
    const { tasks } = await awsCli(world, 'ecs', 'describe-tasks', '--cluster', cluster, '--tasks', ...taskArns);
    expect(
      new Set(tasks.map((task: { containers: { imageDigest: string }[] }) => task.containers[0]?.imageDigest)),
    ).toEqual(new Set([served.a1b2c3d]));
  });

  it('a release CLI that fails keeps no service from going back', async () => {
    const { world, served, result } = await rolledBack('a1b2c3d', 'exit 1');
    expect(result.status, outputOf(result)).toBe('success');
    expect(digests(world)).toEqual([served.a1b2c3d]);
    expect(outputOf(result)).toContain(
      'Note: CircleCI’s deploy marker was not told: circleci-agent run release plan ended with 1',
    );
  });

  it('is red for a version that never served, changes nothing, and CircleCI hears FAILED', async () => {
    const { world, served, result, told } = await rolledBack('0000000');
    expect(result.status).toBe('failed');
    expect(outputOf(result)).toContain(`${service} never served 0000000`);
    expect(digests(world)).toEqual([served.e4f5a6b]);
    expect(told.at(-1)).toMatchObject(['update', 'roll-back', { status: 'FAILED' }]);
    expect(JSON.stringify(world.slack.messages())).toContain('rollback refused');
  });
});
