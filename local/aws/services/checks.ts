import type { Core } from '../core.ts';
import type { TaskDefinitionRecord } from '../ecs/records.ts';
import { ApiError, type Json } from '../wire.ts';

export const invalid = (message: string): ApiError => new ApiError('InvalidParameterException', message);

/** The task definition that a service is to run; a family means its latest revision. */
export function usableDefinition(ref: string, core: Core): TaskDefinitionRecord {
  const record = core.taskDefinitions.get(ref);
  if (record === undefined) throw new ApiError('ClientException', 'TaskDefinition not found.');
  if (record.status !== 'ACTIVE') throw new ApiError('ClientException', 'TaskDefinition is inactive');
  return record;
}

/** Checks what CreateService and UpdateService have in common, with ECS's own texts. */
export function checkService(
  config: Json,
  definition: TaskDefinitionRecord | undefined,
  cluster: string,
  core: Core,
): void {
  const { launchType, capacityProviderStrategy, desiredCount, networkConfiguration } = config;
  if (launchType !== undefined && capacityProviderStrategy !== undefined) {
    throw invalid(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    );
  }
  if (desiredCount !== undefined && (!Number.isInteger(desiredCount) || desiredCount < 0)) {
    throw invalid('desiredCount cannot be negative.');
  }
  checkDeploymentConfiguration(config);
  if (definition === undefined) return;
  for (const role of [definition.raw.taskRoleArn, definition.raw.executionRoleArn]) {
    if (role === undefined || !core.settings.unassumableRoles.includes(role)) continue;
    throw new ApiError(
      'ClientException',
      `ECS was unable to assume the role '${role}' that was provided for this task. Please verify that the role being ` +
        'passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.',
    );
  }
  const isFargate =
    launchType === 'FARGATE' ||
    (capacityProviderStrategy ?? []).some((item: Json) => /^FARGATE/.test(item.capacityProvider));
  if (isFargate && !(definition.raw.requiresCompatibilities ?? []).includes('FARGATE')) {
    throw invalid('Task definition does not support launch_type FARGATE.');
  }
  if (!isFargate && capacityProviderStrategy === undefined && (core.settings.containerInstances[cluster] ?? 0) === 0) {
    throw invalid('No Container Instances were found in your cluster.');
  }
  if (definition.raw.networkMode === 'awsvpc' && networkConfiguration?.awsvpcConfiguration === undefined) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  const names = definition.raw.containerDefinitions.map(({ name }: Json) => name);
  for (const { containerName } of config.loadBalancers ?? []) {
    if (containerName === undefined || names.includes(containerName)) continue;
    throw invalid(`The container ${containerName} does not exist in the task definition.`);
  }
}

function checkDeploymentConfiguration(config: Json): void {
  const { deploymentConfiguration: deployment } = config;
  if (deployment === undefined) return;
  const { minimumHealthyPercent = 100, maximumPercent = 200, earlySuccessCriteria, strategy = 'ROLLING' } = deployment;
  if (maximumPercent < 100 || minimumHealthyPercent < 0) throw invalid('The deployment configuration is not valid.');
  if (strategy === 'BLUE_GREEN' && deployment.bakeTimeInMinutes === undefined) {
    throw invalid('bakeTimeInMinutes is required for the BLUE_GREEN deployment strategy.');
  }
  const pauses: Json[] = (deployment.lifecycleHooks ?? []).filter(({ targetType }: Json) => targetType === 'PAUSE');
  if (pauses.length > 10) throw invalid('A service can have at most 10 pause hooks.');
  if (
    pauses.some(({ lifecycleStages = [] }) =>
      lifecycleStages.some((stage: string) => /^(TEST|PRODUCTION)_/.test(stage)),
    )
  ) {
    throw invalid('PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages.');
  }
  if (earlySuccessCriteria?.enable !== true) return;
  if (strategy !== 'ROLLING')
    throw invalid('earlySuccessCriteria is only supported for the ROLLING deployment strategy.');
  if ((earlySuccessCriteria.healthyPercent ?? 100) < minimumHealthyPercent) {
    throw invalid('earlySuccessCriteria.healthyPercent must be at least minimumHealthyPercent.');
  }
}

const codeDeploy = {
  taskDefinition:
    'Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
  networkConfiguration:
    'Unable to update network parameters on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
  forceNewDeployment:
    'Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
} as const;

/** What other deployment controllers do not let UpdateService change. */
export function checkController(controller: string, input: Json): void {
  if (controller === 'ECS') return;
  if (controller === 'EXTERNAL') {
    if (input.taskDefinition === undefined && input.forceNewDeployment !== true) return;
    throw invalid(
      'Unable to update task definition on services with an EXTERNAL deployment controller. Use CreateTaskSet.',
    );
  }
  for (const [member, message] of Object.entries(codeDeploy)) {
    if (input[member] !== undefined && input[member] !== false) throw invalid(message);
  }
}
