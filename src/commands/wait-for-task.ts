import { clusterOfTask } from '../base/arn.ts';
import { valid, wrong } from '../base/parsed.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import { group, names, text } from '../options/define.ts';
import { only, type ValuesOf } from '../options/option.ts';
import { awsOptions, generalOptions, waitingOptions } from '../options/shared.ts';
import { exitCodeOfAll } from '../outcome.ts';
import { taskEventLines, taskOutcomeLines } from '../report/task-text.ts';
import { waitForTasks } from '../task/wait.ts';
import { type CommandContext, type CommandResult, defineCommand, documentOf, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of wait-for-task. */
export const waitForTaskOptions = {
  ...group('Task', {
    cluster: text({ placeholder: 'NAME|ARN', describe: 'Cluster of the tasks.', otherwise: 'the one in the task ARN' }),
    tasks: names({
      name: 'task',
      required: true,
      placeholder: 'ARN|ID',
      describe: 'The task to wait for.',
      parse: (task) => (isTask(task) ? valid(task) : wrong('must be the ARN or the id of a task')),
    }),
    container: text({
      placeholder: 'NAME',
      describe: 'Container whose exit code counts.',
      otherwise: 'the only one overridden, else the only essential one',
    }),
  }),
  ...waitingOptions,
  ...awsOptions,
  ...generalOptions,
};
type WaitForTaskOptions = ValuesOf<typeof waitForTaskOptions>;

/** wait-for-task: follows tasks that run already, or that stopped within the last hour. */
export const waitForTaskCommand = defineCommand({
  options: waitForTaskOptions,
  examples: [['$0 wait-for-task --cluster prod --task 0f3a…', 'goes on where a job was cut off']],
  check: (known, isGiven) =>
    clusterOf(known) === undefined && !isGiven('cluster') && (known.tasks ?? []).length > 0
      ? ['--cluster is missing: a task id does not tell it']
      : [],
  stages: (known) => {
    const [task, ...others] = known.tasks ?? [];
    const isKnown = task?.startsWith('arn:') === true && others.length === 0;
    return [{ stage: 'wait-for-task', cluster: clusterOf(known) ?? unnamed, ...(isKnown ? { taskArn: task } : {}) }];
  },
  run,
  render: (event) => taskEventLines(event as MigrationEvent),
});

function clusterOf({ cluster, tasks = [] }: Partial<WaitForTaskOptions>): string | undefined {
  return cluster ?? tasks.map(clusterOfTask).find((found) => found !== undefined);
}

/** A task's ARN, or its id: 32 hex digits, 36 characters in its old form. */
function isTask(text: string): boolean {
  return /^(arn:[^:\s]+:ecs:[^:\s]+:\d+:task\/[^\s]+|[0-9a-f]{32}|[0-9a-f-]{36})$/.test(text);
}

async function run(values: WaitForTaskOptions, context: CommandContext): Promise<CommandResult> {
  const cluster = clusterOf(values) ?? '';
  const { tasks } = values;
  const aws = await context.connect(values, values.timeoutMs);
  if (values.dryRun) return dryRunResult([{ action: 'ecs:DescribeTasks', input: { cluster, tasks } }]);
  const asked = { ...values, cluster, waiting: only(waitingOptions, values) };
  const outcomes = await waitForTasks(asked, { ...context, aws });
  const code = exitCodeOfAll(outcomes, values);
  return {
    exitCode: code,
    lines: outcomes.flatMap(taskOutcomeLines),
    document: { exitCode: code, tasks: outcomes.map(documentOf) },
  };
}
