import { familyRevision, resourceName } from '../base/arn.ts';
import { valid, wrong } from '../base/parsed.ts';
import { awsCommands, type IamPolicyOptions, iamPolicies, partitionOf, repositoryScope } from '../iam/policy.ts';
import { choice, flag, group, list, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { accountFault, generalOptions, projectOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { iamPolicyLines } from '../report/iam-text.ts';
import { defineCommand } from './command.ts';

const { output, expandEnv } = generalOptions;

/** The options of iam-policy. */
export const iamPolicyOptions = {
  ...group('What it is for', {
    commands: names({
      name: 'for',
      placeholder: 'COMMAND',
      describe: `Commands that the role runs: ${awsCommands.join(', ')}.`,
      otherwise: 'build-and-push-image, run-migration-task and update-service-and-verify',
      parse: (name) => {
        const command = awsCommands.find((one) => one === name);
        return command === undefined ? wrong(`must be one of ${awsCommands.join(', ')}`) : valid(command);
      },
    }),
    account: text({
      placeholder: 'ID',
      describe: 'Account of the role.',
      otherwise: 'every account',
      check: accountFault,
    }),
    region: text({
      placeholder: 'REGION',
      describe: 'Region of the deployment.',
      variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    }),
    logGroups: names({
      name: 'log-group',
      placeholder: 'NAME',
      describe: 'Log groups of the tasks’ containers.',
      otherwise: 'every log group',
    }),
    passRoles: names({
      name: 'pass-role',
      placeholder: 'ARN',
      describe: 'Task and execution roles of the task definitions.',
      otherwise: 'every role',
      parse: (role) =>
        /^arn:[^:]+:iam::[\d*]+:role\/.+$/.test(role) ? valid(role) : wrong('must be the ARN of a role'),
    }),
  }),
  ...group('As the commands take them', {
    repositories: names({
      name: 'repository',
      alias: 'repo',
      placeholder: 'NAME|URI',
      describe: 'Repositories.',
      parse: (name) => valid(repositoryScope(name)),
    }),
    createRepository: flag({ describe: 'Repositories are created where missing.' }),
    putLifecyclePolicy: flag({ describe: 'They get a lifecycle policy then.' }),
    setRepositoryPolicy: flag({ describe: 'They get a repository policy then.' }),
    cluster: text({ placeholder: 'NAME|ARN', describe: 'Cluster.' }),
    families: names({
      name: 'task-definition',
      placeholder: 'FAMILY',
      describe: 'Families of task definitions.',
      parse: (name) => valid(familyRevision(name).replace(/:\d+$/, '')),
    }),
    services: names({
      name: 'service',
      placeholder: 'NAME',
      describe: 'Services.',
      parse: (name) => valid(resourceName(name)),
    }),
    images: list({
      name: 'image',
      placeholder: 'REF',
      describe:
        'An image is given, whichever: --repository says which ones may be read. So it is when a record of the build hands it on.',
      otherwise: 'the record’s, where build-and-push-image is among the commands',
    }),
    networkFromServices: names({
      name: 'network-from-service',
      placeholder: 'SERVICE',
      describe: 'Services whose network a migration copies.',
      parse: (name) => valid(resourceName(name)),
    }),
    taskDefinitionFromServices: names({
      name: 'task-definition-from-service',
      placeholder: 'SERVICE',
      describe: 'Services whose task definition a migration runs.',
      parse: (name) => valid(resourceName(name)),
    }),
    tags: list({ name: 'tag', placeholder: 'KEY=VALUE', describe: 'Migration tasks get tags.' }),
    logs: flag({ default: true, describe: 'Logs are read; --no-logs: they are not.' }),
    onTimeout: choice(['leave', 'stop'], { default: 'leave', describe: 'What a time-out does to the task.' }),
    onInterrupt: choice(['leave', 'stop', 'rollback'], { default: 'leave', describe: 'What an interrupt does.' }),
    onFailure: choice(['leave', 'rollback'], { default: 'leave', describe: 'What a failed rollout does.' }),
  }),
  ...group('Who may assume the role', {
    ...projectOptions,
    branch: text({ placeholder: 'NAME', describe: 'Only jobs of this branch (needs CIRCLE_OIDC_TOKEN_V2).' }),
  }),
  output,
  expandEnv,
};

/** `iam-policy`: asks nobody, it only prints. */
export const iamPolicyCommand = defineCommand({
  options: iamPolicyOptions,
  examples: [
    [
      '$0 iam-policy --account 111122223333 --cluster hoge-stg --repository hoge-stg --task-definition hoge-service-stg --service hoge-apps-service-stg',
      'The policy of a role that runs the whole pipeline.',
    ],
    ['$0 iam-policy --for run-migration-task --output json', 'Only what a migration needs, for programs.'],
  ],
  run: (values) => {
    const policies = iamPolicies(policyOptions(values));
    const { policy, trustPolicy, wide } = policies;
    return Promise.resolve({
      exitCode: exitCode.done,
      lines: iamPolicyLines(policies),
      document: { exitCode: exitCode.done, policy, trustPolicy, wide },
    });
  },
  render: () => [],
});

/** What is meant where no command is named: the three stages. */
const pipeline: readonly string[] = ['build-and-push-image', 'run-migration-task', 'update-service-and-verify'];

/** What the policy is made of. */
export function policyOptions(values: ValuesOf<typeof iamPolicyOptions>): IamPolicyOptions {
  const { commands: named, region = '*', account = '*', onTimeout, onInterrupt, onFailure } = values;
  const commands = awsCommands.filter((command) =>
    named.length > 0 ? named.includes(command) : pipeline.includes(command),
  );
  return {
    ...values,
    commands,
    scope: { ...values, partition: partitionOf(region), region, account, cluster: resourceName(values.cluster ?? '*') },
    servicesRead: [...new Set([...values.networkFromServices, ...values.taskDefinitionFromServices])],
    pinsImage: values.images.length > 0 || commands.includes('build-and-push-image'),
    tagsTasks: values.tags.length > 0,
    stopsTasks: onTimeout === 'stop' || onInterrupt === 'stop',
    rollsBack: onFailure === 'rollback' || onInterrupt === 'rollback',
  };
}
