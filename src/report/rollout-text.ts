import { familyRevision, taskId } from '../base/arn.ts';
import { serviceConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import { untilText } from '../outcome.ts';
import type { FailedTask, Progress, RolloutOutcome } from '../records/schema.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import type { RollbackPhase } from '../rollout/snapshot.ts';
import type { DefinitionDifference } from '../task-definition/diff.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';

/** One fact of a rollout as lines. */
export function rolloutEventLines(event: RolloutEvent): Line[] {
  switch (event.type) {
    case 'warning':
      return [warn(`Warning: ${event.text}`)];
    case 'note':
      return [line(event.text)];
    case 'image-pinned':
      return [line(`${event.service}: image of ${event.container} is ${event.image}`)];
    case 'differences':
      return [line(`${event.service}: changes from ${event.from}`), ...event.differences.map(differenceLine)];
    case 'revision-registered':
      return [line(`Registered ${familyRevision(event.taskDefinitionArn)}`)];
    case 'deployment-started':
      return [
        strong(
          `${event.service}: deployment ${event.deploymentId} of ${familyRevision(event.taskDefinitionArn)} began`,
        ),
        dim(`  ${serviceConsoleUrl(event.region, event.cluster, event.service)}`),
      ];
    case 'deployment-adopted':
      return [line(`${event.service}: ${event.because}; following deployment ${event.deploymentId}`)];
    case 'update-unanswered':
      return [
        warn(`${event.service}: no answer to UpdateService (${event.message}); checking whether it was carried out`),
      ];
    case 'service-deployment-found':
      return [dim(`${event.service}: service deployment ${event.serviceDeploymentArn}`)];
    case 'progress':
      return [line(`${event.service}: ${progressText(event.progress)}`)];
    case 'breaker-threshold':
      return [
        warn(
          `${event.service}: ${event.failed} tasks failed in a row: the circuit breaker's threshold (${event.threshold}) is reached; Amazon ECS has not decided yet`,
        ),
      ];
    case 'service-event':
      return [eventLine(event.service, event.message)];
    case 'task-failed':
      return [bad(`${event.service}: task ${taskId(event.task.taskArn)} failed: ${failureText(event.task)}`)];
    case 'paused':
      return pausedLines(event);
    case 'hook-answered':
      return [strong(`${event.service}: hook ${event.hookId} is answered with ${event.action}`)];
    case 'service-judged':
      return [judgedLine(event)];
    case 'heartbeat':
      return heartbeat(event);
    case 'trouble':
      return [
        warn(`No answer from AWS${event.inARow > 1 ? ` (${event.inARow} times in a row)` : ''}: ${event.message}`),
      ];
    case 'rolling-back':
      return [warn(`${event.service}: rolling back (${event.how})`)];
    case 'checking-url':
      return [line(`Asking ${event.check.url} for status ${event.check.status}`)];
    case 'url-answered':
      return [good(`${event.check.url} answered ${event.answered}`)];
  }
}

function differenceLine({ place, change, from, to }: DefinitionDifference): Line {
  const values = from === undefined && to === undefined ? '' : `: ${from ?? '(none)'} → ${to ?? '(none)'}`;
  const sign = { added: '+', changed: '~', removed: '-' }[change];
  return line(`  ${sign} ${place} ${change}${values}`);
}

/** `2 of 4 new tasks running, 1 failed in a row (limit 3), 2 old tasks still running, stage BAKE_TIME, 100 % of the traffic`. */
export function progressText(progress: Progress): string {
  const { running, desired, failed, allowed, old, stage, productionWeight } = progress;
  const limit = allowed === undefined ? '' : ` (limit ${allowed})`;
  return [
    `${running} of ${desired}${old === 0 ? '' : ' new'} task${desired === 1 ? '' : 's'} running`,
    ...(failed === 0 ? [] : [`${failed} failed in a row${limit}`]),
    ...(old === 0 ? [] : [`${old} old task${old === 1 ? '' : 's'} still running`]),
    ...(stage === undefined ? [] : [`stage ${stage}`]),
    ...(productionWeight === undefined ? [] : [`${productionWeight} % of the traffic`]),
  ].join(', ');
}

const loud = /unable|fail|unhealthy|throttled|misconfigured|rolling back|error|Timed out|capacity/i;

/** Whether a service event tells of trouble. */
export const isAlarming = (message: string): boolean => loud.test(message);

/** The name stands in front, as with every line; of ids of tasks so much stays as tells them apart. */
function eventLine(service: string, message: string): Line {
  const said = message
    .replace(`(service ${service}) `, '')
    .replaceAll(/\(task ([0-9a-f]{8})[0-9a-f]{24}\)/g, '(task $1)');
  const text = `${service}: event: ${said}`;
  return isAlarming(message) ? warn(text) : dim(text);
}

/** How a task ended, in one line. */
export function failureText(task: FailedTask): string {
  const ends = (task.containers ?? []).flatMap(({ name, exitCode, reason }) => [
    ...(exitCode === undefined ? [] : [`container ${name} exited with code ${exitCode}`]),
    ...(reason === undefined ? [] : [`container ${name}: ${reason}`]),
  ]);
  const { explanation, stoppedReason } = task;
  const said = explanation === undefined ? stoppedReason : explanation.said;
  const isNew = said !== undefined && !ends.some((text) => text.includes(said));
  return [...ends, ...(isNew ? [said] : [])].join('; ') + (task.stopCode === undefined ? '' : ` (${task.stopCode})`);
}

function pausedLines({ service, pause, continueCommand, atMs }: Extract<RolloutEvent, { type: 'paused' }>): Line[] {
  return [
    warn(
      `${service}: paused by a hook${pause.stage === undefined ? '' : ` after ${pause.stage}`}${untilText(pause, atMs)}`,
    ),
    line(`  Continue with: ${continueCommand}`),
  ];
}

/** How a rollout failed, by how far its rollback has come. */
export const rollbackTexts: Readonly<Record<RollbackPhase, string>> = {
  requested: 'failed; Amazon ECS rolls it back',
  'in-progress': 'failed; Amazon ECS is rolling it back',
  done: 'failed; Amazon ECS rolled it back',
  failed: 'failed, and so did its rollback',
};

const judgedWords: Readonly<Partial<Record<RolloutOutcome['verdict'], string>>> = {
  deployed: 'is deployed',
  unchanged: 'serves already',
  'not-verified': 'is not verified',
  superseded: 'was superseded',
};

/** The duration stands in the summary alone: two of them would only differ. */
function judgedLine(event: Extract<RolloutEvent, { type: 'service-judged' }>): Line {
  const { service, verdict, phase, taskDefinitionArn } = event;
  if (phase !== undefined) return bad(`${service}: ${rollbackTexts[phase]}`);
  const name = familyRevision(taskDefinitionArn);
  const text = `${service}: ${verdict === 'rolled-back' ? `rolled back to ${name}` : `${name} ${judgedWords[verdict] ?? verdict}`}`;
  if (verdict === 'not-verified') return warn(text);
  return ['deployed', 'unchanged', 'rolled-back'].includes(verdict) ? good(text) : bad(text);
}

/** One line: with a hook that waits, its command was told when it began to. */
function heartbeat(event: Extract<RolloutEvent, { type: 'heartbeat' }>): Line[] {
  const { services, elapsedMs, leftMs, progress, pausedService } = event;
  const shown = services.slice(0, 3).join(', ') + (services.length > 3 ? ` and ${services.length - 3} more` : '');
  const times = `${formatDuration(elapsedMs)} so far, time-out in ${formatDuration(leftMs)}`;
  if (pausedService !== undefined)
    return [dim(`Still waiting for an answer to the hook of ${pausedService}: ${times}`)];
  return [dim(`Still waiting for ${shown}${progress === undefined ? '' : ` (${countText(progress)})`}: ${times}`)];
}

/** What changes while one waits; the rest was said when it changed. */
const countText = ({ running, desired, pending, stage }: Progress): string =>
  [
    `${running} of ${desired} running`,
    ...(pending === 0 ? [] : [`${pending} PENDING`]),
    ...(stage === undefined ? [] : [stage]),
  ].join(', ');
