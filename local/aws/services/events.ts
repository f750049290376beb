const tasks = (count: number): string => `${count} task${count === 1 ? '' : 's'}`;
const list = (ids: readonly string[]): string => ids.map((id) => `(task ${id})`).join(' ');

/** The texts of service events, as real clusters write them. */
export const eventText = {
  steady: () => 'has reached a steady state.',
  started: (ids: readonly string[]) => `has started ${ids.length} tasks: ${list(ids)}.`,
  replaced: (ids: readonly string[], unhealthy: number) =>
    `has started ${ids.length} tasks: ${list(ids)}. Amazon ECS replaced ${tasks(unhealthy)} due to an unhealthy status.`,
  stopped: (ids: readonly string[]) => `has stopped ${ids.length} running tasks: ${list(ids)}.`,
  stoppedPending: (count: number) => `stopped ${count} pending tasks.`,
  registered: (count: number, targetGroup: string) => `registered ${count} targets in (target-group ${targetGroup})`,
  deregistered: (count: number, targetGroup: string) =>
    `deregistered ${count} targets in (target-group ${targetGroup})`,
  draining: (count: number) => `has begun draining connections on ${count} tasks.`,
  unhealthyTarget: (id: string, port: number, targetGroup: string, reason: string) =>
    `(task ${id}) (port ${port}) is unhealthy in (target-group ${targetGroup}) due to (reason ${reason})`,
  completed: (deployment: string) => `(deployment ${deployment}) deployment completed.`,
  failed: (deployment: string, why: string) => `(deployment ${deployment}) deployment failed: ${why}.`,
  rollingBack: (deployment: string) => `rolling back to deployment ${deployment}.`,
  cannotPlace: (why: string) => `was unable to place a task. Reason: ${why}`,
  unhealthyContainer: (id: string) => `(task ${id}) failed container health checks.`,
  cannotStart: () => 'is unable to consistently start tasks successfully.',
  stuck: () =>
    'was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
} as const;

/** Why a rollout state is what it is: `deployments[].rolloutStateReason`. */
export const rolloutReason = {
  inProgress: (id: string) => `ECS deployment ${id} in progress.`,
  completed: (id: string) => `ECS deployment ${id} completed.`,
  breaker: () => 'ECS deployment circuit breaker: tasks failed to start.',
  breakerRollback: (id: string) => `ECS deployment circuit breaker: rolling back to deploymentId ${id}.`,
  alarm: () => 'ECS deployment failed: alarm detected.',
  alarmRollback: (id: string) => `ECS deployment alarm detected: rolling back to deploymentId ${id}.`,
  user: () => 'ECS deployment failed: stopped by user.',
  userRollback: (id: string) => `ECS deployment stopped by user: rolling back to deploymentId ${id}.`,
  hook: () => 'ECS deployment failed: lifecycle hook(s) failed.',
  hookRollback: (id: string) => `ECS deployment lifecycle hook failed: rolling back to deploymentId ${id}.`,
} as const;

/** Why a service deployment ended as it did: `statusReason`. */
export const statusReason = {
  breaker: () => 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
  breakerStopped: () => 'Service deployment stopped because the circuit breaker threshold was exceeded.',
  noCandidate: () => 'No rollback candidate was found to run the rollback.',
  alarm: (names: readonly string[]) =>
    `Service deployment rolled back because alarm(s) ${names.join(', ')} were triggered.`,
  user: () => 'Service deployment rolled back because a rollback was requested.',
  newer: () => 'Replaced by a new service deployment.',
  hook: (stage: string, target: string, fault: string) =>
    `Service deployment rolled back because ${stage} lifecycle hook(s) failed. ${
      fault === 'NO_STATUS'
        ? `ECS was unable to parse the response from ${target} due to HookStatus must not be null`
        : `Lifecycle hook target ${target} returned FAILED status.`
    }`,
  pause: (stage: string) =>
    `Service deployment rolled back because ${stage} lifecycle hook(s) failed. Pause hook timed out or was answered with ROLLBACK.`,
} as const;
