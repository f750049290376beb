import type { Task } from '@aws-sdk/client-ecs';
import { clusterOfTask, familyRevision, resourceName, taskId } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { optional } from '../base/optional.ts';
import { hiddenValues } from '../diagnosis/log-finding.ts';
import { refusalFix } from '../diagnosis/refusals.ts';
import { hasCode, UserError } from '../errors.ts';
import type { Aws, RawTaskDefinition } from '../ports.ts';
import type { RecordStore } from '../records/records.ts';
import { schemaVersion, type WaitOutcome } from '../records/schema.ts';
import { chooseContainer } from './container.ts';
import { type FollowDeps, type FollowedContainer, type FollowTarget, followTasks, isGoing } from './follow.ts';
import type { WaitingOptions } from './options.ts';
import { taskResult } from './outcome.ts';
import { resumeCommand } from './resume.ts';

/** What wait-for-task was asked to do. */
export interface WaitOptions {
  cluster: string;
  /** ARNs or ids. */
  tasks: string[];
  container: string | undefined;
  waiting: WaitingOptions;
}

export interface WaitDeps extends FollowDeps {
  records: RecordStore;
  env: Readonly<Record<string, string | undefined>>;
}

/** Follows tasks that somebody started, with the verdicts and the logs of a migration. */
export async function waitForTasks(options: WaitOptions, deps: WaitDeps): Promise<WaitOutcome[]> {
  const { aws, clock, records, env, emit, interrupt } = deps;
  const { cluster, waiting, container } = options;
  const startMs = clock.now();
  const arns = await arnsOf(options, deps);
  const definitions = definitionCache(aws);
  const targets = arns.map(
    (taskArn): FollowTarget => ({
      taskArn,
      whenUnknown: `Amazon ECS does not know the task ${taskId(taskArn)} in cluster ${resourceName(cluster)}. It is waited for, at most 60s: ECS may not show a new task yet, and forgets a stopped one after an hour.`,
      container: (task) => containerOf(task, container, { definitions, emit }),
    }),
  );
  const resumeWith = (taskArns: string[]): string =>
    resumeCommand({ cluster, taskArns, region: aws.region, container });
  const followed = await followTasks(
    targets,
    { cluster, waiting, timeoutMs: waiting.timeoutMs, resume: resumeWith(arns) },
    deps,
  );
  const ci = circleCiFacts(env) as Record<string, string>;
  const outcomes = followed.tasks.map(
    (one): WaitOutcome => ({
      schemaVersion,
      stage: 'wait-for-task',
      region: aws.region,
      cluster,
      startedAt: new Date(startMs).toISOString(),
      finishedAt: new Date(clock.now()).toISOString(),
      ...taskResult(one, followed, { namedByUser: true, signal: interrupt.name() }),
      ...optional('resume', isGoing(one) ? resumeWith([one.target.taskArn]) : undefined),
      ci,
    }),
  );
  for (const outcome of outcomes) {
    await records.save(outcome).catch((error: unknown) => {
      // The verdict stands, whether it can be written down or not.
      if (!(error instanceof UserError)) throw error;
      emit({ type: 'warning', text: `${error.message} ${error.why ?? ''}`.trim() });
    });
  }
  return outcomes;
}

/** ECS answers with ARNs, so ids are made into them; the account is that of the cluster's or of another task's ARN, or is looked up. */
async function arnsOf({ cluster, tasks }: WaitOptions, { aws }: WaitDeps): Promise<string[]> {
  const wrong = tasks.filter((task) => (clusterOfTask(task) ?? resourceName(cluster)) !== resourceName(cluster));
  if (wrong.length > 0) {
    throw new UserError(`Not all tasks are in the cluster ${cluster}.`, {
      code: 'Options',
      why: `${wrong.join(', ')} is in another cluster.`,
      fix: 'Correct --cluster, or run the command once for each cluster.',
    });
  }
  if (tasks.every((task) => task.startsWith('arn:'))) return [...new Set(tasks)];
  const { clusters = [] } = await aws.ecs.describeClusters({ clusters: [cluster] });
  const clusterArn = clusters[0]?.clusterArn;
  if (clusterArn === undefined) {
    throw new UserError(`There is no cluster ${cluster}.`, {
      code: 'ClusterNotFoundException',
      fix: refusalFix('ClusterNotFoundException', 'Cluster not found.'),
    });
  }
  const prefix = clusterArn.replace(':cluster/', ':task/');
  return [...new Set(tasks.map((task) => (task.startsWith('arn:') ? task : `${prefix}/${task}`)))];
}

type Definitions = (taskDefinitionArn: string) => Promise<RawTaskDefinition>;

function definitionCache({ ecs }: Aws): Definitions {
  const found = new Map<string, Promise<RawTaskDefinition>>();
  return (arn) => {
    const known = found.get(arn) ?? ecs.describeTaskDefinition(arn).then(({ taskDefinition }) => taskDefinition);
    found.set(arn, known);
    // A lookup that failed is tried again at the next poll.
    known.catch(() => found.delete(arn));
    return known;
  };
}

/** The container of a task that counts, chosen by the definition and the overrides that it runs with. */
async function containerOf(
  task: Task,
  named: string | undefined,
  { definitions, emit }: { definitions: Definitions; emit: WaitDeps['emit'] },
): Promise<FollowedContainer> {
  const arn = task.taskDefinitionArn ?? '';
  const given = task.overrides?.containerOverrides ?? [];
  // ECS lists every container here, with nothing but its name where nothing was overridden.
  const overridden = given
    .filter(({ name, ...rest }) => name !== undefined && Object.values(rest).some((value) => value !== undefined))
    .map(({ name = '' }) => name);
  const choose = (containers: readonly { name: string }[]) =>
    chooseContainer({ name: familyRevision(arn), containers }, { named, overridden });
  try {
    const { containerDefinitions: containers = [] } = await definitions(arn);
    const counting = choose(containers);
    const definition = containers.find(({ name }) => name === counting.name);
    const hidden = hiddenValues(definition, ...given);
    return { ...counting, logConfiguration: definition?.logConfiguration, hidden };
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException', 'ClientException')) throw error;
    const text = `The task definition ${familyRevision(arn)} cannot be read (${error.why}), so its log cannot be shown.`;
    emit({ type: 'warning', text });
    // Which of them are essential is not known either, so each of them may be.
    return { ...choose(given.map((one) => ({ name: one.name ?? '' }))), logConfiguration: null };
  }
}
