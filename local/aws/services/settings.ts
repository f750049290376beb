/** The knobs of services. Times are model milliseconds. */
export interface ServiceSettings {
  /** The scheduler acts this long after something changed. */
  schedulerMs: number;
  /** A task without load balancer and health check counts as healthy so long after RUNNING. */
  healthyAfterMs: number;
  /** A good target is healthy, and a bad one is found out, this long after registration (bad: after the grace period). */
  targetHealthyMs: number;
  targetUnhealthyMs: number;
  /** A target drains so long before its task is stopped. */
  deregistrationDelayMs: number;
  /** A service deployment appears in the APIs this late. */
  serviceDeploymentDelayMs: number;
  /** DescribeServices shows the old state for so long after an update. */
  staleReadMs: number;
  /** The answer of UpdateService, too, shows the old state. */
  staleAnswer: boolean;
  /** The circuit breaker speaks so long after its threshold was reached; Infinity: never. */
  breakerDelayMs: number;
  /** Pause after a failed start; doubles up to `longestBackoffMs` as long as starts fail. */
  startBackoffMs: number;
  longestBackoffMs: number;
  /** From ROLLBACK_REQUESTED until the old deployment is PRIMARY again. */
  rollbackRequestMs: number;
  /** From then until the deployment that failed says FAILED. */
  failedStateDelayMs: number;
  /** A failed deployment stays in deployments[], DRAINING, so long after its last task. */
  lingerMs: number;
  /** The least time in each lifecycle stage of a traffic shift. */
  stageMs: number;
  /** State of CloudWatch alarms by name; set it with `ServicesPart.setAlarm`. */
  alarms: Record<string, 'OK' | 'ALARM'>;
  /** What Lambda hooks answer, by ARN; SUCCEEDED after three seconds where nothing is said. */
  hooks: Record<string, { status: 'SUCCEEDED' | 'FAILED' | 'NO_STATUS'; afterMs?: number }>;
  /** Services that cannot place tasks: what follows `was unable to place a task` in the event. */
  placementFaults: Record<string, string>;
}

/** A quiet region. */
export function defaultServiceSettings(): ServiceSettings {
  return {
    schedulerMs: 1_000,
    healthyAfterMs: 40_000,
    targetHealthyMs: 15_000,
    targetUnhealthyMs: 30_000,
    deregistrationDelayMs: 300_000,
    serviceDeploymentDelayMs: 2_000,
    breakerDelayMs: 44_000,
    staleReadMs: 0,
    staleAnswer: false,
    startBackoffMs: 30_000,
    longestBackoffMs: 900_000,
    rollbackRequestMs: 3_000,
    failedStateDelayMs: 20_000,
    lingerMs: 30_000,
    stageMs: 3_000,
    alarms: {},
    hooks: {},
    placementFaults: {},
  };
}
