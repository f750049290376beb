import { describe, expect, it } from 'vitest';
import { rolloutWorld } from './rollout/rollout-world.ts';
import { runCommand } from './support/run-command.ts';

/** Cluster `prod` with a service `web` of the family `web`, and a service `shop` of the family `shop-app`. */
async function world() {
  const made = await rolloutWorld();
  await made.ecs('RegisterTaskDefinition', { ...(await definition(made)), family: 'shop-app' });
  await made.ecs('CreateService', {
    cluster: 'prod',
    serviceName: 'shop',
    taskDefinition: 'shop-app',
    desiredCount: 0,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
  });
  return made.model;
}

async function definition({ ecs }: Awaited<ReturnType<typeof rolloutWorld>>) {
  const { taskDefinition } = await ecs('DescribeTaskDefinition', { taskDefinition: 'web' });
  const { family, networkMode, requiresCompatibilities, cpu, memory, executionRoleArn, containerDefinitions } =
    taskDefinition;
  return { family, networkMode, requiresCompatibilities, cpu, memory, executionRoleArn, containerDefinitions };
}

const migrate = (cluster: string, taskDefinition: string, ...more: string[]): string[] => [
  ...['run-migration-task', '--cluster', cluster, '--task-definition', taskDefinition, '--network-from-service', 'web'],
  ...['--', 'bin/migrate', ...more],
];
const deploy = (cluster: string, service: string): string[] => [
  ...['update-service-and-verify', '--cluster', cluster, '--service', service, '--force-new-deployment'],
];

const rows: [string, string[], string, string][] = [
  [
    'a wrong cluster',
    migrate('prd', 'web'),
    'There is no cluster prd in eu-west-1 (account 123456789012); there are: default, prod.',
    'Did you mean --cluster prod?',
  ],
  [
    'a wrong cluster of a service',
    deploy('live', 'web'),
    'There is no cluster live in eu-west-1 (account 123456789012); there are: default, prod.',
    'Check --cluster',
  ],
  [
    'a cluster of another region',
    deploy('arn:aws:ecs:us-east-1:123456789012:cluster/main', 'web'),
    'There is no cluster main in eu-west-1 (account 123456789012): its ARN is of us-east-1 (account 123456789012).',
    'Pass --region',
  ],
  [
    'a wrong service',
    deploy('prod', 'shp'),
    'There is no service shp in cluster prod; there are: ',
    'Did you mean --service shop?',
  ],
  [
    'a family for a service',
    deploy('prod', 'shop-app'),
    'There is no service shop-app in cluster prod: shop-app is a family of task definitions, run by the service shop.',
    'Pass --service shop.',
  ],
  [
    'a service for a family',
    migrate('prod', 'shop'),
    'There is no family shop: shop is a service, and it runs shop-app:1.',
    'Pass --task-definition shop-app.',
  ],
  [
    'a revision that does not exist',
    migrate('prod', 'web:99'),
    'There is no web:99; the latest active revision is web:1.',
    'Pass --task-definition web',
  ],
  [
    'a family that does not exist',
    migrate('prod', 'webb'),
    'There is no task definition webb in eu-west-1.',
    'Did you mean --task-definition web?',
  ],
];

describe('errors that answer the question', () => {
  it.each(rows)('%s', async (_, args, message, fix) => {
    const { exitCode, stderr } = await runCommand(args, { model: await world() });
    expect(stderr.split('\n')[0]).toContain(`Error: ${message}`);
    expect(stderr).toContain(`Fix: ${fix}`);
    expect(exitCode).toBe(2);
  });

  it.each([
    [['--subnets', 'subnet 1'], '--subnets must be an id such as subnet-0a1b2c3d, not "subnet 1".'],
    [['--timeout=-5m'], '--timeout must be a duration above 0'],
    [
      ['bin/migrate', 'up'],
      '2 words belong to no option: quote values that hold spaces; put the command of the container',
    ],
    [['--overrides', 'nowhere.json'], '--overrides: there is no file nowhere.json (looked for /project/nowhere.json)'],
    [['--container', '$NOWHERE', '--expand-env'], '--container needs the variable NOWHERE, which is not set.'],
  ])('of options, before anything is asked: %j', async (given, message) => {
    const start = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'web'];
    const { exitCode, stderr } = await runCommand([...start, ...given], { model: await world() });
    expect(stderr.split('\n')[0]).toContain(`Error: ${message}`);
    expect(exitCode).toBe(2);
  });

  it('spaces in a list of names are none of the names', async () => {
    const args = [...deploy('prod', 'web, shop'), '--dry-run', '--output', 'json'];
    expect((await runCommand(args, { model: await world() })).exitCode).toBe(0);
  });

  it('are AWS’s own where the names may not be listed', async () => {
    const model = await world();
    const user = model.identity.access.createUser('ci');
    model.identity.enforce(user.arn, { Statement: { Effect: 'Allow', NotAction: 'ecs:ListClusters', Resource: '*' } });
    const { exitCode, stderr } = await runCommand(migrate('prd', 'web'), { model, accessKeyId: user.accessKeyId });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('ClusterNotFoundException');
    expect(stderr).not.toContain('ListClusters');
  });

  it('wait-for-task says at once that it waits for an unknown task, and why', async () => {
    const id = '0'.repeat(32);
    const { exitCode, stdout } = await runCommand(['wait-for-task', '--cluster', 'prod', '--task', id], {
      model: await world(),
    });
    expect(stdout.split('\n')[0]).toBe(
      `Warning: Amazon ECS does not know the task ${id} in cluster prod. It is waited for, at most 60s: ECS may not show a new task yet, and forgets a stopped one after an hour.`,
    );
    expect(exitCode).toBe(2);
  });

  it.each([
    [
      'a Dockerfile that is not there',
      'ERROR: failed to build: failed to solve: failed to read dockerfile: open Dockerfil: no such file or directory',
      'The Dockerfile is not there.',
    ],
    [
      'the same, by the classic builder',
      'unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /w/Dockerfil: no such file or directory',
      'The Dockerfile is not there.',
    ],
    [
      'a folder that is not there',
      'ERROR: failed to build: unable to prepare context: path "srv" not found',
      'The folder to build from is not there.',
    ],
  ])('%s is the user’s to correct: exit 2', async (_, said, message) => {
    const { exitCode, stderr } = await runCommand(['build-and-push-image', '--repository', 'web', '--tag', 'v9'], {
      model: await world(),
      processes: {
        run: async (_command, args) => {
          const isBuild = args.includes('--tag');
          return { code: isBuild ? 1 : 0, tail: isBuild ? `${said}\n` : '', stdout: '' };
        },
      },
    });
    expect(stderr.split('\n')[0]).toBe(`Error: ${message}`);
    expect(exitCode).toBe(2);
  });

  it('a repository of another region and account is told with both', async () => {
    const address = '210987654321.dkr.ecr.us-east-1.amazonaws.com/web';
    const { exitCode, stderr } = await runCommand(['build-and-push-image', '--repository', address, '--tag', 'v9'], {
      model: await world(),
    });
    expect(stderr).toContain('us-east-1 (account 210987654321)');
    expect(exitCode).toBe(2);
  });

  it('a bare image name is told to mean Docker Hub', async () => {
    const { stdout } = await runCommand([...deploy('prod', 'web'), '--image', 'shop:v1', '--dry-run'], {
      model: await world(),
    });
    expect(stdout).toContain('shop:v1 is not pinned: without a registry it means Docker Hub');
  });
});
