import type { Json } from '../wire.ts';
import { breakerThreshold } from './breaker.ts';
import type { DeploymentRecord, RevisionRecord, ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import { counts, seconds } from './service-view.ts';
import type { Ground } from './tasks.ts';

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
  const own = service.deployments.find((one) => one.serviceDeployment === record);
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
