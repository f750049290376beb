import { accountOf, familyOf as definitionFamily, resourceName } from '../base/arn.ts';
import { iamPolicies, partitionOf, repositoryScope } from '../iam/policy.ts';
import { duration, flag, group, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, generalOptions, projectOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { bad, good, type Line, line, warn } from '../report/line.ts';
import { doctor } from '../setup/doctor/doctor.ts';
import type { Finding } from '../setup/doctor/finding.ts';
import type { Need, Target } from '../setup/doctor/target.ts';
import { configOptions, configRun } from './check-config.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { type Stages, stagesOfConfig } from './stages-of-config.ts';

const { output, expandEnv, debug } = generalOptions;

/** The options of doctor. */
export const doctorOptions = {
  ...group('What to check: a config', configOptions),
  ...group('Or the options of the stages', {
    repositories: names({ name: 'repository', alias: 'repo', placeholder: 'NAME|URI', describe: 'Repositories.' }),
    tags: names({ name: 'tag', placeholder: 'TAG', describe: 'Tags that are pushed each time.' }),
    cluster: text({ placeholder: 'NAME|ARN', describe: 'Cluster.' }),
    taskDefinition: text({ placeholder: 'FAMILY', describe: 'Task definition that migrates.' }),
    container: text({ placeholder: 'NAME', describe: 'Container that migrates.' }),
    networkFromService: text({ placeholder: 'SERVICE', describe: 'Service whose network the migration copies.' }),
    subnets: names({ placeholder: 'ID', describe: 'Subnets of the migration.' }),
    securityGroups: names({ placeholder: 'ID', describe: 'Its security groups.' }),
    assignPublicIp: flag({ describe: 'It gets a public address.' }),
    services: names({ name: 'service', placeholder: 'NAME|ARN', describe: 'Services to update.' }),
    timeout: duration({
      default: '30m',
      placeholder: 'DURATION',
      describe: 'Longest time to follow their deployments.',
    }),
    database: text({ placeholder: 'HOST|IDENTIFIER', describe: 'Database in RDS that the tasks connect to.' }),
  }),
  ...group('Whose tokens the roles of a config must let in', projectOptions),
  ...awsOptions,
  ...group('General', { output, expandEnv, debug }),
};
type DoctorOptions = ValuesOf<typeof doctorOptions>;

/** doctor: asks AWS, with the credentials at hand, whether all is there that the pipeline will need. */
export const doctorCommand = defineCommand({
  options: doctorOptions,
  examples: [
    ['$0 doctor --config .circleci/config.yml --branch staging', 'Everything that a push to staging will need.'],
    [
      '$0 doctor --cluster hoge-stg --service hoge-apps-service-stg --database hoge-stg',
      'A service and its way to the database.',
    ],
  ],
  check: (known, isGiven) => {
    const byHand = known.cluster !== undefined || known.repositories?.length !== 0;
    const byConfig = isGiven('config') || isGiven('branch');
    if (byHand && byConfig) return ['--config and the options of the stages exclude each other'];
    const needsCluster =
      (known.services?.length !== 0 || known.taskDefinition !== undefined) && known.cluster === undefined;
    return [
      ...(byHand || byConfig ? [] : ['There is nothing to check: give --config, or --cluster and what is in it']),
      ...(needsCluster && !byConfig ? ['--cluster is missing: the cluster of the tasks and services'] : []),
    ];
  },
  run,
  render: () => [],
});

async function run(values: DoctorOptions, context: CommandContext): Promise<CommandResult> {
  const isByHand = values.cluster !== undefined || values.repositories.length > 0;
  const stages = isByHand ? byHand(values) : await fromConfig(values, context);
  const aws = await context.connect(values);
  const { Account: account = '*', Arn: arn = '' } = await aws.sts.getCallerIdentity();
  const permissions = permissionsOf(stages, { account: accountOf(arn) ?? account, region: aws.region });
  const { organizationId, projectId, branch = 'main', database } = values;
  const push = { organizationId, projectId, branch };
  const findings = await doctor({ ...stages, database, push, permissions }, { ...context, aws });
  const hasFaults = findings.some(({ state }) => state === 'fault');
  const code = hasFaults ? exitCode.userError : exitCode.done;
  const count = findings.filter(({ state }) => state === 'fault').length;
  return {
    exitCode: code,
    lines: [...table(findings), hasFaults ? bad(`${count} to correct.`) : good('Nothing to correct.')],
    document: { exitCode: code, findings },
  };
}

function byHand(values: DoctorOptions): Stages {
  const { cluster = '', taskDefinition, subnets, securityGroups } = values;
  // A role that is given by hand is assumed: it is the caller.
  const roleArn = undefined;
  const network = subnets.length === 0 ? undefined : { subnets, securityGroups, publicIp: values.assignPublicIp };
  return {
    builds: values.repositories.map((repository) => ({ roleArn, repository, tags: values.tags })),
    migrations: taskDefinition === undefined ? [] : [{ ...values, roleArn, cluster, taskDefinition, network }],
    rollouts:
      values.services.length === 0
        ? []
        : [{ roleArn, cluster, services: values.services, timeoutMs: values.timeoutMs }],
  };
}

async function fromConfig(values: DoctorOptions, context: CommandContext): Promise<Stages> {
  const { workflows } = await configRun(values, context);
  return stagesOfConfig(
    workflows.flatMap(({ jobs }) => jobs.flatMap(({ stages }) => stages)),
    context,
  );
}

/** The actions of the policy that iam-policy would print, for IAM's simulator, each for the role of its stage. */
function permissionsOf({ builds, migrations, rollouts }: Stages, place: Place): Target['permissions'] {
  const common = { pinsImage: builds.length > 0 };
  return (familyOf) => [
    ...builds.flatMap(({ roleArn, repository }) =>
      needs(roleArn, { ...common, place, commands: ['build-and-push-image'], repositories: [repository] }),
    ),
    ...migrations.flatMap(({ roleArn, cluster, taskDefinition, taskDefinitionFromService, networkFromService }) =>
      needs(roleArn, {
        ...common,
        place,
        commands: ['run-migration-task'],
        cluster,
        families: taskDefinition === undefined ? [] : [definitionFamily(taskDefinition)],
        servicesRead: [networkFromService, taskDefinitionFromService].filter((name) => name !== undefined),
        repositories: builds.map(({ repository }) => repository),
      }),
    ),
    ...rollouts.flatMap(({ roleArn, cluster, services }) =>
      needs(roleArn, {
        ...common,
        place,
        commands: ['update-service-and-verify'],
        cluster,
        services: services.map(resourceName),
        families: services.flatMap((service) => familyOf(cluster, service) ?? []),
        repositories: builds.map(({ repository }) => repository),
      }),
    ),
  ];
}

interface Place {
  account: string;
  region: string;
}

function needs(
  roleArn: string | undefined,
  stage: {
    place: Place;
    commands: Parameters<typeof iamPolicies>[0]['commands'];
    pinsImage: boolean;
    cluster?: string;
    families?: readonly string[];
    services?: readonly string[];
    servicesRead?: readonly string[];
    repositories: readonly string[];
  },
): Need[] {
  const { policy } = iamPolicies({
    commands: stage.commands,
    scope: {
      ...stage.place,
      partition: partitionOf(stage.place.region),
      cluster: resourceName(stage.cluster ?? '*'),
      families: stage.families ?? [],
      services: stage.services ?? [],
      repositories: stage.repositories.map(repositoryScope),
      logGroups: [],
      passRoles: [],
    },
    createRepository: false,
    putLifecyclePolicy: false,
    setRepositoryPolicy: false,
    pinsImage: stage.pinsImage,
    tagsTasks: false,
    servicesRead: stage.servicesRead ?? [],
    stopsTasks: false,
    rollsBack: false,
    // Roles that are passed and logs that are read are checked by the definitions.
    logs: false,
    organizationId: undefined,
    projectId: undefined,
    branch: undefined,
  });
  return policy.Statement.flatMap((statement) => {
    if (!('Action' in statement) || !('Resource' in statement) || statement.Sid === 'PassRolesOfTasks') return [];
    const conditions = Object.values(statement.Condition ?? {}).flatMap((keys) => Object.entries(keys));
    const context = Object.fromEntries(conditions.map(([key, value]) => [key, [value].flat()[0] ?? '']));
    return [{ roleArn, actions: statement.Action, resources: [statement.Resource].flat(), context }];
  });
}

const marks = { ok: '✔', fault: '✘', unknown: '?' } as const;
const tones = { ok: line, fault: bad, unknown: warn };

function table(findings: readonly Finding[]): Line[] {
  const width = Math.max(...findings.map(({ area }) => area.length));
  return findings.flatMap(({ area, state, text: said, fix }) => [
    tones[state](`${marks[state]} ${area.padEnd(width)}  ${said}`),
    ...(fix === undefined ? [] : [line(`  ${' '.repeat(width)}  Fix: ${fix}`)]),
  ]);
}
