import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import type { Http } from '../../src/ports.ts';
import { runCommand } from '../support/run-command.ts';

export const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/database-a1b2c3';
export const roleArn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

/** What a test may plant a fault in. */
export interface World {
  model: LocalAws;
  definition: Json;
  service: Json;
  args: string[];
  env: Record<string, string>;
  policy: Json;
  platforms: string[];
  more: Parameters<typeof runCommand>[1];
}

export const trust = {
  Statement: { Effect: 'Allow' as const, Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
};

/** Everything as it should be: a Fargate service in private subnets with a NAT gateway, a database that lets it in. */
function sound(): World {
  const model = new LocalAws();
  model.clusters.create('live');
  model.logs.createGroup('/ecs/shop');
  model.ecr.store.create('shop');
  for (const name of ['execution', 'task']) model.identity.access.createRole(name, trust);
  const { account } = model;
  account.subnets.push(
    { subnetId: 'subnet-a', vpcId: 'vpc-1', cidrBlock: '10.0.1.0/24' },
    { subnetId: 'subnet-b', vpcId: 'vpc-1', cidrBlock: '10.0.2.0/24' },
  );
  account.routeTables.push({
    routeTableId: 'rtb-1',
    vpcId: 'vpc-1',
    associationSet: { item: [{ main: true }] },
    routeSet: { item: [{ destinationCidrBlock: '0.0.0.0/0', natGatewayId: 'nat-1', state: 'active' }] },
  });
  account.securityGroups.push(
    { groupId: 'sg-app', vpcId: 'vpc-1' },
    {
      groupId: 'sg-db',
      vpcId: 'vpc-1',
      ipPermissions: {
        item: [{ ipProtocol: 'tcp', fromPort: 5432, toPort: 5432, groups: { item: [{ groupId: 'sg-app' }] } }],
      },
    },
  );
  account.databases.push({
    DBInstanceIdentifier: 'shop-db',
    DBInstanceStatus: 'available',
    Endpoint: { Address: 'shop-db.abc.eu-west-1.rds.amazonaws.com', Port: 5432 },
    VpcSecurityGroups: { VpcSecurityGroupMembership: [{ VpcSecurityGroupId: 'sg-db', Status: 'active' }] },
  });
  account.secrets.add(secret);
  account.parameters.add('/shop/mode');
  const container = {
    name: 'app',
    image: `${registry}/shop:v1`,
    secrets: [
      { name: 'DATABASE_URL', valueFrom: secret },
      { name: 'MODE', valueFrom: '/shop/mode' },
    ],
    logConfiguration: {
      logDriver: 'awslogs',
      options: { 'awslogs-group': '/ecs/shop', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'shop' },
    },
  };
  return {
    model,
    definition: {
      family: 'shop',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      executionRoleArn: roleArn('execution'),
      taskRoleArn: roleArn('task'),
      containerDefinitions: [container],
    },
    service: {
      cluster: 'live',
      serviceName: 'shop',
      taskDefinition: 'shop',
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a', 'subnet-b'], securityGroups: ['sg-app'] } },
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    },
    args: [
      ...['doctor', '--cluster', 'live', '--repository', 'shop', '--task-definition', 'shop', '--container', 'app'],
      ...['--service', 'shop', '--network-from-service', 'shop', '--database', 'shop-db'],
    ],
    env: {},
    policy: { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
    platforms: [],
    more: {},
  };
}

export async function examine(plant: (world: World) => void = () => undefined, more: readonly string[] = []) {
  const world = sound();
  plant(world);
  const { model } = world;
  const ecs = async (operation: string, input: Json): Promise<void> => {
    const call = { service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 };
    await model.operations.ecs[operation]?.(input, call);
  };
  if (model.ecr.store.repositories.has('shop')) model.ecr.push('shop', ['v1'], 'x', world.platforms);
  await ecs('RegisterTaskDefinition', world.definition);
  if (model.clusters.find('live') !== undefined) await ecs('CreateService', world.service);
  const user = model.identity.access.createUser('deployer');
  model.identity.enforce(user.arn, world.policy);
  // The configuration of an image, as ECR hands it out by address.
  const http: Http = async (url) => {
    const blob = model.ecr.store.repositories.get('shop')?.blobs.get(url.split('/').at(-1) ?? '');
    if (url.startsWith('https://layers.example/') && blob !== undefined) {
      return { status: 200, headers: {}, body: new TextDecoder().decode(blob) };
    }
    if (url.startsWith('https://slack.com/'))
      return { status: 200, headers: {}, body: '{"ok":false,"error":"invalid_auth"}' };
    throw new Error(`nobody should ask ${url}`);
  };
  const before = model.requests.length;
  const ran = await runCommand([...world.args, '--output', 'json', ...more], {
    model,
    http,
    accessKeyId: user.accessKeyId,
    env: { NO_COLOR: '1', ...world.env },
    ...world.more,
  });
  const document = JSON.parse(ran.stdout) as {
    findings?: { area: string; state: string; text: string; fix?: string }[];
  };
  const findings = document.findings ?? [];
  return {
    ...ran,
    findings,
    faults: findings.filter(({ state }) => state === 'fault').map(({ area, text }) => `${area}: ${text}`),
    operations: model.requests.slice(before).map(({ operation }) => operation),
  };
}

export const container = (world: World): Json => world.definition.containerDefinitions[0];
export const replace = (args: string[], from: string, to: string): void => {
  const at = args.indexOf(from);
  args[at + 1] = to;
};
