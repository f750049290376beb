import type { Task } from '@aws-sdk/client-ecs';
import type { MigrationRecord } from '../records/record.ts';
import type { FollowedTask } from './tracker.ts';

const moments = [
  'createdAt',
  'connectivityAt',
  'pullStartedAt',
  'pullStoppedAt',
  'startedAt',
  'executionStoppedAt',
  'stoppingAt',
  'stoppedAt',
] as const;

const spans = [
  ['provisioning', 'createdAt', 'pullStartedAt'],
  ['pull', 'pullStartedAt', 'pullStoppedAt'],
  ['start', 'pullStoppedAt', 'startedAt'],
  ['run', 'startedAt', 'executionStoppedAt'],
  ['stop', 'executionStoppedAt', 'stoppedAt'],
] as const;

/** The members of a record that a task fills in as ECS tells them. */
export type TaskFacts = Partial<
  Pick<
    MigrationRecord,
    | 'taskArn'
    | 'taskDefinition'
    | 'migrationContainer'
    | 'startedBy'
    | 'stopCode'
    | 'containers'
    | 'logs'
    | 'timeline'
    | 'timingsMs'
    | 'lastLogLines'
  >
>;

/** What a record keeps of a task that was followed. */
export function taskFacts(followed: FollowedTask): TaskFacts {
  const { taskArn, task, container, logPlace, lastLogLines } = followed;
  return {
    taskArn,
    ...(task === undefined ? {} : factsOf(task)),
    ...(container === undefined ? {} : { migrationContainer: container.name }),
    ...(container === undefined || logPlace?.kind !== 'awslogs'
      ? {}
      : {
          logs: [
            { container: container.name, group: logPlace.group, stream: logPlace.stream, region: logPlace.region },
          ],
        }),
    lastLogLines,
  };
}

function factsOf(task: Task): TaskFacts {
  const timeline = Object.fromEntries(
    moments.flatMap((name) => (task[name] === undefined ? [] : [[name, task[name].toISOString()]])),
  );
  const timingsMs = Object.fromEntries(
    spans.flatMap(([name, from, to]) => {
      const [start, end] = [task[from], task[to]];
      return start === undefined || end === undefined ? [] : [[name, end.getTime() - start.getTime()]];
    }),
  );
  return {
    ...(task.taskDefinitionArn === undefined ? {} : { taskDefinition: task.taskDefinitionArn }),
    ...(task.startedBy === undefined ? {} : { startedBy: task.startedBy }),
    ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode }),
    containers: (task.containers ?? []).map(({ name = '', image, imageDigest, exitCode, reason }) => ({
      name,
      ...(image === undefined ? {} : { image }),
      ...(imageDigest === undefined ? {} : { imageDigest }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(reason === undefined ? {} : { reason }),
    })),
    timeline,
    timingsMs,
  };
}
