import { clusterOfTask, taskId } from '../base/arn.ts';
import type { AwsOptions } from '../options/common.ts';
import { readWaitForTask, waitForTaskSpecs } from '../options/wait-for-task.ts';
import { exitCode } from '../outcome.ts';
import { type Line, line } from '../report/line.ts';
import { createMigrationRender } from '../report/migration-text.ts';
import { outcomeLines } from '../report/outcome-text.ts';
import { type WaitedTask, type WaitOptions, waitForTasks } from '../task/wait.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { unnamed } from './refusal.ts';
import { exitCodeOf } from './run-migration-task.ts';

interface Options {
  aws: AwsOptions;
  wait: WaitOptions;
}

/** wait-for-task: follows tasks that run already, or that stopped within the last hour. */
export const waitForTaskCommand = defineCommand<Options>({
  options: waitForTaskSpecs,
  takesRest: false,
  examples: [['$0 wait-for-task --cluster prod --task 0f3a…', 'goes on where a job was cut off']],
  check: readWaitForTask,
  stages: (reader) => {
    const [task, ...others] = reader.names('task');
    const cluster = reader.optional('cluster') ?? clusterOfTask(task ?? '') ?? unnamed;
    const known = task?.startsWith('arn:') === true && others.length === 0;
    return [{ stage: 'wait-for-task', cluster, ...(known ? { taskArn: task } : {}) }];
  },
  run,
  render: createMigrationRender(),
});

async function run(options: Options, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(options.aws, options.wait.waiting.timeoutMs);
  if (context.common.dryRun) {
    const lines = [line(`Would wait for ${options.wait.tasks.join(', ')} in cluster ${options.wait.cluster}.`)];
    return { exitCode: exitCode.done, lines, document: { exitCode: exitCode.done, dryRun: options.wait.tasks } };
  }
  const startMs = context.clock.now();
  const { tasks, resume } = await waitForTasks(options.wait, { ...context, aws });
  const signal = context.interrupt.name();
  const codes = tasks.map((task) => exitCodeOf(task, options.wait.waiting.passExitCode, signal));
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
