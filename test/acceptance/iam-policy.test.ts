import { expect, it } from 'vitest';
import type { PolicyDocument } from '../local-aws/identity/policy.ts';
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
  const withoutRequest = ['ecs:TagResource', 'iam:PassRole', 'ecr:BatchGetImage'];
  expect(requested(world)).toEqual(actionsOf(policy).filter((action) => !withoutRequest.includes(action)));
}, 120_000);

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
