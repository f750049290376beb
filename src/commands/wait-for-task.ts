import { clusterOfTask } from '../base/arn.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import type { AwsOptions } from '../options/common.ts';
import { readWaitForTask, waitForTaskSpecs } from '../options/wait-for-task.ts';
import { exitCodeOfAll } from '../outcome.ts';
import { taskEventLines, taskOutcomeLines } from '../report/task-text.ts';
import { type WaitOptions, waitForTasks } from '../task/wait.ts';
import { type CommandContext, type CommandResult, defineCommand, documentOf, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

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
  render: (event) => taskEventLines(event as MigrationEvent),
});

async function run(options: Options, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(options.aws);
  const { tasks, cluster, waiting } = options.wait;
  if (context.common.dryRun) return dryRunResult([{ action: 'ecs:DescribeTasks', input: { cluster, tasks } }]);
  const outcomes = await waitForTasks(options.wait, { ...context, aws });
  const code = exitCodeOfAll(outcomes, waiting);
  return {
    exitCode: code,
    lines: outcomes.flatMap(taskOutcomeLines),
    document: { exitCode: code, tasks: outcomes.map(documentOf) },
  };
}
