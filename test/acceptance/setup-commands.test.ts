import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../local/aws/identity/policy.ts';
import type { WorkflowResult } from '../../local/circleci/runner.ts';
import { mapOf, readYaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import { splitWords } from '../../src/base/words.ts';
import { outputOf, runConfig, statuses } from './orb-world.ts';
import { accountId, environment, type PipelineWorld, pipelineWorld, service } from './pipeline-world.ts';

/**
 * The way of a newcomer with the built program: generate-config --from-aws, the policies that it names, check-config, doctor,
 * and then pushes, with the orb, that run under these policies and deploy.
 */
const branchOf: Record<string, string> = { dev: 'develop', qa: 'qa', stg: 'staging', prod: 'main' };
const role = (env: string): string => `arn:aws:iam::${accountId}:role/circleci-${env}`;

/** An account with these environments, and everything that is around their services. */
async function account(envs: readonly string[]): Promise<PipelineWorld> {
  const world = await pipelineWorld();
  const { model } = world;
  for (const env of envs) if (env !== 'stg') await environment(model, env);
  for (const name of ['ecsTaskExecutionRole', 'hoge-task']) {
    model.identity.access.createRole(name, {
      Statement: { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
    });
  }
  const { subnets, routeTables } = model.account;
  subnets.push({ subnetId: 'subnet-1', vpcId: 'vpc-1', cidrBlock: '10.0.1.0/24' });
  routeTables.push({
    vpcId: 'vpc-1',
    associationSet: { item: [{ main: true }] },
    routeSet: { item: [{ destinationCidrBlock: '0.0.0.0/0', natGatewayId: 'nat-1', state: 'active' }] },
  });
  model.clock.advance(3_600_000);
  return world;
}

const words = ['--command', 'rails db:migrate', '--target', 'apps', '--role-arn', role('{env}')];

async function generate(world: PipelineWorld, envs: readonly string[], ...more: string[]) {
  return generateFor(
    world,
    envs.map((env) => `${env}=${branchOf[env]}`),
    more,
  );
}

async function generateFor(world: PipelineWorld, pairs: readonly string[], more: readonly string[], fromAws = true) {
  const environments = pairs.flatMap((pair) => ['--environment', pair]);
  const given = ['generate-config', ...(fromAws ? ['--from-aws'] : []), ...environments, ...words, ...more];
  const { stdout, stderr, exitCode } = await world.run([...given, '--write', '--force', '--output', 'json']);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('.circleci/config.yml is written.')]);
  return JSON.parse(stdout) as { iamPolicy: string; files: { path: string; text: string }[] };
}

/** Makes the roles of the jobs with the policies that the printed commands print. */
async function makeRoles(world: PipelineWorld, envs: readonly string[], iamPolicy: string): Promise<void> {
  const { organizationId, projectId } = world.issuer;
  const commands = iamPolicy.split('\n');
  expect(commands).toHaveLength(envs.length);
  for (const [index, env] of envs.entries()) {
    const [, ...command] = splitWords(commands[index] ?? '') ?? [];
    const ids = ['--organization-id', organizationId, '--project-id', projectId];
    const { stdout, exitCode } = await world.run([...command, ...ids, '--output', 'json']);
    expect(exitCode).toBe(0);
    const { policy, trustPolicy, wide } = JSON.parse(stdout) as {
      policy: PolicyDocument;
      trustPolicy: PolicyDocument;
      wide: string[];
    };
    expect(wide).toEqual([]);
    world.model.identity.access.createRole(`circleci-${env}`, trustPolicy);
    // The addresses of local AWS name no region, so that they are looked up; those of AWS are not.
    const looksUp = { Effect: 'Allow', Action: 'ecr:DescribeRepositories', Resource: '*' } as const;
    world.model.identity.enforce(role(env), { ...policy, Statement: [policy.Statement, looksUp].flat() });
  }
}

const written = (world: PipelineWorld): Promise<string> =>
  readFile(join(world.folder, 'project/.circleci/config.yml'), 'utf8');
const orbFile = async (world: PipelineWorld): Promise<string[]> => {
  const outFile = join(world.folder, 'orb.yml');
  await packOrb({ outFile });
  return ['--orb', `org/migrate-deploy=${outFile}`];
};

/** The config with one more job at the end, which lists the records of the workspace. */
function withLook(config: YamlMap, last: string): YamlMap {
  const list = 'ls .migrate-deploy | sed "s/[.][0-9a-f]*[.]json$//"';
  const look = { machine: true, steps: [{ attach_workspace: { at: '.' } }, { run: { name: 'look', command: list } }] };
  const [[name, workflow] = ['', {}]] = Object.entries(mapOf(config.workflows, 'workflows'));
  const { jobs = [] } = workflow as { jobs?: YamlMap[] };
  return { ...config, jobs: { look }, workflows: { [name]: { jobs: [...jobs, { look: { requires: [last] } }] } } };
}
const looked = (result: WorkflowResult): string[] =>
  (result.jobs.find(({ name }) => name === 'look')?.steps.at(-1)?.output ?? '').split('\n').filter(Boolean);

describe.each([[['prod']], [['stg', 'prod']], [['dev', 'qa', 'stg', 'prod']]])(
  'what generate-config --from-aws writes for %j',
  (envs) => {
    it('is checked, found sound by doctor, and deploys each environment under the policies that it names', async () => {
      const world = await account(envs);
      const { iamPolicy } = await generate(world, envs, '--approve', 'prod', '--serial-group', 'deploy/{env}');
      await makeRoles(world, envs, iamPolicy);
      const orb = await orbFile(world);
      const config = mapOf(readYaml(await written(world)), 'config');
      for (const env of envs) {
        const branch = branchOf[env] ?? '';
        const push = ['--config', '.circleci/config.yml', '--branch', branch, ...orb];
        const checked = await world.run(['check-config', ...push]);
        expect([checked.exitCode, checked.stderr]).toEqual([0, '']);
        expect(checked.stdout).toContain(`update-service-and-verify --cluster hoge-${env}`);
        const examined = await world.run(['doctor', ...push]);
        expect([examined.exitCode, examined.stdout.match(/^✘.*$/gm)]).toEqual([0, null]);
        expect(examined.stdout).toContain(`${role(env)} lets in the tokens of these jobs`);
        expect(examined.stdout).toContain(`The policies of ${role(env)} allow what the stages do`);
        const variables = { SLACK_WEBHOOK: world.slack.webhookUrl };
        const mintToken = () => world.issuer.token({ vcsRef: `refs/heads/${branch}` });
        const sha = `${env}`.padEnd(40, '0').replaceAll(/[^0-9a-f]/g, '1');
        const result = await runConfig(world, config, {
          branch,
          mintToken,
          variables: { ...variables, AWS_REGION: '', CIRCLE_SHA1: sha },
        });
        expect([result.status, outputOf(result)]).toEqual(['success', expect.any(String)]);
        expect(statuses(result).map(([, status]) => status)).toEqual(Array(env === 'prod' ? 4 : 3).fill('success'));
        // One digest from the build to the tasks that serve, and one migration of it.
        const [built, ...others] = [...outputOf(result).matchAll(/Image: \S+@(sha256:\w+)/g)].map(
          ([, digest]) => digest,
        );
        expect([built, others]).toEqual([expect.stringMatching(/^sha256:/), []]);
        const serving = world.model.truth.serving(`hoge-apps-service-${env}`).imageDigests;
        expect(serving).toEqual([built]);
        const migrated = world.model.truth.runs.filter(
          ({ container, command }) => container === `hoge-${env}` && command.join(' ') === 'rails db:migrate',
        );
        expect(migrated.map(({ imageDigest, exitCode }) => [imageDigest, exitCode])).toEqual([[built, 0]]);
      }
      expect(world.slack.messages()).toHaveLength(envs.length);
    }, 300_000);
  },
);

describe('what it writes for two environments of one branch', () => {
  it('deploys staging, then production: each its own image, digest for digest, with a record and a message of its own', async () => {
    const envs = ['stg', 'prod'];
    const world = await account(envs);
    const { iamPolicy } = await generateFor(world, ['stg=main', 'prod=main'], ['--approve', 'prod']);
    await makeRoles(world, envs, iamPolicy);
    const config = mapOf(readYaml(await written(world)), 'config');
    const result = await runConfig(world, config, {
      branch: 'main',
      mintToken: () => world.issuer.token({ vcsRef: 'refs/heads/main' }),
      variables: { SLACK_WEBHOOK: world.slack.webhookUrl, AWS_REGION: '' },
    });
    expect([result.status, outputOf(result)]).toEqual(['success', expect.any(String)]);
    expect(statuses(result).map(([name]) => name)).toEqual([
      ...['build-image-and-push-stg', 'db-migrate-on-task-run-stg', 'service-update-and-notify-stg'],
      ...['build-image-and-push-prod', 'approve-prod', 'db-migrate-on-task-run-prod', 'service-update-and-notify-prod'],
    ]);
    for (const env of envs) {
      const [run, ...others] = world.model.truth.runs.filter(
        ({ container, command }) => container === `hoge-${env}` && command.join(' ') === 'rails db:migrate',
      );
      expect(others).toEqual([]);
      expect(world.model.truth.serving(`hoge-apps-service-${env}`).imageDigests).toEqual([run?.imageDigest]);
    }
    const told = world.slack.messages().map((message) => JSON.stringify(message));
    expect(told.map((text) => envs.filter((env) => text.includes(`hoge-${env}`)))).toEqual([['stg'], ['prod']]);
  }, 300_000);

  it('with one repository promotes the image that staging has run, under the policies for families that are not called like their services', async () => {
    const envs = ['stg', 'prod'];
    const world = await account(envs);
    const { model } = world;
    const services = [
      ['shop-web', 'site'],
      ['shop-worker', 'jobs'],
    ] as const;
    model.ecr.push('shop', ['latest'], 'version 1');
    for (const env of envs) {
      for (const [name, runs] of services) {
        const tags = [{ key: 'team', value: 'shop' }];
        await service(model, { env, name, runs: `shop-${env}-${runs}`, repository: 'shop', tags });
      }
    }
    model.clock.advance(3_600_000);
    const names = [
      ...['--cluster', 'hoge-{env}', '--service', 'shop-web,shop-worker', '--repository', 'shop'],
      ...['--service-family', 'shop-{env}-site,shop-{env}-jobs', '--task-definition', 'shop-{env}-site'],
      ...['--container', 'hoge-{env}', '--network-from-service', 'shop-web', '--account', accountId],
    ];
    const { iamPolicy } = await generateFor(world, ['stg=main', 'prod=main'], [...names, '--approve', 'prod'], false);
    const around = ` --region ${model.world.region} --log-group '/ecs/hoge-*' --pass-role arn:aws:iam::${accountId}:role/*`;
    await makeRoles(world, envs, iamPolicy.replaceAll(/$/gm, around));
    const push = ['--config', '.circleci/config.yml', '--branch', 'main', ...(await orbFile(world))];
    const examined = await world.run(['doctor', ...push], { env: { AWS_REGION: model.world.region } });
    expect([examined.exitCode, examined.stdout.match(/^✘.*$/gm)]).toEqual([0, null]);
    for (const env of envs) expect(examined.stdout).toContain(`The policies of ${role(env)} allow what the stages do`);
    const config = mapOf(readYaml(await written(world)), 'config');
    const result = await runConfig(world, withLook(config, 'service-update-and-notify-prod'), {
      branch: 'main',
      mintToken: () => world.issuer.token({ vcsRef: 'refs/heads/main' }),
      variables: { SLACK_WEBHOOK: world.slack.webhookUrl, AWS_REGION: model.world.region },
    });
    expect(result.status, outputOf(result)).toBe('success');
    expect(statuses(result).map(([name]) => name)).toEqual([
      ...['build-image-and-push', 'db-migrate-on-task-run-stg', 'service-update-and-notify-stg'],
      ...['approve-prod', 'db-migrate-on-task-run-prod', 'service-update-and-notify-prod', 'look'],
    ]);
    const [image, ...others] = [...outputOf(result).matchAll(/Image: \S+@(sha256:\w+)/g)].map(([, digest]) => digest);
    expect([image, others]).toEqual([expect.stringMatching(/^sha256:/), []]);
    const migrated = model.truth.runs.filter(({ command }) => command.join(' ') === 'rails db:migrate');
    expect(migrated.map(({ container, imageDigest }) => [container, imageDigest])).toEqual([
      ['hoge-stg', image],
      ['hoge-prod', image],
    ]);
    for (const [name, runs] of services) {
      const serving = model.truth.serving(name);
      expect(serving.imageDigests).toEqual([image]);
      expect(serving.taskDefinitionArns.map((arn) => arn.split('/')[1])).toEqual([
        `shop-prod-${runs}:2`,
        `shop-stg-${runs}:2`,
      ]);
    }
    const place = `${accountId}.${model.world.region}`;
    expect(looked(result)).toEqual([
      expect.stringMatching(/^build-and-push-image\..*-shop$/),
      ...['prod', 'stg'].map((env) => `run-migration-task.${place}.hoge-${env}.shop-${env}-site`),
      ...['prod', 'stg'].flatMap((env) =>
        services.map(([name]) => `update-service-and-verify.${place}.hoge-${env}.${name}`),
      ),
    ]);
    expect(result.releases.flatMap(({ flags }) => flags['environment-name'] ?? [])).toEqual(['hoge-stg', 'hoge-prod']);
  }, 300_000);
});

describe('the built program', () => {
  it('takes the orb that lies beside it', async () => {
    const world = await account(['stg']);
    await generate(world, ['stg']);
    const { exitCode, stderr } = await world.run(['check-config', '--branch', 'staging']);
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('says what a push that starts nothing would have to be, and tells CircleCI’s error with its line', async () => {
    const world = await account(['stg']);
    await generate(world, ['stg']);
    const nothing = await world.run(['check-config', '--branch', 'feature']);
    expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining('stg: branch staging')]);
    const path = join(world.folder, 'project/.circleci/config.yml');
    await writeFile(path, (await written(world)).replace(' cluster:', ' clutser:'));
    const wrong = await world.run(['check-config', '--branch', 'staging']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/required argument\(s\): cluster\s+\(line \d+\)/),
    ]);
  });

  it('doctor names what is missing, and exits 2', async () => {
    const world = await account(['stg']);
    await generate(world, ['stg']);
    const { exitCode, stdout } = await world.run(['doctor', '--branch', 'staging']);
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`There is no role ${role('stg')}`);
  });
});
