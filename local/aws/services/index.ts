import type { Core } from '../core.ts';
import type { Part } from '../part.ts';
import type { Rollout } from '../truth.ts';
import type { Operations } from '../wire.ts';
import type { ServiceRecord } from './records.ts';
import { ServiceScheduler } from './scheduler.ts';
import { findService, type ServiceMap, serviceOperations } from './service-api.ts';
import { serviceDeploymentOperations } from './service-deployment-api.ts';
import { defaultServiceSettings, type ServiceSettings } from './settings.ts';

const ends: Record<string, Rollout['end']> = {
  SUCCESSFUL: 'deployed',
  STOPPED: 'failed',
  ROLLBACK_SUCCESSFUL: 'rolled back',
  ROLLBACK_FAILED: 'failed',
};

/** ECS services, their deployments and all that goes with them. Its rules are in README.md. */
export class ServicesPart implements Part {
  readonly operations: Operations;
  readonly settings: ServiceSettings;
  readonly scheduler: ServiceScheduler;
  readonly #services: ServiceMap = new Map();

  constructor(core: Core, settings: Partial<ServiceSettings> = {}) {
    this.settings = { ...defaultServiceSettings(), ...settings };
    this.scheduler = new ServiceScheduler(core, this.settings);
    this.operations = {
      ...serviceOperations(core, this.#services, this.scheduler, this.settings),
      ...serviceDeploymentOperations(core, this.#services, this.scheduler),
    };
  }

  /** A service by cluster and name, for looking behind the API. */
  find(cluster: string, name: string): ServiceRecord | undefined {
    return findService(this.#services, name, cluster);
  }

  /** Whether users reach this task: not while its target drains, nor before its revision has production traffic. */
  takesTraffic(taskArn: string): boolean {
    const { owners, draining } = this.scheduler.ground;
    const owner = owners.get(taskArn);
    if (owner === undefined || draining.has(taskArn)) return false;
    return owner.deployment.productionWeight > 0;
  }

  /** How many services of a cluster are active. */
  countIn(cluster: string): number {
    return [...this.#services.values()].filter((one) => one.cluster === cluster && one.status === 'ACTIVE').length;
  }

  /** What really became of each deployment of the services with this name, newest first. */
  rollouts(name: string): Rollout[] {
    const services = [...this.#services.values()].filter((service) => service.name === name);
    return services.flatMap(({ serviceDeployments }) =>
      serviceDeployments.map(({ arn, target, createdAtMs, status, wasReplaced }) => ({
        id: `ecs-svc/${target.arn.split('/').at(-1)}`,
        serviceDeploymentArn: arn,
        taskDefinitionArn: target.taskDefinition.arn,
        createdAtMs,
        end: wasReplaced ? 'superseded' : (ends[status] ?? 'in progress'),
      })),
    );
  }

  /** Sets a CloudWatch alarm; services that watch it notice with the scheduler's next look. */
  setAlarm(name: string, state: 'OK' | 'ALARM'): void {
    this.settings.alarms[name] = state;
    for (const service of this.#services.values()) this.scheduler.ground.wake(service);
  }
}
