import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../local/aws/identity/policy.ts';
import { accountId, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const scope = [
  ...['--account', accountId, '--region', 'eu-west-1', '--cluster', 'hoge-stg', '--repository', 'hoge-stg'],
  ...['--task-definition', 'hoge-service-stg,hoge-apps-service-stg', '--service', 'hoge-apps-service-stg'],
  ...['--log-group', '/ecs/hoge-stg', '--network-from-service', 'hoge-apps-service-stg'],
  ...['--pass-role', `arn:aws:iam::${accountId}:role/ecsTaskExecutionRole,arn:aws:iam::${accountId}:role/hoge-task`],
];
const ci = `arn:aws:iam::${accountId}:user/ci`;

async function enforcePrinted(world: PipelineWorld, more: string[] = []): Promise<PolicyDocument> {
  const { stdout, exitCode } = await world.run(['iam-policy', ...scope, ...more, '--output', 'json']);
  expect(exitCode).toBe(0);
  const { policy } = JSON.parse(stdout) as { policy: PolicyDocument };
  world.model.identity.enforce(ci, policy);
  return policy;
}

const actionsOf = (policy: PolicyDocument): string[] =>
  [...new Set([policy.Statement].flat().flatMap(({ Action = [] }) => [Action].flat() as string[]))].sort();
const requested = ({ model }: PipelineWorld): string[] =>
  [...new Set(model.requests.map(({ service, operation }) => `${service}:${operation}`))].sort();

it('the printed policy is enough for the whole pipeline, green and red, and holds nothing that no request needs', async () => {
  const world = await pipelineWorld();
  const policy = await enforcePrinted(world, ['--on-failure', 'rollback', '--on-timeout', 'stop']);
  world.model.requests.length = 0;
  expect((await world.build()).exitCode).toBe(0);
  expect((await world.migrate()).exitCode).toBe(0);
  expect((await world.deploy()).exitCode).toBe(0);
  // A migration that runs out of time and is stopped, then a rollout that fails and is rolled back.
  world.model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 9_000_000, exitCode: 0 });
  expect((await world.migrate('--timeout', '10m', '--on-timeout', 'stop', '--env', 'AGAIN=1')).exitCode).toBe(3);
  const broken = world.model.ecr.push('hoge-stg', ['broken'], 'broken');
  world.model.behaviours.script({ image: broken }, { runMs: 1_000, exitCode: 1 });
  const service = ['update-service-and-verify', '--cluster', 'hoge-stg', '--service', 'hoge-apps-service-stg'];
  const failed = await world.run([
    ...service,
    '--image',
    `${world.uri}:broken`,
    '--on-failure',
    'rollback',
    '--max-failed-tasks',
    '1',
  ]);
  expect(failed.stdout + failed.stderr).not.toContain('not authorized');
  expect([failed.exitCode, failed.stderr]).toEqual([1, '']);

  expect(world.model.requests.filter(({ errorType }) => errorType?.startsWith('AccessDenied'))).toEqual([]);
  // Passing roles and tagging have no request of their own; asking for a manifest before pushing it is what engines with
  // containerd's image store do (AWS lists it among the permissions for a push), the stand-in does not.
  // A revision is deregistered only where no task ever ran it.
  const withoutRequest = ['ecs:TagResource', 'iam:PassRole', 'ecr:BatchGetImage', 'ecs:DeregisterTaskDefinition'];
  expect(requested(world)).toEqual(actionsOf(policy).filter((action) => !withoutRequest.includes(action)));
});

it.each([
  ['ecs:RunTask', 'RunTask', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/hoge-service-stg:1'],
  ['iam:PassRole', 'RunTask', `arn:aws:iam::${accountId}:role/`],
  ['ecs:DescribeTaskDefinition', 'DescribeTaskDefinition', '*'],
])(
  'without %s a migration stops with a message that names it, its resource, and starts nothing',
  async (action, operation, resource) => {
    const world = await pipelineWorld();
    await enforcePrinted(world);
    const policy = await enforcePrinted(world);
    const statements = [policy.Statement].flat().filter(({ Action = [] }) => ![Action].flat().includes(action));
    world.model.identity.enforce(ci, { Statement: statements });
    const { exitCode, stdout, stderr } = await world.migrate();
    expect(stdout + stderr).toContain(`is not authorized to perform: ${action} on resource: ${resource}`);
    expect(stderr).toMatch(/Fix: Allow .*`migrate-deploy iam-policy` prints the policy/);
    expect(exitCode).toBe(2);
    expect(
      world.model.requests.some((request) => request.operation === operation && request.errorType !== undefined),
    ).toBe(true);
    expect(world.model.truth.runs.filter(({ family }) => family === 'hoge-service-stg')).toEqual([]);
  },
);

const service = 'hoge-apps-service-stg';
const migration = ['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg'];
const words = ['--', 'rails', 'db:migrate'];
// The form that AWS gives out: an address on this machine has to be asked about first.
const uri = `${accountId}.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg`;

it.each<[string, string[], string[]]>([
  [
    'a migration on the definition as it is',
    ['--for', 'run-migration-task', '--no-logs'],
    [...migration, '--subnets', 'subnet-1', '--launch-type', 'FARGATE', '--exclusive', 'ignore', '--no-logs', ...words],
  ],
  [
    'a migration of an image, with tags',
    ['--for', 'run-migration-task', '--image', 'x', '--tag', 'a=b'],
    [...migration, '--network-from-service', service, '--image', `${uri}:latest`, '--tag', 'a=b', ...words],
  ],
  [
    'a rollout of an image',
    ['--for', 'update-service-and-verify', '--image', 'x'],
    ['update-service-and-verify', '--cluster', 'hoge-stg', '--service', service, '--image', `${uri}:next`],
  ],
  [
    'a build into a repository that is made for it',
    ['--for', 'build-and-push-image', '--create-repository', '--repository', 'fresh'],
    ['build-and-push-image', '--repository', 'fresh', '--tag', 'v1', '--create-repository'],
  ],
])('%s needs no more than its own policy', async (_what, options, command) => {
  const world = await pipelineWorld();
  world.model.ecr.push('hoge-stg', ['next'], 'version 2');
  await enforcePrinted(world, options);
  const { exitCode, stdout, stderr } = await world.run(command);
  expect(stdout + stderr).not.toContain('not authorized');
  expect(exitCode, stdout + stderr).toBe(0);
});

describe('day two', () => {
  const service = 'hoge-apps-service-stg';
  const at = ['--cluster', 'hoge-stg', '--service', service];
  const hooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
  const strategy = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks: hooks };

  /** Two versions were deployed, and perhaps a third one is paused, by somebody with more rights. */
  async function world(isPaused: boolean): Promise<PipelineWorld> {
    const made = await pipelineWorld();
    const call = (operation: string, input: object) =>
      made.model.operations.ecs[operation]?.(input, {
        ...{ service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 },
      });
    for (const tag of ['one', 'two']) {
      made.model.ecr.push('hoge-stg', [tag], `content of ${tag}`);
      const deployed = await made.run(['update-service-and-verify', ...at, '--image', `${made.uri}:${tag}`]);
      expect(deployed.exitCode, deployed.stdout).toBe(0);
      made.model.clock.advance(3_600_000);
    }
    if (isPaused) {
      await call('UpdateService', { cluster: 'hoge-stg', service, deploymentConfiguration: strategy });
      const image = ['--image', `${made.uri}:latest`];
      const rollout = await made.run(['update-service-and-verify', ...at, ...image, '--until', 'paused']);
      expect(rollout.exitCode, rollout.stdout).toBe(0);
    }
    return made;
  }
  it.each<[string, boolean, string[][]]>([
    [
      'status',
      true,
      [
        ['status', ...at],
        ['status', '--cluster', 'hoge-stg'],
      ],
    ],
    [
      'rollback-service',
      false,
      [
        ['rollback-service', ...at],
        ['rollback-service', ...at, '--to', 'two'],
      ],
    ],
    ['rollback-service', true, [['rollback-service', ...at]]],
    ['continue-deployment', true, [['continue-deployment', ...at, '--action', 'continue']]],
    ['continue-deployment', true, [['continue-deployment', ...at, '--action', 'rollback']]],
  ])('%s needs no more than its own policy (paused: %s)', async (command, isPaused, runs) => {
    const made = await world(isPaused);
    const printed = await made.run([
      ...['iam-policy', '--for', command, '--account', accountId, '--region', 'eu-west-1', '--cluster', 'hoge-stg'],
      ...[
        '--repository',
        'hoge-stg',
        '--task-definition',
        service,
        ...(command === 'status' ? [] : ['--service', service]),
      ],
      ...[
        '--pass-role',
        `arn:aws:iam::${accountId}:role/ecsTaskExecutionRole,arn:aws:iam::${accountId}:role/hoge-task`,
      ],
      ...['--output', 'json'],
    ]);
    const { policy } = JSON.parse(printed.stdout) as { policy: PolicyDocument };
    // A registry on this machine is asked whether it is ECR's stand-in; real ECR is known by its address.
    const standIn = { Effect: 'Allow' as const, Action: 'ecr:DescribeRepositories', Resource: '*' };
    made.model.identity.enforce(ci, { ...policy, Statement: [...[policy.Statement].flat(), standIn] });
    made.model.requests.length = 0;
    for (const args of runs) {
      const { exitCode, stdout, stderr } = await made.run(args);
      expect([stdout + stderr, exitCode]).toEqual([expect.not.stringContaining('not authorized'), 0]);
      made.model.clock.advance(3_600_000);
    }
    expect(made.model.requests.filter(({ errorType }) => errorType?.startsWith('AccessDenied'))).toEqual([]);
  });
});

it('waiting for a task by its id needs no more than its own policy', async () => {
  const world = await pipelineWorld();
  expect((await world.migrate()).exitCode).toBe(0);
  const { taskArn } = await world.record('run-migration-task');
  await enforcePrinted(world, ['--for', 'wait-for-task']);
  const task = taskArn.split('/').at(-1);
  const { exitCode, stdout, stderr } = await world.run(['wait-for-task', '--cluster', 'hoge-stg', '--task', task]);
  expect(exitCode, stdout + stderr).toBe(0);
});
