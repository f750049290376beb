/** What to do about a refusal of RunTask or of what leads to it, by the text AWS gives. */
interface RefusalAdvice {
  code: RegExp;
  message: RegExp;
  fix: string;
}

const anything = /./;
const invalid = /^(InvalidParameterException|ClientException)$/;

/** The refusals that are known, but for missing permissions, whose text names itself what to allow; the first row that fits counts. */
export const runTaskRefusals: readonly RefusalAdvice[] = [
  {
    code: invalid,
    message: /^Override for container named .* is not a container/,
    fix: 'Correct the container’s name in the overrides.',
  },
  {
    code: invalid,
    message: /^Network Configuration must be provided/,
    fix: 'Pass --network-from-service SERVICE, or --subnets and --security-groups.',
  },
  {
    code: invalid,
    message: /^Network Configuration is not valid for the given networkMode/,
    fix: 'Leave --subnets, --security-groups and --assign-public-ip out: only awsvpc definitions take them.',
  },
  {
    code: invalid,
    message: /^Container Overrides length must be at most/,
    fix: 'Shorten the overrides: move long values into the task definition, a secret or an environment file.',
  },
  {
    code: invalid,
    message: /^Specifying both a launch type and capacity provider strategy/,
    fix: 'Pass either --launch-type or --capacity-provider-strategy.',
  },
  {
    code: invalid,
    message: /^No Container Instances were found/,
    fix: 'Pass --launch-type FARGATE (or --network-from-service) if the task is for Fargate; else add instances to the cluster.',
  },
  {
    code: invalid,
    message: /^Security group .* same VPC/,
    fix: 'Use security groups and subnets of one VPC; --network-from-service copies both from a service.',
  },
  {
    code: invalid,
    message: /^Error retrieving subnet information/,
    fix: 'Correct --subnets; check region and account.',
  },
  {
    code: invalid,
    message: /^ECS was unable to assume the role/,
    fix: 'Let ecs-tasks.amazonaws.com assume that role (its trust policy). A role that was just created needs a minute; run the command again then.',
  },
  { code: anything, message: /account is (currently )?blocked/i, fix: 'Ask AWS support why the account is blocked.' },
  {
    code: invalid,
    message: /^(Unable to describe task definition|TaskDefinition not found)/,
    fix: 'Check --task-definition, --region and the account; a family needs one ACTIVE revision.',
  },
  {
    code: invalid,
    message: /^TaskDefinition is inactive/,
    fix: 'Name a revision that is ACTIVE, or only the family. Something may be deregistering revisions while you deploy.',
  },
  {
    code: invalid,
    message: /does not support launch_type/,
    fix: 'Add FARGATE to requiresCompatibilities of the task definition, or pass another --launch-type.',
  },
  {
    code: invalid,
    message: /^(No Fargate configuration exists|Invalid 'cpu' setting)/,
    fix: 'Use a pair of CPU and memory that Fargate offers, in the task definition and in the overrides.',
  },
  {
    code: invalid,
    message: /^Too many concurrent attempts to create a new revision/,
    fix: 'Run the command again; another job registered a revision of the same family at the same moment.',
  },
  {
    code: invalid,
    message: /^When you are specifying container secrets/,
    fix: 'Add an executionRoleArn to the task definition.',
  },
  {
    code: invalid,
    message:
      /^(taskId length should be|Unexpected number of separators|Invalid identifier|The referenced task was not found)/,
    fix: 'Pass the ARN or the id of a task with --task; `aws ecs list-tasks` shows them.',
  },
  { code: invalid, message: /^Tasks cannot be empty/, fix: 'Pass the ARN or the id of a task with --task.' },
  {
    code: /^ClusterNotFoundException$/,
    message: anything,
    fix: 'Check --cluster, and that --region and the account are the ones it lives in.',
  },
  {
    code: /^ServiceNotFoundException$/,
    message: anything,
    fix: 'Check --network-from-service, --cluster and --region.',
  },
  {
    code: /^PlatformUnknownException$/,
    message: anything,
    fix: 'Check --platform-version; LATEST is the usual choice.',
  },
  {
    code: /^PlatformTaskDefinitionIncompatibilityException$/,
    message: anything,
    fix: 'Pass a newer --platform-version; LATEST is the usual choice.',
  },
  {
    code: /^UnsupportedFeatureException$/,
    message: anything,
    fix: 'This Region cannot run such a task; check the task definition and --region.',
  },
];

/** The advice for a refusal, or undefined where none is known. */
export function refusalFix(code: string, message: string): string | undefined {
  return runTaskRefusals.find((row) => row.code.test(code) && row.message.test(message))?.fix;
}

/** Whether a `failures[]` reason of RunTask is about capacity, so that a later try may succeed. */
export function isCapacityReason(reason: string): boolean {
  return /^Capacity is unavailable|^RESOURCE:|^AGENT$|provisioning capacity limit/.test(reason);
}
