import type { MigrationEvent } from '../migrate/events.ts';
import { migrate, planRequests } from '../migrate/migrate.ts';
import type { MigrateOptions } from '../migrate/options.ts';
import type { AwsOptions } from '../options/common.ts';
import { readRunMigrationTask } from '../options/run-migration-task.ts';
import { runMigrationTaskSpecs } from '../options/run-migration-task-specs.ts';
import { exitCodeOf } from '../outcome.ts';
import { taskEventLines, taskOutcomeLines } from '../report/task-text.ts';
import { type CommandContext, type CommandResult, defineCommand, documentOf, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

interface Options {
  aws: AwsOptions;
  migrate: MigrateOptions;
}

/** run-migration-task: one task, once, to the end of its migration. */
export const runMigrationTaskCommand = defineCommand<Options>({
  options: runMigrationTaskSpecs,
  takesRest: true,
  examples: [
    [
      '$0 run-migration-task --cluster prod --task-definition app --network-from-service web -- rails db:migrate',
      'as the service runs, with another command',
    ],
    [
      '$0 run-migration-task --cluster prod --task-definition app --overrides file://docker/migrate.json',
      'with overrides from a file',
    ],
  ],
  check: readRunMigrationTask,
  stages: (reader) => [
    {
      stage: 'run-migration-task',
      cluster: reader.optional('cluster') ?? unnamed,
      taskDefinition: reader.optional('task-definition') ?? unnamed,
    },
  ],
  run,
  render: (event) => taskEventLines(event as MigrationEvent),
});

async function run(options: Options, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(options.aws);
  const deps = { ...context, aws };
  if (context.common.dryRun) return dryRunResult(await planRequests(options.migrate, deps));
  const outcome = await migrate(options.migrate, deps);
  const code = exitCodeOf(outcome, { passExitCode: options.migrate.waiting.passExitCode });
  return { exitCode: code, lines: taskOutcomeLines(outcome), document: { exitCode: code, ...documentOf(outcome) } };
}
