import { describe, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import type { Http } from '../../src/ports.ts';
import { expand } from '../../src/tools.ts';
import { createWorkbench } from '../orb/support.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/database-a1b2c3';
const roleArn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

/** What a test may plant a fault in. */
interface World {
  model: LocalAws;
  definition: Json;
  service: Json;
  args: string[];
  env: Record<string, string>;
  policy: Json;
  platforms: string[];
  more: Parameters<typeof runCommand>[1];
}

const trust = {
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

async function examine(plant: (world: World) => void = () => undefined, more: readonly string[] = []) {
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

const container = (world: World): Json => world.definition.containerDefinitions[0];
const replace = (args: string[], from: string, to: string): void => {
  const at = args.indexOf(from);
  args[at + 1] = to;
};

const planted: [string, (world: World) => void, RegExp][] = [
  [
    'a cluster that there is not',
    ({ args }) => replace(args, '--cluster', 'liv'),
    /^cluster: There is no cluster liv in eu-west-1; there are: default, live$/,
  ],
  [
    'a service that there is not',
    ({ args }) => replace(args, '--service', 'shpo'),
    /^service: There is no service shpo in live; there are: shop$/,
  ],
  [
    'a controller of others',
    ({ service }) => {
      service.deploymentController = { type: 'EXTERNAL' };
      delete service.deploymentConfiguration;
      delete service.taskDefinition;
      delete service.launchType;
      delete service.networkConfiguration;
    },
    /^service: shop has the deployment controller EXTERNAL/,
  ],
  [
    'no circuit breaker',
    ({ service }) => {
      service.deploymentConfiguration = {};
    },
    /^service: shop has no circuit breaker/,
  ],
  [
    'a breaker that leaves failures standing',
    ({ service }) => {
      service.deploymentConfiguration.deploymentCircuitBreaker.rollback = false;
    },
    /^service: The circuit breaker of shop does not roll back/,
  ],
  [
    'a time-out that no deployment can keep',
    ({ service, args }) => {
      service.deploymentConfiguration = {
        ...service.deploymentConfiguration,
        strategy: 'LINEAR',
        linearConfiguration: { stepPercent: 10, stepBakeTimeInMinutes: 6 },
      };
      service.loadBalancers = [
        {
          targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef',
          containerName: 'app',
          containerPort: 80,
          advancedConfiguration: {
            alternateTargetGroupArn:
              'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web2/0123456789abcdef',
            productionListenerRule: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/x/1/2/3',
            roleArn: 'arn:aws:iam::123456789012:role/task',
          },
        },
      ];
      args.push('--timeout', '10m');
    },
    /^service: A deployment of shop takes at least 54m/,
  ],
  [
    'a repository that there is not',
    ({ args }) => replace(args, '--repository', 'shopp'),
    /^repository: There is no repository shopp in eu-west-1$/,
  ],
  [
    'a tag that cannot move',
    ({ model, args }) => {
      model.ecr.store.create('shop', { immutable: true });
      args.push('--tag', 'latest');
    },
    /^repository: shop never moves a tag, and latest is pushed each time/,
  ],
  [
    'an image that there is not',
    (world) => {
      container(world).image = `${registry}/shop:v9`;
    },
    /^image: .*\/shop:v9 of app does not exist$/,
  ],
  [
    'an image for another CPU',
    (world) => {
      world.definition.runtimePlatform = { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' };
    },
    /^image: .*\/shop:v1 is built for amd64, and tasks of shop run on arm64$/,
  ],
  [
    'an index without the CPU',
    (world) => {
      world.platforms.push('linux/arm64');
    },
    /^image: .*is built for arm64, and tasks of shop run on amd64$/,
  ],
  [
    'a family that there is not',
    ({ args }) => replace(args, '--task-definition', 'shop-migrate'),
    /^task definition: There is no active task definition shop-migrate; families like it: shop$/,
  ],
  [
    'a container that there is not',
    ({ args }) => replace(args, '--container', 'web'),
    /^container: shop has no container web; it has: app$/,
  ],
  [
    'a log group that there is not',
    (world) => {
      container(world).logConfiguration.options['awslogs-group'] = '/ecs/shpo';
    },
    /^log: There is no log group \/ecs\/shpo/,
  ],
  [
    'a secret that there is not',
    ({ model }) => {
      model.account.secrets.clear();
    },
    /^secret: DATABASE_URL of app comes from .*shop\/database-a1b2c3, which does not exist$/,
  ],
  [
    'a parameter that there is not',
    ({ model }) => {
      model.account.parameters.clear();
    },
    /^secret: MODE of app comes from the parameter \/shop\/mode, which does not exist$/,
  ],
  [
    'a role that tasks cannot assume',
    ({ model }) => {
      model.identity.access.createRole('task', {
        Statement: { ...trust.Statement, Principal: { Service: 'ec2.amazonaws.com' } },
      });
    },
    /^role: .*role\/task does not trust ecs-tasks/,
  ],
  [
    'a role that cannot be passed',
    (world) => {
      world.policy = {
        Statement: [
          { Effect: 'Allow', Action: '*', Resource: '*' },
          { Effect: 'Deny', Action: 'iam:PassRole', Resource: roleArn('task') },
        ],
      };
    },
    /^permission: The roles of shop cannot be passed to tasks: iam:PassRole/,
  ],
  [
    'an action that is not allowed',
    (world) => {
      world.policy = { Statement: { Effect: 'Allow', NotAction: 'ecs:UpdateService', Resource: '*' } };
    },
    /^permission: .*user\/deployer is not authorized to ecs:UpdateService$/,
  ],
  [
    'subnets without a way out',
    ({ model }) => {
      model.account.routeTables[0].routeSet.item = [];
    },
    /^network: shop: subnet-a, subnet-b has no way to ecr\.api, ecr\.dkr, s3, logs, secretsmanager, ssm/,
  ],
  [
    'a public subnet and no public address',
    ({ model }) => {
      model.account.routeTables[0].routeSet.item = [
        { destinationCidrBlock: '0.0.0.0/0', gatewayId: 'igw-1', state: 'active' },
      ];
    },
    /^network: shop: subnet-a, subnet-b leads to an internet gateway/,
  ],
  [
    'a database that lets nobody in',
    ({ model }) => {
      model.account.securityGroups[1].ipPermissions.item = [];
    },
    /^database: Nothing lets sg-app reach port 5432 of shop-db$/,
  ],
  [
    'a database that there is not',
    ({ args }) => replace(args, '--database', 'shop-dv'),
    /^database: There is no database shop-dv in eu-west-1; there are: shop-db$/,
  ],
  [
    'a token that Slack refuses',
    ({ env }) => {
      env.SLACK_ACCESS_TOKEN = 'xoxb-1';
    },
    /^slack: Slack refuses SLACK_ACCESS_TOKEN: invalid_auth$/,
  ],
];

describe('doctor', () => {
  it('finds nothing on a sound environment, changes nothing, and reads no value of a secret', async () => {
    const { findings, exitCode, operations, stderr } = await examine();
    expect(stderr).not.toContain('Error');
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(findings.map(({ area }) => area)).toEqual(
      expect.arrayContaining([
        'identity',
        'permission',
        'repository',
        'cluster',
        'service',
        'task definition',
        'container',
        'image',
        'log',
        'secret',
        'role',
        'network',
        'database',
        'slack',
      ]),
    );
    expect(operations.filter((name) => !/^(Describe|List|Get|BatchGet|Simulate)/.test(name))).toEqual([]);
    expect(operations).not.toContain('GetSecretValue');
    expect(operations).not.toContain('GetParameters');
  });

  it.each(planted)('names %s, and nothing else', async (_, plant, expected) => {
    const { faults, exitCode, findings } = await examine(plant);
    expect(faults).toEqual([expect.stringMatching(expected)]);
    expect(exitCode).toBe(2);
    for (const { state, fix } of findings) expect(fix !== undefined).toBe(state === 'fault');
  });

  it('says ? with the missing action where it may not look, which is no fault', async () => {
    const hidden = [
      'ec2:DescribeSubnets',
      'rds:DescribeDBInstances',
      'iam:SimulatePrincipalPolicy',
      'secretsmanager:DescribeSecret',
      'logs:DescribeLogGroups',
    ];
    const { findings, faults, exitCode } = await examine((world) => {
      world.policy = { Statement: { Effect: 'Allow', NotAction: hidden, Resource: '*' } };
    });
    expect(faults).toEqual([]);
    expect(exitCode).toBe(0);
    const unknown = findings.filter(({ state }) => state === 'unknown').map(({ text }) => text);
    expect([...new Set(unknown)].sort()).toEqual(hidden.map((action) => `not permitted: ${action}`).sort());
  });

  it.each([
    [
      ['--network-from-service', 'blog'],
      'network: shop needs a network (awsvpc) to copy, and there is no service blog',
    ],
    [[], 'network: shop needs a network (awsvpc), and the migration is given none'],
  ])('a task with a network of its own needs one: %j', async (given, message) => {
    const { faults } = await examine((world) => {
      const at = world.args.indexOf('--network-from-service');
      world.args.splice(at, 2, ...given);
    });
    expect(faults.filter((one) => one.startsWith('network'))).toEqual([message]);
  });

  it('endpoints do instead of a way out', async () => {
    const { faults } = await examine(({ model: { account } }) => {
      account.routeTables[0].routeSet.item = [];
      for (const name of ['ecr.api', 'ecr.dkr', 's3', 'logs', 'secretsmanager', 'ssm']) {
        account.vpcEndpoints.push({
          vpcId: 'vpc-1',
          serviceName: `com.amazonaws.eu-west-1.${name}`,
          state: 'available',
        });
      }
    });
    expect(faults).toEqual([]);
  });

  it('a range that holds the subnets opens the database too', async () => {
    const open = (range: string) =>
      examine(({ model: { account } }) => {
        account.securityGroups[1].ipPermissions.item = [{ ipProtocol: '-1', ipRanges: { item: [{ cidrIp: range }] } }];
      });
    expect((await open('10.0.0.0/16')).faults).toEqual([]);
    expect((await open('10.0.1.0/24')).faults).toEqual([expect.stringMatching(/^database: Nothing lets sg-app/)]);
  });
});

describe('doctor --config', () => {
  const config = (cluster: string): string => `version: 2.1
orbs: {migrate-deploy: org/migrate-deploy@1}
workflows:
  deploy:
    jobs:
      - migrate-deploy/build_image_and_push: {name: build, repo: shop}
      - migrate-deploy/db_migrate_on_task_run: {name: migrate, cluster: ${cluster}, task_definition: shop, overrides: o.json, network_from_service: shop, requires: [build]}
      - migrate-deploy/service_update_and_notify: {name: update, cluster: ${cluster}, family: shop, requires: [migrate]}
`;

  async function ofConfig(text: string, env: Record<string, string> = {}) {
    const bench = await createWorkbench();
    const files = memoryFiles({
      'c.yml': text,
      'orb.yml': bench.packed,
      'o.json': '{"containerOverrides":[{"name":"app","command":["x"]}]}',
    });
    await bench.close();
    return examine((world) => {
      world.args = ['doctor', 'c.yml', '--orb', 'org/migrate-deploy=orb.yml'];
      world.env = env;
      world.more = { files, circleCi: { expand } };
    });
  }

  it('checks what the stages of a push will touch', async () => {
    const { faults, findings } = await ofConfig(config('live'));
    expect(faults).toEqual([]);
    expect(findings.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['app migrates', 'shop is there (MUTABLE)']),
    );
    expect((await ofConfig(config('liv'))).faults).toEqual([
      expect.stringMatching(/^cluster: There is no cluster liv/),
    ]);
  });

  it('replaces variables as the job will, and asks for those that are not set here', async () => {
    expect((await ofConfig(config('$CLUSTER'), { CLUSTER: 'live' })).faults).toEqual([]);
    const { stderr, exitCode } = await ofConfig(config('$CLUSTER'));
    expect(stderr).toContain('Error: The config needs CLUSTER, which is not set here.');
    expect(exitCode).toBe(2);
  });
});
