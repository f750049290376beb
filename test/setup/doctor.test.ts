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
    'an alarm that rings',
    ({ model, service }) => {
      model.account.alarms.set('errors', 'ALARM');
      service.deploymentConfiguration.alarms = { enable: true, rollback: true, alarmNames: ['errors'] };
    },
    /^alarm: errors is in ALARM: ECS fails every deployment of shop$/,
  ],
  [
    'an alarm that there is not',
    ({ model, service }) => {
      model.account.alarms.set('errors', 'OK');
      service.deploymentConfiguration.alarms = { enable: true, rollback: true, alarmNames: ['errors', 'latency'] };
    },
    /^alarm: There is no alarm latency, which shop watches$/,
  ],
  [
    'a log that cannot be read',
    (world) => {
      world.policy = { Statement: { Effect: 'Allow', NotAction: 'logs:GetLogEvents', Resource: '*' } };
    },
    /^permission: .*user\/deployer cannot read the log of shop: logs:GetLogEvents on .*:log-group:\/ecs\/shop:log-stream:\*$/,
  ],
  [
    'a subnet that there is not',
    ({ model }) => {
      model.account.subnets.shift();
    },
    /^network: shop: The subnet ID 'subnet-a' does not exist$/,
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
      world.policy.Statement = [
        world.policy.Statement,
        { Effect: 'Deny', Action: 'iam:PassRole', Resource: roleArn('task') },
      ].flat();
    },
    /^permission: .*user\/deployer cannot pass the roles of shop to tasks: iam:PassRole on .*role\/task$/,
  ],
  [
    'an action that is not allowed',
    (world) => {
      world.policy.Statement = [
        world.policy.Statement,
        { Effect: 'Deny', Action: 'ecs:UpdateService', Resource: '*' },
      ].flat();
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

/** Faults that leave each other's places alone. */
const sideBySide = [
  'a breaker that leaves failures standing',
  'a time-out that no deployment can keep',
  'an alarm that rings',
  'a tag that cannot move',
  'an image that there is not',
  'a family that there is not',
  'a log group that there is not',
  'a secret that there is not',
  'a parameter that there is not',
  'a role that tasks cannot assume',
  'a role that cannot be passed',
  'an action that is not allowed',
  'a public subnet and no public address',
  'a database that lets nobody in',
  'a token that Slack refuses',
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

  it('names many faults of one environment side by side: none hides another', async () => {
    const together = planted.filter(([name]) => sideBySide.includes(name));
    expect(together).toHaveLength(sideBySide.length);
    const { faults } = await examine((world) => {
      for (const [, plant] of together) plant(world);
    });
    for (const [, , expected] of together) expect(faults).toContainEqual(expect.stringMatching(expected));
    expect(faults).toHaveLength(15);
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

  it('looks at the revision of the service that the migration takes it from', async () => {
    const fromService = (name: string): string =>
      config('live').replace('task_definition: shop', `task_definition_from_service: ${name}`);
    expect((await ofConfig(fromService('shop'))).faults).toEqual([]);
    expect((await ofConfig(fromService('shp'))).faults).toEqual([
      expect.stringContaining('There is no active task definition of the service shp'),
    ]);
  });

  it('before the first push the repository is empty, which is no fault', async () => {
    const { faults, findings } = await examine(
      ({ definition, model }) => {
        model.ecr.store.create('new');
        definition.containerDefinitions[0].image = `${registry}/new:latest`;
        // The image of `shop` is of no use here.
      },
      ['--repository', 'new'],
    );
    expect(faults).toEqual([]);
    expect(findings.map(({ text }) => text)).toContain('new is empty: the first push builds the image of app');
  });

  it('replaces variables as the job will, and asks for those that are not set here', async () => {
    expect((await ofConfig(config('$CLUSTER'), { CLUSTER: 'live' })).faults).toEqual([]);
    const { stderr, exitCode } = await ofConfig(config('$CLUSTER'));
    expect(stderr).toContain('Error: The config needs CLUSTER, which is not set here.');
    expect(exitCode).toBe(2);
  });
});

describe('doctor --config, of jobs that assume a role', () => {
  const organization = '11111111-2222-4333-8444-555555555555';
  const project = '66666666-7777-4888-8999-000000000000';
  const provider = `oidc.circleci.com/org/${organization}`;
  const ci = roleArn('ci');
  const config = `version: 2.1
orbs: {migrate-deploy: org/migrate-deploy@1}
workflows:
  deploy:
    jobs:
      - migrate-deploy/build_image_and_push: {name: build, role_arn: "${ci}", repo: shop}
      - migrate-deploy/db_migrate_on_task_run: {name: migrate, role_arn: "${ci}", cluster: live, task_definition: shop, overrides: o.json, network_from_service: shop, requires: [build]}
      - migrate-deploy/service_update_and_notify: {name: update, role_arn: "${ci}", cluster: live, service: shop, requires: [migrate]}
`;

  /** The policies that iam-policy prints for this pipeline. */
  async function printedPolicies(...more: string[]): Promise<{ policy: Json; trustPolicy: Json }> {
    const { stdout } = await runCommand([
      ...['iam-policy', '--account', '123456789012', '--region', 'eu-west-1', '--cluster', 'live'],
      ...['--repository', 'shop', '--task-definition', 'shop', '--service', 'shop', '--network-from-service', 'shop'],
      ...['--pass-role', `${roleArn('task')},${roleArn('execution')}`, '--log-group', '/ecs/shop'],
      ...['--organization-id', organization, '--project-id', project, '--output', 'json', ...more],
    ]);
    return JSON.parse(stdout);
  }

  async function ofRole(
    plant: (policies: { policy: Json; trustPolicy: Json }, model: LocalAws) => void = () => undefined,
    more: string[] = [],
  ) {
    const bench = await createWorkbench();
    const files = memoryFiles({
      'c.yml': config,
      'orb.yml': bench.packed,
      'o.json': '{"containerOverrides":[{"name":"app","command":["x"]}]}',
    });
    await bench.close();
    const policies = await printedPolicies('--branch', 'main');
    return examine((world) => {
      const { model } = world;
      model.identity.createOidcProvider({ url: `https://${provider}`, clientIds: [organization], keys: undefined });
      plant(policies, model);
      if (policies.trustPolicy !== undefined) model.identity.access.createRole('ci', policies.trustPolicy as never);
      model.identity.enforce(ci, policies.policy as never);
      world.args = ['doctor', 'c.yml', '--orb', 'org/migrate-deploy=orb.yml', ...more];
      world.more = { files, circleCi: { expand } };
    });
  }
  const condition = ({ trustPolicy }: { trustPolicy: Json }): Json => trustPolicy.Statement[0].Condition;
  const known = ['--organization-id', organization, '--project-id', project];

  it.each([[[]], [known]])('finds nothing where both policies are those that iam-policy prints: %j', async (more) => {
    const { findings, exitCode } = await ofRole(undefined, more);
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(exitCode).toBe(0);
    const texts = findings.map(({ text }) => text);
    expect(texts).toContain(`${ci} lets in the tokens of these jobs`);
    expect(texts).toContain(`The policies of ${ci} allow what the stages do`);
  });

  const faults: [string, Parameters<typeof ofRole>[0], string[], RegExp][] = [
    [
      'a role that there is not',
      (policies) => {
        policies.trustPolicy = undefined as never;
      },
      [],
      /^trust: There is no role .*role\/ci$/,
    ],
    [
      'a role for services alone',
      (policies) => {
        policies.trustPolicy = trust;
      },
      [],
      /^trust: .*role\/ci trusts no OIDC provider of CircleCI$/,
    ],
    [
      'the wrong action',
      ({ trustPolicy }) => {
        trustPolicy.Statement[0].Action = 'sts:AssumeRole';
      },
      [],
      /its Action is not sts:AssumeRoleWithWebIdentity$/,
    ],
    [
      'no provider in the account',
      (_policies, model) => {
        model.identity.providers.length = 0;
      },
      [],
      /^trust: There is no OIDC provider arn:aws:iam::123456789012:oidc-provider\/oidc\.circleci\.com/,
    ],
    [
      'a provider for another audience',
      (_policies, model) => {
        model.identity.providers.length = 0;
        model.identity.createOidcProvider({
          url: `https://${provider}`,
          clientIds: ['sts.amazonaws.com'],
          keys: undefined,
        });
      },
      [],
      /takes the audience sts\.amazonaws\.com, not 11111111/,
    ],
    [
      'a trust policy for another audience',
      (policies) => {
        condition(policies).StringEquals[`${provider}:aud`] = 'sts.amazonaws.com';
      },
      [],
      /wants the audience sts\.amazonaws\.com; that of the tokens is 11111111/,
    ],
    [
      'another branch',
      (policies) => {
        const { StringLike } = condition(policies);
        StringLike[`${provider}:sub`] = StringLike[`${provider}:sub`].replace('/main', '/staging');
      },
      [],
      /wants the subject .*refs\/heads\/staging; that of a job is .*vcs-ref\/refs\/heads\/main$/,
    ],
    [
      'a subject without its end',
      (policies) => {
        condition(policies).StringLike[`${provider}:sub`] = `org/${organization}/project/${project}/user`;
      },
      [],
      /wants the subject .*\/user; that of a job is/,
    ],
    [
      'the placeholder of the printed policy',
      (policies) => {
        condition(policies).StringLike[`${provider}:sub`] = `org/${organization}/project/PROJECT_ID/user/*`;
      },
      [],
      /still has the placeholder PROJECT_ID/,
    ],
    [
      'another project',
      undefined,
      ['--project-id', '00000000-0000-4000-8000-000000000000'],
      /wants the subject .*; that of a job is .*00000000-0000/,
    ],
    [
      'another organization',
      undefined,
      ['--organization-id', '00000000-0000-4000-8000-000000000000'],
      /trusts the organization 11111111.*, and yours is 00000000/,
    ],
    [
      'an action that the role lacks, whatever the caller may do',
      ({ policy }) => {
        policy.Statement = policy.Statement.filter(({ Sid }: Json) => Sid !== 'UpdateServices');
      },
      [],
      /^permission: arn:aws:iam::123456789012:role\/ci is not authorized to ecs:UpdateService$/,
    ],
  ];
  it.each(faults)('names %s, and nothing else', async (_, plant, more, expected) => {
    const { faults: found, exitCode } = await ofRole(plant, more);
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(exitCode).toBe(2);
  });

  it('says ? of a condition that it cannot judge', async () => {
    const { findings, faults: found } = await ofRole((policies) => {
      condition(policies).IpAddress = { 'aws:SourceIp': '192.0.2.0/24' };
    });
    expect(found).toEqual([]);
    expect(findings.filter(({ state }) => state === 'unknown').map(({ text }) => text)).toEqual([
      `${ci} has the condition IpAddress aws:SourceIp: not judged`,
    ]);
  });
});
