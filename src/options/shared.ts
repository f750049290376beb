import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { choice, duration, flag, group, list, names, text } from './define.ts';
import type { ValuesOf } from './option.ts';

/** How to sign in to AWS and how long to wait for each answer. */
export const awsOptions = group('AWS', {
  region: text({
    placeholder: 'REGION',
    describe: 'Region of the calls.',
    otherwise: 'AWS_REGION, AWS_DEFAULT_REGION or the profile’s',
  }),
  profile: text({
    placeholder: 'NAME',
    describe: 'Profile of the shared AWS configuration files.',
    otherwise: 'AWS_PROFILE',
  }),
  roleArn: text({
    placeholder: 'ARN',
    describe:
      'Role to assume, with the OIDC token of the CircleCI job where there is one, else with the credentials at hand.',
    check: (arn: string) =>
      /^arn:[^:]+:iam::\d{12}:role\/.+$/.test(arn) ? undefined : 'must look like arn:aws:iam::111122223333:role/NAME',
  }),
  roleSessionName: text({
    placeholder: 'NAME',
    describe: 'Name of that session, as CloudTrail shows it.',
    otherwise: 'the name and number of the CircleCI job',
  }),
  sessionDuration: duration({
    placeholder: 'DURATION',
    describe: 'How long that session lives, from 15m to 12h.',
    otherwise: '1h',
    range: ['15m', '12h'],
  }),
  expectAccount: text({
    placeholder: 'ID',
    describe: 'Account that the credentials must belong to; checked before anything else.',
    check: accountFault,
  }),
  requestTimeout: duration({
    placeholder: 'DURATION',
    describe: 'Longest wait for the answer to one request.',
    default: '15s',
  }),
});
export type AwsOptions = ValuesOf<typeof awsOptions>;

/** What is wrong with an account's id, if anything. */
export function accountFault(account: string): string | undefined {
  return /^\d{12}$/.test(account) ? undefined : 'must be the 12 digits of an AWS account';
}

function uuidFault(id: string): string | undefined {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)
    ? undefined
    : 'must be the UUID that stands in its settings, under Overview';
}

/** Whose tokens a role of the jobs trusts. */
export const projectOptions = {
  organizationId: text({
    placeholder: 'UUID',
    describe: 'CircleCI organization.',
    variables: ['CIRCLE_ORGANIZATION_ID'],
    check: uuidFault,
  }),
  projectId: text({
    placeholder: 'UUID',
    describe: 'CircleCI project.',
    variables: ['CIRCLE_PROJECT_ID'],
    check: uuidFault,
  }),
};

/** Options that every command takes. */
export const generalOptions = group('General', {
  output: choice(['text', 'json'], {
    default: 'text',
    describe: 'json prints one document on stdout and the progress on stderr.',
  }),
  recordDir: text({
    placeholder: 'DIR',
    describe: 'Folder for the record of this stage, and where earlier stages left theirs; ~/ is the home folder.',
    parse: (text, { expand }) =>
      // `$$` tells whether variables are replaced at all; the folder's own need not be set for that.
      expand('$$') === '$' && /\$[\w{]/.test(text)
        ? wrong('must be without variables, as CircleCI replaces none where a job hands the folder on')
        : valid(text),
    expandsItself: true,
  }),
  recordsFrom: text({
    placeholder: 'DIR',
    describe:
      'Another folder that earlier stages left records in, such as the workspace of a CircleCI job: read, never written. No variable in it is replaced, as CircleCI replaces none.',
    expandsItself: true,
  }),
  outputs: text({
    placeholder: 'FILE',
    describe:
      'File that gets a line of MIGRATE_DEPLOY_IMAGE, _TASK_ARN, _TASK_DEFINITION, _DEPLOYMENT_ID and _VERDICT for a shell to read, such as $BASH_ENV.',
    mayBeEmpty: true,
  }),
  timestamps: flag({ describe: 'Puts the clock time (UTC) in front of each line of the progress.' }),
  dryRun: flag({ describe: 'Checks what can be checked, prints the exact requests and changes nothing.' }),
  expandEnv: flag({
    describe:
      'Replaces $VAR, ${VAR} and ${VAR:-default} in the values of options; $$ is a dollar sign, and a variable that is not set is an error.',
  }),
  debug: flag({ describe: 'Also prints each request with its id and outcome, never its values.' }),
});
export type GeneralOptions = ValuesOf<typeof generalOptions>;

const pollInterval = duration({
  placeholder: 'DURATION',
  describe: 'Fixed time between two polls.',
  otherwise: 'adaptive, 1s to 10s',
});

/** The cluster, as the commands about services take it. */
export const clusterOfServices = text({
  required: true,
  alias: 'cluster-name',
  placeholder: 'NAME|ARN',
  describe: 'The cluster of the services.',
});

/** How long the commands about services follow a deployment, and how often they poll. */
export const followingTimes = {
  timeout: duration({
    placeholder: 'DURATION',
    default: '30m',
    describe: 'Longest time to follow; the deployment itself is not limited by it.',
  }),
  pollInterval,
};

/** How run-migration-task and wait-for-task wait. */
export const waitingOptions = group('Waiting and logs', {
  timeout: duration({
    placeholder: 'DURATION',
    default: '60m',
    describe: 'Longest time for everything together; the task itself is not limited by it.',
  }),
  pollInterval,
  logs: flag({ default: true, describe: 'Prints the log of the container while it runs; --no-logs does not.' }),
  logGrace: duration({
    placeholder: 'DURATION',
    describe: 'How long to read the log after the verdict.',
    otherwise: '5s, and 15s after a failure',
  }),
  onTimeout: choice(['leave', 'stop'], {
    default: 'leave',
    describe: 'What happens to the task when time runs out.',
  }),
  onInterrupt: choice(['leave', 'stop'], {
    default: 'leave',
    describe: 'What happens to the task on SIGINT or SIGTERM, which is also how CircleCI cancels a job.',
  }),
  passExitCode: flag({ describe: 'Exits with the container’s own code instead of 1 when it failed with one.' }),
});
export type WaitingOptions = ValuesOf<typeof waitingOptions>;

/** Where a one-off task runs. */
export const placementOptions = group('Where it runs', {
  networkFromService: text({
    placeholder: 'SERVICE',
    describe:
      'Copies subnets, security groups, launch type or capacity providers and platform version from this service.',
  }),
  subnets: names({
    placeholder: 'ID',
    describe: 'Subnets, 16 at most.',
    parse: id('subnet'),
    check: (ids) => (ids.length > 16 ? 'may name 16 subnets at most' : undefined),
  }),
  securityGroups: names({
    placeholder: 'ID',
    describe: 'Security groups, 5 at most.',
    parse: id('sg'),
    check: (ids) => (ids.length > 5 ? 'may name 5 groups at most' : undefined),
  }),
  assignPublicIp: choice(['ENABLED', 'DISABLED'], {
    describe: 'Whether the task gets a public address.',
    otherwise: 'DISABLED',
  }),
  launchType: choice(['FARGATE', 'EC2', 'EXTERNAL', 'MANAGED_INSTANCES'], {
    describe: 'Launch type.',
    otherwise: 'the capacity providers of the cluster, else EC2',
  }),
  capacityProviderStrategy: list({
    placeholder: 'PROVIDER',
    describe: 'Capacity provider, as NAME or capacityProvider=NAME,weight=1,base=0.',
    parse: capacityProvider,
    check: (items) => {
      if (items.length > 20) return 'may name 20 providers at most';
      return items.filter(({ base = 0 }) => base > 0).length > 1 ? 'may give a base to one provider only' : undefined;
    },
  }),
  platformVersion: text({ placeholder: 'VERSION', describe: 'Fargate platform version.', otherwise: 'LATEST' }),
  placementConstraints: list({
    placeholder: 'type=TYPE,expression=EXPR',
    describe: 'Which instances of the cluster may run it, on EC2: memberOf with an expression, or distinctInstance.',
    parse: placementConstraint,
    check: (items) => (items.length > 10 ? 'may be given 10 times at most' : undefined),
  }),
  placementStrategy: list({
    placeholder: 'type=TYPE,field=FIELD',
    describe: 'Which of these instances comes first, on EC2: binpack, spread or random.',
    parse: placementStrategy,
    check: (items) => (items.length > 5 ? 'may be given 5 times at most' : undefined),
  }),
});
export type PlacementOptions = ValuesOf<typeof placementOptions>;

/** What is wrong with `placementOptions` taken together. */
export function placementErrors(known: Partial<PlacementOptions>): string[] {
  const { networkFromService, subnets, securityGroups = [], assignPublicIp, launchType } = known;
  const hasNetwork = networkFromService !== undefined || subnets?.length !== 0;
  const needs = (option: string): string => `--${option} needs --subnets or --network-from-service`;
  return [
    ...(!hasNetwork && securityGroups.length > 0 ? [needs('security-groups')] : []),
    ...(!hasNetwork && assignPublicIp !== undefined ? [needs('assign-public-ip')] : []),
    ...(launchType === 'FARGATE' &&
    (known.placementConstraints ?? []).length + (known.placementStrategy ?? []).length > 0
      ? ['--placement-constraints and --placement-strategy are for instances: Fargate has none']
      : []),
    ...(launchType !== undefined && (known.capacityProviderStrategy ?? []).length > 0
      ? ['--launch-type and --capacity-provider-strategy exclude each other']
      : []),
  ];
}

/** EC2 names them so; whether they exist is for ECS to say. */
function id(prefix: 'subnet' | 'sg') {
  return (given: string): Parsed<string> =>
    new RegExp(`^${prefix}-\\w+$`).test(given) ? valid(given) : wrong(`must be an id such as ${prefix}-0a1b2c3d`);
}

function capacityProvider(given: string): Parsed<{ capacityProvider: string; weight?: number; base?: number }> {
  const text = given.trim();
  if (/^[\w-]+$/.test(text)) return valid({ capacityProvider: text, weight: 1 });
  const members = new Map(
    text.split(',').map((part): [string, string] => [part.replace(/=.*/, ''), part.replace(/^[^=]*=?/, '')]),
  );
  const { capacityProvider = '', weight, base, ...others } = Object.fromEntries(members);
  const isNumber = (digits: string | undefined): boolean => digits === undefined || /^\d+$/.test(digits);
  if (capacityProvider === '' || !isNumber(weight) || !isNumber(base) || Object.keys(others).length > 0) {
    return wrong('must look like FARGATE or capacityProvider=FARGATE,weight=1,base=0');
  }
  return valid({
    capacityProvider,
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    ...(base === undefined ? {} : { base: Number(base) }),
  });
}

/** `name=value` parts behind commas; what stands behind `last` may hold commas itself. */
function members(text: string, last?: string): Record<string, string> {
  const at = last === undefined ? -1 : text.search(new RegExp(`(^|,)${last}=`));
  const [front, rest] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at).replace(/^,/, '')];
  const parts = [...front.split(','), rest].map((part) => part.trim()).filter((part) => part !== '');
  return Object.fromEntries(
    parts.map((part) => [part.replace(/=.*/s, '').trim(), part.replace(/^[^=]*=?/, '').trim()]),
  );
}

function placementConstraint(given: string): Parsed<{ type: 'memberOf' | 'distinctInstance'; expression?: string }> {
  const { type, expression, ...others } = members(given, 'expression');
  if (Object.keys(others).length === 0) {
    if (type === 'distinctInstance' && expression === undefined) return valid({ type });
    if (type === 'memberOf' && expression !== undefined && expression !== '') return valid({ type, expression });
  }
  return wrong('must look like type=memberOf,expression=EXPRESSION or type=distinctInstance');
}

function placementStrategy(given: string): Parsed<{ type: 'random' | 'spread' | 'binpack'; field?: string }> {
  const { type, field, ...others } = members(given);
  const isKnown = type === 'random' || type === 'spread' || type === 'binpack';
  if (!isKnown || Object.keys(others).length > 0 || (type !== 'random' && (field ?? '') === '')) {
    return wrong(
      'must look like type=binpack,field=memory, type=spread,field=attribute:ecs.availability-zone or type=random',
    );
  }
  return valid({ type, ...(field === undefined ? {} : { field }) });
}
