import { taskId } from '../base/arn.ts';
import { redact } from '../base/redact.ts';
import { type MigrationResult, migrate, planRequests } from '../migrate/migrate.ts';
import type { MigrateOptions } from '../migrate/options.ts';
import type { AwsOptions } from '../options/common.ts';
import { readRunMigrationTask } from '../options/run-migration-task.ts';
import { runMigrationTaskSpecs } from '../options/run-migration-task-specs.ts';
import { exitCode, interruptedExitCode } from '../outcome.ts';
import { dryRunEnd, dryRunLines } from '../report/dry-run-text.ts';
import { createMigrationRender } from '../report/migration-text.ts';
import { outcomeLines } from '../report/outcome-text.ts';
import type { Outcome } from '../task/outcome.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
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
  render: createMigrationRender(),
});

async function run(options: Options, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(options.aws, options.migrate.waiting.timeoutMs);
  const deps = { ...context, aws };
  if (context.common.dryRun) {
    const requests = await planRequests(options.migrate, deps);
    return {
      exitCode: exitCode.done,
      lines: [...requests.flatMap(({ action, input }) => dryRunLines(action, input)), dryRunEnd],
      document: {
        exitCode: exitCode.done,
        dryRun: requests.map(({ action, input }) => ({ action, input: redact(input) })),
      },
    };
  }
  const startMs = context.clock.now();
  const result = await migrate(options.migrate, deps);
  const code = exitCodeOf(result, options.migrate.waiting.passExitCode, context.interrupt.name());
  const { record, resume } = result;
  return {
    exitCode: code,
    lines: outcomeLines({
      ...result,
      subject: subjectOf(result),
      durationMs: context.clock.now() - startMs,
      container: record.migrationContainer,
      stopCode: record.stopCode,
      taskArn: record.taskArn,
      signal: context.interrupt.name(),
    }),
    document: {
      ...record,
      exitCode: code,
      containerExitCode: record.exitCode,
      ...(resume === undefined ? {} : { resume }),
    },
  };
}

function subjectOf({ record }: MigrationResult): string {
  return record.taskArn === undefined ? 'The migration' : `The migration (task ${taskId(record.taskArn)})`;
}

/** The exit code of one task's outcome. */
export function exitCodeOf(outcome: Outcome, passExitCode: boolean, signal: 'SIGINT' | 'SIGTERM'): number {
  switch (outcome.outcome) {
    case 'succeeded':
    case 'started':
      return exitCode.done;
    case 'timed-out':
      return exitCode.timedOut;
    case 'interrupted':
      return interruptedExitCode(signal);
    case 'failed':
      if (outcome.notFound === true) return exitCode.userError;
      return passExitCode && outcome.exitCode !== undefined && outcome.exitCode !== 0
        ? outcome.exitCode
        : exitCode.failed;
  }
}
