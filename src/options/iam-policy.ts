import { familyRevision, resourceName } from '../base/arn.ts';
import type { PolicyScope } from '../iam/statements.ts';
import { ecrAddress, parseImageReference } from '../task-definition/image-reference.ts';
import type { OptionReader } from './reader.ts';
import type { OptionKind, OptionSpec } from './spec.ts';

/** The commands that speak to AWS. */
const awsCommands = [
  'build-and-push-image',
  'run-migration-task',
  'wait-for-task',
  'update-service-and-verify',
] as const;

/** Checked options of iam-policy: what the commands would be called with. */
export interface IamPolicyOptions {
  commands: (typeof awsCommands)[number][];
  scope: PolicyScope;
  createRepository: boolean;
  /** An image is resolved and a revision registered for it. */
  pinsImage: boolean;
  tagsTasks: boolean;
  networkFromServices: string[];
  exclusive: boolean;
  stopsTasks: boolean;
  rollsBack: boolean;
  logs: boolean;
  organizationId: string | undefined;
  projectId: string | undefined;
  branch: string | undefined;
  output: 'text' | 'json';
}

const spec =
  (group: string) =>
  (
    name: string,
    kind: OptionKind,
    placeholder: string | undefined,
    describe: string,
    more: Partial<OptionSpec> = {},
  ): OptionSpec => ({
    name,
    kind,
    group,
    describe,
    ...(placeholder === undefined ? {} : { placeholder }),
    ...more,
  });
const what = spec('What it is for');
const like = spec('As the commands take them');
const who = spec('Who may assume the role');

export const iamPolicySpecs: readonly OptionSpec[] = [
  what('for', 'names', 'COMMAND', `Commands that the role runs: ${awsCommands.join(', ')}.`, {
    default: 'build-and-push-image, run-migration-task and update-service-and-verify',
  }),
  what('account', 'string', 'ID', 'Account of the role.', { default: 'every account' }),
  what('region', 'string', 'REGION', 'Region of the deployment.', { default: 'AWS_REGION' }),
  what('log-group', 'names', 'NAME', 'Log groups of the tasks’ containers.', { default: 'every log group' }),
  what('pass-role', 'names', 'ARN', 'Task and execution roles of the task definitions.', { default: 'every role' }),
  like('repository', 'names', 'NAME|URI', 'Repositories.', { alias: 'repo' }),
  like('create-repository', 'boolean', undefined, 'Repositories are created where missing.', { default: 'false' }),
  like('cluster', 'string', 'NAME|ARN', 'Cluster.'),
  like('task-definition', 'names', 'FAMILY', 'Families of task definitions.'),
  like('service', 'names', 'NAME', 'Services.'),
  like('image', 'list', 'REF', 'An image is given; so it is when a record of the build hands it on.', {
    default: 'the record’s, where build-and-push-image is among the commands',
  }),
  like('network-from-service', 'names', 'SERVICE', 'Services whose network a migration copies.'),
  like('tag', 'list', 'K=V', 'Migration tasks get tags.'),
  like('exclusive', 'choice', undefined, 'Whether other migrations are looked for.', {
    choices: ['wait', 'fail', 'off'],
    default: 'wait',
  }),
  like('logs', 'boolean', undefined, 'Logs are read; --no-logs: they are not.', { default: 'true' }),
  like('on-timeout', 'choice', undefined, 'What a time-out does to the task.', {
    choices: ['leave', 'stop'],
    default: 'leave',
  }),
  like('on-interrupt', 'choice', undefined, 'What an interrupt does.', {
    choices: ['leave', 'stop', 'rollback'],
    default: 'leave',
  }),
  like('on-failure', 'choice', undefined, 'What a failed rollout does.', {
    choices: ['leave', 'rollback'],
    default: 'leave',
  }),
  who('organization-id', 'string', 'UUID', 'CircleCI organization.', { default: 'CIRCLE_ORGANIZATION_ID' }),
  who('project-id', 'string', 'UUID', 'CircleCI project.', { default: 'CIRCLE_PROJECT_ID' }),
  who('branch', 'string', 'NAME', 'Only jobs of this branch (needs CIRCLE_OIDC_TOKEN_V2).'),
  spec('General')('output', 'choice', undefined, 'json prints one document with both policies.', {
    choices: ['text', 'json'],
    default: 'text',
  }),
  spec('General')('expand-env', 'boolean', undefined, 'Replaces $VAR in the options’ values.', { default: 'false' }),
];

/** Reads `iamPolicySpecs`. */
export function readIamPolicyOptions(reader: OptionReader): IamPolicyOptions {
  const commands = readCommands(reader);
  const onInterrupt = reader.choice('on-interrupt', ['leave', 'stop', 'rollback']);
  const onTimeout = reader.choice('on-timeout', ['leave', 'stop']);
  const onFailure = reader.choice('on-failure', ['leave', 'rollback']);
  return {
    commands,
    scope: readScope(reader),
    createRepository: reader.boolean('create-repository', false),
    pinsImage: reader.list('image').length > 0 || commands.includes('build-and-push-image'),
    tagsTasks: reader.list('tag').length > 0,
    networkFromServices: reader.names('network-from-service').map(resourceName),
    exclusive: reader.choice('exclusive', ['wait', 'fail', 'off']) !== 'off',
    stopsTasks: onTimeout === 'stop' || onInterrupt === 'stop',
    rollsBack: onFailure === 'rollback' || onInterrupt === 'rollback',
    logs: reader.boolean('logs', true),
    organizationId: reader.string('organization-id') ?? given(reader.env.CIRCLE_ORGANIZATION_ID),
    projectId: reader.string('project-id') ?? given(reader.env.CIRCLE_PROJECT_ID),
    branch: reader.string('branch'),
    output: reader.choice('output', ['text', 'json']) ?? 'text',
  };
}

function readCommands(reader: OptionReader): IamPolicyOptions['commands'] {
  const names = reader.names('for');
  const known = awsCommands.filter((command) => names.includes(command));
  for (const name of names) {
    if (awsCommands.some((command) => command === name)) continue;
    reader.complain(`--for takes ${awsCommands.join(', ')}, not ${JSON.stringify(name)}`);
  }
  return names.length > 0 ? known : awsCommands.filter((command) => command !== 'wait-for-task');
}

function readScope(reader: OptionReader): PolicyScope {
  const account = reader.string('account') ?? '*';
  if (account !== '*' && !/^\d{12}$/.test(account)) {
    reader.complain(`--account must be the 12 digits of an AWS account, not ${JSON.stringify(account)}`);
  }
  const region = reader.string('region') ?? given(reader.env.AWS_REGION) ?? given(reader.env.AWS_DEFAULT_REGION) ?? '*';
  const passRoles = reader.names('pass-role');
  for (const role of passRoles) {
    if (!/^arn:[^:]+:iam::[\d*]+:role\/.+$/.test(role))
      reader.complain(`--pass-role must be the ARN of a role, not ${JSON.stringify(role)}`);
  }
  return {
    partition: partitionOf(region),
    region,
    account,
    cluster: resourceName(reader.string('cluster') ?? '*'),
    families: reader.names('task-definition').map((name) => familyRevision(name).replace(/:\d+$/, '')),
    services: reader.names('service').map(resourceName),
    repositories: reader.names('repository').map(repositoryOf),
    logGroups: reader.names('log-group'),
    passRoles,
  };
}

function repositoryOf(name: string): PolicyScope['repositories'][number] {
  const parsed = parseImageReference(name);
  const address = ecrAddress(parsed?.registry);
  const place = address === undefined ? {} : { region: address.region, account: address.registryId };
  return { name: parsed?.repository ?? name, ...place };
}

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
