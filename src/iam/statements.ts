/** One statement of a policy as it is printed. */
export interface PolicyStatement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** What the statements are narrowed to; a name that is not known is `*`. */
export interface PolicyScope {
  partition: string;
  region: string;
  account: string;
  cluster: string;
  families: readonly string[];
  services: readonly string[];
  /** With region and account of their own where their address names them. */
  repositories: readonly { name: string; region?: string; account?: string }[];
  logGroups: readonly string[];
  passRoles: readonly string[];
}

const arn = (scope: PolicyScope, service: string, resource: string): string =>
  `arn:${scope.partition}:${service}:${scope.region}:${scope.account}:${resource}`;

const each = (names: readonly string[], toArn: (name: string) => string): string[] =>
  (names.length === 0 ? ['*'] : [...new Set(names)]).map(toArn);

/** Most task actions name no resource that could be narrowed to a cluster; the condition does it. */
const inCluster = (scope: PolicyScope) => ({
  Condition: { ArnLike: { 'ecs:cluster': arn(scope, 'ecs', `cluster/${scope.cluster}`) } },
});

const allow = (
  Sid: string,
  Action: string[],
  Resource: string | string[],
  more: Pick<PolicyStatement, 'Condition'> = {},
): PolicyStatement => ({ Sid, Effect: 'Allow', Action, Resource, ...more });

const taskArns = (scope: PolicyScope): string => arn(scope, 'ecs', `task/${scope.cluster}/*`);
const definitionArns = (scope: PolicyScope): string[] =>
  each(scope.families, (family) => arn(scope, 'ecs', `task-definition/${family}:*`));

/** The statements, each for one thing that a command does. */
export const statements = {
  signInToRegistry: () => allow('SignInToRegistry', ['ecr:GetAuthorizationToken'], '*'),
  pushImages: (scope: PolicyScope) =>
    allow(
      'PushImages',
      [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:CompleteLayerUpload',
        'ecr:DescribeImages',
        'ecr:DescribeRepositories',
        'ecr:InitiateLayerUpload',
        'ecr:PutImage',
        'ecr:UploadLayerPart',
      ],
      repositories(scope),
    ),
  createRepositories: (scope: PolicyScope, policies: { putLifecyclePolicy: boolean; setRepositoryPolicy: boolean }) =>
    allow(
      'CreateRepositories',
      [
        'ecr:CreateRepository',
        ...(policies.putLifecyclePolicy ? ['ecr:PutLifecyclePolicy'] : []),
        ...(policies.setRepositoryPolicy ? ['ecr:SetRepositoryPolicy'] : []),
      ],
      repositories(scope),
    ),
  resolveImages: (scope: PolicyScope, actions: string[]) => allow('ResolveImages', actions, repositories(scope)),
  // DescribeTaskDefinition and RegisterTaskDefinition know no resource: anything but * is refused.
  readDefinitions: () => allow('ReadTaskDefinitions', ['ecs:DescribeTaskDefinition'], '*'),
  registerDefinitions: () => allow('RegisterTaskDefinitions', ['ecs:RegisterTaskDefinition'], '*'),
  // A revision that no task ever ran is deregistered again.
  deregisterDefinitions: () => allow('DeregisterTaskDefinitions', ['ecs:DeregisterTaskDefinition'], '*'),
  tagDefinitions: (scope: PolicyScope) =>
    allow('KeepTagsOfTaskDefinitions', ['ecs:TagResource'], definitionArns(scope), {
      Condition: { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } },
    }),
  passRoles: (scope: PolicyScope) =>
    allow(
      'PassRolesOfTasks',
      ['iam:PassRole'],
      scope.passRoles.length > 0
        ? [...new Set(scope.passRoles)]
        : `arn:${scope.partition}:iam::${scope.account}:role/*`,
      { Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } } },
    ),
  runTasks: (scope: PolicyScope) => allow('RunTasks', ['ecs:RunTask'], definitionArns(scope), inCluster(scope)),
  tagTasks: (scope: PolicyScope) =>
    allow('TagTasks', ['ecs:TagResource'], taskArns(scope), {
      Condition: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    }),
  watchTasks: (scope: PolicyScope) => allow('WatchTasks', ['ecs:DescribeTasks'], taskArns(scope), inCluster(scope)),
  stopTasks: (scope: PolicyScope) => allow('StopTasks', ['ecs:StopTask'], taskArns(scope), inCluster(scope)),
  // ListTasks is authorised on container instances, which Fargate has none of.
  listTasks: (scope: PolicyScope) => allow('ListTasks', ['ecs:ListTasks'], '*', inCluster(scope)),
  findClusters: (scope: PolicyScope) =>
    allow('FindCluster', ['ecs:DescribeClusters'], arn(scope, 'ecs', `cluster/${scope.cluster}`)),
  readServices: (scope: PolicyScope, names: readonly string[]) =>
    allow('ReadServices', ['ecs:DescribeServices'], serviceArns(scope, names)),
  // ListServices names no resource; the condition narrows it.
  listServices: (scope: PolicyScope) => allow('ListServices', ['ecs:ListServices'], '*', inCluster(scope)),
  continueDeployments: (scope: PolicyScope) =>
    allow('ContinueDeployments', ['ecs:ContinueServiceDeployment'], below(scope, 'service-deployment')),
  updateServices: (scope: PolicyScope) =>
    allow('UpdateServices', ['ecs:UpdateService'], serviceArns(scope, scope.services)),
  listDeployments: (scope: PolicyScope) =>
    allow('ListServiceDeployments', ['ecs:ListServiceDeployments'], serviceArns(scope, scope.services)),
  followDeployments: (scope: PolicyScope) =>
    allow('FollowServiceDeployments', ['ecs:DescribeServiceDeployments'], below(scope, 'service-deployment')),
  readRevisions: (scope: PolicyScope) =>
    allow('ReadServiceRevisions', ['ecs:DescribeServiceRevisions'], below(scope, 'service-revision')),
  rollBack: (scope: PolicyScope) =>
    allow('RollBackServices', ['ecs:StopServiceDeployment'], below(scope, 'service-deployment')),
  readLogs: (scope: PolicyScope) =>
    allow(
      'ReadLogs',
      ['logs:GetLogEvents'],
      each(scope.logGroups, (group) => arn(scope, 'logs', `log-group:${group}:log-stream:*`)),
    ),
} as const;

function repositories(scope: PolicyScope): string[] {
  const all = scope.repositories.length === 0 ? [{ name: '*' }] : scope.repositories;
  return [...new Set(all.map(({ name, ...place }) => arn({ ...scope, ...place }, 'ecr', `repository/${name}`)))];
}

function serviceArns(scope: PolicyScope, names: readonly string[]): string[] {
  return each(names, (name) => arn(scope, 'ecs', `service/${scope.cluster}/${name}`));
}

function below(scope: PolicyScope, kind: string): string[] {
  return each(scope.services, (name) => arn(scope, 'ecs', `${kind}/${scope.cluster}/${name}/*`));
}
