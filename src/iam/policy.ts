import { ecrAddress, parseImageReference } from '../task-definition/image-reference.ts';
import { type PolicyScope, type PolicyStatement, statements } from './statements.ts';

/** The commands that speak to AWS. */
export const awsCommands = [
  'build-and-push-image',
  'run-migration-task',
  'wait-for-task',
  'update-service-and-verify',
  'status',
  'rollback-service',
  'continue-deployment',
] as const;

/** What the commands would be called with. */
export interface IamPolicyOptions {
  commands: readonly (typeof awsCommands)[number][];
  scope: PolicyScope;
  createRepository: boolean;
  putLifecyclePolicy: boolean;
  setRepositoryPolicy: boolean;
  /** An image is resolved and a revision registered for it. */
  pinsImage: boolean;
  tagsTasks: boolean;
  servicesRead: readonly string[];
  stopsTasks: boolean;
  rollsBack: boolean;
  logs: boolean;
  organizationId: string | undefined;
  projectId: string | undefined;
  branch: string | undefined;
}

/** A policy document as AWS takes it. */
export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: PolicyStatement[] | TrustStatement[];
}

interface TrustStatement {
  Effect: 'Allow';
  Principal: { Federated: string };
  Action: 'sts:AssumeRoleWithWebIdentity';
  Condition: Record<string, Record<string, string>>;
}

/** What a deploy role needs, and who may assume it. */
export interface IamPolicies {
  policy: PolicyDocument;
  trustPolicy: PolicyDocument;
  /** What could not be narrowed, and which option narrows it. */
  wide: string[];
}

/** The least that the commands need with these options, and the trust of the CircleCI project. */
export function iamPolicies(options: IamPolicyOptions): IamPolicies {
  const { scope } = options;
  const needed = options.commands.flatMap((command) => needs[command](options, scope));
  return {
    policy: { Version: '2012-10-17', Statement: merge(needed) },
    trustPolicy: { Version: '2012-10-17', Statement: [trust(options)] },
    wide: wide(options, needed),
  };
}

type Needs = (options: IamPolicyOptions, scope: PolicyScope) => PolicyStatement[];

const needs: Readonly<Record<IamPolicyOptions['commands'][number], Needs>> = {
  'build-and-push-image': (options, scope) => [
    statements.signInToRegistry(),
    statements.pushImages(scope),
    ...(options.createRepository ? [statements.createRepositories(scope, options)] : []),
  ],
  'run-migration-task': (options, scope) => [
    statements.readDefinitions(),
    ...(options.pinsImage
      ? [
          statements.resolveImages(scope, ['ecr:DescribeImages']),
          ...registering(scope),
          statements.deregisterDefinitions(),
        ]
      : []),
    statements.runTasks(scope),
    statements.passRoles(scope),
    ...(options.tagsTasks ? [statements.tagTasks(scope)] : []),
    ...(options.servicesRead.length > 0 ? [statements.readServices(scope, options.servicesRead)] : []),
    // Our own task of an earlier run is looked for, whatever is done about those of others.
    statements.listTasks(scope),
    ...watching(options, scope),
  ],
  'wait-for-task': (options, scope) => [
    statements.findClusters(scope),
    statements.readDefinitions(),
    ...watching(options, scope),
  ],
  'update-service-and-verify': (options, scope) => [
    statements.readDefinitions(),
    ...(options.pinsImage ? [statements.resolveImages(scope, ['ecr:BatchGetImage', 'ecr:DescribeImages'])] : []),
    ...registering(scope),
    statements.passRoles(scope),
    statements.updateServices(scope),
    ...(options.rollsBack ? [statements.rollBack(scope)] : []),
    ...following(options, scope),
  ],
  status: (_options, scope) => [
    ...(scope.services.length > 0 ? [] : [statements.listServices(scope)]),
    statements.resolveImages(scope, ['ecr:DescribeImages']),
    ...reading(scope),
  ],
  'rollback-service': (options, scope) => [
    statements.readDefinitions(),
    statements.resolveImages(scope, ['ecr:BatchGetImage', 'ecr:DescribeImages']),
    ...registering(scope),
    statements.passRoles(scope),
    statements.updateServices(scope),
    statements.rollBack(scope),
    ...following(options, scope),
  ],
  'continue-deployment': (options, scope) => [
    statements.readDefinitions(),
    statements.continueDeployments(scope),
    statements.rollBack(scope),
    ...following(options, scope),
  ],
};

/** What shows services, their deployments and the tasks of those. */
function reading(scope: PolicyScope): PolicyStatement[] {
  return [
    statements.readServices(scope, scope.services),
    statements.listDeployments(scope),
    statements.followDeployments(scope),
    statements.readRevisions(scope),
    statements.listTasks(scope),
    statements.watchTasks(scope),
  ];
}

function following({ logs }: IamPolicyOptions, scope: PolicyScope): PolicyStatement[] {
  return [...reading(scope), ...(logs ? [statements.readLogs(scope)] : [])];
}

function watching({ stopsTasks, logs }: IamPolicyOptions, scope: PolicyScope): PolicyStatement[] {
  return [
    statements.watchTasks(scope),
    ...(stopsTasks ? [statements.stopTasks(scope)] : []),
    ...(logs ? [statements.readLogs(scope)] : []),
  ];
}

function registering(scope: PolicyScope): PolicyStatement[] {
  return [statements.registerDefinitions(), statements.tagDefinitions(scope)];
}

/** One statement for each Sid: its actions and resources together. */
function merge(all: readonly PolicyStatement[]): PolicyStatement[] {
  const merged = new Map<string, PolicyStatement>();
  for (const statement of all) {
    const known = merged.get(statement.Sid);
    merged.set(
      statement.Sid,
      known === undefined
        ? statement
        : {
            ...known,
            Action: [...new Set([...known.Action, ...statement.Action])].sort(),
            Resource: one([...new Set([known.Resource, statement.Resource].flat())]),
          },
    );
  }
  const resolve = merged.get('ResolveImages');
  const push = merged.get('PushImages');
  // Who pushes may look already.
  if (push !== undefined && resolve?.Action.every((action) => push.Action.includes(action)))
    merged.delete('ResolveImages');
  return [...merged.values()].map((statement) => ({ ...statement, Resource: one([statement.Resource].flat()) }));
}

const one = (resources: string[]): string | string[] => {
  const [only] = resources;
  return resources.length === 1 && only !== undefined ? only : resources;
};

/** Only tokens of this organisation, for its own audience, from jobs of this project (and branch). */
function trust({ organizationId, projectId, branch, scope }: IamPolicyOptions): TrustStatement {
  const provider = `oidc.circleci.com/org/${organizationId ?? 'ORGANIZATION_ID'}`;
  // The V2 token's subject ends in …/user/USER/vcs-origin/ORIGIN/vcs-ref/REF.
  const job = branch === undefined ? 'user/*' : `user/*/vcs-origin/*/vcs-ref/refs/heads/${branch}`;
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:${scope.partition}:iam::${scope.account}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`${provider}:aud`]: organizationId ?? 'ORGANIZATION_ID' },
      StringLike: {
        [`${provider}:sub`]: `org/${organizationId ?? 'ORGANIZATION_ID'}/project/${projectId ?? 'PROJECT_ID'}/${job}`,
      },
    },
  };
}

function wide(options: IamPolicyOptions, needed: readonly PolicyStatement[]): string[] {
  const { scope } = options;
  const uses = (sid: string): boolean => needed.some((statement) => statement.Sid === sid);
  const rules: [boolean, string][] = [
    [scope.account === '*', 'It allows every account: narrow it with --account'],
    [scope.region === '*', 'It allows every region: narrow it with --region'],
    [
      scope.cluster === '*' && needed.some(({ Sid }) => /Task|Service|Cluster/.test(Sid)),
      'It allows every cluster: narrow it with --cluster',
    ],
    [
      scope.families.length === 0 && uses('RunTasks'),
      'It allows every task definition: narrow it with --task-definition',
    ],
    [scope.services.length === 0 && uses('UpdateServices'), 'It allows every service: narrow it with --service'],
    [
      scope.repositories.length === 0 && (uses('PushImages') || uses('ResolveImages')),
      'It allows every repository: narrow it with --repository',
    ],
    [scope.logGroups.length === 0 && uses('ReadLogs'), 'It allows every log group: narrow it with --log-group'],
    [
      scope.passRoles.length === 0 && uses('PassRolesOfTasks'),
      'It allows passing every role to tasks: narrow it with --pass-role',
    ],
    [
      options.organizationId === undefined,
      'ORGANIZATION_ID stands in the trust policy: give --organization-id (Organization Settings → Overview)',
    ],
    [
      options.projectId === undefined,
      'PROJECT_ID stands in the trust policy: give --project-id (Project Settings → Overview)',
    ],
  ];
  return rules.filter(([applies]) => applies).map(([, text]) => text);
}

/** A repository to narrow a policy to, by its name or its address. */
export function repositoryScope(name: string): PolicyScope['repositories'][number] {
  const parsed = parseImageReference(name);
  const address = ecrAddress(parsed?.registry);
  const place = address === undefined ? {} : { region: address.region, account: address.registryId };
  return { name: parsed?.repository ?? name, ...place };
}

/** The partition of a region, as ARNs name it. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
