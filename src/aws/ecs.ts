import {
  DeregisterTaskDefinitionCommand,
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  type ECSClientConfig,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { EcsPort, RawTaskDefinition } from '../ports.ts';
import { captureJson, sendJson } from './raw-json.ts';
import type { Send } from './send.ts';

/** ECS over the SDK. */
export function connectEcs(config: ECSClientConfig, send: Send): EcsPort {
  const client = new ECSClient(config);
  return {
    // RunTask is safe to repeat only because the caller always passes a clientToken.
    runTask: (input) =>
      send('ecs:RunTask', input.clientToken === undefined ? 'when-refused' : 'always', () =>
        client.send(new RunTaskCommand(input)),
      ),
    describeTasks: (input) => send('ecs:DescribeTasks', 'always', () => client.send(new DescribeTasksCommand(input))),
    listTasks: (input) => send('ecs:ListTasks', 'always', () => client.send(new ListTasksCommand(input))),
    stopTask: (input) => send('ecs:StopTask', 'always', () => client.send(new StopTaskCommand(input))),
    describeClusters: (input) =>
      send('ecs:DescribeClusters', 'always', () => client.send(new DescribeClustersCommand(input))),
    describeTaskDefinition: async (taskDefinition) => {
      const command = new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] });
      const raw = captureJson(command);
      await send('ecs:DescribeTaskDefinition', 'always', () => client.send(command));
      const answer = raw() as { taskDefinition?: RawTaskDefinition; tags?: { key: string; value: string }[] };
      return { taskDefinition: answer.taskDefinition ?? {}, tags: answer.tags ?? [] };
    },
    registerTaskDefinition: async (document) => {
      const command = new RegisterTaskDefinitionCommand({ family: undefined, containerDefinitions: undefined });
      sendJson(command, document);
      const raw = captureJson(command);
      await send('ecs:RegisterTaskDefinition', 'when-refused', () => client.send(command));
      return (raw() as { taskDefinition?: RawTaskDefinition }).taskDefinition ?? {};
    },
    deregisterTaskDefinition: async (taskDefinition) => {
      await send('ecs:DeregisterTaskDefinition', 'always', () =>
        client.send(new DeregisterTaskDefinitionCommand({ taskDefinition })),
      );
    },
    describeServices: (input) =>
      send('ecs:DescribeServices', 'always', () => client.send(new DescribeServicesCommand(input))),
    updateService: (input) =>
      send('ecs:UpdateService', 'when-refused', () => client.send(new UpdateServiceCommand(input))),
    listServiceDeployments: (input) =>
      send('ecs:ListServiceDeployments', 'always', () => client.send(new ListServiceDeploymentsCommand(input))),
    describeServiceDeployments: (input) =>
      send('ecs:DescribeServiceDeployments', 'always', () => client.send(new DescribeServiceDeploymentsCommand(input))),
    describeServiceRevisions: (input) =>
      send('ecs:DescribeServiceRevisions', 'always', () => client.send(new DescribeServiceRevisionsCommand(input))),
    stopServiceDeployment: (input) =>
      send('ecs:StopServiceDeployment', 'when-refused', () => client.send(new StopServiceDeploymentCommand(input))),
  };
}
