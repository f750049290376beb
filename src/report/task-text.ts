import { familyRevision, taskId } from '../base/arn.ts';
import { taskConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import { reasonOf, startUnanswered, taskNotFound } from '../outcome.ts';
import type { TaskOutcome } from '../records/schema.ts';
import type { LogPlace } from '../task/log-place.ts';
import { textLines } from './error-text.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';
import { timesLines } from './times.ts';

/** How one fact of a migration looks; where several tasks are followed each line names its own. */
export function taskEventLines(event: MigrationEvent): Line[] {
  const isOneOfSeveral = 'several' in event && event.several === true;
  const name = (taskArn: string): string => (isOneOfSeveral ? `${shortId(taskArn)} ` : '');
  switch (event.type) {
    case 'warning':
      return [warn(`Warning: ${event.text}`)];
    case 'image-pinned':
      return [line(`Image of ${event.container}: ${event.image}`)];
    case 'revision-registered':
      return [line(`Registered ${familyRevision(event.taskDefinitionArn)}`)];
    case 'revision-deregistered':
      return [line(`Deregistered ${familyRevision(event.taskDefinitionArn)} again: no task ever ran it`)];
    case 'waiting-for-others':
      if (event.again) return [dim(`Still waiting for another migration: ${event.taskArns.map(taskId).join(', ')}`)];
      return [
        warn(`Waiting for another migration to end: ${event.taskArns.map(taskId).join(', ')}`),
        dim('  (two that start at the same moment do not see each other; --exclusive ignore does not wait)'),
      ];
    case 'others-done':
      return [line('The other migration has ended.')];
    case 'no-capacity':
      return [warn(`No capacity: ${event.reason}. Trying again in ${formatDuration(event.nextTryMs)}`)];
    case 'start-unanswered':
      return [
        warn(`No answer from Amazon ECS (${event.message}); sending the same request again with the same client token`),
      ];
    case 'task-started':
      return started(event);
    case 'task-adopted':
      return [warn(adopted[event.state](taskId(event.taskArn))), ...(event.state === 'unknown' ? [] : where(event))];
    case 'task-state':
      return [dim(`${name(event.taskArn)}${event.status} after ${formatDuration(event.elapsedMs)}`)];
    case 'container-ended':
      return [containerEnded(event, name(event.taskArn))];
    case 'log-place':
      return logPlaceLines(event.container, event.place);
    case 'logs-unreadable':
      return [
        warn('Warning: the log of the container cannot be read; the verdict does not depend on it.'),
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
  }
}

/** So much of an id as tells tasks apart, where it was said in full before. */
const shortId = (taskArn: string): string => taskId(taskArn).slice(0, 8);

function started(event: Extract<MigrationEvent, { type: 'task-started' }>): Line[] {
  const { taskArn, cluster, region, taskDefinition, container } = event;
  return [
    strong(`Task ${taskId(taskArn)} of ${familyRevision(taskDefinition)} in cluster ${cluster}`),
    ...where({ taskArn, cluster, region }),
    line(`  The exit code of container ${container} is the result.`),
  ];
}

const where = ({ taskArn, cluster, region }: { taskArn: string; cluster: string; region: string }): Line[] => [
  line(`  ${taskArn}`),
  dim(`  ${taskConsoleUrl(region, cluster, taskArn)}`),
];

function containerEnded(event: Extract<MigrationEvent, { type: 'container-ended' }>, prefix: string): Line {
  const { container, exitCode, counts } = event;
  const text = `${prefix}Container ${container} ended ${exitCode === undefined ? 'without an exit code' : `with exit code ${exitCode}`}`;
  if (!counts) return dim(`${text} (not the result)`);
  return exitCode === 0 ? good(text) : bad(text);
}

function heartbeat(event: Extract<MigrationEvent, { type: 'heartbeat' }>): Line {
  const { taskArn, waitsFor, elapsedMs, leftMs, others } = event;
  const which = others === 0 ? '' : ` (task ${shortId(taskArn)} and ${others} more)`;
  const times = `${formatDuration(elapsedMs)} so far, time-out in ${formatDuration(leftMs)}`;
  return dim(`Still waiting for ${waitsFor}${which}: ${times}`);
}

const adopted = {
  runs: (id: string) =>
    `An earlier run of this job started task ${id}, which still runs: following it, nothing is started.`,
  succeeded: (id: string) => `An earlier run of this job started task ${id}, which has succeeded: nothing is started.`,
  unknown: () => 'An earlier run of this job had started that task: following it, no second one is started.',
} as const;

function logPlaceLines(container: string, place: LogPlace): Line[] {
  switch (place.kind) {
    case 'awslogs':
      return [dim(`Log of ${container}: ${place.group} ${place.stream} (${place.region})`)];
    case 'awslogs-unnamed':
    case 'unknown':
      return [];
    case 'elsewhere':
      return [
        warn(`The log of ${container} is not in CloudWatch Logs: its log driver is ${place.driver} (${place.where}).`),
      ];
    case 'none':
      return [warn(`The container ${container} has no logConfiguration: its log cannot be shown here.`)];
  }
}

/** The last lines about one task: the verdict, what it means, what AWS said, what to do. */
export function taskOutcomeLines(outcome: TaskOutcome): Line[] {
  const { explanation, taskArn, resume, stopCode, verdict } = outcome;
  if (verdict === 'succeeded')
    return [
      good(headline(outcome)),
      ...(outcome.notes ?? []).map((text) => warn(`  Note: ${text}`)),
      ...timesLines([outcome]),
    ];
  const loud = verdict === 'started' ? warn : bad;
  const { quote, meaning, cause = meaning, fix } = reasonOf(outcome);
  const said = [
    explanation?.said,
    verdict === 'failed' && stopCode !== undefined && stopCode !== 'EssentialContainerExited'
      ? `(stop code ${stopCode})`
      : undefined,
  ];
  const told = said.filter((text) => text !== undefined).join(' ');
  return [
    loud(headline(outcome)),
    ...(quote === undefined ? [] : textLines('Log says', quote.line)),
    ...(cause === undefined || verdict === 'started' ? [] : textLines('What', cause)),
    ...(told === '' ? [] : textLines('Why', told)),
    ...(fix === undefined ? [] : textLines('Fix', fix)),
    ...(outcome.notes ?? []).map((text) => warn(`  Note: ${text}`)),
    ...(outcome.logTail ?? []).flatMap(({ container, note }) =>
      note === undefined ? [] : [dim(`  Log of ${container}: ${note}.`)],
    ),
    ...(resume === undefined || taskArn === undefined || resume.includes(taskArn) ? [] : [line(`  Task: ${taskArn}`)]),
    ...(resume === undefined ? [] : [line(`  Look again with: ${resume}`)]),
    ...timesLines([outcome]),
  ];
}

function headline(outcome: TaskOutcome): string {
  const { verdict, exitCode, taskArn, container, signal, stage } = outcome;
  const id = taskArn === undefined ? undefined : taskId(taskArn);
  const what =
    stage === 'wait-for-task'
      ? `Task ${id}`
      : `The migration${taskArn === undefined ? '' : ` (task ${shortId(taskArn)})`}`;
  const took = formatDuration(Date.parse(outcome.finishedAt ?? outcome.startedAt) - Date.parse(outcome.startedAt));
  if (outcome.explanation?.code === startUnanswered) return `${what} may have been started: no answer within ${took}.`;
  switch (verdict) {
    case 'succeeded':
      return `${what} succeeded: container ${container} ended with exit code 0 after ${took}.`;
    case 'started':
      return `${what} was started and not waited for: whether it succeeds is not known.`;
    case 'refused':
      return `${what} is not watched any more after ${took}: AWS refused a request.`;
    case 'timed-out':
      return id === undefined
        ? `${what} was not started within ${took}.`
        : `${what} had not ended when time ran out, after ${took}.`;
    case 'interrupted':
      return id === undefined
        ? `${what} was not started: interrupted by ${signal}.`
        : `${what} had not ended when ${signal} came, after ${took}.`;
    default:
      if (id === undefined) return `${what} was not started.`;
      if (outcome.explanation?.code === 'TASK_LOST' || outcome.explanation?.code === taskNotFound)
        return `${what} cannot be found.`;
      if (exitCode === 0)
        return `${what} failed after ${took}, although container ${container} ended with exit code 0.`;
      return `${what} failed ${exitCode === undefined ? 'without an exit code' : `with exit code ${exitCode}`} after ${took}.`;
  }
}
