import {
  ContinueServiceDeploymentCommand,
  DeregisterTaskDefinitionCommand,
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  type ECSClientConfig,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { resourceName } from '../base/arn.ts';
import { TransientError } from '../errors.ts';
import type { EcsPort, RawTaskDefinition } from '../ports.ts';
import { captureJson, sendJson } from './raw-json.ts';
import type { Send } from './send.ts';

/** ECS over the SDK. */
export function connectEcs(config: ECSClientConfig, send: Send): EcsPort {
  const client = new ECSClient(config);
  return {
    // RunTask is safe to repeat only because the caller always passes a clientToken.
    runTask: (input) =>
      send(
        'ecs:RunTask',
        input.clientToken === undefined ? 'change' : 'repeatable',
        async (attempt) => whole(await client.send(new RunTaskCommand(input), attempt), 'tasks'),
        input,
      ),
    describeTasks: (input) =>
      send('ecs:DescribeTasks', 'read', async (attempt) =>
        whole(await client.send(new DescribeTasksCommand(input), attempt), 'tasks'),
      ),
    listTasks: (input) =>
      send('ecs:ListTasks', 'read', async (attempt) =>
        whole(await client.send(new ListTasksCommand(input), attempt), 'taskArns'),
      ),
    stopTask: (input) =>
      send('ecs:StopTask', 'repeatable', (attempt) => client.send(new StopTaskCommand(input), attempt)),
    describeClusters: (input) =>
      send('ecs:DescribeClusters', 'read', (attempt) => client.send(new DescribeClustersCommand(input), attempt)),
    describeTaskDefinition: async (taskDefinition) => {
      const command = new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] });
      const raw = captureJson(command);
      await send('ecs:DescribeTaskDefinition', 'read', async (attempt) =>
        whole(await client.send(command, attempt), 'taskDefinition'),
      );
      const answer = raw() as { taskDefinition?: RawTaskDefinition; tags?: { key: string; value: string }[] };
      return { taskDefinition: answer.taskDefinition ?? {}, tags: answer.tags ?? [] };
    },
    registerTaskDefinition: async (document) => {
      const command = new RegisterTaskDefinitionCommand({ family: undefined, containerDefinitions: undefined });
      sendJson(command, document);
      const raw = captureJson(command);
      await send(
        'ecs:RegisterTaskDefinition',
        'change',
        async (attempt) => whole(await client.send(command, attempt), 'taskDefinition'),
        document,
      );
      return (raw() as { taskDefinition?: RawTaskDefinition }).taskDefinition ?? {};
    },
    deregisterTaskDefinition: async (taskDefinition) => {
      await send('ecs:DeregisterTaskDefinition', 'change', (attempt) =>
        client.send(new DeregisterTaskDefinitionCommand({ taskDefinition }), attempt),
      );
    },
    describeServices: (input) =>
      send('ecs:DescribeServices', 'read', async (attempt) =>
        whole(await client.send(new DescribeServicesCommand(input), attempt), 'services'),
      ),
    updateService: (input) =>
      send('ecs:UpdateService', 'change', (attempt) => client.send(new UpdateServiceCommand(input), attempt)),
    listServiceDeployments: (input) =>
      send('ecs:ListServiceDeployments', 'read', (attempt) =>
        client.send(new ListServiceDeploymentsCommand(input), attempt),
      ),
    describeServiceDeployments: (input) =>
      send('ecs:DescribeServiceDeployments', 'read', (attempt) =>
        client.send(new DescribeServiceDeploymentsCommand(input), attempt),
      ),
    describeServiceRevisions: (input) =>
      send('ecs:DescribeServiceRevisions', 'read', (attempt) =>
        client.send(new DescribeServiceRevisionsCommand(input), attempt),
      ),
    stopServiceDeployment: (input) =>
      send('ecs:StopServiceDeployment', 'repeatable', (attempt) =>
        client.send(new StopServiceDeploymentCommand(input), attempt),
      ),
    continueServiceDeployment: (input) =>
      send('ecs:ContinueServiceDeployment', 'repeatable', (attempt) =>
        client.send(new ContinueServiceDeploymentCommand(input), attempt),
      ),
    listClusters: () =>
      allPages(async (nextToken) => {
        const page = await send('ecs:ListClusters', 'read', (attempt) =>
          client.send(new ListClustersCommand({ nextToken }), attempt),
        );
        return { names: (page.clusterArns ?? []).map(resourceName), nextToken: page.nextToken };
      }),
    listServices: (cluster) =>
      allPages(async (nextToken) => {
        const page = await send('ecs:ListServices', 'read', (attempt) =>
          client.send(new ListServicesCommand({ cluster, nextToken, maxResults: 100 }), attempt),
        );
        return { names: (page.serviceArns ?? []).map(resourceName), nextToken: page.nextToken };
      }),
    listFamilies: (familyPrefix) =>
      allPages(async (nextToken) => {
        const page = await send('ecs:ListTaskDefinitionFamilies', 'read', (attempt) =>
          client.send(new ListTaskDefinitionFamiliesCommand({ familyPrefix, status: 'ACTIVE', nextToken }), attempt),
        );
        return { names: page.families ?? [], nextToken: page.nextToken };
      }),
  };
}

/** ECS always answers with these members, be they empty: an answer without them is of something in between, and says nothing. */
function whole<T extends object>(answer: T, member: keyof T & string): T {
  if (answer[member] !== undefined) return answer;
  throw new TransientError(`an answer without ${member}, which is not one of Amazon ECS`, {
    code: 'IncompleteAnswer',
    throttled: false,
  });
}

async function allPages(
  page: (nextToken: string | undefined) => Promise<{ names: string[]; nextToken: string | undefined }>,
): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const answer = await page(token);
    names.push(...answer.names);
    token = answer.nextToken;
  } while (token !== undefined);
  return names;
}
