import { describe, expect, test } from 'vitest';
import { isCapacityReason, refusalFix, runTaskRefusals } from '../../src/diagnosis/refusals.ts';

/** What AWS answers, word for word, with what the advice must speak of. */
const refusals: [situation: string, code: string, message: string, fix: RegExp][] = [
  [
    'network without awsvpc',
    'InvalidParameterException',
    'Network Configuration is not valid for the given networkMode of this task definition.',
    /--subnets/,
  ],
  [
    'unknown container',
    'InvalidParameterException',
    'Override for container named web is not a container in the TaskDefinition.',
    /name in the overrides/,
  ],
  [
    'awsvpc without network',
    'InvalidParameterException',
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    /--network-from-service/,
  ],
  ['overrides too long', 'InvalidParameterException', 'Container Overrides length must be at most 8192', /Shorten/],
  [
    'launch type and strategy',
    'InvalidParameterException',
    'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    /either --launch-type or/,
  ],
  ['cluster', 'ClusterNotFoundException', 'Cluster not found.', /--cluster/],
  ['service', 'ServiceNotFoundException', 'Service not found.', /--network-from-service/],
  [
    'no instances',
    'InvalidParameterException',
    'No Container Instances were found in your cluster.',
    /--launch-type FARGATE/,
  ],
  [
    'security group of another VPC',
    'InvalidParameterException',
    'Security group sg-1 does not appear to belong to the same VPC as the input subnets.',
    /one VPC/,
  ],
  [
    'subnet',
    'InvalidParameterException',
    "Error retrieving subnet information for [subnet-x]: The subnet ID 'subnet-x' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    /--subnets/,
  ],
  [
    'role that cannot be assumed',
    'ClientException',
    "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
    /ecs-tasks\.amazonaws\.com/,
  ],
  ['account blocked', 'BlockedException', 'Your account is currently blocked.', /AWS support/],
  ['account blocked, the other way', 'ClientException', 'Account is blocked', /AWS support/],
  ['definition missing, described', 'ClientException', 'Unable to describe task definition.', /--task-definition/],
  ['definition missing, run', 'ClientException', 'TaskDefinition not found.', /--task-definition/],
  ['definition deregistered', 'ClientException', 'TaskDefinition is inactive', /ACTIVE/],
  ['definition deregistered, run', 'InvalidParameterException', 'TaskDefinition is inactive', /ACTIVE/],
  [
    'launch type mismatch',
    'InvalidParameterException',
    'Task definition does not support launch_type FARGATE.',
    /requiresCompatibilities/,
  ],
  ['Fargate sizes', 'ClientException', 'No Fargate configuration exists for given values.', /CPU and memory/],
  ['EC2 cpu', 'ClientException', "Invalid 'cpu' setting for task.", /CPU and memory/],
  [
    'concurrent registration',
    'ClientException',
    'Too many concurrent attempts to create a new revision of the specified family.',
    /again/,
  ],
  [
    'secrets without execution role',
    'ClientException',
    "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'",
    /executionRoleArn/,
  ],
  ['task id', 'InvalidParameterException', 'taskId length should be one of [32,36]', /--task/],
  ['task ARN', 'InvalidParameterException', 'Unexpected number of separators', /--task/],
  ['task identifier', 'InvalidParameterException', 'Invalid identifier: x', /--task/],
  ['no tasks', 'InvalidParameterException', 'Tasks cannot be empty.', /--task/],
  [
    'platform version',
    'PlatformUnknownException',
    "The specified platform version doesn't exist.",
    /--platform-version/,
  ],
  [
    'platform version too old',
    'PlatformTaskDefinitionIncompatibilityException',
    "The specified platform version doesn't satisfy the required capabilities of the task definition.",
    /newer/,
  ],
  ['unsupported', 'UnsupportedFeatureException', "The specified task isn't supported in this Region.", /Region/],
];

describe('refusals of RunTask', () => {
  test.each(refusals)('%s', (_situation, code, message, fix) => {
    expect(refusalFix(code, message)).toMatch(fix);
  });

  test('every row is hit by a text above', () => {
    const hit = new Set(
      refusals.map(([, code, message]) =>
        runTaskRefusals.find((row) => row.code.test(code) && row.message.test(message)),
      ),
    );
    expect(runTaskRefusals.filter((row) => !hit.has(row))).toEqual([]);
  });

  test('an unknown refusal has no advice of its own', () => {
    expect(refusalFix('ClientException', 'Something new')).toBeUndefined();
  });
});

describe('which failures a later try may heal', () => {
  test.each([
    ['Capacity is unavailable at this time. Please try again later or in a different availability zone', true],
    ['RESOURCE:MEMORY', true],
    ['RESOURCE:ENI', true],
    ['AGENT', true],
    ['ATTRIBUTE', false],
    ['LOCATION', false],
    ['MISSING', false],
    ['', false],
  ])('%s: %s', (reason, heals) => {
    expect(isCapacityReason(reason)).toBe(heals);
  });
});
