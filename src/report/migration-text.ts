import { familyRevision, taskId } from '../base/arn.ts';
import { taskConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import type { LogPlace } from '../task/log-place.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';

/** One fact of a migration as lines. With several tasks each line names its own. */
export function createMigrationRender(): (event: { type: string }) => Line[] {
  const seen = new Set<string>();
  return (event) => {
    const known = event as MigrationEvent;
    if ('taskArn' in known) seen.add(known.taskArn);
    return render(known, (taskArn) => (seen.size > 1 ? `${taskId(taskArn).slice(0, 8)} ` : ''));
  };
}

function render(event: MigrationEvent, name: (taskArn: string) => string): Line[] {
  switch (event.type) {
    case 'warning':
      return [warn(`Warning: ${event.text}`)];
    case 'image-pinned':
      return [line(`Image of ${event.container}: ${event.image}`)];
    case 'revision-registered':
      return [line(`Registered ${familyRevision(event.taskDefinitionArn)}`)];
    case 'waiting-for-others':
      return [
        warn(`Waiting for another migration to end: ${event.taskArns.map(taskId).join(', ')}`),
        dim(
          '  (best effort: two that start at the same moment do not see each other; --exclusive ignore does not wait)',
        ),
      ];
    case 'others-done':
      return [line('The other migration has ended.')];
    case 'no-capacity':
      return [warn(`No capacity: ${event.reason}. Trying again in ${formatDuration(event.nextTryMs)}`)];
    case 'start-unanswered':
      return [
        warn(`No answer from ECS (${event.message}); sending the same request again, under the same client token`),
      ];
    case 'task-started':
      return started(event);
    case 'task-adopted':
      return [warn('This job had started that task before: following it again instead of starting a second one.')];
    case 'task-state':
      return [dim(`${name(event.taskArn)}${event.status} after ${formatDuration(event.elapsedMs)}`)];
    case 'container-ended':
      return [containerEnded(event, name(event.taskArn))];
    case 'log-place':
      return logPlaceLines(event.container, event.place);
    case 'logs-unreadable':
      return [
        warn('Warning: The log of the container cannot be read; the verdict does not depend on it.'),
        line(`  Why: ${event.why}`),
        ...(event.fix === undefined ? [] : [line(`  Fix: ${event.fix}`)]),
      ];
    case 'log-line':
      return event.message.split(/\r?\n|\r/).map((text) => line(`${name(event.taskArn)}[${event.container}] ${text}`));
    case 'heartbeat':
      return [heartbeat(event)];
    case 'trouble':
      return [
        warn(`No answer from AWS${event.inARow > 1 ? ` (${event.inARow} times in a row)` : ''}: ${event.message}`),
      ];
    case 'stopping-task':
      return [warn(`Stopping task ${taskId(event.taskArn)}: ${event.because}`)];
    case 'judged':
      return [];
  }
}

function started(event: Extract<MigrationEvent, { type: 'task-started' }>): Line[] {
  const { taskArn, cluster, region, taskDefinition, container } = event;
  return [
    strong(`Task ${taskId(taskArn)} of ${familyRevision(taskDefinition)} in cluster ${cluster}`),
    line(`  ${taskArn}`),
    dim(`  ${taskConsoleUrl(region, cluster, taskArn)}`),
    line(`  The exit code of container ${container} decides.`),
  ];
}

function containerEnded(event: Extract<MigrationEvent, { type: 'container-ended' }>, prefix: string): Line {
  const { container, exitCode, judged } = event;
  const text = `${prefix}Container ${container} ended ${exitCode === undefined ? 'without an exit code' : `with exit code ${exitCode}`}`;
  if (!judged) return dim(`${text} (does not count)`);
  return exitCode === 0 ? good(text) : bad(text);
}

function heartbeat({ taskArn, status, elapsedMs, others }: Extract<MigrationEvent, { type: 'heartbeat' }>): Line {
  const more = others === 0 ? '' : ` and ${others} more`;
  return dim(
    `Still ${status === '' ? 'not visible' : status}: task ${taskId(taskArn)}${more}, ${formatDuration(elapsedMs)}`,
  );
}

function logPlaceLines(container: string, place: LogPlace): Line[] {
  switch (place.kind) {
    case 'awslogs':
      return [dim(`Log of ${container}: ${place.group} ${place.stream} (${place.region})`)];
    case 'awslogs-unnamed':
    case 'unknown':
      return [];
    case 'elsewhere':
      return [
        warn(`The log of ${container} is not in CloudWatch by awslogs: its driver is ${place.driver}, ${place.where}.`),
      ];
    case 'none':
      return [warn(`The container ${container} has no logConfiguration: its log cannot be shown here.`)];
  }
}
