import { DescribeTasksCommand, ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { LocalAws } from './local-aws.ts';
import { requestHandler } from './request-handler.ts';

const network = { awsvpcConfiguration: { subnets: ['subnet-1'] } };

function start() {
  const model = new LocalAws();
  const ecs = new ECSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 's' },
    requestHandler: requestHandler(model) as never,
    maxAttempts: 1,
  });
  model.logs.createGroup('/ecs/app');
  return { model, ecs };
}

async function register(ecs: ECSClient, container: object = {}): Promise<void> {
  const logConfiguration = {
    logDriver: 'awslogs' as const,
    options: { 'awslogs-group': '/ecs/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' },
  };
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'app',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [{ name: 'app', image: 'nginx:1', logConfiguration, ...container }],
    }),
  );
}

describe('the life of a one-off task', () => {
  test('states and times follow those of a real Fargate task', async () => {
    const { model, ecs } = start();
    await register(ecs);
    const { tasks } = await ecs.send(
      new RunTaskCommand({ taskDefinition: 'app', launchType: 'FARGATE', networkConfiguration: network }),
    );
    const look = async () => {
      const answer = await ecs.send(new DescribeTasksCommand({ tasks: [tasks?.[0]?.taskArn ?? ''] }));
      return answer.tasks?.[0];
    };
    const seen: string[] = [];
    for (let second = 0; second < 90; second++) {
      const status = (await look())?.lastStatus ?? 'none';
      if (seen.at(-1) !== status) seen.push(status);
      model.clock.advance(1000);
    }
    expect(seen).toEqual(['PROVISIONING', 'PENDING', 'RUNNING', 'DEPROVISIONING', 'STOPPED']);
    const task = await look();
    const since = (date: Date | undefined) => (date?.getTime() ?? Number.NaN) - (task?.createdAt?.getTime() ?? 0);
    expect({
      pullStarted: since(task?.pullStartedAt),
      started: since(task?.startedAt),
      executionStopped: since(task?.executionStoppedAt),
      stopping: since(task?.stoppingAt),
      stopped: since(task?.stoppedAt),
      stopCode: task?.stopCode,
      exitCode: task?.containers?.[0]?.exitCode,
    }).toEqual({
      pullStarted: 12_500,
      started: 27_400,
      executionStopped: 37_400,
      stopping: 47_400,
      stopped: 60_400,
      stopCode: 'EssentialContainerExited',
      exitCode: 0,
    });
  });
});
