import { clusterOfTask, taskId } from '../base/arn.ts';
import { valid, wrong } from '../base/parsed.ts';
import { group, names, text } from '../options/define.ts';
import { only, type ValuesOf } from '../options/option.ts';
import { awsOptions, generalOptions, waitingOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { type Line, line } from '../report/line.ts';
import { createMigrationRender } from '../report/migration-text.ts';
import { outcomeLines } from '../report/outcome-text.ts';
import { type WaitedTask, waitForTasks } from '../task/wait.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { unnamed } from './refusal.ts';
import { exitCodeOf } from './run-migration-task.ts';

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
  render: createMigrationRender(),
});

function clusterOf({ cluster, tasks = [] }: Partial<WaitForTaskOptions>): string | undefined {
  return cluster ?? tasks.map(clusterOfTask).find((found) => found !== undefined);
}

/** A task's ARN, or its id: 32 hex digits, 36 characters in its old form. */
function isTask(text: string): boolean {
  return /^(arn:[^:\s]+:ecs:[^:\s]+:\d+:task\/[^\s]+|[0-9a-f]{32}|[0-9a-f-]{36})$/.test(text);
}

async function run(values: WaitForTaskOptions, context: CommandContext): Promise<CommandResult> {
  const asked = { ...values, cluster: clusterOf(values) ?? '', waiting: only(waitingOptions, values) };
  const aws = await context.connect(values);
  if (context.common.dryRun) {
    const lines = [line(`Would wait for ${asked.tasks.join(', ')} in cluster ${asked.cluster}.`)];
    return { exitCode: exitCode.done, lines, document: { exitCode: exitCode.done, dryRun: asked.tasks } };
  }
  const startMs = context.clock.now();
  const { tasks, resume } = await waitForTasks(asked, { ...context, aws });
  const signal = context.interrupt.name();
  const codes = tasks.map((task) => exitCodeOf(task, values.passExitCode, signal));
  const linesOf = (task: WaitedTask): Line[] =>
    outcomeLines({
      ...task,
      subject: `Task ${taskId(task.taskArn)}`,
      durationMs: context.clock.now() - startMs,
      container: task.record.migrationContainer,
      stopCode: task.record.stopCode,
      signal,
    });
  const code = worst(codes, tasks);
  return {
    exitCode: code,
    lines: [...tasks.flatMap(linesOf), ...(resume === undefined ? [] : [line(`  Look again with: ${resume}`)])],
    document: {
      exitCode: code,
      tasks: tasks.map(({ record }, index) => ({
        ...record,
        exitCode: codes[index],
        containerExitCode: record.exitCode,
      })),
      ...(resume === undefined ? {} : { resume }),
    },
  };
}

/** A failure counts more than a task that is not there, that more than one that still runs. */
function worst(codes: readonly number[], tasks: readonly WaitedTask[]): number {
  const order = [
    (task: WaitedTask) => task.outcome === 'failed' && task.notFound !== true,
    (task: WaitedTask) => task.outcome === 'failed',
    (task: WaitedTask) => task.outcome === 'interrupted',
    (task: WaitedTask) => task.outcome === 'timed-out',
  ];
  for (const test of order) {
    const index = tasks.findIndex(test);
    if (index !== -1) return codes[index] ?? exitCode.failed;
  }
  return exitCode.done;
}
