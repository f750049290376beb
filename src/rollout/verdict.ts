import { formatDuration } from '../base/duration.ts';
import { deploymentVerdict, isDrained } from './deployment-verdict.ts';
import type { RolloutOptions } from './model.ts';
import {
  failedInARow,
  failedSince,
  hasBreaker,
  leavingTasks,
  type Observation,
  ownDeploymentIn,
  ownFacts,
  primaryOf,
  runningTasks,
  startedTasks,
} from './observe.ts';
import { serviceDeploymentVerdict } from './service-deployment-verdict.ts';
import type { RolloutVerdict } from './snapshot.ts';

/** The options that a verdict depends on. */
export type Limits = Pick<RolloutOptions, 'until' | 'maxFailedTasks'>;

/** Judges our deployment by everything that was observed of it. */
export function verdictOf(seen: Observation, limits: Limits): RolloutVerdict {
  const { service, own } = seen;
  if (service === undefined) return { verdict: 'running' };
  const said = saidByEcs(seen, limits);
  if (own.plan.kind === 'rollback') return rollbackVerdict(said);
  if (said.verdict !== 'deployed') return said.verdict === 'running' ? (tooManyFailures(seen, limits) ?? said) : said;
  const running = ownDeploymentIn(seen)?.taskDefinition;
  if (running !== undefined && running !== own.taskDefinitionArn) return otherRevision(running, own.taskDefinitionArn);
  if (own.plan.kind !== 'deployment') return standing(seen, limits);
  if (service.desiredCount === 0) return noTasks;
  // What ECS calls successful and does not run serves nobody: its tasks died since.
  if (runningTasks(seen) === 0) {
    return tooManyFailures(seen, limits, threeInARow) ?? { verdict: 'running' };
  }
  const isAwaited = limits.until === 'drained' && !isDrained(service, own.deploymentId);
  return isAwaited ? { verdict: 'running' } : said;
}

/** A rollback that was asked for is judged at its end: nothing before it says that the older revision serves. */
function rollbackVerdict(said: RolloutVerdict): RolloutVerdict {
  switch (said.verdict) {
    case 'rolled-back':
      return said.phase === 'done' ? said : { verdict: 'running' };
    case 'deployed':
      return tooLate;
    case 'paused':
      return { verdict: 'running' };
    default:
      return said;
  }
}

const tooLate: RolloutVerdict = {
  verdict: 'failed',
  explanation: {
    code: 'ROLLBACK_TOO_LATE',
    cause: 'Amazon ECS completed the deployment before it was rolled back: its revision serves.',
    fix: '`migrate-deploy rollback-service` brings the revision before it back.',
  },
};

const noTasks: RolloutVerdict = {
  verdict: 'not-verified',
  explanation: { code: 'NO_TASKS', cause: 'desiredCount is 0: no task runs, so nothing is verified.' },
};

function saidByEcs(seen: Observation, { until }: Limits): RolloutVerdict {
  const { service = {}, serviceDeployment, own, newer } = seen;
  const byDeployment = deploymentVerdict(service, ownFacts(seen));
  const isDeleted = byDeployment.verdict === 'failed' && byDeployment.explanation.code === 'SERVICE_DELETED';
  if (serviceDeployment === undefined || isDeleted) return byDeployment;
  const verdict = serviceDeploymentVerdict(serviceDeployment, { newer, answered: seen.answered });
  if (verdict.verdict !== 'deployed' || byDeployment.verdict !== 'superseded') return verdict;
  // What was successful and was replaced before its old tasks were gone will never be drained, and what runs no task any more
  // has given its place away, be it to the same revision.
  const isAwaited = until === 'drained' && !isDrained(service, own.deploymentId);
  return isAwaited || isReplaced(seen) || runningTasks(seen) === 0 ? byDeployment : verdict;
}

/** Another revision is there since: ours served for a while only. What only stood already is replaced once another one comes. */
function isReplaced({ service, own }: Observation): boolean {
  const primary = primaryOf(service);
  const isThere = primary?.rolloutState === 'COMPLETED' || own.plan.kind !== 'deployment';
  return isThere && primary?.taskDefinition !== own.taskDefinitionArn;
}

const otherRevision = (running: string, asked: string): RolloutVerdict => ({
  verdict: 'failed',
  explanation: {
    code: 'OTHER_REVISION',
    cause: `Amazon ECS completed a deployment of ${running}; asked for was ${asked}.`,
    fix: 'Find out who deployed at the same time, then deploy again.',
  },
});

/** A stale read right after the update still shows the old number of tasks; later on autoscaling may have changed it. */
const staleForMs = 60_000;
const recentMs = 600_000;
const quietMs = 180_000;
const threeInARow = 3;

/** What was successful long ago proves nothing about now: its tasks may have died since. */
function standing(seen: Observation, limits: Limits): RolloutVerdict {
  const { service = {}, own, atMs } = seen;
  // While a rollback brings it back, tasks of both revisions run.
  const ownRunning = ownDeploymentIn(seen)?.runningCount ?? service.runningCount;
  const isCounted = service.desiredCount !== undefined;
  const isFull = isCounted && [ownRunning, service.runningCount].every((count) => count === service.desiredCount);
  const isPending = (service.pendingCount ?? 0) > 0;
  const failed = failedSince(seen);
  const isQuiet = failed === 0 && !isPending;
  if (own.plan.kind === 'scaling') {
    const isTaken = seen.sawCount || atMs - own.startedAtMs >= staleForMs;
    // Until those are gone that leave, the count is theirs too: what must come beside the tasks that stay has to be started.
    const mustStart = (service.desiredCount ?? 0) - (own.plan.before.service.desiredCount ?? 0);
    const isOwnCount = leavingTasks(seen) === 0 || startedTasks(seen) >= mustStart;
    if (!isFull || !isQuiet || !isTaken || !isOwnCount) return { verdict: 'running' };
    return service.desiredCount === 0 ? noTasks : { verdict: 'deployed' };
  }
  const ended = [...seen.failedTasks.values()].map(({ endedAtMs }) => endedAtMs);
  const recent = ended.filter((endedMs) => atMs - endedMs < recentMs);
  if (recent.length >= (limits.maxFailedTasks ?? threeInARow)) return failing(recent.length, service.runningCount ?? 0);
  const hasRecovered = recent.every((endedMs) => atMs - endedMs >= quietMs);
  if (isFull && isQuiet && hasRecovered && seen.stoppedTasks !== 'unread') {
    if (service.desiredCount === 0) return noTasks;
    const wasUnderWay = own.plan.before.primary?.rolloutState === 'IN_PROGRESS' && seen.polls > 1;
    return { verdict: wasUnderWay ? 'deployed' : 'unchanged' };
  }
  return tooManyFailures(seen, limits, threeInARow, failed) ?? { verdict: 'running' };
}

const failing = (count: number, running: number): RolloutVerdict => ({
  verdict: 'failed',
  explanation: {
    code: 'TASKS_FAIL',
    cause: `The service is set to what was asked for, but its tasks keep failing: ${count} in the last ${formatDuration(recentMs)}; ${running} running now.`,
  },
});

/** The limit of our patience; undefined where ECS's circuit breaker decides and the user set no limit. */
export function failureLimit(seen: Observation, { maxFailedTasks }: Limits): number | undefined {
  if (maxFailedTasks !== undefined) return maxFailedTasks;
  return hasBreaker(seen) ? undefined : threeInARow;
}

function tooManyFailures(
  seen: Observation,
  limits: Limits,
  limit = failureLimit(seen, limits),
  failed = failedInARow(seen),
): RolloutVerdict | undefined {
  if (seen.own.plan.kind === 'scaling' || limit === undefined || failed < limit) return undefined;
  const count =
    failed === 1 ? '1 task of the new revision failed' : `${failed} tasks of the new revision failed in a row`;
  return {
    verdict: 'failed',
    explanation: { code: 'TOO_MANY_FAILED_TASKS', cause: `${count}; the limit is ${limit}.` },
  };
}
