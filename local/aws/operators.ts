import type { World } from './part.ts';
import { ApiError, type Json, type Operations } from './wire.ts';

/** What people and other pipelines do while a client works: each a plain call, for random schedules too. */
export class Operators {
  readonly #world: World;
  readonly #operations: () => Operations;

  constructor(world: World, operations: () => Operations) {
    this.#world = world;
    this.#operations = operations;
  }

  /** Somebody stops a task by its ARN. */
  stopTask(task: string, reason = 'Task stopped by user'): Promise<Json> {
    return this.#call('StopTask', { cluster: task.split('/').at(-2), task, reason });
  }

  /** Another pipeline updates the service: `{ taskDefinition }`, `{ forceNewDeployment: true }`, … */
  updateService(cluster: string, service: string, changes: object): Promise<Json> {
    return this.#call('UpdateService', { cluster, service, ...changes });
  }

  /** Somebody, or Application Auto Scaling, changes the number of tasks. */
  scale(cluster: string, service: string, desiredCount: number): Promise<Json> {
    return this.updateService(cluster, service, { desiredCount });
  }

  /** Somebody presses "Roll back" for the newest service deployment; false when there is nothing to stop. */
  async rollBack(cluster: string, service: string): Promise<boolean> {
    const { serviceDeployments } = await this.#call('ListServiceDeployments', { cluster, service });
    const serviceDeploymentArn = serviceDeployments[0]?.serviceDeploymentArn;
    return this.#tried('StopServiceDeployment', { serviceDeploymentArn, stopType: 'ROLLBACK' });
  }

  /** Somebody answers the hook that pauses the newest service deployment; false when none does. */
  async answerHook(cluster: string, service: string, action: 'CONTINUE' | 'ROLLBACK'): Promise<boolean> {
    const { serviceDeployments } = await this.#call('ListServiceDeployments', { cluster, service });
    const serviceDeploymentArns = serviceDeployments.slice(0, 1).map((one: Json) => one.serviceDeploymentArn);
    if (serviceDeploymentArns.length === 0) return false;
    const described = await this.#call('DescribeServiceDeployments', { serviceDeploymentArns });
    const hooks: Json[] = described.serviceDeployments[0]?.lifecycleHookDetails ?? [];
    const hookId = hooks.find(({ status }) => status === 'AWAITING_ACTION')?.hookId;
    const [serviceDeploymentArn] = serviceDeploymentArns;
    return this.#tried('ContinueServiceDeployment', { serviceDeploymentArn, hookId, action });
  }

  /** Somebody cleans up old revisions. */
  deregister(taskDefinition: string): Promise<Json> {
    return this.#call('DeregisterTaskDefinition', { taskDefinition });
  }

  async #tried(operation: string, input: Json): Promise<boolean> {
    try {
      await this.#call(operation, input);
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  async #call(operation: string, input: Json): Promise<Json> {
    const { region, clock, accountId } = this.#world;
    const arn = `arn:aws:iam::${accountId}:user/operator`;
    const principal = { accountId, arn, userId: 'AIDAOPERATOR', accessKeyId: 'AKIAOPERATOR' };
    const call = { service: 'ecs' as const, operation, input, principal, region, atMs: clock.now() };
    return this.#operations()[operation]?.(structuredClone(input), call);
  }
}
