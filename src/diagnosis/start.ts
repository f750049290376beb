import type { DiagnosisPattern } from './diagnose.ts';

/** Texts about a task that could not be prepared or started; see "Stopped tasks error messages" in the Amazon ECS developer guide. */
export const startDiagnoses: readonly DiagnosisPattern[] = [
  {
    pattern: /AccessDenied.*logs:CreateLog(Group|Stream)|logs:CreateLog(Group|Stream).*AccessDenied/is,
    code: 'LOGS_DENIED',
    cause: 'The execution role is not authorized to create the log group or the log stream.',
    fix: 'Allow logs:CreateLogStream (and logs:CreateLogGroup, which AmazonECSTaskExecutionRolePolicy does not hold), or create the log group beforehand.',
  },
  {
    pattern: /failed to validate logger args|specified log group does not exist/,
    code: 'LOG_GROUP_MISSING',
    cause: 'The log group of the task definition does not exist in that region.',
    fix: 'Create it, or set awslogs-create-group to true and allow logs:CreateLogGroup; check awslogs-region.',
  },
  {
    pattern: /failed to initialize logging driver/,
    code: 'LOG_DRIVER',
    cause: 'The log driver of a container could not be set up.',
    fix: 'Check logConfiguration in the task definition, and that the log group exists.',
  },
  {
    pattern: /from ssm|Systems Manager Parameter Store|ParameterNotFound|invalid parameters/i,
    code: 'SSM_PARAMETER',
    cause: 'A parameter of Systems Manager that the task needs could not be read.',
    fix: 'Check its name and region, ssm:GetParameters and kms:Decrypt of the execution role, and the route to Systems Manager.',
  },
  {
    pattern: /secret from asm|Secrets Manager|secretsmanager|retrieve the secret/i,
    code: 'SECRET',
    cause: 'A secret that the task needs could not be read from Secrets Manager.',
    fix: 'Check its ARN, region and JSON key, and secretsmanager:GetSecretValue and kms:Decrypt of the execution role.',
  },
  {
    pattern: /unable to pull secrets or registry auth/,
    code: 'SECRETS_OR_REGISTRY_AUTH',
    cause: 'Secrets or the credentials of the registry could not be fetched.',
    fix: 'Check the permissions of the execution role and the network of the task.',
  },
  {
    pattern: /EFS utils|EFS volume/i,
    code: 'EFS',
    cause: 'An EFS file system could not be mounted.',
    fix: 'Open port 2049 from the task to the mount target and check its DNS name; then run it again, it may have been transient.',
  },
  {
    pattern: /failed to download env files/,
    code: 'ENV_FILES',
    cause: 'An environment file could not be read from Amazon S3.',
    fix: 'Check its key, and s3:GetObject and s3:GetBucketLocation of the execution role.',
  },
  {
    pattern: /Create Network Interface/,
    code: 'NO_ADDRESSES',
    cause: 'No network interface could be created, usually because the subnet has no free addresses.',
    fix: 'Use a larger subnet or more of them.',
  },
  {
    pattern: /Unable to attach network interface to unused device index/,
    code: 'ENI_LIMIT',
    cause: 'The container instance has no room for another network interface.',
    fix: 'Turn on awsvpcTrunking or use a larger instance.',
  },
  {
    pattern: /not compatible with the selected compute strategy/,
    code: 'COMPUTE_STRATEGY',
    cause: 'The task definition does not fit the launch type or the capacity provider.',
    fix: 'Check requiresCompatibilities of the task definition against --launch-type or --capacity-provider-strategy.',
  },
  {
    pattern: /Capacity is unavailable at this time/,
    code: 'NO_CAPACITY',
    cause: 'AWS has no capacity for this task at the moment.',
    fix: 'Try again later (--retry-capacity 10m does so), or use subnets in other availability zones.',
  },
  {
    pattern: /RESOURCE:(\w+|\*)/,
    code: 'NO_RESOURCES',
    cause:
      'No container instance has enough of the resource named (CPU, memory, ports, network interfaces or GPU) free.',
    fix: 'Scale the cluster out, free resources in it, or lower what the task definition asks for.',
  },
  {
    pattern: /NO ACTIVE INSTANCES|EMPTY CAPACITY PROVIDER/,
    code: 'NO_INSTANCES',
    cause: 'The capacity provider has no instance to run the task on.',
    fix: 'Scale its Auto Scaling group out.',
  },
  {
    pattern: /MemberOf placement constraint unsatisfied|\bATTRIBUTE\b/,
    code: 'PLACEMENT_CONSTRAINT',
    cause: 'No container instance has the attributes that the task asks for.',
    fix: 'Check placementConstraints and requiresAttributes against the instances of the cluster.',
  },
  {
    pattern: /(^|[\s:])AGENT\b/,
    code: 'AGENT_DISCONNECTED',
    cause: 'The container agent of the instance is not connected.',
    fix: 'Restart the agent or replace the instance.',
  },
  {
    pattern: /(^|[\s:])LOCATION\b/,
    code: 'WRONG_ZONE',
    cause: 'The instance is not in an availability zone of the subnets.',
    fix: 'Add a subnet in the zone of the instances.',
  },
  {
    pattern: /executable file not found|no such file or directory/,
    code: 'COMMAND_NOT_FOUND',
    cause: 'The command of the container is not in the image.',
    fix: 'Check the spelling of the command and of entryPoint, and that this image holds the program.',
  },
  {
    pattern: /exec format error/,
    code: 'IMAGE_PLATFORM',
    cause: 'The program in the image is for another processor, or a script has no #! line.',
    fix: 'Build the image for the platform of the task (docker build --platform linux/amd64).',
  },
  {
    pattern: /^CannotCreateContainerError/,
    code: 'CANNOT_CREATE_CONTAINER',
    cause: 'The container could not be created on its host.',
    fix: 'Free disk space on the container instance (docker system prune), or replace it.',
  },
  {
    pattern: /Could not transition to \w+; timed out|^(ContainerRuntime|Docker)TimeoutError/,
    code: 'RUNTIME_TIMEOUT',
    cause: 'The container runtime took too long.',
    fix: 'Run it again; if it stays, check CPU and disk of the container instance.',
  },
  {
    pattern: /^CannotStartContainerError/,
    code: 'CANNOT_START_CONTAINER',
    cause: 'The container could not be started.',
    fix: 'Check command, entryPoint and memory of the container, and the platform of its image.',
  },
  {
    pattern: /^(CannotStopContainerError|CannotInspectContainerError|CannotCreateVolumeError)/,
    code: 'RUNTIME_ERROR',
    cause: 'The container runtime reported an error.',
    fix: 'Run it again; if it stays, check the volumes of the task definition and the container instance.',
  },
];
