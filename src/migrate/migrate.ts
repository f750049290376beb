import type { Announce, Aws, Clock, Interrupt } from '../ports.ts';
import type { MigrationRecord, RecordStore } from '../records/record.ts';
import { taskFacts } from '../task/facts.ts';
import { followToEnd } from '../task/follow-to-end.ts';
import { notPlaced, type Outcome, outcomeOf } from '../task/outcome.ts';
import { resumeCommand } from '../task/resume.ts';
import type { FollowTarget } from '../task/tracker.ts';
import { type DefinitionDocument, sameDefinition } from '../task-definition/pin.ts';
import { registerRevision } from '../task-definition/register.ts';
import type { MigrationEvent } from './events.ts';
import { type Exclusion, exclude } from './exclusive.ts';
import { clientToken } from './identity.ts';
import type { MigrateOptions } from './options.ts';
import { type MigrationPlan, planMigration } from './plan.ts';
import { openRecordFile, type RecordFile } from './record-file.ts';
import { refused, type Start, startTask } from './start.ts';

export interface MigrateDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  announce: Announce<MigrationEvent>;
  records: RecordStore;
  env: Readonly<Record<string, string | undefined>>;
}

/** What a migration came to. */
export interface MigrationResult extends Outcome {
  record: MigrationRecord;
  /** The command that looks again at what is still running. */
  resume?: string;
}

/** The requests that would be sent, in order. */
export interface PlannedRequest {
  action: 'ecs:RegisterTaskDefinition' | 'ecs:RunTask';
  input: unknown;
}

/** What a migration would send; everything is looked up and checked, nothing is changed. */
export async function planRequests(options: MigrateOptions, deps: MigrateDeps): Promise<PlannedRequest[]> {
  const plan = await planMigration(options, deps);
  const run = { ...plan.request, ...identity(plan, options, deps) };
  if (plan.register === undefined) return [{ action: 'ecs:RunTask', input: run }];
  return [
    { action: 'ecs:RegisterTaskDefinition', input: plan.register },
    { action: 'ecs:RunTask', input: { ...run, taskDefinition: `${plan.family}:(the revision registered above)` } },
  ];
}

/** Runs one task to the end of its migration container, once, and says how it went. */
export async function migrate(options: MigrateOptions, deps: MigrateDeps): Promise<MigrationResult> {
  const about = { cluster: options.cluster, taskDefinition: options.taskDefinition, region: deps.aws.region };
  // An earlier run of this very job may have left a record: it is read before ours takes its place.
  const before = await deps.records.migration();
  const file = openRecordFile(about, deps);
  try {
    return await startAndWatch(options, { file, before }, deps);
  } catch (error) {
    await file.refused(error, before);
    throw error;
  }
}

interface Records {
  file: RecordFile;
  before: MigrationRecord | undefined;
}

async function startAndWatch(
  options: MigrateOptions,
  { file, before }: Records,
  deps: MigrateDeps,
): Promise<MigrationResult> {
  const { clock, aws } = deps;
  const startMs = clock.now();
  const leftMs = (): number => Math.max(0, options.waiting.timeoutMs - (clock.now() - startMs));
  const plan = await register(await planMigration(options, deps), deps);
  const { clientToken: token, startedBy } = identity(plan, options, deps);
  const { taskDefinition } = plan.request;
  const context = { plan, leftMs, file };
  const own = before?.clientToken === token && before.taskDefinition === taskDefinition ? before.taskArn : undefined;
  const known = { taskDefinition, migrationContainer: plan.container.name, clientToken: token };
  // A folder that takes no record is found out before anything starts.
  await file.running({ ...known, ...(own === undefined ? {} : { taskArn: own }) });
  // Our own task is there already: nothing is started, so nobody needs to be waited for.
  if (own !== undefined && (await isKnown(own, options.cluster, deps))) {
    return watch({ taskArn: own, adopted: true }, context, options, deps);
  }
  const clear = await exclude(
    {
      mode: options.exclusive,
      cluster: options.cluster,
      family: plan.family,
      startedBy: options.startedBy,
      ownStartedBy: startedBy,
      own: own === undefined ? [] : [own],
      timeoutMs: leftMs(),
    },
    { ...deps, ecs: aws.ecs },
  );
  if (clear.end !== 'clear') return file.end(waitedInVain(clear), {});
  const request = { ...plan.request, startedBy };
  const { retryCapacityMs } = options;
  const start = await startTask(
    { request, clientToken: token, retryCapacityMs, timeoutMs: leftMs() },
    { ...deps, ecs: aws.ecs },
  );
  if (start.start !== 'started') return file.end(notStarted(start), {});
  return watch({ taskArn: start.taskArn, adopted: start.adopted || start.taskArn === own }, context, options, deps);
}

/**
 * Whether ECS still knows the task of our record. If not, RunTask decides: under its token, or under those of further
 * tries for capacity, it answers with the same task again for as long as ECS remembers them.
 */
async function isKnown(taskArn: string, cluster: string, { aws }: MigrateDeps): Promise<boolean> {
  const { tasks = [] } = await aws.ecs.describeTasks({ cluster, tasks: [taskArn] });
  return tasks.length > 0;
}

async function watch(
  { taskArn, adopted }: { taskArn: string; adopted: boolean },
  { plan, leftMs, file }: { plan: MigrationPlan; leftMs: () => number; file: RecordFile },
  options: MigrateOptions,
  deps: MigrateDeps,
): Promise<MigrationResult> {
  const { cluster, taskDefinition } = plan.request;
  const container = plan.container.name;
  // Named and on record before the first wait: whoever cuts this job off finds the task.
  deps.announce({ type: 'task-started', taskArn, cluster, region: deps.aws.region, taskDefinition, container });
  if (adopted) deps.announce({ type: 'task-adopted', taskArn });
  await file.started({ taskArn });
  const resume = resumeCommand({ cluster, taskArns: [taskArn], region: deps.aws.region, container: options.container });
  if (!options.wait) {
    const result = await file.end({ outcome: 'started', verdict: 'started' }, { taskArn });
    return { ...result, resume };
  }
  const target: FollowTarget = { taskArn, container: async () => plan.container };
  const followed = await followToEnd(
    [target],
    { cluster, waiting: options.waiting, timeoutMs: leftMs(), resume },
    deps,
  );
  const [task] = followed.tasks;
  if (task === undefined) throw new Error('a followed task has no result');
  const result = await file.end(outcomeOf(task, followed, false), taskFacts(task));
  const goesOn = task.verdict.verdict === 'going';
  return goesOn ? { ...result, resume } : result;
}

async function register(plan: MigrationPlan, { aws, announce }: MigrateDeps): Promise<MigrationPlan> {
  if (plan.register === undefined) return plan;
  // A rerun of the same job must come to the same revision, or its client token would be another one.
  const latest = await aws.ecs.describeTaskDefinition(plan.family);
  const isThere = sameDefinition(latest.taskDefinition as DefinitionDocument, plan.register as DefinitionDocument);
  const taskDefinitionArn = isThere
    ? (latest.taskDefinition.taskDefinitionArn ?? '')
    : await registerRevision(plan.register, aws).catch((error: unknown) => {
        throw refused(error, plan.request);
      });
  if (!isThere) announce({ type: 'revision-registered', taskDefinitionArn });
  return { ...plan, register: undefined, request: { ...plan.request, taskDefinition: taskDefinitionArn } };
}

/** What makes the task ours. Outside CircleCI the token is random, and so is the mark. */
function identity(
  plan: MigrationPlan,
  options: MigrateOptions,
  { env }: MigrateDeps,
): { clientToken: string; startedBy: string } {
  const token = clientToken(plan.request, env, options.clientToken);
  const mark = token.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 20);
  return { clientToken: token, startedBy: options.startedBy ?? `migrate-deploy/${mark}` };
}

function waitedInVain({ end, busy }: Exclude<Exclusion, { end: 'clear' }>): Outcome {
  const reasonCode = end === 'interrupted' ? 'INTERRUPTED' : busy ? 'OTHER_MIGRATION' : 'OTHERS_UNKNOWN';
  const base = { outcome: end, verdict: `${end}-before-start`, reasonCode };
  if (busy) {
    const cause = 'Another migration was still running; ours was not started.';
    return { ...base, cause, fix: 'Run the command again when the other one is done.' };
  }
  const cause = 'Whether another migration is running was not known yet; ours was not started.';
  return { ...base, cause, fix: 'Run the command again.' };
}

function notStarted(start: Exclude<Start, { start: 'started' }>): Outcome {
  switch (start.start) {
    case 'not-placed':
      return notPlaced(start.failures);
    case 'interrupted':
      return {
        outcome: 'interrupted',
        verdict: start.perhaps ? 'unanswered' : 'interrupted-before-start',
        reasonCode: 'INTERRUPTED',
        cause: 'Interrupted before Amazon ECS had confirmed a task.',
        fix: `Run the command again with --client-token ${start.clientToken}: that never starts a second task.`,
      };
    case 'unanswered':
      return {
        outcome: 'timed-out',
        verdict: 'unanswered',
        reasonCode: 'START_UNANSWERED',
        cause: 'Amazon ECS answered none of the requests; whether the task runs is not known.',
        fix: `Run the command again with --client-token ${start.clientToken}: that never starts a second task.`,
      };
  }
}
