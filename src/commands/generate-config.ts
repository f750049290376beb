import { valid, wrong } from '../base/parsed.ts';
import { containerCommand } from '../options/container-command.ts';
import { choice, flag, group, list, names, text } from '../options/define.ts';
import { namedOptions, type ValuesOf } from '../options/option.ts';
import { accountFault, awsOptions, generalOptions } from '../options/shared.ts';
import { repeated } from '../options/values.ts';
import { exitCode } from '../outcome.ts';
import { type Line, line, strong, warn } from '../report/line.ts';
import { checklist, iamPolicyCommandLine } from '../setup/checklist.ts';
import { discover } from '../setup/discover.ts';
import { checkNotThere, overridesFiles } from '../setup/files.ts';
import { commandLine, withFound, wrapped } from '../setup/made-by.ts';
import { pattern, patternFor } from '../setup/patterns.ts';
import { missingNames, pipelineOf } from '../setup/resolve.ts';
import { configPlan } from '../setup/workflows.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';

const { output, debug } = generalOptions;
const { region, profile, requestTimeout } = awsOptions;
const patternPlaceholder = '[ENV=]PATTERN';

/** The options of generate-config. */
export const generateConfigOptions = {
  ...group('Environments', {
    environments: list({
      name: 'environment',
      placeholder: 'NAME=BRANCH',
      describe:
        'Environment, and the branch whose pushes deploy it. Those of one branch follow each other: the commit is built once for each repository, and the next begins when the one before serves.',
      otherwise: 'stg=staging and prod=production',
      parse: (given) => {
        const [, name, branch] = /^([a-z][a-z0-9_-]*)=(\S+)$/.exec(given.trim()) ?? [];
        if (name === undefined || branch === undefined) return wrong('must be NAME=BRANCH, the name in lower case');
        return valid({ name, branch });
      },
      check: (all) => {
        const [twice] = repeated(all.map(({ name }) => name));
        return twice === undefined ? undefined : `names ${twice} twice`;
      },
    }),
    approve: names({ placeholder: 'ENV', describe: 'Environments that somebody approves before they migrate.' }),
    serialGroups: list({
      name: 'serial-group',
      placeholder: patternPlaceholder,
      describe: 'Serial group that one pipeline at a time migrates and deploys under, e.g. deploy/{env}.',
      parse: pattern,
    }),
  }),
  ...group('Names: {env} stands for the environment, {name} for --name; ENV=… is for one environment alone', {
    name: text({
      placeholder: 'NAME',
      describe: 'What {name} stands for.',
      check: (name) =>
        /^[\w.$/{}-]+$/.test(name) ? undefined : 'must be part of names in AWS: letters, digits, - _ . /',
    }),
    clusters: list({
      name: 'cluster',
      placeholder: patternPlaceholder,
      describe: 'Cluster.',
      otherwise: '{name}-{env}',
      parse: pattern,
    }),
    services: list({
      name: 'service',
      placeholder: patternPlaceholder,
      describe: 'Service to update; several with commas.',
      otherwise: '{name}-apps-service-{env}',
      parse: (given) => {
        const parsed = pattern(given);
        return 'value' in parsed && /^[\s,]*$/.test(parsed.value.text) ? wrong('must name a service') : parsed;
      },
    }),
    serviceFamilies: list({
      name: 'service-family',
      placeholder: patternPlaceholder,
      describe: 'Family that a service runs, for the policies of the role; several with commas.',
      otherwise: 'the name of the service',
      parse: pattern,
    }),
    taskDefinitions: list({
      name: 'task-definition',
      placeholder: patternPlaceholder,
      describe: 'Family that the migration runs from.',
      otherwise: '{name}-service-{env}',
      parse: pattern,
    }),
    containers: list({
      name: 'container',
      placeholder: patternPlaceholder,
      describe: 'Container that migrates.',
      otherwise: '{name}-{env}',
      parse: pattern,
    }),
    repositories: list({
      name: 'repository',
      alias: 'repo',
      placeholder: patternPlaceholder,
      describe: 'ECR repository; a name alone is one of the account of the role.',
      otherwise: '{name}-{env}',
      parse: pattern,
    }),
    networkFromServices: list({
      name: 'network-from-service',
      placeholder: patternPlaceholder,
      describe: 'Service whose subnets and security groups the migration copies (needed with awsvpc, so on Fargate).',
      parse: pattern,
    }),
  }),
  ...group('The stages', {
    command: text({
      required: true,
      placeholder: 'COMMAND',
      describe: "The command that migrates, e.g. 'rails db:migrate'.",
      parse: (given, context) => {
        const words = containerCommand(given, { ...context, expand: (same) => same });
        return 'value' in words ? valid({ text: given.trim(), words: words.value }) : words;
      },
    }),
    commandIn: choice(['file', 'config'], {
      default: 'file',
      describe: 'Where it stands: in a file of overrides for each environment, or in the config.',
    }),
    overridesFiles: list({
      name: 'overrides',
      placeholder: patternPlaceholder,
      describe: 'Path of those files.',
      otherwise: 'docker/run_task_db_migrate_{env}.json',
      parse: pattern,
    }),
    path: text({ placeholder: 'DIR', describe: 'Folder that is the context of the build.', otherwise: '.' }),
    dockerfile: text({ placeholder: 'FILE', describe: 'The Dockerfile.', otherwise: 'Dockerfile in --path' }),
    target: text({ placeholder: 'STAGE', describe: 'Stage of the Dockerfile to build.' }),
    onFailure: choice(['leave', 'rollback'], {
      default: 'leave',
      describe: 'What happens to a deployment that failed or ran out of time.',
    }),
  }),
  ...group('Credentials and Slack', {
    contexts: list({
      name: 'context',
      placeholder: patternPlaceholder,
      describe: 'CircleCI context of the jobs.',
      parse: pattern,
    }),
    roleArns: list({
      name: 'role-arn',
      placeholder: patternPlaceholder,
      describe: 'Role that the jobs assume with their OIDC token.',
      parse: (given) => {
        const parsed = pattern(given);
        const isRole = 'value' in parsed && /^(arn:[^:]+:iam::[^:]+:role\/|\$)/.test(parsed.value.text);
        return isRole || !('value' in parsed)
          ? parsed
          : wrong('must be the ARN of a role, with {env} where the environment stands');
      },
    }),
    account: text({
      placeholder: 'ID',
      describe: 'Account that the jobs must find themselves in; a variable of the jobs, too.',
      check: (account) => (isVariable(account) ? undefined : accountFault(account)),
    }),
    slack: choice(['webhook', 'bot', 'none'], {
      default: 'webhook',
      describe: 'How messages are sent: $SLACK_WEBHOOK, $SLACK_ACCESS_TOKEN, or not.',
    }),
    channel: text({
      placeholder: 'CHANNEL',
      describe: 'Channel that the bot writes to.',
      otherwise: '$SLACK_DEFAULT_CHANNEL',
    }),
    mentions: text({ placeholder: 'WHOM', describe: 'Whom a failure mentions.' }),
    successMessage: text({
      placeholder: 'TEXT',
      describe: 'Message of a success.',
      otherwise: 'made from the records',
    }),
    failureMessage: text({
      placeholder: 'TEXT',
      describe: 'Message of a failure.',
      otherwise: 'made from the records',
    }),
  }),
  ...group('Result', {
    orb: text({
      default: 'org/migrate-deploy@1',
      placeholder: 'NAMESPACE/NAME@VERSION',
      describe: 'The orb, as you publish or install it.',
      check: (orb: string) =>
        /^[\w-]+\/[\w-]+@[\w.:-]+$/.test(orb) ? undefined : 'must look like NAMESPACE/NAME@VERSION',
    }),
    file: text({ default: '.circleci/config.yml', placeholder: 'FILE', describe: 'Path of the config.' }),
    write: flag({ describe: 'Writes the files instead of printing them.' }),
    force: flag({ describe: 'With --write, replaces files that are there.' }),
    fromAws: flag({
      describe: 'Fills in clusters, services, families, containers and repositories from what AWS has.',
    }),
    output,
  }),
  ...group('AWS, for --from-aws', { region, profile, requestTimeout, debug }),
};
export type GenerateConfigOptions = ValuesOf<typeof generateConfigOptions>;

/** generate-config: a whole pipeline from a few names. */
export const generateConfigCommand = defineCommand({
  options: generateConfigOptions,
  examples: [
    [
      "$0 generate-config --name hoge --command 'rails db:migrate' --target apps",
      'Staging and production by one naming scheme.',
    ],
    [
      "$0 generate-config --from-aws --environment dev=main --command 'python manage.py migrate' --write",
      'What AWS has, written into .circleci/config.yml.',
    ],
  ],
  check: (known, isGiven) => [
    ...missingNames(known),
    ...(known.force === true && known.write === false ? ['--force needs --write'] : []),
    ...(isGiven('channel') && known.slack !== 'bot' ? ['--channel needs --slack bot'] : []),
  ],
  run,
  render: () => [],
});

async function run(given: GenerateConfigOptions, context: CommandContext): Promise<CommandResult> {
  const seen = given.fromAws ? await lookAround(given, context) : undefined;
  const values = seen?.values ?? given;
  const pipeline = pipelineOf(values);
  const madeBy = commandLine(namedOptions(generateConfigOptions), values);
  const { configYaml } = await import('../setup/config-yaml.ts');
  const config = { path: values.file, text: configYaml(configPlan(pipeline), comment(wrapped(madeBy))) };
  const files = [config, ...overridesFiles(pipeline)];
  const policy = iamPolicyCommandLine(pipeline, seen);
  const assumed = pipeline.environments
    .map(({ name }) => name)
    .filter((name) => patternFor(values.serviceFamilies, name) === undefined);
  const todo = checklist(pipeline, values.file);
  if (values.write) {
    if (!values.force) await checkNotThere(files, context.files);
    for (const { path, text: content } of files) await context.files.write(path, content);
  }
  return {
    exitCode: exitCode.done,
    lines: values.write ? files.map(({ path }) => line(`${path} is written.`)) : lines(config.text),
    notes: [
      ...(values.write
        ? []
        : files.slice(1).flatMap(({ path, text: content }) => [strong(`${path}:`), ...lines(content)])),
      strong('Policies of the role of the jobs:'),
      ...lines(policy),
      ...(seen === undefined && assumed.length > 0
        ? [
            line(
              `Services of ${assumed.join(', ')} are taken to run families of their own names: where one does not, give --service-family (--from-aws looks).`,
            ),
          ]
        : []),
      strong('Before the first push:'),
      ...todo.map((one, index) => line(`${index + 1}. ${one}`)),
      ...(values.write ? [] : [warn('Nothing is written: add --write, or redirect the output into the file.')]),
    ],
    document: {
      exitCode: exitCode.done,
      command: madeBy.join(' '),
      written: values.write,
      files,
      iamPolicy: policy,
      checklist: todo,
    },
  };
}

const isVariable = (text: string): boolean => /^\$(\w+|\{\w+\})$/.test(text);

const lines = (content: string): Line[] => content.trimEnd().split('\n').map(line);

const comment = (madeBy: string): string =>
  ['Made by this command; change it and run it again, or go on by hand.', ...madeBy.split('\n')]
    .map((one) => ` ${one}`)
    .join('\n');

/** The options with what AWS has in the place of what no option names, and what only the policies need. */
async function lookAround(values: GenerateConfigOptions, context: CommandContext) {
  const aws = await context.connect({
    ...values,
    roleArn: undefined,
    roleSessionName: undefined,
    sessionDurationMs: undefined,
    expectAccount: isVariable(values.account ?? '') ? undefined : values.account,
  });
  const { found, policyNames } = await discover(values, { aws, ask: context.ask });
  const { Account: account } = await aws.sts.getCallerIdentity();
  return { values: withFound({ ...values, region: aws.region }, found), policyNames, account };
}
