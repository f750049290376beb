import type { Task } from '@aws-sdk/client-ecs';
import { accountOf } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { UserError } from '../errors.ts';
import { explanationOf } from '../outcome.ts';
import type { Aws, Clock, Emit, Interrupt } from '../ports.ts';
import type { RecordStore } from '../records/records.ts';
import type { MigrationOutcome } from '../records/schema.ts';
import { type FollowedTask, followTasks, isGoing } from '../task/follow.ts';
import { observed, unseen } from '../task/observe.ts';
import { taskResult } from '../task/outcome.ts';
import { resumeCommand } from '../task/resume.ts';
import { taskVerdict } from '../task/verdict.ts';
import type { MigrationEvent } from './events.ts';
import { type ExclusiveOptions, exclude, findOwn, taskOf } from './exclusive.ts';
import { type Identity, identityOf } from './identity.ts';
import { isSurelyNotStarted, notStarted, waitedInVain } from './not-started.ts';
import type { MigrateOptions } from './options.ts';
import { type MigrationPlan, planMigration } from './plan.ts';
import { deregister, register } from './revision.ts';
import { openRun, type Run } from './run.ts';
import { startTask } from './start.ts';

export interface MigrateDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  emit: Emit<MigrationEvent>;
  records: RecordStore;
  env: Readonly<Record<string, string | undefined>>;
}

/** What a migration would send, in order; everything is looked up and checked, nothing is changed. */
export async function planRequests(
  options: MigrateOptions,
  deps: MigrateDeps,
): Promise<{ action: string; input: unknown }[]> {
  const plan = await planMigration(options, deps);
  const identity = identify(plan, options, deps);
  const run = { ...plan.request, startedBy: identity.startedBy, clientToken: identity.token(0) };
  if (plan.register === undefined) return [{ action: 'ecs:RunTask', input: run }];
  return [
    { action: 'ecs:RegisterTaskDefinition', input: plan.register },
    { action: 'ecs:RunTask', input: { ...run, taskDefinition: `${plan.family}:(the revision registered above)` } },
  ];
}

/**
 * Runs one task to the end of its migration container, once, and returns how it ended. A task of an earlier run of this job
 * is followed if it runs, and is the answer if it succeeded. A UserError or TransientError means that nothing was started.
 */
export async function migrate(options: MigrateOptions, deps: MigrateDeps): Promise<MigrationOutcome> {
  const run = openRun(options, deps);
  const plan = await planMigration(options, deps);
  const identity = identify(plan, options, deps);
  run.know({
    family: plan.family,
    container: plan.container.name,
    startedBy: identity.startedBy,
    ...optional('account', accountOf(plan.request.taskDefinition)),
  });
  // A folder that takes no record is found out before anything starts.
  await deps.records.save(run.outcome({ verdict: 'running' }));
  const search: ExclusiveOptions = {
    mode: options.exclusive,
    cluster: options.cluster,
    family: plan.family,
    mark: identity.isMark ? identity.startedBy : undefined,
    startedBy: options.startedBy,
    judge: (task) => standing(task, plan, deps),
    timeoutMs: run.leftMs(),
  };
  const ecsDeps = { ...deps, ecs: deps.aws.ecs };
  const clear = await exclude(search, ecsDeps);
  if (clear.end !== 'clear') return run.end(waitedInVain(clear, deps));
  const place = { cluster: options.cluster, region: deps.aws.region };
  const own = taskOf(clear.own);
  if (own !== undefined) {
    const state = own === clear.own.going ? 'runs' : 'succeeded';
    deps.emit({ type: 'task-adopted', ...place, taskArn: own, state });
    return follow(own, plan, options, run, deps);
  }
  const revision = await register(plan, deps);
  const request = { ...plan.request, taskDefinition: revision.arn, startedBy: identity.startedBy };
  const start = await startTask(
    {
      request,
      clientToken: identity.token(clear.own.failed),
      freshToken: identity.freshToken,
      findOwn: async () => taskOf(await findOwn(search, ecsDeps)),
      retryCapacityMs: options.retryCapacityMs,
      timeoutMs: run.leftMs(),
    },
    ecsDeps,
  ).catch(async (error: unknown) => {
    // A refusal of the first request started nothing; after an unanswered one the task may need its revision.
    if (!(error instanceof UserError && error.details.unanswered === true)) await deregister(revision, deps);
    throw error;
  });
  run.know({ clientToken: start.clientToken, taskDefinition: revision.arn });
  if (start.start !== 'started') {
    if (isSurelyNotStarted(start)) await deregister(revision, deps);
    return run.end(notStarted(start, deps));
  }
  const { taskArn } = start;
  const container = plan.container.name;
  deps.emit({
    type: 'task-started',
    ...{ ...place, taskArn, taskDefinition: revision.arn, container },
  });
  if (start.adopted) deps.emit({ type: 'task-adopted', ...place, taskArn, state: 'unknown' });
  const outcome = await follow(taskArn, plan, options, run, deps);
  if (outcome.stopCode === 'TaskFailedToStart') await deregister(revision, deps);
  return outcome;
}

function identify(plan: MigrationPlan, options: MigrateOptions, { env }: MigrateDeps): Identity {
  const { cluster, overrides } = plan.request;
  const { name, startedBy, clientToken } = options;
  return identityOf({ cluster, definition: plan.definition, overrides, name, startedBy, clientToken }, env);
}

/** How our task stands, judged as if it were seen for the first time: what cannot be known is not success. */
function standing(task: Task, { container }: MigrationPlan, { clock }: MigrateDeps): 'going' | 'succeeded' | 'failed' {
  const { verdict } = taskVerdict(
    observed(unseen(task.taskArn ?? ''), task, container, clock.now()),
    container,
    clock.now(),
  );
  return verdict === 'lost' ? 'failed' : verdict;
}

async function follow(
  taskArn: string,
  plan: MigrationPlan,
  options: MigrateOptions,
  run: Run,
  deps: MigrateDeps,
): Promise<MigrationOutcome> {
  const { cluster, waiting, container } = options;
  const resume = resumeCommand({ cluster, taskArns: [taskArn], region: deps.aws.region, container });
  run.know({ taskArn, ...optional('account', accountOf(taskArn)) });
  // On record before the first wait: whoever cuts this job off finds the task.
  await run.keep();
  if (!options.wait) {
    const cause = 'The task was started and not waited for: whether it succeeds is not known.';
    return run.end({ verdict: 'started', resume, explanation: { code: 'NOT_WAITED_FOR', cause } });
  }
  try {
    const target = { taskArn, container: async () => plan.container };
    const followed = await followTasks([target], { cluster, waiting, timeoutMs: run.leftMs(), resume }, deps);
    const [task] = followed.tasks as [FollowedTask];
    const result = taskResult(task, followed, { namedByUser: false, signal: deps.interrupt.name() });
    return run.end({ ...result, ...optional('resume', isGoing(task) ? resume : undefined) });
  } catch (error) {
    const explanation = explanationOf(error);
    if (explanation === undefined) throw error;
    return run.end({ verdict: 'refused', explanation, resume });
  }
}
