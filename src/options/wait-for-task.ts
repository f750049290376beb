import { clusterOfTask } from '../base/arn.ts';
import type { WaitOptions } from '../task/wait.ts';
import { type AwsOptions, awsOptionSpecs, generalOptionSpecs, readAwsOptions } from './common.ts';
import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';
import { readWaitingOptions, waitingOptionSpecs } from './waiting.ts';

/** Every option of wait-for-task. */
export const waitForTaskSpecs: readonly OptionSpec[] = [
  {
    name: 'cluster',
    kind: 'string',
    group: 'Task',
    placeholder: 'NAME|ARN',
    describe: 'Cluster of the tasks.',
    default: 'the one in the task ARN',
  },
  { name: 'task', kind: 'names', group: 'Task', placeholder: 'ARN|ID', describe: 'Task to wait for.' },
  {
    name: 'container',
    kind: 'string',
    group: 'Task',
    placeholder: 'NAME',
    describe: 'Container whose exit code counts.',
    default: 'the only one overridden, else the only essential one',
  },
  ...waitingOptionSpecs,
  ...awsOptionSpecs,
  ...generalOptionSpecs,
];

/** Reads `waitForTaskSpecs`. */
export function readWaitForTask(reader: OptionReader): { aws: AwsOptions; wait: WaitOptions } {
  const tasks = reader.names('task');
  if (tasks.length === 0 && !reader.has('task')) reader.complain('--task is missing: the ARN or id of a task');
  for (const task of tasks) {
    if (!isTask(task)) reader.complain(`--task must be the ARN or the id of a task, not ${JSON.stringify(task)}`);
  }
  const cluster = reader.string('cluster') ?? tasks.map(clusterOfTask).find((found) => found !== undefined);
  if (cluster === undefined && tasks.some(isTask)) reader.complain('--cluster is missing: a task id does not tell it');
  return {
    aws: readAwsOptions(reader),
    wait: { cluster: cluster ?? '', tasks, container: reader.string('container'), waiting: readWaitingOptions(reader) },
  };
}

/** A task's ARN, or its id: 32 hex digits, 36 characters in its old form. */
function isTask(text: string): boolean {
  return /^(arn:[^:\s]+:ecs:[^:\s]+:\d+:task\/[^\s]+|[0-9a-f]{32}|[0-9a-f-]{36})$/.test(text);
}
