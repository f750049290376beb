import type { Json } from '../wire.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import { type Ground, liveTasks, remainingTasks } from './tasks.ts';

/** Milliseconds as the wire's seconds. */
export const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** Members that every answer holds, with the defaults that ECS fills in. */
const defaults = {
  availabilityZoneRebalancing: 'ENABLED',
  enableECSManagedTags: false,
  enableExecuteCommand: false,
  loadBalancers: [],
  placementConstraints: [],
  placementStrategy: [],
  propagateTags: 'NONE',
  schedulingStrategy: 'REPLICA',
  serviceRegistries: [],
};
const configMembers = [
  ...Object.keys(defaults),
  'capacityProviderStrategy',
  'healthCheckGracePeriodSeconds',
  'launchType',
  'networkConfiguration',
  'platformVersion',
];

/** Running and pending tasks of some deployments. */
export function counts(
  deployments: readonly DeploymentRecord[],
  ground: Ground,
): { runningCount: number; pendingCount: number } {
  const tasks = deployments.flatMap((deployment) => remainingTasks(deployment, ground));
  const running = tasks.filter(
    ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
  );
  const pending = tasks.filter(
    ({ lastStatus, desiredStatus }) =>
      desiredStatus === 'RUNNING' && ['PROVISIONING', 'PENDING', 'ACTIVATING'].includes(lastStatus),
  );
  return { runningCount: running.length, pendingCount: pending.length };
}

/** A service as DescribeServices shows it. */
export function serviceView(service: ServiceRecord, ground: Ground, include: readonly string[] = []): Json {
  const nowMs = ground.core.world.clock.now();
  const controller = service.config.deploymentController?.type ?? 'ECS';
  const shown = service.serviceDeployments.find(({ visibleAtMs }) => visibleAtMs <= nowMs);
  const isEcs = controller === 'ECS';
  return {
    ...defaults,
    ...Object.fromEntries(
      configMembers.filter((name) => service.config[name] !== undefined).map((name) => [name, service.config[name]]),
    ),
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: ground.core.clusters.get(service.cluster).arn,
    status: service.status,
    desiredCount: service.desiredCount,
    ...counts(service.deployments, ground),
    taskDefinition: service.config.taskDefinition,
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      ...(isEcs ? { strategy: 'ROLLING' } : {}),
      ...service.config.deploymentConfiguration,
    },
    deploymentController: { type: controller },
    roleArn: `arn:aws:iam::${ground.core.world.accountId}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
    createdBy: service.createdBy,
    deployments: isEcs ? service.deployments.map((one) => deploymentView(one, service, ground)) : [],
    ...(isEcs ? {} : { taskSets: service.deployments.map((one) => taskSetView(one, service, ground)) }),
    events: service.events.map(({ id, createdAtMs, message }) => ({ id, createdAt: seconds(createdAtMs), message })),
    createdAt: seconds(service.createdAtMs),
    ...(isEcs && shown !== undefined
      ? { currentServiceDeployment: shown.arn, currentServiceRevisions: revisionCounts(service, ground) }
      : {}),
    tags: include.includes('TAGS') ? service.tags : undefined,
  };
}

/** What CreateService and UpdateService answer: the service deployment is not told yet. */
export function updateAnswer(service: ServiceRecord, ground: Ground): Json {
  const { currentServiceDeployment: _notYet, ...view } = serviceView(service, ground);
  return view;
}

function revisionCounts(service: ServiceRecord, ground: Ground): Json[] {
  return service.deployments.slice(0, 2).map((deployment) => {
    const { runningCount, pendingCount } = counts([deployment], ground);
    return {
      arn: deployment.revision.arn,
      requestedTaskCount: deployment.status === 'PRIMARY' ? service.desiredCount : 0,
      runningTaskCount: runningCount,
      pendingTaskCount: pendingCount,
    };
  });
}

function deploymentView(deployment: DeploymentRecord, service: ServiceRecord, ground: Ground): Json {
  const { config, taskDefinition } = deployment.revision;
  // Behind a Classic Load Balancer ECS tells no rollout state.
  const isClassic = service.config.loadBalancers?.some((one: Json) => one.loadBalancerName !== undefined);
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: taskDefinition.arn,
    desiredCount: wanted(deployment, service, ground),
    ...counts([deployment], ground),
    failedTasks: deployment.failedTasks,
    createdAt: seconds(deployment.createdAtMs),
    updatedAt: seconds(deployment.updatedAtMs),
    launchType: config.launchType,
    capacityProviderStrategy: config.capacityProviderStrategy,
    platformVersion: config.platformVersion,
    networkConfiguration: config.networkConfiguration,
    ...(isClassic ? {} : { rolloutState: deployment.rolloutState, rolloutStateReason: deployment.rolloutStateReason }),
  };
}

/** A PRIMARY wants nothing until the scheduler has looked at it; an old deployment wants what it still has. */
function wanted(deployment: DeploymentRecord, service: ServiceRecord, ground: Ground): number {
  if (deployment.status !== 'PRIMARY') return liveTasks(deployment, ground).length;
  return deployment.serviceDeployment.status === 'PENDING' ? 0 : service.desiredCount;
}

function taskSetView(deployment: DeploymentRecord, service: ServiceRecord, ground: Ground): Json {
  return {
    id: deployment.id,
    taskSetArn: `${service.arn.replace(':service/', ':task-set/')}/${deployment.id}`,
    serviceArn: service.arn,
    status: deployment.status,
    taskDefinition: deployment.revision.taskDefinition.arn,
    ...counts([deployment], ground),
    createdAt: seconds(deployment.createdAtMs),
  };
}
