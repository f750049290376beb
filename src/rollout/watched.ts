import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import type { FailedTask, OurDeployment, RolloutOptions } from './model.ts';
import type { Pause, RolloutVerdict } from './verdict.ts';

/** One service while it is being followed. */
export interface Watched {
  ours: OurDeployment;
  service: Service | undefined;
  /** Our service deployment, once it was found. */
  recordArn: string | undefined;
  record: ServiceDeployment | undefined;
  /** A service deployment that began after ours. */
  newer: string | undefined;
  end: Exclude<RolloutVerdict, { verdict: 'going' | 'paused' }> | undefined;
  pause: Pause | undefined;
  failedTasks: Map<string, FailedTask>;
  /** Stopped tasks that are none of our failures. */
  otherStopped: Set<string>;
  mayReadTasks: boolean;
  failuresLookedAtMs: number;
  reportedFailures: number;
  overLimitSinceMs: number | undefined;
  seenEvents: Set<string>;
  events: string[];
  progressText: string;
  looks: number;
  /** The number of tasks asked for was seen. */
  sawCount: boolean;
  /** Since when no look found the service. */
  missingSinceMs: number | undefined;
  /** When time was over AWS had not answered for a while, in words. */
  trouble?: string | undefined;
  /** Moments of what happened first, for the summary. */
  firsts: { running?: number; landed?: number; ended?: number };
}

/** The state before the first look. */
export function newWatched(ours: OurDeployment): Watched {
  return {
    ours,
    service: undefined,
    recordArn: undefined,
    record: undefined,
    newer: undefined,
    end: undefined,
    pause: undefined,
    failedTasks: new Map(),
    otherStopped: new Set(),
    mayReadTasks: true,
    failuresLookedAtMs: Number.NEGATIVE_INFINITY,
    reportedFailures: 0,
    overLimitSinceMs: undefined,
    seenEvents: new Set(),
    events: [],
    progressText: '',
    looks: 0,
    sawCount: false,
    missingSinceMs: undefined,
    firsts: {},
  };
}

/** The entry of `deployments[]` that is ours. */
export const mineOf = ({ service, ours }: Watched) => service?.deployments?.find(({ id }) => id === ours.deploymentId);

/** How many failures of our tasks are known, by whoever counts highest. */
export function failureCount(watched: Watched): number {
  const { record, failedTasks } = watched;
  return Math.max(
    failedTasks.size,
    mineOf(watched)?.failedTasks ?? 0,
    record?.deploymentCircuitBreaker?.failureCount ?? 0,
  );
}

/** Whether ECS itself gives up when too many tasks fail. */
export const hasBreaker = ({ service, ours }: Watched): boolean =>
  (service ?? ours.plan.before.service).deploymentConfiguration?.deploymentCircuitBreaker?.enable === true;

/** The members of the options that following needs. */
export type FollowOptions = Pick<
  RolloutOptions,
  'cluster' | 'until' | 'timeoutMs' | 'pollIntervalMs' | 'maxLooks' | 'maxFailedTasks' | 'desiredCount'
>;
