import type { Core } from '../core.ts';
import type { TaskChange, TaskRecord } from '../ecs/records.ts';
import type { Json } from '../wire.ts';
import { eventText, statusReason } from './events.ts';
import { fail, failureOf, newDeployment, setStatus } from './outcome.ts';
import type { DeploymentRecord, RevisionRecord, ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import { roll } from './rolling.ts';
import type { ServiceSettings } from './settings.ts';
import { taskStarted, taskStopping } from './task-changes.ts';
import {
  type Ground,
  isHealthy,
  liveTasks,
  remainingTasks,
  stopTasks,
  stopUnhealthy,
  tell,
  tellSteady,
} from './tasks.ts';
import { shift, shiftsTraffic } from './traffic-shift.ts';

/** Keeps the services as they should be, by the world's clock: launches, replaces, rolls out, rolls back. */
export class ServiceScheduler {
  readonly #ground: Ground;
  /** Looks that are due, by service and moment. */
  readonly #due = new Map<ServiceRecord, Set<number>>();

  constructor(core: Core, settings: ServiceSettings) {
    this.#ground = {
      core,
      settings,
      owners: new Map(),
      draining: new Set(),
      targets: new Map(),
      wake: (service, ms) => this.#wake(service, ms),
    };
    core.tasks.subscribe((task, change) => this.#changed(task, change));
  }

  get ground(): Ground {
    return this.#ground;
  }

  /** Begins a deployment of `revision`; one that is under way is overtaken. */
  deploy(service: ServiceRecord, revision: RevisionRecord): DeploymentRecord {
    const { core, settings } = this.#ground;
    const { world } = core;
    const nowMs = world.clock.now();
    for (const other of service.serviceDeployments.filter(({ finishedAtMs }) => finishedAtMs === undefined)) {
      this.#replace(other);
    }
    for (const deployment of service.deployments) delete deployment.restoring;
    const record: ServiceDeploymentRecord = {
      arn: `arn:aws:ecs:${world.region}:${world.accountId}:service-deployment/${service.cluster}/${service.name}/${world.hex(21)}`,
      status: 'PENDING',
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      visibleAtMs: nowMs + settings.serviceDeploymentDelayMs,
      target: revision,
      sources: service.deployments.map((deployment) => deployment.revision).slice(0, 2),
      configuration: structuredClone(service.config.deploymentConfiguration ?? {}),
      breakerTriggered: false,
      wasReplaced: false,
      triggeredAlarms: [],
      hooks: [],
    };
    service.serviceDeployments.unshift(record);
    return newDeployment(service, revision, record, shiftsTraffic(service) ? 0 : 100, this.#ground);
  }

  /** Ends a service deployment within a second, because a newer one began. */
  #replace(record: ServiceDeploymentRecord): void {
    const { clock } = this.#ground.core.world;
    record.wasReplaced = true;
    if (record.status === 'ROLLBACK_IN_PROGRESS') {
      setStatus(record, 'ROLLBACK_FAILED', this.#ground, statusReason.newer());
      return;
    }
    setStatus(record, 'STOP_REQUESTED', this.#ground, statusReason.newer());
    clock.at(clock.now() + Math.min(1_000, this.#ground.settings.schedulerMs), () =>
      setStatus(record, 'STOPPED', this.#ground),
    );
  }

  /** StopServiceDeployment: rolls back on the user's wish. */
  requestRollback(service: ServiceRecord, record: ServiceDeploymentRecord): void {
    const deployment = service.deployments.find((one) => one.serviceDeployment === record);
    // One that is stopping or rolling back already simply continues.
    if (deployment === undefined || !['PENDING', 'IN_PROGRESS'].includes(record.status)) return;
    fail(service, deployment, { kind: 'user', statusReason: statusReason.user(), rollback: true }, this.#ground);
  }

  /** Stops all tasks of a service that is deleted. */
  drain(service: ServiceRecord): void {
    service.status = 'DRAINING';
    service.desiredCount = 0;
    for (const deployment of service.deployments) {
      stopTasks(service, liveTasks(deployment, this.#ground), deployment.id, this.#ground);
    }
    this.#wake(service);
  }

  #wake(service: ServiceRecord, ms = this.#ground.settings.schedulerMs): void {
    if (!Number.isFinite(ms)) return;
    const { clock } = this.#ground.core.world;
    const atMs = clock.now() + Math.max(0, ms);
    const due = this.#due.get(service) ?? new Set();
    this.#due.set(service, due);
    if (due.has(atMs)) return;
    due.add(atMs);
    clock.at(atMs, () => {
      due.delete(atMs);
      this.#look(service);
    });
  }

  #look(service: ServiceRecord): void {
    const ground = this.#ground;
    if (service.status === 'DRAINING') {
      const left = service.deployments.flatMap((deployment) => remainingTasks(deployment, ground)).length;
      if (left === 0) {
        service.status = 'INACTIVE';
        service.deployments = [];
      }
      return;
    }
    const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
    if (primary === undefined || service.status !== 'ACTIVE') return;
    if (primary.serviceDeployment.status === 'PENDING') {
      primary.serviceDeployment.startedAtMs = ground.core.world.clock.now();
      setStatus(primary.serviceDeployment, 'IN_PROGRESS', ground);
    }
    for (const deployment of service.deployments) this.#countHealthy(service, deployment);
    const failure = failureOf(service, primary, ground);
    if (failure !== undefined) fail(service, primary, failure, ground);
    else if (primary.rolloutState === 'IN_PROGRESS' && primary.restoring === undefined && shiftsTraffic(service)) {
      shift(service, primary, ground);
    } else if (!primary.isFrozen) roll(service, primary, ground);
    this.#forget(service);
    const calm = primary.rolloutState === 'COMPLETED' && service.deployments.length === 1;
    if (calm && !service.isSteady && this.#healthyCount(service, primary) === service.desiredCount) {
      service.isSteady = true;
      tellSteady(service, ground);
    }
  }

  #healthyCount(service: ServiceRecord, deployment: DeploymentRecord): number {
    return liveTasks(deployment, this.#ground).filter((task) => isHealthy(task, service, this.#ground)).length;
  }

  /** A task that becomes healthy ends the row of failures. */
  #countHealthy(service: ServiceRecord, deployment: DeploymentRecord): void {
    const breaker: Json = service.config.deploymentConfiguration?.deploymentCircuitBreaker;
    for (const task of liveTasks(deployment, this.#ground)) {
      if (deployment.healthyArns.has(task.arn) || !isHealthy(task, service, this.#ground)) continue;
      deployment.healthyArns.add(task.arn);
      deployment.startFailures = 0;
      if (breaker?.resetOnHealthyTask !== false) deployment.failedTasks = 0;
    }
  }

  /** Entries of deployments[] that have nothing left to do vanish; a failed one lingers, DRAINING. */
  #forget(service: ServiceRecord): void {
    const { core, settings } = this.#ground;
    const nowMs = core.world.clock.now();
    service.deployments = service.deployments.filter((deployment) => {
      if (deployment.status === 'PRIMARY' || remainingTasks(deployment, this.#ground).length > 0) return true;
      if (!deployment.isFrozen) return false;
      if (deployment.rolloutState !== 'FAILED') return true;
      if (deployment.status !== 'DRAINING') {
        deployment.status = 'DRAINING';
        deployment.updatedAtMs = nowMs;
        this.#wake(service, settings.lingerMs);
        return true;
      }
      return nowMs < deployment.updatedAtMs + settings.lingerMs;
    });
  }

  #changed(task: TaskRecord, change: TaskChange): void {
    const owner = this.#ground.owners.get(task.arn);
    if (owner === undefined) return;
    const { service, deployment } = owner;
    if (change === 'running') taskStarted(task, service, deployment, this.#ground);
    if (change === 'health' && task.healthStatus === 'UNHEALTHY') {
      tell(service, eventText.unhealthyContainer(task.id), this.#ground);
      stopUnhealthy(task, 'Task failed container health checks', this.#ground);
    }
    if (change === 'stopping') taskStopping(task, service, deployment, this.#ground);
    this.#wake(service);
  }
}
