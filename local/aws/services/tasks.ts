import type { Core } from '../core.ts';
import type { TaskRecord } from '../ecs/records.ts';
import { eventText } from './events.ts';
import type { DeploymentRecord, ServiceRecord } from './records.ts';
import type { ServiceSettings } from './settings.ts';

/** What the parts of the scheduler share. */
export interface Ground {
  core: Core;
  settings: ServiceSettings;
  /** Which deployment a task belongs to. */
  owners: Map<string, { service: ServiceRecord; deployment: DeploymentRecord }>;
  /** Tasks told to stop whose targets still drain. */
  draining: Set<string>;
  /** Targets by task: healthy from a moment on, or never. */
  targets: Map<string, { healthyAtMs: number }>;
  /** Looks at the service again, soon or after `ms`. */
  wake(service: ServiceRecord, ms?: number): void;
}

/** Adds an event, the newest first, a hundred at most. */
export function tell(
  service: ServiceRecord,
  message: string,
  { core }: Ground,
  options: { again?: boolean; taskSet?: string } = {},
): void {
  const taskSet = options.taskSet === undefined ? '' : `, taskSet ${options.taskSet}`;
  const text = `(service ${service.name}${taskSet}) ${message}`;
  const nowMs = core.world.clock.now();
  // ECS shows most texts again only after hours.
  if (
    options.again !== true &&
    service.events.some((event) => event.message === text && nowMs - event.createdAtMs < 6 * 3_600_000)
  )
    return;
  service.events.unshift({ id: core.world.uuid(), createdAtMs: nowMs, message: text });
  service.events.length = Math.min(service.events.length, 100);
}

/** Steady state may be told again as soon as something else happened in between. */
export function tellSteady(service: ServiceRecord, ground: Ground): void {
  const { core } = ground;
  const message = `(service ${service.name}) ${eventText.steady()}`;
  if (service.events[0]?.message === message) return;
  service.events.unshift({ id: core.world.uuid(), createdAtMs: core.world.clock.now(), message });
}

/** The deployment's tasks that are meant to run: neither stopping nor draining. */
export function liveTasks(deployment: DeploymentRecord, { core, draining }: Ground): TaskRecord[] {
  return [...deployment.taskArns]
    .map((arn) => core.tasks.tasks.get(arn))
    .filter((task) => task !== undefined)
    .filter((task) => task.desiredStatus === 'RUNNING' && !draining.has(task.arn));
}

/** The deployment's tasks that are not STOPPED yet. */
export function remainingTasks(deployment: DeploymentRecord, { core }: Ground): TaskRecord[] {
  return [...deployment.taskArns]
    .map((arn) => core.tasks.tasks.get(arn))
    .filter((task) => task !== undefined)
    .filter((task) => task.lastStatus !== 'STOPPED');
}

/** Whether a task counts as healthy for the deployment. */
export function isHealthy(task: TaskRecord, service: ServiceRecord, ground: Ground): boolean {
  if (task.lastStatus !== 'RUNNING' || task.desiredStatus !== 'RUNNING' || task.executionStoppedAtMs !== undefined) {
    return false;
  }
  const nowMs = ground.core.world.clock.now();
  const target = ground.targets.get(task.arn);
  if (balancers(service).length > 0 && (target === undefined || target.healthyAtMs > nowMs)) return false;
  const checked = task.containers.some(({ healthStatus }) => healthStatus !== undefined);
  if (checked) return task.healthStatus === 'HEALTHY';
  if (balancers(service).length > 0) return true;
  return nowMs >= (task.startedAtMs ?? Number.POSITIVE_INFINITY) + ground.settings.healthyAfterMs;
}

/** The load balancers of a service that have a target group. */
export function balancers(
  service: ServiceRecord,
): { targetGroupArn: string; containerName: string; containerPort: number }[] {
  return (service.config.loadBalancers ?? []).filter(
    (one: { targetGroupArn?: string }) => one.targetGroupArn !== undefined,
  );
}

/** Starts tasks of a deployment. */
export function startTasks(service: ServiceRecord, deployment: DeploymentRecord, count: number, ground: Ground): void {
  const { core, settings, owners } = ground;
  const fault = settings.placementFaults[service.name];
  if (fault !== undefined) {
    tell(service, `was unable to place a task${fault}`, ground);
    ground.wake(service, 30_000);
    return;
  }
  const { revision } = deployment;
  const { config } = revision;
  const provider = config.capacityProviderStrategy?.[0]?.capacityProvider;
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const task = core.tasks.launch({
      cluster: service.cluster,
      taskDefinition: revision.taskDefinition,
      startedBy: deployment.id,
      group: `service:${service.name}`,
      serviceName: service.name,
      ...(config.launchType === undefined ? {} : { launchType: config.launchType }),
      ...(provider === undefined ? {} : { capacityProviderName: provider }),
      ...(config.platformVersion === undefined ? {} : { platformVersion: config.platformVersion }),
      subnets: config.networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
      enableExecuteCommand: service.config.enableExecuteCommand === true,
      imageDigests: pinnedDigests(revision),
    });
    owners.set(task.arn, { service, deployment });
    deployment.taskArns.add(task.arn);
    ids.push(task.id);
  }
  service.isSteady = false;
  deployment.updatedAtMs = core.world.clock.now();
  tell(service, eventText.started(ids), ground);
}

function pinnedDigests(revision: { digests: Record<string, string>; taskDefinition: TaskRecord['taskDefinition'] }) {
  const unpinned = revision.taskDefinition.raw.containerDefinitions
    .filter((container: { versionConsistency?: string }) => container.versionConsistency === 'disabled')
    .map(({ name }: { name: string }) => name);
  return Object.fromEntries(Object.entries(revision.digests).filter(([name]) => !unpinned.includes(name)));
}

/** Stops tasks as a scale-in does: targets drain first. */
export function stopTasks(
  service: ServiceRecord,
  tasks: readonly TaskRecord[],
  deploymentId: string,
  ground: Ground,
): void {
  const { core, settings, draining, targets } = ground;
  if (tasks.length === 0) return;
  const why = {
    stopCode: 'ServiceSchedulerInitiated',
    reason: `Scaling activity initiated by (deployment ${deploymentId})`,
  };
  const registered = tasks.filter(({ arn }) => targets.has(arn));
  const others = tasks.filter(({ arn }) => !targets.has(arn));
  const pending = others.filter(({ startedAtMs }) => startedAtMs === undefined);
  const running = others.filter(({ startedAtMs }) => startedAtMs !== undefined);
  if (pending.length > 0) tell(service, eventText.stoppedPending(pending.length), ground);
  if (running.length > 0) tell(service, eventText.stopped(running.map(({ id }) => id)), ground);
  for (const task of others) core.tasks.stop(task, why);
  if (registered.length === 0) return;
  for (const { targetGroupArn } of balancers(service))
    tell(service, eventText.deregistered(registered.length, targetGroupArn), ground);
  const drained = registered.map(({ arn, startedBy = '' }) => ground.owners.get(arn)?.deployment.id ?? startedBy);
  for (const taskSet of new Set(drained)) {
    const count = drained.filter((id) => id === taskSet).length;
    tell(service, eventText.draining(count), ground, { again: true, taskSet });
  }
  for (const task of registered) draining.add(task.arn);
  core.world.clock.at(core.world.clock.now() + settings.deregistrationDelayMs, () => {
    tell(service, eventText.stopped(registered.map(({ id }) => id)), ground);
    for (const task of registered) {
      draining.delete(task.arn);
      targets.delete(task.arn);
      core.tasks.stop(task, why);
    }
    ground.wake(service);
  });
}

/** Replaces a task that turned out unhealthy. */
export function stopUnhealthy(task: TaskRecord, reason: string, { core, targets }: Ground): void {
  targets.delete(task.arn);
  core.tasks.stop(task, { stopCode: 'ServiceSchedulerInitiated', reason });
}
