import type { Task } from '@aws-sdk/client-ecs';
import { inGroups, sideBySide } from '../base/side-by-side.ts';
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
/** The tasks of more services are listed for the whole cluster at once. */
const mostListedAlone = 10;

/** Evidence for so many services of one cluster. */
export function evidenceOf(cluster: string, services: number, deps: RolloutDeps): Evidence {
  const searches = new Map<Observation, Search>();
  const find = services > mostListedAlone ? listOfAll(cluster, deps) : listOfOne(cluster, deps);
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
      await within(readStopped(seen, search, find, deps), longestWaitMs);
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

/** The stopped tasks that may be of a service, those that are known already left out. */
type Find = (seen: Observation, known: ReadonlySet<string>) => Promise<Task[]>;

async function readStopped(seen: Observation, search: Search, find: Find, deps: RolloutDeps): Promise<void> {
  try {
    for (const task of await find(seen, search.known)) sort(task, seen, search.known, deps);
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
    deps.emit({ type: 'warning', text: text.trim() });
  } finally {
    search.isUnderWay = false;
  }
}

const listOfOne =
  (cluster: string, { aws }: RolloutDeps): Find =>
  async ({ own }, known) => {
    const arns = await stoppedTasks({ cluster, serviceName: own.name }, aws);
    return describeTasks(
      arns.filter((arn) => !known.has(arn)),
      cluster,
      aws,
    );
  };

/** One list for all services that ask at the same moment. */
function listOfAll(cluster: string, { aws, clock }: RolloutDeps): Find {
  /** Tasks whose end is known in full. */
  const ended = new Map<string, Task>();
  let last: { atMs: number; tasks: Promise<Task[]> } | undefined;
  const list = async (): Promise<Task[]> => {
    const arns = await stoppedTasks({ cluster }, aws);
    const described = await describeTasks(
      arns.filter((arn) => !ended.has(arn)),
      cluster,
      aws,
    );
    for (const task of described) if (task.stopCode !== undefined) ended.set(task.taskArn ?? '', task);
    return [...ended.values(), ...described.filter(({ stopCode }) => stopCode === undefined)];
  };
  return async ({ own }, known) => {
    const nowMs = clock.now();
    if (last?.atMs !== nowMs) last = { atMs: nowMs, tasks: list() };
    const tasks = await last.tasks;
    return tasks.filter(({ taskArn = '', startedBy }) => startedBy === own.deploymentId && !known.has(taskArn));
  };
}

async function describeTasks(arns: readonly string[], cluster: string, aws: RolloutDeps['aws']): Promise<Task[]> {
  const answers = await sideBySide(inGroups(arns, describedAtOnce), (tasks) =>
    aws.ecs.describeTasks({ cluster, tasks }),
  );
  return answers.flatMap(({ tasks = [] }) => tasks);
}

async function stoppedTasks(
  where: { cluster: string; serviceName?: string },
  aws: RolloutDeps['aws'],
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesAtMost; page++) {
    const answer = await aws.ecs.listTasks({
      ...where,
      desiredStatus: 'STOPPED',
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    arns.push(...(answer.taskArns ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return arns;
}

function sort(task: Task, seen: Observation, known: Set<string>, { emit, clock }: RolloutDeps): void {
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
  emit({ type: 'task-failed', service: own.name, task: failed });
}
