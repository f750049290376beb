import type { Task } from '@aws-sdk/client-ecs';
import { clusterOfTask, familyRevision } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { refusalFix } from '../diagnosis/refusals.ts';
import { hasCode, UserError } from '../errors.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import type { WaitingOptions } from '../migrate/options.ts';
import type { Announce, Aws, Clock, Interrupt, RawTaskDefinition } from '../ports.ts';
import { type RecordStore, recordSchemaVersion, type WaitRecord } from '../records/record.ts';
import { chooseContainer } from './container.ts';
import { taskFacts } from './facts.ts';
import { followToEnd } from './follow-to-end.ts';
import { type Outcome, outcomeOf, recordMembers } from './outcome.ts';
import { resumeCommand } from './resume.ts';
import type { FollowedContainer, FollowTarget } from './tracker.ts';

/** What wait-for-task was asked to do. */
export interface WaitOptions {
  cluster: string;
  /** ARNs or ids. */
  tasks: string[];
  container: string | undefined;
  waiting: WaitingOptions;
}

export interface WaitDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  announce: Announce<MigrationEvent>;
  records: RecordStore;
  env: Readonly<Record<string, string | undefined>>;
}

/** What became of one of the tasks. */
export interface WaitedTask extends Outcome {
  taskArn: string;
  record: WaitRecord;
}

export interface WaitResult {
  tasks: WaitedTask[];
  /** The command that looks again at what is still running. */
  resume?: string;
}

/** Follows tasks that somebody started, with the verdicts and the logs of a migration. */
export async function waitForTasks(options: WaitOptions, deps: WaitDeps): Promise<WaitResult> {
  const { aws, clock, records, env } = deps;
  const { cluster, waiting } = options;
  const startMs = clock.now();
  const arns = await arnsOf(options, deps);
  const definitions = definitionCache(aws);
  const targets = arns.map(
    (taskArn): FollowTarget => ({
      taskArn,
      container: (task) => containerOf(task, options.container, { definitions, announce: deps.announce }),
    }),
  );
  const resumeWith = (taskArns: string[]) =>
    resumeCommand({ cluster, taskArns, region: aws.region, container: options.container });
  const followed = await followToEnd(
    targets,
    { cluster, waiting, timeoutMs: waiting.timeoutMs, resume: resumeWith(arns) },
    deps,
  );
  const tasks = followed.tasks.map((task): WaitedTask => {
    const outcome = outcomeOf(task, followed, true);
    const record: WaitRecord = {
      schemaVersion: recordSchemaVersion,
      stage: 'wait-for-task',
      status: outcome.outcome === 'started' ? 'running' : outcome.outcome,
      verdict: outcome.verdict,
      region: aws.region,
      cluster,
      startedAt: new Date(startMs).toISOString(),
      finishedAt: new Date(clock.now()).toISOString(),
      ci: circleCiFacts(env) as Record<string, string>,
      ...recordMembers(outcome),
      ...taskFacts(task),
    };
    return { ...outcome, taskArn: task.taskArn, record };
  });
  const worst = tasks.find(({ outcome }) => outcome !== 'succeeded') ?? tasks[0];
  if (worst !== undefined) await records.save(worst.record);
  const open = followed.tasks.filter(({ verdict }) => verdict.verdict === 'going').map(({ taskArn }) => taskArn);
  return open.length === 0 ? { tasks } : { tasks, resume: resumeWith(open) };
}

/** ECS answers with ARNs, so ids are made into them; the account is that of the cluster's or of another task's ARN, or is looked up. */
async function arnsOf({ cluster, tasks }: WaitOptions, { aws }: WaitDeps): Promise<string[]> {
  const wrong = tasks.filter((task) => (clusterOfTask(task) ?? clusterName(cluster)) !== clusterName(cluster));
  if (wrong.length > 0) {
    throw new UserError(`Not all tasks are in the cluster ${cluster}.`, {
      code: 'Options',
      why: `${wrong.join(', ')} says otherwise.`,
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

const clusterName = (cluster: string): string => cluster.split('/').at(-1) ?? cluster;

type Definitions = (taskDefinitionArn: string) => Promise<RawTaskDefinition>;

function definitionCache({ ecs }: Aws): Definitions {
  const found = new Map<string, Promise<RawTaskDefinition>>();
  return (arn) => {
    const known = found.get(arn) ?? ecs.describeTaskDefinition(arn).then(({ taskDefinition }) => taskDefinition);
    found.set(arn, known);
    // A lookup that failed is tried again at the next look.
    known.catch(() => found.delete(arn));
    return known;
  };
}

async function containerOf(
  task: Task,
  named: string | undefined,
  { definitions, announce }: { definitions: Definitions; announce: WaitDeps['announce'] },
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
    const judged = choose(containers);
    return { ...judged, logConfiguration: containers.find(({ name }) => name === judged.name)?.logConfiguration };
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException', 'ClientException')) throw error;
    const text = `The task definition ${familyRevision(arn)} cannot be read (${error.why}), so its log cannot be shown.`;
    announce({ type: 'warning', text });
    const { name, essential } = choose(given.map((one) => ({ name: one.name ?? '' })));
    return { name, essential, logConfiguration: null };
  }
}
