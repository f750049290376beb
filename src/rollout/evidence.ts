import type { Task } from '@aws-sdk/client-ecs';
import { within } from '../base/within.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import { failedTask, isFailure } from './failed-task.ts';
import type { RolloutDeps } from './model.ts';
import { failedInARow, type Observation } from './observe.ts';

/** What is remembered of the search for failed tasks of one service. */
interface Search {
  dueAtMs: number;
  /** The count of ECS at the last search. */
  counted: number;
  isUnderWay: boolean;
  isRefused: boolean;
  /** Stopped tasks that were looked at already. */
  known: Set<string>;
}

/** Finds out why tasks fail, beside the polls: no trouble of it reaches a verdict. */
export interface Evidence {
  /** Reads failed tasks of ours where ECS counts more of them, and now and then anyway; `always` reads now. */
  gather(seen: Observation, options?: { always?: boolean }): Promise<void>;
}

const againAfterMs = 30_000;
const afterTroubleMs = 120_000;
/** Real time that a poll waits for evidence; what comes later is shown by the next poll. */
const longestWaitMs = 5_000;
const describedAtOnce = 100;
const pagesAtMost = 10;

/** Evidence for the services of one cluster. */
export function evidenceOf(cluster: string, deps: RolloutDeps): Evidence {
  const searches = new Map<Observation, Search>();
  return {
    gather: async (seen, { always = false } = {}) => {
      const search = searches.get(seen) ?? newSearch();
      searches.set(seen, search);
      const counted = failedInARow(seen);
      const isDue = always || counted > search.counted || deps.clock.now() >= search.dueAtMs;
      if (!isDue || search.isUnderWay || search.isRefused || seen.own.plan.kind === 'scaling') return;
      search.isUnderWay = true;
      search.dueAtMs = deps.clock.now() + againAfterMs;
      search.counted = counted;
      await within(readStopped(seen, search, cluster, deps), longestWaitMs);
    },
  };
}

const newSearch = (): Search => ({
  dueAtMs: 0,
  counted: 0,
  isUnderWay: false,
  isRefused: false,
  known: new Set(),
});

async function readStopped(seen: Observation, search: Search, cluster: string, deps: RolloutDeps): Promise<void> {
  try {
    await sortStoppedTasks(seen, search, cluster, deps);
    seen.stoppedTasks = 'read';
  } catch (error) {
    if (seen.stoppedTasks === 'unread') seen.stoppedTasks = 'unreadable';
    search.dueAtMs = deps.clock.now() + afterTroubleMs;
    // Not even a higher count asks again before that.
    search.counted = Number.POSITIVE_INFINITY;
    if (error instanceof TransientError) return;
    if (!(error instanceof UserError)) throw error;
    search.isRefused = true;
    if (!hasCode(error, 'AccessDeniedException')) return;
    const text = `The stopped tasks of ${seen.own.name} cannot be read, so why they failed is not known. ${error.why ?? ''}`;
    deps.announce({ type: 'warning', text: text.trim() });
  } finally {
    search.isUnderWay = false;
  }
}

async function sortStoppedTasks(
  seen: Observation,
  { known }: Search,
  cluster: string,
  deps: RolloutDeps,
): Promise<void> {
  const fresh = (await stoppedTasks(seen, cluster, deps)).filter((arn) => !known.has(arn));
  for (let from = 0; from < fresh.length; from += describedAtOnce) {
    const some = fresh.slice(from, from + describedAtOnce);
    const { tasks = [] } = await deps.aws.ecs.describeTasks({ cluster, tasks: some });
    for (const task of tasks) sort(task, seen, known, deps);
  }
}

async function stoppedTasks({ own }: Observation, cluster: string, { aws }: RolloutDeps): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesAtMost; page++) {
    const answer = await aws.ecs.listTasks({
      cluster,
      serviceName: own.name,
      desiredStatus: 'STOPPED',
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    arns.push(...(answer.taskArns ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return arns;
}

function sort(task: Task, seen: Observation, known: Set<string>, { announce, clock }: RolloutDeps): void {
  const { taskArn = '', startedBy, stopCode } = task;
  const { own } = seen;
  // Tasks of a service are started by their deployment: that tells ours from those of others.
  const isOwn = startedBy === own.deploymentId;
  if (isOwn && stopCode === undefined) return;
  known.add(taskArn);
  if (!isOwn || !isFailure(task)) return;
  const failed = failedTask(task);
  const endedAt = task.executionStoppedAt ?? task.stoppingAt ?? task.stoppedAt;
  seen.failedTasks.set(taskArn, { ...failed, endedAtMs: endedAt?.getTime() ?? clock.now() });
  // What failed long before we came is no news.
  if (own.plan.kind === 'unchanged' && (endedAt?.getTime() ?? 0) < own.startedAtMs) return;
  announce({ type: 'task-failed', service: own.name, task: failed });
}
