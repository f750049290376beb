import { awsOptionSpecs, generalOptionSpecs } from './common.ts';
import { placementSpecs } from './placement.ts';
import type { OptionSpec } from './spec.ts';
import { waitingOptionSpecs } from './waiting.ts';

const group = 'Task';
const once = 'Once and only once';

/** Every option of run-migration-task. */
export const runMigrationTaskSpecs: readonly OptionSpec[] = [
  { name: 'cluster', kind: 'string', group, placeholder: 'NAME|ARN', describe: 'Cluster that the task runs in.' },
  {
    name: 'task-definition',
    kind: 'string',
    group,
    placeholder: 'FAMILY[:REV]|ARN',
    describe: 'Task definition; a family alone means its latest active revision.',
  },
  {
    name: 'overrides',
    kind: 'string',
    group,
    placeholder: 'FILE|JSON|-',
    describe: 'Overrides as RunTask takes them: a file (file:// too), inline JSON, or - for standard input.',
  },
  {
    name: 'container',
    kind: 'string',
    group,
    placeholder: 'NAME',
    describe: 'Container that migrates: --command and --env are for it, and its exit code counts.',
    default: 'the only one overridden, else the only essential one',
  },
  {
    name: 'command',
    kind: 'string',
    group,
    placeholder: 'COMMAND',
    describe: 'Command of that container, as words (no shell) or a JSON list; words behind -- do the same.',
  },
  { name: 'env', kind: 'list', group, placeholder: 'NAME=VALUE', describe: 'Environment variable of that container.' },
  {
    name: 'image',
    kind: 'list',
    group,
    placeholder: '[CONTAINER=]REF',
    describe: 'Image to run, pinned by its digest in a revision registered for it.',
    default: 'the one that build-and-push-image left in --record-dir',
  },
  {
    name: 'started-by',
    kind: 'string',
    group,
    placeholder: 'TEXT',
    describe: 'Mark on the task.',
    default: 'migrate-deploy/…, derived from the client token',
  },
  { name: 'group', kind: 'string', group, placeholder: 'NAME', describe: 'Task group.', default: 'family:FAMILY' },
  { name: 'tag', kind: 'list', group, placeholder: 'KEY=VALUE', describe: 'Tag on the task.' },
  {
    name: 'propagate-tags',
    kind: 'choice',
    choices: ['TASK_DEFINITION', 'NONE'],
    group,
    describe: 'Copies the tags of the task definition to the task.',
    default: 'NONE',
  },
  {
    name: 'enable-execute-command',
    kind: 'boolean',
    group,
    describe: 'Allows `aws ecs execute-command` into the task.',
    default: 'false',
  },
  ...placementSpecs,
  {
    name: 'client-token',
    kind: 'string',
    group: once,
    placeholder: 'TOKEN',
    describe: 'Idempotency token of RunTask.',
    default: 'derived from the CircleCI job, cluster, definition and overrides; random elsewhere',
  },
  {
    name: 'exclusive',
    kind: 'choice',
    choices: ['wait', 'fail', 'off'],
    group: once,
    describe:
      'What to do while another migration of the family (or with the same --started-by) runs. Best effort: two that start at the same moment do not see each other.',
    default: 'wait',
  },
  {
    name: 'retry-capacity',
    kind: 'duration',
    group: once,
    placeholder: 'DURATION',
    describe: 'How long to try again when ECS has no capacity.',
    default: 'not at all',
  },
  {
    name: 'wait',
    kind: 'boolean',
    group: 'Waiting and logs',
    describe: 'Waits for the end and judges it; --no-wait only starts the task and proves nothing.',
    default: 'true',
  },
  ...waitingOptionSpecs,
  ...awsOptionSpecs,
  ...generalOptionSpecs,
];
