import type { Core } from '../core.ts';
import type { Json } from '../wire.ts';
import type { ContainerRecord, LaunchSpec, TaskRecord } from './records.ts';

/** The record of a task at the moment RunTask answers: nothing has happened to it yet. */
export function newTask(spec: LaunchSpec, core: Core): TaskRecord {
  const { world, settings, clusters } = core;
  const id = world.hex(32);
  const { raw } = spec.taskDefinition;
  const prefix = `arn:aws:ecs:${world.region}:${world.accountId}`;
  const overrides = new Map<string, Json>(
    (spec.overrides?.containerOverrides ?? []).map((override: Json) => [override.name, override]),
  );
  const containers: ContainerRecord[] = raw.containerDefinitions.map((definition: Json) => ({
    ...common(`${prefix}:container/${spec.cluster}/${id}/${world.uuid()}`, definition.name),
    image: definition.image,
    essential: definition.essential !== false,
    defined: true,
    command: overrides.get(definition.name)?.command ?? definition.command ?? [],
    environment: {
      ...environmentOf(definition.environment),
      ...environmentOf(overrides.get(definition.name)?.environment),
    },
    ...(definition.healthCheck === undefined ? {} : { healthStatus: 'UNKNOWN' }),
  }));
  const injected: ContainerRecord[] = settings.injectedContainers.map((container) => ({
    ...common(`${prefix}:container/${spec.cluster}/${id}/${world.uuid()}`, container.name),
    image: '',
    essential: false,
    defined: false,
    command: [],
    environment: {},
  }));
  const fargate = spec.launchType === 'FARGATE' || spec.capacityProviderName?.startsWith('FARGATE') === true;
  return {
    arn: `${prefix}:task/${spec.cluster}/${id}`,
    id,
    cluster: spec.cluster,
    clusterArn: clusters.get(spec.cluster).arn,
    taskDefinition: spec.taskDefinition,
    group: spec.group,
    ...(spec.startedBy === undefined ? {} : { startedBy: spec.startedBy }),
    ...(spec.serviceName === undefined ? {} : { serviceName: spec.serviceName }),
    ...(spec.capacityProviderName === undefined ? {} : { capacityProviderName: spec.capacityProviderName }),
    lastStatus: fargate || raw.networkMode === 'awsvpc' ? 'PROVISIONING' : 'PENDING',
    desiredStatus: 'RUNNING',
    healthStatus: 'UNKNOWN',
    version: 1,
    launchType: fargate ? 'FARGATE' : 'EC2',
    ...(fargate ? { platformVersion: platformVersion(spec.platformVersion) } : {}),
    enableExecuteCommand: spec.enableExecuteCommand ?? false,
    overrides: spec.overrides ?? {},
    tags: structuredClone(spec.tags ?? []),
    subnet: spec.subnets?.[0] ?? 'subnet-0local',
    createdAtMs: world.clock.now(),
    // GuardDuty's agent comes first in real answers too: a client must not take containers[0] for its own.
    containers: [...injected, ...containers],
  };
}

const common = (arn: string, name: string) => ({ arn, name, lastStatus: 'PENDING' as const });

const platformVersion = (asked = 'LATEST'): string => (asked === 'LATEST' ? '1.4.0' : asked);

/** Environment lists as a map. */
function environmentOf(list: Json): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ name, value }: Json) => [name, value]));
}

/** Gives each container the digest that its image stands for now; answers the first that cannot be pulled. */
export function resolveImages(
  task: TaskRecord,
  spec: LaunchSpec,
  { images }: Core,
): { container: ContainerRecord; error: string } | undefined {
  for (const container of task.containers.filter(({ defined }) => defined)) {
    const pinned = spec.imageDigests?.[container.name];
    const found = images.resolve(
      pinned === undefined ? container.image : `${container.image.replace(/(@sha256:\w+|:[\w.-]+)$/, '')}@${pinned}`,
    );
    if ('error' in found) return { container, error: found.error };
    container.imageDigest = found.digest;
  }
  return undefined;
}
