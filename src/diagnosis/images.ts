import type { DiagnosisPattern } from './diagnose.ts';

const route =
  'Give the task a way out: a NAT gateway, or the VPC endpoints ecr.api, ecr.dkr, logs and s3 (gateway), or assignPublicIp ENABLED in a public subnet; and let its security group reach them.';
const executionRole =
  'Give the execution role AmazonECSTaskExecutionRolePolicy (on EC2: the instance role) and check the policy of the repository.';

/** Texts about pulling images; see "CannotPullContainer task errors" in the Amazon ECS developer guide. */
export const imageDiagnoses: readonly DiagnosisPattern[] = [
  {
    pattern: /does not contain descriptor matching platform/,
    code: 'IMAGE_PLATFORM',
    cause: 'The image has no variant for the platform of the task.',
    fix: 'Build it for that platform (docker build --platform linux/amd64 --provenance=false), or set runtimePlatform.cpuArchitecture in the task definition.',
  },
  {
    pattern: /httpReaderSeeker: failed open/,
    code: 'IMAGE_LAYERS_UNREACHABLE',
    cause: 'The layers of the image could not be copied from Amazon S3.',
    fix: 'Check the policy of the S3 gateway endpoint and the execution role.',
  },
  {
    pattern: /panic: runtime error: invalid memory address or nil pointer dereference/,
    code: 'IMAGE_LAYERS_UNREACHABLE',
    cause: 'Amazon S3, where the layers of the image are, could not be reached.',
    fix: 'Check the route to the S3 gateway endpoint and the security group of the task.',
  },
  {
    pattern: /toomanyrequests|pull rate limit/i,
    code: 'PULL_RATE_LIMIT',
    cause: 'The registry refuses more pulls for now.',
    fix: 'Sign in to Docker Hub (repositoryCredentials) or pull through an ECR pull-through cache.',
  },
  {
    pattern: /no space left on device/,
    code: 'DISK_FULL',
    cause: 'The disk of the task or of its host is full.',
    fix: 'Raise ephemeralStorage in the task definition, or the volume of the container instance.',
  },
  {
    pattern:
      /There is a connection issue|i\/o timeout|request canceled while waiting for connection|context canceled|net\/http: request canceled|connection refused/i,
    code: 'NO_ROUTE',
    cause: 'The task could not reach an AWS service it needs in order to start.',
    fix: route,
  },
  {
    pattern: /failed to resolve ref .*not found|manifest for .* not found|manifest unknown/is,
    code: 'IMAGE_NOT_FOUND',
    cause: 'The image or its tag is not in the registry.',
    fix: 'Push the image first; pin it by digest so that it cannot vanish, and check the lifecycle policy of the repository.',
  },
  {
    pattern:
      /Check that the role has the permissions to pull images|pull access denied|403 Forbidden|no basic auth credentials/i,
    code: 'PULL_DENIED',
    cause: 'The role of the task is not authorized to pull the image, or the image does not exist.',
    fix: executionRole,
  },
  {
    pattern: /^CannotPull(Container|ECRContainer|ContainerAuth|ImageManifest)\w*:?/,
    code: 'CANNOT_PULL',
    cause: 'The image could not be pulled.',
    fix: `Check the reference of the image. ${executionRole}`,
  },
];
