import { familyRevision, taskId } from '../base/arn.ts';
import { serviceConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import { TransientError, UserError } from '../errors.ts';
import { groupFailures } from '../rollout/failure-groups.ts';
import type { FailedTask, ServiceEnd, ServiceResult } from '../rollout/model.ts';
import { errorLines } from './error-text.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';
import { failureText, isAlarming, progressText, rollbackTexts } from './rollout-text.ts';

interface Place {
  cluster: string;
  region: string;
}

/** The last lines of a rollout: each service's verdict, and for a red one what failed, why, what serves now, what to do. */
export function summaryLines(results: readonly ServiceResult[], place: Place): Line[] {
  const lines = results.flatMap((result) => serviceLines(result, place));
  if (results.length < 2) return lines;
  const green = results.filter(({ exitCode }) => exitCode === 0).length;
  const total = `${green} of ${results.length} services are green.`;
  return [...lines, green === results.length ? good(total) : bad(total)];
}

function serviceLines(result: ServiceResult, place: Place): Line[] {
  const { end, notes } = result;
  const noted = notes.map((text) => warn(`  Note: ${text}`));
  switch (end.verdict) {
    case 'landed':
    case 'nothing-to-do':
      return [...greenLines(result), ...noted];
    case 'no-tasks':
    case 'started':
      return [warn(`${result.service}: ${revision(result)} is NOT verified: ${end.reason}`), ...noted];
    case 'refused': {
      const { error } = end;
      const isKnown = error instanceof UserError || error instanceof TransientError;
      return [...refusedLines(result, error), ...(isKnown ? errorLines(error) : [bad(`Error: ${end.reason}`)])];
    }
    default:
      return [...redLines(result, end, place), ...noted];
  }
}

/** The error names a deployment only where one began. */
function refusedLines({ service, taskDefinition, deploymentId }: ServiceResult, error: Error): Line[] {
  if (deploymentId !== undefined) return [];
  const seen = `the update got no answer, and no deployment of ${revision({ taskDefinition })} was seen.`;
  return [bad(`${service}: ${error instanceof TransientError ? seen : 'not updated.'}`)];
}

const revision = ({ taskDefinition }: Pick<ServiceResult, 'taskDefinition'>): string =>
  familyRevision(taskDefinition ?? 'an unknown revision');

function greenLines(result: ServiceResult): Line[] {
  const { service, end, images, timingsMs, startedAtMs, finishedAtMs } = result;
  const took = formatDuration(finishedAtMs - startedAtMs);
  const headline =
    end.verdict === 'nothing-to-do'
      ? `${service} already serves ${revision(result)}: nothing to do.`
      : `${service} serves ${revision(result)} after ${took}.`;
  return [
    good(headline),
    ...images.map(({ name, image = '', imageDigest }) =>
      line(`  ${name}: ${imageDigest === undefined ? image : `${image.replace(/@sha256:.*$/, '')} is ${imageDigest}`}`),
    ),
    ...timingLines(timingsMs),
  ];
}

function timingLines(timingsMs: Readonly<Record<string, number>>): Line[] {
  const { tasksRunning, landed, judged } = timingsMs;
  const parts = [
    ...(tasksRunning === undefined ? [] : [`tasks running after ${formatDuration(tasksRunning)}`]),
    ...(landed === undefined ? [] : [`landed after ${formatDuration(landed)}`]),
    ...(judged === undefined || judged === landed ? [] : [`over after ${formatDuration(judged)}`]),
  ];
  return parts.length === 0 ? [] : [dim(`  Phases: ${parts.join(', ')}`)];
}

type RedEnd = Exclude<ServiceEnd, { verdict: 'landed' | 'nothing-to-do' | 'no-tasks' | 'started' | 'refused' }>;

function redLines(result: ServiceResult, end: RedEnd, place: Place): Line[] {
  const { service } = result;
  return [
    bad(headlineOf(result, end)),
    line(`  Why: ${end.reason}`),
    ...groupFailures(result.failedTasks).slice(0, 3).flatMap(groupLines),
    ...moreGroups(result.failedTasks),
    ...eventLines(result),
    ...(result.progress === undefined ? [] : [line(`  So far: ${progressText(result.progress)}`)]),
    line(`  Serves now: ${servesText(result, end)}`),
    ...(result.rollback === undefined ? [] : [line(`  Rollback: ${result.rollback.text}`)]),
    ...goesOnLines(result, end),
    line(`  Fix: ${fixOf(result, end, place)}`),
    ...(end.verdict === 'paused' && end.continueCommand !== undefined
      ? [line(`  Continue with: ${end.continueCommand}`)]
      : []),
    ...timingLines(result.timingsMs),
    dim(`  ${serviceConsoleUrl(place.region, place.cluster, service)}`),
  ];
}

function headlineOf(result: ServiceResult, end: RedEnd): string {
  const { service, startedAtMs, finishedAtMs } = result;
  const after = formatDuration(finishedAtMs - startedAtMs);
  const what = `The rollout of ${revision(result)} to ${service}`;
  switch (end.verdict) {
    case 'failed':
      return `${what} failed after ${after}.`;
    case 'rolled-back':
      return `${what} ${rollbackTexts[result.rollback?.done === true ? 'done' : end.phase]} (after ${after}).`;
    case 'overtaken':
      return `${what} was overtaken by another deployment${end.by === undefined ? '' : ` (${end.by})`}.`;
    case 'paused':
      return `${what} is paused; it was not decided within ${after}.`;
    case 'timed-out':
      return result.timingsMs.landed === undefined
        ? `${what} was not decided within ${after}.`
        : `${what} landed, but the old tasks were not gone within ${after}.`;
    case 'interrupted':
      return `${what} was left after ${after}, undecided.`;
  }
}

function servesText(result: ServiceResult, end: RedEnd): string {
  const { servesNow, taskDefinition, rollback } = result;
  if (servesNow === undefined) {
    return ['timed-out', 'paused', 'interrupted'].includes(end.verdict)
      ? 'not decided; the deployment goes on'
      : 'nothing: no task of the service is running';
  }
  const name = familyRevision(servesNow);
  if (servesNow === taskDefinition && end.verdict !== 'overtaken') return `${name} (the revision asked for)`;
  const returns =
    end.verdict === 'rolled-back' && ['requested', 'in-progress'].includes(end.phase) && rollback === undefined;
  return returns ? `${name} (the previous revision; Amazon ECS is returning to it)` : `${name}${previousNote(result)}`;
}

/** Our own limit ends our patience, not the deployment. */
function goesOnLines(result: ServiceResult, end: RedEnd): Line[] {
  if (end.verdict !== 'failed' || end.code !== 'TOO_MANY_FAILED_TASKS' || result.rollback !== undefined) return [];
  const how = '--on-failure rollback, or a deployment circuit breaker on the service, would end that';
  return [warn(`  Note: Amazon ECS goes on starting tasks of ${revision(result)}; ${how}.`)];
}

const previousNote = ({ servesNow, previousTaskDefinition }: ServiceResult): string =>
  servesNow === previousTaskDefinition ? ' (the previous revision)' : '';

function groupLines(group: readonly FailedTask[]): Line[] {
  const [task] = group;
  if (task === undefined) return [];
  const count = group.length === 1 ? '1 task' : `${group.length} tasks`;
  return [
    strong(`  ${count} failed alike: ${failureText(task)}`),
    ...(task.cause === undefined ? [] : [line(`    What: ${task.cause}`)]),
    ...task.logTail.flatMap(({ container, lines, note }) =>
      lines.length === 0
        ? [line(`    No log of ${container}: ${note ?? 'it wrote nothing'}.`)]
        : [
            line(`    Last lines of ${container}, task ${taskId(task.taskArn)}:`),
            ...lines.map((text) => line(`      [${container}] ${text}`)),
          ],
    ),
  ];
}

/** What only the events of the service tell: what a load balancer saw, why no task could be placed. */
function eventLines({ failedTasks, events }: ServiceResult): Line[] {
  const telling =
    failedTasks.length === 0 ? isAlarming : (message: string) => /is unhealthy in|unable to/.test(message);
  const unlike = new Map(events.filter(telling).map((message) => [message.replaceAll(/task [0-9a-f]+/g, ''), message]));
  return [...unlike.values()].slice(-3).map((message) => line(`  Event: ${message}`));
}

function moreGroups(tasks: readonly FailedTask[]): Line[] {
  const more = groupFailures(tasks).slice(3).flat().length;
  return more === 0 ? [] : [line(`  ${more} more tasks failed in other ways.`)];
}

function fixOf(result: ServiceResult, end: RedEnd, { cluster }: Place): string {
  const again = `migrate-deploy update-service-and-verify --cluster ${cluster} --service ${result.service}`;
  switch (end.verdict) {
    case 'overtaken':
      return 'Look at the job of the other deployment; run this one again only if its revision should serve.';
    case 'timed-out':
      return `\`${again}\` looks again; a longer --timeout waits longer.`;
    case 'interrupted':
      return `\`${again}\` looks again.`;
    case 'paused':
      return `Answer the hook, then \`${again}\` looks again.`;
    case 'rolled-back':
    case 'failed': {
      const { fix } = groupFailures(result.failedTasks)[0]?.[0] ?? {};
      if (fix !== undefined) return fix;
      return fixes[end.verdict === 'failed' ? end.code : ''] ?? otherFix;
    }
  }
}

const otherFix = 'Look at the events above and in the console, correct the revision, then deploy again.';
const fixes: Readonly<Record<string, string>> = {
  DIGEST_MISMATCH: 'Find out who moved the image or deployed at the same time, then deploy again.',
  CHECK_URL: 'The application does not answer as expected: look at its log, and whether the address is right.',
  SERVICE_DELETED: 'Create the service again, then deploy.',
  CIRCUIT_BREAKER: 'Correct what keeps the tasks from running, then deploy again with --force-new-deployment.',
};
