import type { World } from '../part.ts';
import type { Call, Json } from '../wire.ts';
import type { Permission } from './policy.ts';

/** What the authorizer must know of a task definition. */
export interface TaskDefinitionRoles {
  taskDefinitionArn: string;
  taskRoleArn?: string | undefined;
  executionRoleArn?: string | undefined;
}

/** Looks a task definition up by family, family:revision or ARN. */
export type FindTaskDefinition = (reference: string) => TaskDefinitionRoles | undefined;

interface Place {
  world: World;
  find: FindTaskDefinition;
}
type Rule = (input: Json, place: Place) => Permission[];

/** The permissions that a call needs, after AWS's service authorization reference. */
export function permissionsFor(call: Call, world: World, find: FindTaskDefinition): Permission[] {
  const rule = rules[`${call.service}:${call.operation}`];
  const place = { world, find };
  const needed = rule?.(call.input ?? {}, place) ?? [{ action: actionOf(call), resources: ['*'], context: {} }];
  return needed.map((permission) => ({
    ...permission,
    context: { ...permission.context, 'aws:RequestedRegion': call.region },
  }));
}

/** The IAM action of a call: its service and operation. */
function actionOf({ service, operation }: Pick<Call, 'service' | 'operation'>): string {
  return `${service}:${operation}`;
}

const rules: Readonly<Record<string, Rule>> = {
  'ecs:RunTask': (input, place) => {
    const cluster = clusterArn(input.cluster, place);
    const definition = place.find(String(input.taskDefinition));
    const resource = definition?.taskDefinitionArn ?? arn(place, `task-definition/${input.taskDefinition}`);
    return [
      { action: 'ecs:RunTask', resources: [resource], context: { 'ecs:cluster': cluster } },
      ...tagging(input, 'RunTask', arn(place, `task/${clusterName(cluster)}/*`)),
      ...passing([
        input.overrides?.taskRoleArn ?? definition?.taskRoleArn,
        input.overrides?.executionRoleArn ?? definition?.executionRoleArn,
      ]),
    ];
  },
  'ecs:RegisterTaskDefinition': (input, place) => [
    // Registering knows no resource: refusals in the wild end in "on resource: *".
    { action: 'ecs:RegisterTaskDefinition', resources: ['*'], context: {} },
    ...tagging(input, 'RegisterTaskDefinition', arn(place, `task-definition/${input.family}:*`)),
    ...passing([input.taskRoleArn, input.executionRoleArn]),
  ],
  'ecs:DescribeTasks': (input, place) => onTasks('ecs:DescribeTasks', input.tasks ?? [], input, place),
  'ecs:StopTask': (input, place) => onTasks('ecs:StopTask', [input.task], input, place),
  'ecs:ListTasks': (input, place) => [
    { action: 'ecs:ListTasks', resources: ['*'], context: { 'ecs:cluster': clusterArn(input.cluster, place) } },
  ],
  'ecs:DescribeServices': (input, place) => onServices('ecs:DescribeServices', input.services ?? [], input, place),
  'ecs:UpdateService': (input, place) => onServices('ecs:UpdateService', [input.service], input, place),
  'ecs:DeleteService': (input, place) => onServices('ecs:DeleteService', [input.service], input, place),
  'ecs:CreateService': (input, place) => [
    ...onServices('ecs:CreateService', [input.serviceName], input, place),
    ...tagging(
      input,
      'CreateService',
      arn(place, `service/${clusterName(clusterArn(input.cluster, place))}/${input.serviceName}`),
    ),
  ],
  'ecs:ListServices': (input, place) => [
    { action: 'ecs:ListServices', resources: ['*'], context: { 'ecs:cluster': clusterArn(input.cluster, place) } },
  ],
  'ecs:ListContainerInstances': (input, place) => [
    { action: 'ecs:ListContainerInstances', resources: [clusterArn(input.cluster, place)], context: {} },
  ],
  ...Object.fromEntries(
    ['ListTagsForResource', 'TagResource', 'UntagResource'].map((operation): [string, Rule] => [
      `ecs:${operation}`,
      (input) => [{ action: `ecs:${operation}`, resources: [String(input.resourceArn)], context: {} }],
    ]),
  ),
  'ecs:ContinueServiceDeployment': (input) => [
    { action: 'ecs:ContinueServiceDeployment', resources: [String(input.serviceDeploymentArn)], context: {} },
  ],
  'ecs:ListServiceDeployments': (input, place) =>
    onServices('ecs:ListServiceDeployments', [input.service], input, place),
  'ecs:DescribeServiceDeployments': (input) => [
    { action: 'ecs:DescribeServiceDeployments', resources: input.serviceDeploymentArns ?? [], context: {} },
  ],
  'ecs:StopServiceDeployment': (input) => [
    { action: 'ecs:StopServiceDeployment', resources: [String(input.serviceDeploymentArn)], context: {} },
  ],
  'ecs:DescribeServiceRevisions': (input) => [
    { action: 'ecs:DescribeServiceRevisions', resources: input.serviceRevisionArns ?? [], context: {} },
  ],
  'ecs:DescribeClusters': (input, place) => [
    {
      action: 'ecs:DescribeClusters',
      resources: (input.clusters ?? ['default']).map((cluster: string) => clusterArn(cluster, place)),
      context: {},
    },
  ],
  'logs:GetLogEvents': (input, { world }) => [
    {
      action: 'logs:GetLogEvents',
      resources: [
        `arn:aws:logs:${world.region}:${world.accountId}:log-group:${input.logGroupName}:log-stream:${input.logStreamName}`,
      ],
      context: {},
    },
  ],
  ...Object.fromEntries(
    ['FilterLogEvents', 'DescribeLogStreams'].map((operation): [string, Rule] => [
      `logs:${operation}`,
      (input, { world }) => [
        {
          action: `logs:${operation}`,
          resources: [`arn:aws:logs:${world.region}:${world.accountId}:log-group:${input.logGroupName}:*`],
          context: {},
        },
      ],
    ]),
  ),
  'sts:AssumeRole': (input) => [{ action: 'sts:AssumeRole', resources: [String(input.RoleArn)], context: {} }],
  'sts:GetCallerIdentity': () => [],
  'sts:AssumeRoleWithWebIdentity': () => [],
  ...Object.fromEntries(
    [
      ...['DescribeImages', 'ListImages', 'BatchGetImage', 'BatchDeleteImage', 'PutImage', 'CreateRepository'],
      ...['DeleteRepository', 'PutImageTagMutability', 'BatchCheckLayerAvailability', 'InitiateLayerUpload'],
      ...['UploadLayerPart', 'CompleteLayerUpload', 'GetDownloadUrlForLayer', 'PutImageScanningConfiguration'],
      ...['PutLifecyclePolicy', 'GetLifecyclePolicy', 'SetRepositoryPolicy', 'GetRepositoryPolicy'],
      ...['DescribeImageScanFindings'],
    ].map((operation): [string, Rule] => [
      `ecr:${operation}`,
      (input, place) => [
        { action: `ecr:${operation}`, resources: [repositoryArn(input.repositoryName, place)], context: {} },
      ],
    ]),
  ),
  'ecr:DescribeRepositories': (input, place) => [
    {
      action: 'ecr:DescribeRepositories',
      resources: (input.repositoryNames ?? ['*']).map((name: string) => repositoryArn(name, place)),
      context: {},
    },
  ],
};

function onTasks(action: string, tasks: readonly string[], input: Json, place: Place): Permission[] {
  const cluster = clusterArn(input.cluster, place);
  const resources = tasks.map((task) =>
    String(task).startsWith('arn:') ? task : arn(place, `task/${clusterName(cluster)}/${task}`),
  );
  return [{ action, resources, context: { 'ecs:cluster': cluster } }];
}

function onServices(action: string, services: readonly string[], input: Json, place: Place): Permission[] {
  const cluster = clusterArn(input.cluster, place);
  const resources = services.map((service) =>
    String(service).startsWith('arn:') ? service : arn(place, `service/${clusterName(cluster)}/${service}`),
  );
  return [{ action, resources, context: { 'ecs:cluster': cluster } }];
}

function passing(roles: readonly (string | undefined)[]): Permission[] {
  const resources = [...new Set(roles.filter((role): role is string => typeof role === 'string' && role !== ''))];
  const context = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
  return resources.length === 0 ? [] : [{ action: 'iam:PassRole', resources, context }];
}

/** Tags given at creation need their own permission. */
function tagging(input: Json, createAction: string, resource: string): Permission[] {
  if (!Array.isArray(input.tags) || input.tags.length === 0) return [];
  return [{ action: 'ecs:TagResource', resources: [resource], context: { 'ecs:CreateAction': createAction } }];
}

function clusterArn(cluster: string | undefined, place: Place): string {
  return cluster?.startsWith('arn:') ? cluster : arn(place, `cluster/${cluster ?? 'default'}`);
}

function clusterName(cluster: string): string {
  return cluster.slice(cluster.lastIndexOf('/') + 1);
}

function arn({ world }: Place, resource: string): string {
  return `arn:aws:ecs:${world.region}:${world.accountId}:${resource}`;
}

function repositoryArn(name: string, { world }: Place): string {
  return `arn:aws:ecr:${world.region}:${world.accountId}:repository/${name}`;
}
