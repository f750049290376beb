import type { Json } from '../wire.ts';
import { breakerThreshold } from './breaker.ts';
import type { DeploymentRecord, RevisionRecord, ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import { type Ground, remainingTasks } from './tasks.ts';

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

const configMembers = [
  'availabilityZoneRebalancing',
  'capacityProviderStrategy',
  'enableECSManagedTags',
  'enableExecuteCommand',
  'healthCheckGracePeriodSeconds',
  'launchType',
  'networkConfiguration',
  'placementConstraints',
  'placementStrategy',
  'platformVersion',
  'propagateTags',
  'schedulingStrategy',
  'serviceRegistries',
];

function counts(
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
    ...Object.fromEntries(configMembers.map((name) => [name, service.config[name]])),
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: ground.core.clusters.get(service.cluster).arn,
    status: service.status,
    desiredCount: service.desiredCount,
    ...counts(service.deployments, ground),
    taskDefinition: service.config.taskDefinition,
    loadBalancers: service.config.loadBalancers ?? [],
    deploymentConfiguration: {
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      ...(isEcs ? { strategy: 'ROLLING' } : {}),
      ...service.config.deploymentConfiguration,
    },
    ...(service.config.deploymentController === undefined ? {} : { deploymentController: { type: controller } }),
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
    desiredCount: deployment.status === 'PRIMARY' ? service.desiredCount : 0,
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

/** A service deployment as ListServiceDeployments shows it. */
export function serviceDeploymentBrief(record: ServiceDeploymentRecord, service: ServiceRecord, ground: Ground): Json {
  return {
    serviceDeploymentArn: record.arn,
    serviceArn: service.arn,
    clusterArn: ground.core.clusters.get(service.cluster).arn,
    createdAt: seconds(record.createdAtMs),
    startedAt: seconds(record.startedAtMs),
    finishedAt: seconds(record.finishedAtMs),
    targetServiceRevisionArn: record.target.arn,
    status: record.status,
    statusReason: record.statusReason,
  };
}

/** A service deployment as DescribeServiceDeployments shows it. */
export function serviceDeploymentView(record: ServiceDeploymentRecord, service: ServiceRecord, ground: Ground): Json {
  const { targetServiceRevisionArn: _brief, ...brief } = serviceDeploymentBrief(record, service, ground);
  const own = service.deployments.find((one) => one.serviceDeployment === record && !one.isRollback);
  return {
    ...brief,
    updatedAt: seconds(record.updatedAtMs),
    stoppedAt: record.status === 'STOPPED' ? seconds(record.finishedAtMs) : undefined,
    sourceServiceRevisions: record.sources.map((revision) => revisionSummary(revision, service, record, ground)),
    targetServiceRevision: revisionSummary(record.target, service, record, ground, own),
    deploymentConfiguration: record.configuration,
    rollback:
      record.rollback === undefined
        ? undefined
        : {
            reason: record.rollback.reason,
            startedAt: seconds(record.rollback.startedAtMs),
            serviceRevisionArn: record.rollback.revisionArn,
          },
    deploymentCircuitBreaker: breakerView(record, service, own),
    alarms: alarmsView(record),
    lifecycleStage: record.lifecycleStage,
    lifecycleHookDetails: record.hooks.map(({ hookId, targetType, targetArn, status, expiresAtMs, timeoutAction }) => ({
      hookId,
      targetType,
      targetArn,
      status,
      expiresAt: seconds(expiresAtMs),
      timeoutAction,
    })),
  };
}

function revisionSummary(
  revision: RevisionRecord,
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
  ground: Ground,
  own?: DeploymentRecord,
): Json {
  const deployments = own === undefined ? service.deployments.filter((one) => one.revision === revision) : [own];
  const { runningCount, pendingCount } = counts(deployments, ground);
  const shifts = ['BLUE_GREEN', 'LINEAR', 'CANARY'].includes(record.configuration.strategy);
  return {
    arn: revision.arn,
    requestedTaskCount: own === undefined ? 0 : service.desiredCount,
    runningTaskCount: runningCount,
    pendingTaskCount: pendingCount,
    ...(shifts
      ? {
          requestedTestTrafficWeight: Math.max(0, ...deployments.map(({ testWeight }) => testWeight)),
          requestedProductionTrafficWeight: Math.max(0, ...deployments.map(({ productionWeight }) => productionWeight)),
        }
      : {}),
  };
}

function breakerView(record: ServiceDeploymentRecord, service: ServiceRecord, own: DeploymentRecord | undefined): Json {
  const breaker = record.configuration.deploymentCircuitBreaker;
  const status =
    breaker?.enable !== true
      ? 'DISABLED'
      : record.breakerTriggered
        ? 'TRIGGERED'
        : record.finishedAtMs === undefined
          ? 'MONITORING'
          : 'MONITORING_COMPLETE';
  return { status, failureCount: own?.failedTasks ?? 0, threshold: breakerThreshold(service.desiredCount, breaker) };
}

function alarmsView(record: ServiceDeploymentRecord): Json {
  const { alarms } = record.configuration;
  if (alarms?.enable !== true) return undefined;
  const status =
    record.triggeredAlarms.length > 0
      ? 'TRIGGERED'
      : record.finishedAtMs === undefined
        ? 'MONITORING'
        : 'MONITORING_COMPLETE';
  return { status, alarmNames: alarms.alarmNames, triggeredAlarmNames: record.triggeredAlarms };
}

/** A service revision as DescribeServiceRevisions shows it. */
export function revisionView(revision: RevisionRecord, service: ServiceRecord, ground: Ground): Json {
  const { config, taskDefinition } = revision;
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: ground.core.clusters.get(service.cluster).arn,
    taskDefinition: taskDefinition.arn,
    launchType: config.launchType,
    capacityProviderStrategy: config.capacityProviderStrategy,
    platformVersion: config.platformVersion,
    networkConfiguration: config.networkConfiguration,
    loadBalancers: config.loadBalancers,
    containerImages: taskDefinition.raw.containerDefinitions.map(({ name, image }: Json) => ({
      containerName: name,
      image,
      imageDigest: revision.digests[name],
    })),
    guardDutyEnabled: false,
    createdAt: seconds(revision.createdAtMs),
  };
}
