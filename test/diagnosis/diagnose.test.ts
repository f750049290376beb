import { describe, expect, test } from 'vitest';
import { diagnose, diagnoseExitCode, diagnoseText, diagnosisCatalogue } from '../../src/diagnosis/diagnose.ts';

/** Texts as real clusters and the ECS agent give them, with the row that each must hit. */
const texts: [string, string][] = [
  [
    'IMAGE_NOT_FOUND',
    'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 1.dkr.ecr.eu-west-1.amazonaws.com/app:x: 1.dkr.ecr.eu-west-1.amazonaws.com/app:x: not found',
  ],
  [
    'IMAGE_PLATFORM',
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
  ],
  [
    'PULL_DENIED',
    "CannotPullContainerError: The task can't pull the image 'app:1' from Amazon ECR using the task execution role. Check that the role has the permissions to pull images from the registry",
  ],
  [
    'PULL_DENIED',
    'CannotPullContainerError: Error response from daemon: pull access denied for app, repository does not exist',
  ],
  ['PULL_DENIED', 'CannotPullContainerError: unexpected status from HEAD request to https://x: 403 Forbidden'],
  [
    'NO_ROUTE',
    "CannotPullContainerError: The task cannot pull 'app:1' from the Amazon ECR repository 'x'. There is a connection issue between the task and Amazon ECR.",
  ],
  [
    'NO_ROUTE',
    'CannotPullContainerError: Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded)',
  ],
  ['NO_ROUTE', 'CannotPullContainerError: Context canceled'],
  [
    'IMAGE_LAYERS_UNREACHABLE',
    'CannotPullContainerError: failed to copy: httpReaderSeeker: failed open: unexpected status code https://x: 403 Forbidden',
  ],
  [
    'IMAGE_LAYERS_UNREACHABLE',
    'CannotPullContainerError: panic: runtime error: invalid memory address or nil pointer dereference',
  ],
  ['PULL_RATE_LIMIT', 'CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.'],
  ['DISK_FULL', 'CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device'],
  ['CANNOT_PULL', 'CannotPullContainerError: something new'],
  ['CANNOT_PULL', 'CannotPullECRContainerError: something new'],
  ['CANNOT_PULL', 'CannotPullImageManifestError: something new'],
  [
    'NO_ROUTE',
    'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout',
  ],
  [
    'SECRET',
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException',
  ],
  [
    'SECRET',
    "ResourceInitializationError: unable to pull secrets or registry auth: The task can't retrieve the secret with ARN 'arn:x' from AWS Secrets Manager. Check whether the secret exists in the specified Region.",
  ],
  [
    'SSM_PARAMETER',
    'ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager Parameter Store. Check your network connection',
  ],
  [
    'SSM_PARAMETER',
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ParameterNotFound',
  ],
  [
    'SSM_PARAMETER',
    'ResourceInitializationError: unable to pull secrets or registry auth: invalid parameters: /app/key',
  ],
  ['SECRETS_OR_REGISTRY_AUTH', 'ResourceInitializationError: unable to pull secrets or registry auth: something new'],
  [
    'LOG_GROUP_MISSING',
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error StatusCode: 400, ResourceNotFoundException: The specified log group does not exist.',
  ],
  [
    'LOGS_DENIED',
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: operation error CloudWatch Logs: CreateLogGroup, AccessDeniedException: User: x is not authorized to perform: logs:CreateLogGroup on resource: y',
  ],
  ['LOG_DRIVER', 'ResourceInitializationError: failed to initialize logging driver: x'],
  ['EFS', 'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: x'],
  ['ENV_FILES', 'ResourceInitializationError: failed to download env files: x'],
  ['RESOURCE_INITIALIZATION', 'ResourceInitializationError: something new'],
  [
    'NO_ADDRESSES',
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
  ],
  ['AWS_INTERNAL', 'InternalError: ENI attach timed out'],
  ['COMPUTE_STRATEGY', 'The selected task definition is not compatible with the selected compute strategy.'],
  ['ENI_LIMIT', 'Unable to attach network interface to unused device index'],
  ['NO_CAPACITY', 'Capacity is unavailable at this time. Please try again later or in a different availability zone'],
  ['NO_RESOURCES', 'TaskFailedToStart: RESOURCE:MEMORY'],
  ['NO_RESOURCES', 'RESOURCE:*'],
  ['AGENT_DISCONNECTED', 'TaskFailedToStart: AGENT'],
  ['AGENT_DISCONNECTED', 'AGENT'],
  ['WRONG_ZONE', 'LOCATION'],
  ['PLACEMENT_CONSTRAINT', 'TaskFailedToStart: ATTRIBUTE'],
  ['PLACEMENT_CONSTRAINT', 'TaskFailedToStart: MemberOf placement constraint unsatisfied'],
  ['NO_INSTANCES', 'TaskFailedToStart: NO ACTIVE INSTANCES'],
  ['NO_INSTANCES', 'TaskFailedToStart: EMPTY CAPACITY PROVIDER'],
  [
    'COMMAND_NOT_FOUND',
    'CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: exec: "rials": executable file not found in $PATH: unknown',
  ],
  ['IMAGE_PLATFORM', 'CannotStartContainerError: exec /bin/sh: exec format error'],
  ['CANNOT_START_CONTAINER', 'CannotStartContainerError: failed to get container status: x'],
  [
    'CANNOT_CREATE_CONTAINER',
    'CannotCreateContainerError: API error (500): devmapper: Thin Pool has 4350 free data blocks',
  ],
  ['RUNTIME_TIMEOUT', 'DockerTimeoutError: Could not transition to running; timed out after waiting 4m0s'],
  ['RUNTIME_TIMEOUT', 'ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m'],
  ['RUNTIME_ERROR', 'CannotStopContainerError: failed sending SIGTERM to container: x'],
  ['RUNTIME_ERROR', 'CannotInspectContainerError: x'],
  ['RUNTIME_ERROR', 'CannotCreateVolumeError: x'],
  ['OUT_OF_MEMORY', 'OutOfMemoryError: Container killed due to memory usage'],
  ['OUT_OF_MEMORY', 'OutOfMemoryError: container killed due to memory usage'],
  ['ELB_HEALTH_CHECK', 'Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x)'],
  ['ELB_HEALTH_CHECK', 'Task failed ELB health checks in (elb web)'],
  ['CONTAINER_HEALTH_CHECK', 'Task failed container health checks'],
  ['SCALED_IN', 'Scaling activity initiated by (deployment ecs-svc/1234567890123456789)'],
  ['STOPPED_BY_USER', 'Task stopped by user'],
  ['SPOT_INTERRUPTION', 'Your Spot Task was interrupted.'],
  ['MAINTENANCE', 'ECS is performing maintenance on the underlying infrastructure hosting the task.'],
  ['HOST_GONE', 'Host EC2 (instance i-0123) stopped/terminated.'],
  ['HOST_GONE', 'Host EC2 (instance i-0123) terminated.'],
  ['HOST_GONE', 'Container instance deregistration forced by user'],
  ['STOPPED_EARLY', 'Task stopped before image pull could begin for task: arn:x'],
];

describe('the catalogue of stop reasons', () => {
  test.each(texts)('%s: %s', (code, text) => {
    expect(diagnoseText(text)).toMatchObject({ code, cause: expect.any(String), fix: expect.any(String) });
  });

  test('every row is hit by a text above', () => {
    const hit = new Set(texts.map(([, text]) => diagnosisCatalogue.find(({ pattern }) => pattern.test(text))));
    expect(diagnosisCatalogue.filter((row) => !hit.has(row)).map(({ pattern }) => pattern.source)).toEqual([]);
  });

  test('an unknown text has no diagnosis', () => {
    expect(diagnoseText('Quantum flux')).toBeUndefined();
  });

  test('causes and fixes are sentences', () => {
    for (const { cause, fix } of diagnosisCatalogue)
      for (const text of [cause, fix]) expect(text).toMatch(/^[A-Z].*\.$/s);
  });
});

describe('the cause of an end', () => {
  test.each<[string, Parameters<typeof diagnose>[0], string | undefined]>([
    [
      'the container’s own reason comes first',
      { containerReason: 'OutOfMemoryError: x', stoppedReason: 'Task failed container health checks', exitCode: 137 },
      'OUT_OF_MEMORY',
    ],
    [
      'then the task’s',
      { stoppedReason: 'Task failed container health checks', exitCode: 137 },
      'CONTAINER_HEALTH_CHECK',
    ],
    [
      '"Essential container in task exited" says nothing: the exit code does',
      { stoppedReason: 'Essential container in task exited', exitCode: 127 },
      'COMMAND_NOT_FOUND',
    ],
    ['an unknown reason leaves the exit code', { containerReason: 'Quantum flux', exitCode: 139 }, 'CRASHED'],
    ['nothing known', { stoppedReason: 'Quantum flux' }, undefined],
  ])('%s', (_rule, facts, code) => {
    expect(diagnose(facts)?.code).toBe(code);
  });

  test.each<[number, string | undefined]>([
    [0, undefined],
    [1, 'EXIT_CODE'],
    [2, 'EXIT_CODE'],
    [42, 'EXIT_CODE'],
    [125, 'NOT_RUNNABLE'],
    [126, 'NOT_RUNNABLE'],
    [127, 'COMMAND_NOT_FOUND'],
    [134, 'KILLED_BY_SIGNAL'],
    [137, 'KILLED'],
    [139, 'CRASHED'],
    [143, 'TERMINATED'],
    [255, 'RUNTIME_ERROR'],
  ])('exit code %i: %s', (exitCode, code) => {
    expect(diagnoseExitCode(exitCode)?.code).toBe(code);
  });
});
