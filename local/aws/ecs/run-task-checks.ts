import type { Core } from '../core.ts';
import { ApiError, type Json } from '../wire.ts';
import type { TaskDefinitionRecord } from './records.ts';

/** InvalidParameterException, the answer to most wrong requests. */
export const invalid = (message: string): ApiError => new ApiError('InvalidParameterException', message);

/** Checks a RunTask request as strictly as ECS does, with ECS's own texts. */
export function checkRunTask(input: Json, definition: TaskDefinitionRecord, cluster: string, core: Core): void {
  checkScalars(input);
  checkOverrides(input.overrides, definition);
  checkPlacement(input, definition, cluster, core);
  checkNetwork(input, definition, core);
  for (const role of [definition.raw.taskRoleArn, definition.raw.executionRoleArn, input.overrides?.taskRoleArn]) {
    if (role !== undefined && core.settings.unassumableRoles.includes(role)) {
      throw new ApiError(
        'ClientException',
        `ECS was unable to assume the role '${role}' that was provided for this task. Please verify that the role being ` +
          'passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.',
      );
    }
  }
}

function checkScalars(input: Json): void {
  const count = input.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 10) throw invalid('Count must be between 1 and 10.');
  // Real tasks carry spaces there: only the length counts.
  if ((input.startedBy ?? '').length > 128) throw invalid('startedBy longer than 128.');
  if (input.clientToken !== undefined && !/^[\x21-\x7e]{1,64}$/.test(input.clientToken)) {
    throw invalid('clientToken must be up to 64 ASCII characters in the range of 33-126.');
  }
  if (input.propagateTags === 'SERVICE') throw invalid('propagateTags SERVICE is not valid for RunTask.');
  const tags: Json[] = input.tags ?? [];
  if (tags.length > 50) throw invalid('Too many tags.');
  for (const { key, value } of tags) {
    if (/^aws:/i.test(key ?? 'aws:') || key.length > 128 || (value ?? '').length > 256) throw invalid('Invalid tag.');
  }
}

const containerOverrideTypes: Record<string, (value: Json) => boolean> = {
  name: (value) => typeof value === 'string',
  command: (value) => Array.isArray(value) && value.every((word) => typeof word === 'string'),
  environment: Array.isArray,
  environmentFiles: Array.isArray,
  cpu: Number.isInteger,
  memory: Number.isInteger,
  memoryReservation: Number.isInteger,
  resourceRequirements: Array.isArray,
};

function checkOverrides(overrides: Json, definition: TaskDefinitionRecord): void {
  if (overrides === undefined) return;
  const names = definition.raw.containerDefinitions.map(({ name }: Json) => name);
  for (const name of ['cpu', 'memory', 'taskRoleArn', 'executionRoleArn']) {
    if (overrides[name] !== undefined && typeof overrides[name] !== 'string') {
      throw new ApiError('SerializationException', 'NUMBER_VALUE can not be converted to a String');
    }
  }
  for (const override of overrides.containerOverrides ?? []) {
    for (const [key, value] of Object.entries(override)) {
      const fits = containerOverrideTypes[key];
      if (fits !== undefined && !fits(value)) {
        throw new ApiError('SerializationException', `Unexpected value type in payload for ${key}`);
      }
    }
    if (!names.includes(override.name)) {
      throw invalid(`Override for container named ${override.name} is not a container in the TaskDefinition.`);
    }
  }
  if (JSON.stringify(overrides).length > 8192) throw invalid('Container Overrides length must be at most 8192');
}

function checkPlacement(input: Json, definition: TaskDefinitionRecord, cluster: string, core: Core): void {
  const { launchType, capacityProviderStrategy, platformVersion } = input;
  if (launchType !== undefined && capacityProviderStrategy !== undefined) {
    throw invalid(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    );
  }
  if (launchType !== undefined && !['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'].includes(launchType)) {
    throw invalid(`Launch type ${launchType} is not valid.`);
  }
  const strategy: Json[] =
    capacityProviderStrategy ??
    (launchType === undefined ? core.clusters.get(cluster).defaultCapacityProviderStrategy : []);
  const total = strategy.reduce((sum, { weight = 0, base = 0 }) => sum + weight + base, 0);
  if (strategy.length > 0 && total === 0) {
    throw invalid('The specified capacity provider strategy cannot contain only providers with a weight of 0.');
  }
  for (const { capacityProvider } of strategy) {
    if (!core.clusters.get(cluster).capacityProviders.includes(capacityProvider)) {
      throw invalid('The specified capacity provider was not found. Specify a valid name or ARN and try again.');
    }
  }
  const fargate =
    launchType === 'FARGATE' || strategy.some((item) => String(item.capacityProvider).startsWith('FARGATE'));
  const compatible = definition.raw.requiresCompatibilities ?? ['EC2'];
  if (fargate && !compatible.includes('FARGATE')) {
    throw invalid('Task definition does not support launch_type FARGATE.');
  }
  if (platformVersion !== undefined && !/^(LATEST|1\.[0-4]\.0)$/.test(platformVersion)) {
    throw new ApiError('PlatformUnknownException', "The specified platform version doesn't exist.");
  }
  if (platformVersion === '1.0.0') {
    throw new ApiError(
      'PlatformTaskDefinitionIncompatibilityException',
      "The specified platform version doesn't satisfy the required capabilities of the task definition.",
    );
  }
  if (!fargate && strategy.length === 0 && (core.settings.containerInstances[cluster] ?? 0) === 0) {
    throw invalid('No Container Instances were found in your cluster.');
  }
}

function checkNetwork(input: Json, definition: TaskDefinitionRecord, core: Core): void {
  const network = input.networkConfiguration?.awsvpcConfiguration;
  if (definition.raw.networkMode !== 'awsvpc') {
    if (network === undefined) return;
    throw invalid('Network Configuration is not valid for the given networkMode of this task definition.');
  }
  if (network === undefined) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  const { subnets = [], securityGroups = [], assignPublicIp } = network;
  if (subnets.length === 0) throw invalid('subnets can not be empty.');
  if (subnets.length > 16) throw invalid('subnets can have at most 16 items.');
  if (securityGroups.length > 5) throw invalid('securityGroups can have at most 5 items.');
  if (assignPublicIp !== undefined && !['ENABLED', 'DISABLED'].includes(assignPublicIp)) {
    throw invalid('assignPublicIp must be ENABLED or DISABLED.');
  }
  for (const subnet of subnets) {
    if (!core.settings.missingSubnets.includes(subnet)) continue;
    throw invalid(
      `Error retrieving subnet information for [${subnet}]: The subnet ID '${subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
    );
  }
  for (const group of securityGroups) {
    if (!core.settings.foreignSecurityGroups.includes(group)) continue;
    throw invalid(`Security group ${group} does not appear to belong to the same VPC as the input subnets.`);
  }
}
