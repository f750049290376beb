import { describe, expect, it } from 'vitest';
import { container, examine, registry, replace, roleArn, trust, type World } from './doctor-world.ts';

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
      'cloudwatch:DescribeAlarms',
      'iam:GetRole',
    ];
    const { findings, faults, exitCode } = await examine((world) => {
      world.policy = { Statement: { Effect: 'Allow', NotAction: hidden, Resource: '*' } };
      world.service.deploymentConfiguration.alarms = { enable: true, rollback: true, alarmNames: ['errors'] };
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
