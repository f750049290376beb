import type { Json } from './wire.ts';

/** How long each step of a task takes, after what was seen of real Fargate tasks. */
export interface Timings {
  provisioningMs: number;
  pullStartMs: number;
  pullStopMs: number;
  startMs: number;
  /** Tasks of services are ACTIVATING for so long, from the start of the pull until RUNNING. */
  activatingMs: number;
  /** From the exit of an essential container to `stoppingAt`. */
  settleMs: number;
  /** From `stoppingAt` (or the last container's end) to `stoppedAt`. */
  deprovisionMs: number;
  /** From the end of a container that was told to stop, when it heeds SIGTERM. */
  sigtermMs: number;
  /** A container with a health check that passes is HEALTHY this long after its start. */
  healthyMs: number;
}

/** Every knob of the model that is not the behaviour of one container. */
export interface Settings {
  timings: Timings;
  /** DescribeTasks answers MISSING for a task this long after RunTask. */
  missingForMs: number;
  /** While these spans since its creation last, DescribeTasks answers MISSING for a task that ListTasks lists. */
  missingWindows: { fromMs: number; untilMs: number }[];
  /** `stopCode` and `stoppedReason` appear this long after `stoppingAt`. */
  stopCodeDelayMs: number;
  /** A task shows DELETED this long after it STOPPED. */
  deletedAfterMs: number;
  /** Log events become readable this long after they were written. */
  logIngestionMs: number;
  /** At most this many events on a GetLogEvents page. */
  logPageSize: number;
  /** Every n-th GetLogEvents page is empty although more events follow; 0 for never. */
  emptyLogPageEvery: number;
  /** Containers that ECS adds to every task without asking, e.g. GuardDuty's agent. */
  injectedContainers: { name: string; exitCode?: number; reason?: string }[];
  /** RunTask answers these `failures[]` instead of a task, one entry per call, while there are any. */
  runTaskFailures: { arn?: string; reason: string; detail?: string }[][];
  /** The request rates of ECS are enforced. */
  throttling: boolean;
  /** Container instances per cluster name; tasks of launch type EC2 need at least one. */
  containerInstances: Record<string, number>;
  /** Subnets known not to exist and groups of another VPC. */
  missingSubnets: string[];
  foreignSecurityGroups: string[];
  /** Roles that ECS cannot assume. */
  unassumableRoles: string[];
  /** Extra members added to every task, to prove that clients do not mind. */
  extraTaskMembers: Record<string, Json>;
}

/** The defaults: a well-behaved region with the timings of a small Fargate task. */
export function defaultSettings(): Settings {
  return {
    timings: {
      provisioningMs: 5_000,
      pullStartMs: 12_500,
      pullStopMs: 22_400,
      startMs: 27_400,
      activatingMs: 33_000,
      settleMs: 10_000,
      deprovisionMs: 13_000,
      sigtermMs: 500,
      healthyMs: 15_000,
    },
    missingForMs: 0,
    missingWindows: [],
    stopCodeDelayMs: 0,
    deletedAfterMs: Number.POSITIVE_INFINITY,
    logIngestionMs: 1_000,
    logPageSize: 10_000,
    emptyLogPageEvery: 0,
    injectedContainers: [],
    runTaskFailures: [],
    throttling: false,
    containerInstances: {},
    missingSubnets: [],
    foreignSecurityGroups: [],
    unassumableRoles: [],
    extraTaskMembers: {},
  };
}
