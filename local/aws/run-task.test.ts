import { DescribeTasksCommand, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import type { LocalAws } from './local-aws.ts';
import { fargateDefinition, soundRunTask, testModel } from './test-client.ts';
import type { Json } from './wire.ts';

const override = (more: object): object => ({ overrides: { containerOverrides: [{ name: 'app', ...more }] } });

describe('RunTask refuses, in the words of ECS', () => {
  test.each<[string, object, string, string, ((model: LocalAws) => void)?]>([
    ['an unknown cluster', { cluster: 'nope' }, 'ClusterNotFoundException', 'Cluster not found.'],
    ['an unknown definition', { taskDefinition: 'nope' }, 'ClientException', 'TaskDefinition not found.'],
    [
      'an inactive definition',
      { taskDefinition: 'app:1' },
      'InvalidParameterException',
      'TaskDefinition is inactive',
      (model) => model.taskDefinitions.deregister('app:1'),
    ],
    [
      'an override for an unknown container',
      override({ name: 'web' }),
      'InvalidParameterException',
      'Override for container named web is not a container in the TaskDefinition.',
    ],
    [
      'overrides of more than 8192 characters',
      override({ command: ['x'.repeat(8192)] }),
      'InvalidParameterException',
      'Container Overrides length must be at most 8192',
    ],
    [
      'a command that is no list',
      override({ command: 'x' }),
      'SerializationException',
      'Unexpected value type in payload for command',
    ],
    [
      'awsvpc without a network',
      { networkConfiguration: undefined },
      'InvalidParameterException',
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ],
    [
      '17 subnets',
      { networkConfiguration: { awsvpcConfiguration: { subnets: Array.from({ length: 17 }, () => 's') } } },
      'InvalidParameterException',
      'subnets can have at most 16 items.',
    ],
    [
      'a subnet that does not exist',
      {},
      'InvalidParameterException',
      "Error retrieving subnet information for [subnet-1]: The subnet ID 'subnet-1' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
      (model) => model.settings.missingSubnets.push('subnet-1'),
    ],
    [
      'a security group of another VPC',
      { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-9'] } } },
      'InvalidParameterException',
      'Security group sg-9 does not appear to belong to the same VPC as the input subnets.',
      (model) => model.settings.foreignSecurityGroups.push('sg-9'),
    ],
    [
      'launch type and strategy together',
      { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
      'InvalidParameterException',
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    ],
    [
      'EC2 without instances',
      { launchType: 'EC2' },
      'InvalidParameterException',
      'No Container Instances were found in your cluster.',
    ],
    [
      'a definition that is not for Fargate',
      { taskDefinition: 'ec2' },
      'InvalidParameterException',
      'Task definition does not support launch_type FARGATE.',
      (model) => model.taskDefinitions.register({ family: 'ec2', containerDefinitions: [{ name: 'app', image: 'x' }] }),
    ],
    [
      'an unknown platform version',
      { platformVersion: '9.9.9' },
      'PlatformUnknownException',
      "The specified platform version doesn't exist.",
    ],
    [
      'a platform version that is too old',
      { platformVersion: '1.0.0' },
      'PlatformTaskDefinitionIncompatibilityException',
      "The specified platform version doesn't satisfy the required capabilities of the task definition.",
    ],
    ['11 tasks at once', { count: 11 }, 'InvalidParameterException', 'Count must be between 1 and 10.'],
    [
      'startedBy of more than 128 characters',
      { startedBy: 'x'.repeat(129) },
      'InvalidParameterException',
      'startedBy longer than 128.',
    ],
    [
      'a client token of 65 characters',
      { clientToken: 'x'.repeat(65) },
      'InvalidParameterException',
      'clientToken must be up to 64 ASCII characters in the range of 33-126.',
    ],
    [
      'propagateTags SERVICE',
      { propagateTags: 'SERVICE' },
      'InvalidParameterException',
      'propagateTags SERVICE is not valid for RunTask.',
    ],
    ['tags of AWS', { tags: [{ key: 'aws:x', value: '' }] }, 'InvalidParameterException', 'Invalid tag.'],
    [
      'a role that cannot be assumed',
      {},
      'ClientException',
      "ECS was unable to assume the role 'arn:aws:iam::1:role/t' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
      (model) => {
        model.settings.unassumableRoles.push('arn:aws:iam::1:role/t');
        model.taskDefinitions.register({ ...fargateDefinition('app'), taskRoleArn: 'arn:aws:iam::1:role/t' });
      },
    ],
  ])('%s', async (_situation, more, name, message, arrange) => {
    const { model, ecs } = testModel();
    arrange?.(model);
    await expect(ecs.send(new RunTaskCommand({ ...soundRunTask, ...more }))).rejects.toMatchObject({ name, message });
    expect(model.tasks.tasks.size).toBe(0);
  });
});

describe('RegisterTaskDefinition refuses', () => {
  test.each<[string, object, string]>([
    ['sizes that Fargate does not offer', { memory: '300' }, 'No Fargate configuration exists for given values.'],
    [
      'secrets without an execution role',
      { containerDefinitions: [{ name: 'a', image: 'x', secrets: [{ name: 'S', valueFrom: 'arn' }] }] },
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'",
    ],
    ['no containers', { containerDefinitions: [] }, 'Container list cannot be empty.'],
    [
      'a container without image',
      { containerDefinitions: [{ name: 'a' }] },
      'Container.image should not be null or empty.',
    ],
  ])('%s', async (_situation, more, message) => {
    const { ecs } = testModel();
    const send = ecs.send(new RegisterTaskDefinitionCommand({ ...fargateDefinition('app'), ...more }));
    await expect(send).rejects.toMatchObject({ name: 'ClientException', message });
  });
});

describe('client tokens', () => {
  const run = (ecs: ReturnType<typeof testModel>['ecs'], more: object = {}) =>
    ecs.send(new RunTaskCommand({ ...soundRunTask, clientToken: 'token-1', ...more }));

  test('the same request gets the same task', async () => {
    const { model, ecs } = testModel();
    const [first, second] = [await run(ecs), await run(ecs)];
    expect(second.tasks?.[0]?.taskArn).toBe(first.tasks?.[0]?.taskArn);
    expect(model.tasks.tasks.size).toBe(1);
  });

  test('another request under the same token is a conflict that names the tasks', async () => {
    const { ecs } = testModel();
    const { tasks } = await run(ecs);
    await expect(run(ecs, { startedBy: 'x' })).rejects.toMatchObject({
      name: 'ConflictException',
      resourceIds: [tasks?.[0]?.taskArn],
    });
  });

  test('the scope is the cluster', async () => {
    const { model, ecs } = testModel();
    model.clusters.create('prod');
    await run(ecs);
    await run(ecs, { cluster: 'prod' });
    expect(model.tasks.tasks.size).toBe(2);
  });

  test('a replay of a stopped task shows three members; an hour after its end the token is forgotten', async () => {
    const { model, ecs } = testModel();
    const first = await run(ecs);
    model.clock.advance(10 * 60_000);
    const replay = await run(ecs);
    expect(JSON.parse(JSON.stringify(replay.tasks))).toEqual([
      { taskArn: first.tasks?.[0]?.taskArn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED' },
    ]);
    model.clock.advance(3_600_000);
    expect((await run(ecs)).tasks?.[0]?.taskArn).not.toBe(first.tasks?.[0]?.taskArn);
    expect(model.tasks.tasks.size).toBe(2);
  });

  test('a task that runs on keeps its token for 24 hours', async () => {
    const { model, ecs } = testModel();
    model.behaviours.script({}, {});
    await run(ecs);
    model.clock.advance(23.9 * 3_600_000);
    await run(ecs);
    expect(model.tasks.tasks.size).toBe(1);
    model.clock.advance(0.2 * 3_600_000);
    await run(ecs);
    expect(model.tasks.tasks.size).toBe(2);
  });

  test('a request that placed nothing is remembered too', async () => {
    const { model, ecs } = testModel();
    model.settings.runTaskFailures = [[{ reason: 'RESOURCE:CPU' }]];
    await run(ecs);
    expect((await run(ecs)).failures).toMatchObject([{ reason: 'RESOURCE:CPU' }]);
    expect(model.tasks.tasks.size).toBe(0);
  });
});

describe('a task that was started', () => {
  test('echoes its overrides with every container, and takes command and environment from them', async () => {
    const { model, ecs } = testModel({
      command: ['serve'],
      environment: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    });
    const more: Json = override({ command: ['migrate'], environment: [{ name: 'B', value: '3' }] });
    const { tasks } = await ecs.send(new RunTaskCommand({ ...soundRunTask, ...more }));
    expect(tasks?.[0]?.overrides).toMatchObject({ ...more.overrides, inferenceAcceleratorOverrides: [] });
    const [task] = model.tasks.tasks.values();
    expect(task?.containers[0]).toMatchObject({ command: ['migrate'], environment: { A: '1', B: '3' } });
  });

  test('whose log group is missing never starts', async () => {
    const options = { 'awslogs-group': '/nope', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' };
    const { model, ecs } = testModel({ logConfiguration: { logDriver: 'awslogs', options } });
    const { tasks } = await ecs.send(new RunTaskCommand(soundRunTask));
    model.clock.advance(120_000);
    const answer = await ecs.send(new DescribeTasksCommand({ tasks: [tasks?.[0]?.taskArn ?? ''] }));
    expect(answer.tasks?.[0]).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringContaining('The specified log group does not exist.'),
    });
    expect(answer.tasks?.[0]?.startedAt).toBeUndefined();
    expect(answer.tasks?.[0]?.containers?.[0]?.exitCode).toBeUndefined();
    expect(model.truth.runs).toEqual([]);
  });
});
