import type { Core } from '../core.ts';
import type { Json } from '../wire.ts';
import type { ContainerRecord, TaskRecord } from './records.ts';

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** A task as the API shows it; absent members are left out. */
export function taskView(task: TaskRecord, core: Core, include: string[] = []): Json {
  const { raw } = task.taskDefinition;
  const names = raw.containerDefinitions.map(({ name }: Json) => name);
  const nowMs = core.world.clock.now();
  const isDeleted = nowMs >= (task.stoppedAtMs ?? Number.POSITIVE_INFINITY) + core.settings.deletedAfterMs;
  const isStopKnown = nowMs >= (task.stoppingAtMs ?? 0) + core.settings.stopCodeDelayMs;
  const given: Json[] = task.overrides.containerOverrides ?? [];
  return {
    attachments: attachments(task),
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    availabilityZone: `${core.world.region}a`,
    clusterArn: task.clusterArn,
    connectivity: task.connectivityAtMs === undefined ? undefined : 'CONNECTED',
    connectivityAt: seconds(task.connectivityAtMs),
    containers: task.containers.map((container) => containerView(container, task)),
    cpu: task.overrides.cpu ?? raw.cpu,
    memory: task.overrides.memory ?? raw.memory,
    createdAt: seconds(task.createdAtMs),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    executionStoppedAt: seconds(task.executionStoppedAtMs),
    group: task.group,
    healthStatus: task.healthStatus,
    lastStatus: isDeleted ? 'DELETED' : task.lastStatus,
    launchType: task.launchType,
    capacityProviderName: task.capacityProviderName,
    overrides: {
      ...task.overrides,
      containerOverrides: names.map((name: string) => given.find((one) => one.name === name) ?? { name }),
      inferenceAcceleratorOverrides: [],
    },
    platformFamily: task.platformVersion === undefined ? undefined : 'Linux',
    platformVersion: task.platformVersion,
    pullStartedAt: seconds(task.pullStartedAtMs),
    pullStoppedAt: seconds(task.pullStoppedAtMs),
    startedAt: seconds(task.startedAtMs),
    startedBy: task.startedBy,
    stopCode: isStopKnown ? task.stopCode : undefined,
    stoppedAt: seconds(task.stoppedAtMs),
    stoppedReason: isStopKnown ? task.stoppedReason : undefined,
    stoppingAt: seconds(task.stoppingAtMs),
    tags: include.includes('TAGS') ? task.tags : [],
    taskArn: task.arn,
    taskDefinitionArn: task.taskDefinition.arn,
    version: task.version,
    ...core.settings.extraTaskMembers,
  };
}

function containerView(container: ContainerRecord, task: TaskRecord): Json {
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: container.name,
    image: container.image,
    imageDigest: container.lastStatus === 'PENDING' ? undefined : container.imageDigest,
    runtimeId: container.runtimeId,
    lastStatus: container.lastStatus,
    exitCode: container.exitCode,
    reason: container.reason?.slice(0, 1024),
    networkInterfaces: [],
    healthStatus: container.healthStatus ?? 'UNKNOWN',
    cpu: '0',
  };
}

function attachments(task: TaskRecord): Json[] {
  if (task.launchType !== 'FARGATE') return [];
  const status =
    task.lastStatus === 'STOPPED' ? 'DELETED' : task.connectivityAtMs === undefined ? 'PRECREATED' : 'ATTACHED';
  return [
    {
      id: `${task.id.slice(0, 8)}-${task.id.slice(8, 12)}-4${task.id.slice(13, 16)}-a${task.id.slice(17, 20)}-${task.id.slice(20)}`,
      type: 'ElasticNetworkInterface',
      status,
      details: [{ name: 'subnetId', value: task.subnet }],
    },
  ];
}
