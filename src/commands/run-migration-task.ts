import { familyOf } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import { migrate, planRequests } from '../migrate/migrate.ts';
import type { MigrateOptions } from '../migrate/options.ts';
import { readOverrides } from '../migrate/overrides.ts';
import { containerCommand } from '../options/container-command.ts';
import { choice, duration, flag, group, integer, list, text } from '../options/define.ts';
import { only, type ValuesOf } from '../options/option.ts';
import { awsOptions, generalOptions, placementErrors, placementOptions, waitingOptions } from '../options/shared.ts';
import { awsTag, environmentVariable, repeated, setTwice } from '../options/values.ts';
import { exitCodeOf } from '../outcome.ts';
import { taskEventLines, taskOutcomeLines } from '../report/task-text.ts';
import { imageForContainer } from '../task-definition/pin.ts';
import { type CommandContext, type CommandResult, defineCommand, documentOf, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of run-migration-task. */
export const runMigrationTaskOptions = {
  ...group('Task', {
    cluster: text({ required: true, placeholder: 'NAME|ARN', describe: 'The cluster that the task runs in.' }),
    taskDefinition: text({
      placeholder: 'FAMILY[:REV]|ARN',
      describe: 'The task definition; a family alone means its latest active revision.',
    }),
    taskDefinitionFromService: text({
      placeholder: 'SERVICE',
      describe:
        'Service whose task definition runs: the revision that serves, whatever the latest of its family is by now. Takes the place of --task-definition.',
    }),
    overrides: text({
      placeholder: 'FILE|JSON|-',
      describe: 'Overrides as RunTask takes them: a file (file:// too), inline JSON, or - for standard input.',
      secret: true,
      expandsItself: true,
      parse: readOverrides,
    }),
    container: text({
      placeholder: 'NAME',
      describe: 'Container that migrates: --command and --env are for it, and its exit code counts.',
      otherwise: 'the only one overridden, else the only essential one',
    }),
    command: text({
      placeholder: 'COMMAND',
      describe: 'Command of that container, as words (no shell runs it) or a JSON list.',
      secret: true,
      expandsItself: true,
      takesRest: true,
      parse: containerCommand,
    }),
    environment: list({
      name: 'env',
      placeholder: 'NAME=VALUE',
      describe: 'Environment variable of that container.',
      secret: true,
      parse: environmentVariable,
      check: setTwice,
    }),
    images: list({
      name: 'image',
      placeholder: '[CONTAINER=]REF',
      describe: 'Image to run, pinned by its digest in a revision registered for it.',
      otherwise: 'the one that build-and-push-image left in --record-dir',
      parse: imageForContainer,
      check: (images) =>
        repeated(images.map(({ container = '' }) => container)).length > 0
          ? 'names the same container more than once'
          : undefined,
    }),
    startedBy: text({
      placeholder: 'TEXT',
      describe: 'Mark on the task, of 128 characters at most.',
      otherwise: 'migrate-deploy/…, by which a rerun of the job finds the task; a text of your own is no such mark',
      check: (mark: string) => (mark.length > 128 ? 'may have 128 characters at most' : undefined),
    }),
    group: text({ placeholder: 'NAME', describe: 'Task group.', otherwise: 'family:FAMILY' }),
    tags: list({
      name: 'tag',
      placeholder: 'KEY=VALUE',
      describe: 'Tag on the task.',
      secret: true,
      parse: awsTag,
      check: (tags) => (tags.length > 50 ? 'may be given 50 times at most' : undefined),
    }),
    propagateTags: choice(['TASK_DEFINITION', 'NONE'], {
      describe: 'Copies the tags of the task definition to the task.',
      otherwise: 'NONE',
    }),
    count: integer({
      default: 1,
      placeholder: '1',
      describe: 'Number of tasks, in the words of the aws-ecs orb: a migration takes no other than 1.',
      check: (count) =>
        count === 1
          ? undefined
          : 'must be 1: a migration runs once, and several tasks would run it side by side. For other tasks use `aws ecs run-task --count`',
    }),
    enableExecuteCommand: flag({ describe: 'Allows `aws ecs execute-command` into the task.' }),
  }),
  ...placementOptions,
  ...group('Once and only once', {
    name: text({
      placeholder: 'NAME',
      describe: 'Tells several migrations of one pipeline apart, e.g. before and after the deployment.',
      check: (name: string) =>
        /^[\w.-]{1,64}$/.test(name) ? undefined : 'may have 64 letters, digits, dots and dashes at most',
    }),
    clientToken: text({
      placeholder: 'TOKEN',
      describe: 'Idempotency token of RunTask.',
      otherwise: 'derived from the CircleCI workflow, job, cluster, definition and overrides; random elsewhere',
      check: (token: string) =>
        /^[\x21-\x7e]{1,64}$/.test(token) ? undefined : 'may have 64 ASCII characters at most, without spaces',
    }),
    exclusive: choice(['wait', 'fail', 'ignore'], {
      default: 'wait',
      describe:
        'What to do while another migration of the family (or with the same --started-by) runs. Best effort: two that start at the same moment do not see each other.',
    }),
    retryCapacity: duration({
      placeholder: 'DURATION',
      describe: 'How long to try again when ECS has no capacity.',
      otherwise: 'not at all',
    }),
  }),
  ...group('Waiting and logs', {
    wait: flag({
      default: true,
      describe: 'Waits for the end and judges it; --no-wait only starts the task and proves nothing.',
    }),
  }),
  ...waitingOptions,
  ...awsOptions,
  ...generalOptions,
};
export type RunMigrationTaskOptions = ValuesOf<typeof runMigrationTaskOptions>;

/** run-migration-task: one task, once, to the end of its migration. */
export const runMigrationTaskCommand = defineCommand({
  options: runMigrationTaskOptions,
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
  check: (known, isGiven) => [
    ...placementErrors(known),
    ...(isGiven('taskDefinition') && isGiven('taskDefinitionFromService')
      ? ['--task-definition and --task-definition-from-service exclude each other']
      : []),
    ...(isGiven('taskDefinition') || isGiven('taskDefinitionFromService')
      ? []
      : ['--task-definition is missing: what the task runs, or --task-definition-from-service']),
    ...(known.command !== undefined && isGiven('overrides')
      ? ['--overrides and --command (or words behind `--`) exclude each other; put the command into one of them']
      : []),
  ],
  stages: ({ cluster = unnamed, taskDefinition, name }) => [
    {
      stage: 'run-migration-task',
      cluster,
      ...optional('taskDefinition', taskDefinition),
      ...optional('family', taskDefinition === undefined ? undefined : familyOf(taskDefinition)),
      ...optional('name', name),
    },
  ],
  run,
  render: (event) => taskEventLines(event as MigrationEvent),
});

/** What the use-case is asked to do. */
export function migrationOf(values: RunMigrationTaskOptions): MigrateOptions {
  return {
    ...values,
    overrides: values.overrides ?? {},
    placement: only(placementOptions, values),
    waiting: only(waitingOptions, values),
  };
}

async function run(values: RunMigrationTaskOptions, context: CommandContext): Promise<CommandResult> {
  const asked = migrationOf(values);
  const aws = await context.connect(values, values.timeoutMs);
  const deps = { ...context, aws };
  if (values.dryRun) return dryRunResult(await planRequests(asked, deps));
  const outcome = await migrate(asked, deps);
  const code = exitCodeOf(outcome, values);
  return { exitCode: code, lines: taskOutcomeLines(outcome), document: { exitCode: code, ...documentOf(outcome) } };
}
