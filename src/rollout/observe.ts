import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import type { FailedTask } from '../records/schema.ts';
import { isOlder, type OwnFacts } from './deployment-verdict.ts';
import type { OwnDeployment } from './model.ts';
import type { FinalVerdict, Pause } from './snapshot.ts';

/** What AWS has shown of one service and our deployment of it so far, merged over the polls. */
export interface Observation {
  own: OwnDeployment;
  /** When the last answer came, in milliseconds since the epoch. */
  atMs: number;
  /** AWS did not answer when our time was over, in words. */
  trouble?: string | undefined;
  polls: number;
  service: Service | undefined;
  /** Ids of the deployments that were there before ours. */
  idsBefore: Set<string>;
  wasSeen: boolean;
  /** Since when answers show an older PRIMARY and not ours, after ours was seen. */
  awaySinceMs: number | undefined;
  /** Since when no answer holds the service. */
  missingSinceMs: number | undefined;
  /** The number of tasks that was asked for was seen. */
  sawCount: boolean;
  /** Our service deployment, once it was found. */
  serviceDeploymentArn: string | undefined;
  /** As the last poll showed it; undefined where that poll could not read it. */
  serviceDeployment: ServiceDeployment | undefined;
  /** A service deployment that began after ours. */
  newer: string | undefined;
  failedTasks: Map<string, FailedTask & { endedAtMs: number }>;
  /** What ECS counted of them when it was first seen to call our deployment COMPLETED: it leaves that count as it is. */
  failedAtCompletion: number | undefined;
  /** `unread` until the stopped tasks were listed once, `unreadable` where they cannot be. */
  stoppedTasks: 'unread' | 'read' | 'unreadable';
  /** Messages of the service since our deployment began, oldest first. */
  events: string[];
  eventIds: Set<string>;
  /** Pause hooks that this run has answered. */
  answered: Set<string>;
  /** The pause hook that waits now. */
  pause: Pause | undefined;
  verdict: FinalVerdict | undefined;
  /** Each change of the production traffic that ours gets, in percent. */
  shifts: { atMs: number; weight: number }[];
  /** Moments of what happened first. */
  firsts: { running?: number; deployed?: number; judged?: number };
}

/** Nothing was observed yet but what was there before, and the answer to our update. */
export function newObservation(own: OwnDeployment, answered?: Service): Observation {
  const before = [...(own.plan.before.service.deployments ?? []), ...(answered?.deployments ?? [])];
  const ids = before.flatMap(({ id }) => (id === undefined || id === own.deploymentId ? [] : [id]));
  return {
    own,
    atMs: own.startedAtMs,
    polls: 0,
    service: undefined,
    idsBefore: new Set(ids),
    wasSeen: false,
    awaySinceMs: undefined,
    missingSinceMs: undefined,
    sawCount: false,
    serviceDeploymentArn: undefined,
    serviceDeployment: undefined,
    newer: undefined,
    failedTasks: new Map(),
    failedAtCompletion: countIfCompleted(own.plan.before.service, own.deploymentId),
    stoppedTasks: 'unread',
    events: [],
    shifts: [],
    eventIds: idsOfEvents(own),
    answered: new Set(),
    pause: undefined,
    verdict: undefined,
    firsts: {},
  };
}

/** What happened before we came is no news, except to a deployment that we began ourselves. */
const idsOfEvents = ({ plan, wasUnderWay }: OwnDeployment): Set<string> =>
  new Set(
    plan.kind === 'deployment' && wasUnderWay !== true ? [] : plan.before.service.events?.flatMap(({ id }) => id ?? []),
  );

const deploymentIn = (service: Service | undefined, id: string | undefined) =>
  service?.deployments?.find((one) => one.id !== undefined && one.id === id);

function countIfCompleted(service: Service, id: string | undefined): number | undefined {
  const mine = deploymentIn(service, id);
  return mine?.rolloutState === 'COMPLETED' ? (mine.failedTasks ?? 0) : undefined;
}

/** A service that stays away was deleted, but answers without it may be stale reads for a while. */
const deletedAfterMs = 30_000;

/** Merges an answer of DescribeServices; answers the messages of the service that are new. */
export function observe(seen: Observation, found: Service | undefined, nowMs: number, desiredCount?: number): string[] {
  seen.atMs = nowMs;
  seen.polls++;
  seen.missingSinceMs = found === undefined ? (seen.missingSinceMs ?? nowMs) : undefined;
  const isDeleted = seen.missingSinceMs !== undefined && nowMs - seen.missingSinceMs >= deletedAfterMs;
  seen.service = found ?? (isDeleted ? { ...seen.service, status: 'INACTIVE' } : seen.service);
  if (found === undefined) return [];
  const isThere = ownDeploymentIn(seen) !== undefined;
  const isAway = seen.wasSeen && !isThere && isOlder(primaryOf(found), ownFacts(seen));
  seen.awaySinceMs = isAway ? (seen.awaySinceMs ?? nowMs) : undefined;
  seen.wasSeen ||= isThere;
  seen.failedAtCompletion ??= countIfCompleted(found, seen.own.deploymentId);
  seen.sawCount ||= desiredCount !== undefined && found.desiredCount === desiredCount;
  const running = ownDeploymentIn(seen)?.runningCount ?? 0;
  if (running > 0 && running >= (found.desiredCount ?? 0)) seen.firsts.running ??= nowMs;
  return newEvents(seen, found);
}

function newEvents(seen: Observation, { events = [] }: Service): string[] {
  const { own } = seen;
  const isBegunByUs = own.plan.kind === 'deployment' && own.wasUnderWay !== true;
  // By the clock of Amazon ECS alone: ours may be wrong.
  const newestBeforeMs = own.plan.before.service.events?.[0]?.createdAt?.getTime() ?? own.startedAtMs;
  const sinceMs = isBegunByUs ? own.createdAtMs : newestBeforeMs;
  const fresh = [...events]
    .reverse()
    .filter(({ id = '', createdAt }) => !seen.eventIds.has(id) && (createdAt?.getTime() ?? 0) >= sinceMs);
  for (const { id = '' } of fresh) seen.eventIds.add(id);
  const messages = fresh.map(({ message = '' }) => message);
  seen.events.push(...messages);
  return messages;
}

/** The entry of `deployments[]` that is ours. */
export const ownDeploymentIn = ({ service, own }: Observation) => deploymentIn(service, own.deploymentId);

/** The revision that was asked for: where a deployment is to be rolled back, the one before it. */
export const askedRevision = ({ plan, taskDefinitionArn }: OwnDeployment): string | undefined =>
  plan.kind === 'rollback' ? plan.before.primary?.taskDefinition : taskDefinitionArn;

/** The deployment that ECS works for. */
export const primaryOf = (service: Service | undefined) =>
  service?.deployments?.find(({ status }) => status === 'PRIMARY');

/** What tells our deployment from others. */
export const ownFacts = ({ own, idsBefore, wasSeen, awaySinceMs, atMs }: Observation): OwnFacts => ({
  deploymentId: own.deploymentId,
  createdAtMs: own.createdAtMs,
  idsBefore,
  wasSeen,
  awayMs: awaySinceMs === undefined ? 0 : atMs - awaySinceMs,
});

/** Failed tasks in a row, as ECS counts them: with the first task that runs well the count begins anew. */
export const failedInARow = (seen: Observation): number =>
  Math.max(
    ownDeploymentIn(seen)?.failedTasks ?? 0,
    seen.serviceDeployment?.deploymentCircuitBreaker?.failureCount ?? 0,
  );

/** Those that ECS counted since it called our deployment successful; before that, since this run began. */
export function failedSince(seen: Observation): number {
  const { own, failedAtCompletion, serviceDeployment } = seen;
  // SUCCESSFUL comes before COMPLETED (reference §4): the count is still that of the way there.
  if (failedAtCompletion === undefined && serviceDeployment?.status === 'SUCCESSFUL') return 0;
  const before = failedAtCompletion ?? deploymentIn(own.plan.before.service, own.deploymentId)?.failedTasks ?? 0;
  const now = ownDeploymentIn(seen)?.failedTasks ?? 0;
  return now < before ? now : now - before;
}

/** Tasks that were told to stop before ours was asked for, and that ECS still counts as running. */
export const leavingTasks = ({ own }: Observation): number => {
  const { runningCount = 0, desiredCount = 0 } = own.plan.before.service;
  return Math.max(0, runningCount - desiredCount);
};

/** How many tasks the service started since ours was asked for, as its events tell (reference §3.6). */
export const startedTasks = ({ events }: Observation): number =>
  events.reduce((sum, message) => sum + Number(/ has started (\d+) tasks/.exec(message)?.[1] ?? 0), 0);

/** Whether ECS itself gives up when too many tasks fail. */
export const hasBreaker = ({ service, own }: Observation): boolean =>
  (service ?? own.plan.before.service).deploymentConfiguration?.deploymentCircuitBreaker?.enable === true;

/** How many tasks of our deployment run. */
export function runningTasks(seen: Observation): number {
  const mine = ownDeploymentIn(seen);
  const revision = seen.serviceDeployment?.targetServiceRevision;
  // A stale answer does not show ours at all.
  return mine?.runningCount ?? revision?.runningTaskCount ?? 0;
}
