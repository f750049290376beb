import { familyRevision, taskId } from '../base/arn.ts';
import { serviceConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import { groupFailures } from '../base/failure-groups.ts';
import { isGreen, reasonOf, untilText } from '../outcome.ts';
import type { Explanation, FailedTask, RolloutOutcome } from '../records/schema.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';
import { failureText, isAlarming, progressText, rollbackTexts } from './rollout-text.ts';
import { type Shorten, shortener } from './shorten.ts';
import { timesLines } from './times.ts';

/** The last lines of a rollout: each service's verdict, and for a red one what failed, why, what serves now, what to do. */
export function summaryLines(outcomes: readonly RolloutOutcome[]): Line[] {
  const shorten = shortener();
  const lines = [...outcomes.flatMap((outcome) => serviceLines(outcome, shorten)), ...timesLines(outcomes)];
  if (outcomes.length < 2) return lines;
  const green = outcomes.filter((outcome) => isGreen(outcome)).length;
  const total = `${green} of ${outcomes.length} services are green.`;
  return [...lines, green === outcomes.length ? good(total) : bad(total)];
}

function serviceLines(outcome: RolloutOutcome, shorten: Shorten): Line[] {
  const noted = (outcome.notes ?? []).map((text) => warn(`  Note: ${text}`));
  switch (outcome.verdict) {
    case 'deployed':
    case 'unchanged':
      return [...greenLines(outcome, shorten), ...noted];
    case 'rolled-back':
      return [...(isGreen(outcome) ? greenLines(outcome, shorten) : redLines(outcome)), ...noted];
    case 'paused':
      return [...(isGreen(outcome) ? pausedLines(outcome) : redLines(outcome)), ...noted];
    case 'started':
      return [warn(`${outcome.service}: started, not verified.`), ...becauseLines(outcome.explanation), ...noted];
    case 'not-verified':
      return [
        warn(`${outcome.service}: ${revision(outcome)} is NOT verified: ${outcome.explanation?.cause ?? ''}`),
        ...noted,
      ];
    default:
      return [...redLines(outcome), ...noted];
  }
}

const revision = ({ taskDefinition }: RolloutOutcome): string =>
  familyRevision(taskDefinition ?? 'an unknown revision');

/** From our start to the verdict; one duration for all lines. */
function tookMs({ startedAt, finishedAt = startedAt, timingsMs }: RolloutOutcome): number {
  return timingsMs?.judged ?? Date.parse(finishedAt) - Date.parse(startedAt);
}

function greenLines(outcome: RolloutOutcome, shorten: Shorten): Line[] {
  const { service, verdict, images = [], undo } = outcome;
  const after = `after ${formatDuration(tookMs(outcome))}`;
  const { previousTaskDefinition: before } = outcome;
  const back = before === undefined ? '' : ` from ${familyRevision(before)}`;
  const headline =
    verdict === 'unchanged'
      ? `${service} serves ${revision(outcome)} already: nothing was changed.`
      : verdict === 'rolled-back'
        ? `${service} was rolled back${back} to ${revision(outcome)} ${after}, as asked for.`
        : `${service} serves ${revision(outcome)} ${after}.`;
  return [
    good(headline),
    ...images.map(({ name, image = '', imageDigest }) =>
      line(
        shorten(
          `  ${name}: ${imageDigest === undefined ? image : `${image.replace(/@sha256:.*$/, '')} is ${imageDigest}`}`,
        ),
      ),
    ),
    ...phaseLines(outcome),
    ...(undo === undefined ? [] : [line(`  Undo with: ${undo}`)]),
  ];
}

/** A pause that was asked for: what to test, until when, and how to answer. */
function pausedLines(outcome: RolloutOutcome): Line[] {
  const { service, pause, progress, servesNow, startedAt, finishedAt = startedAt } = outcome;
  const at = pause?.stage === undefined ? '' : ` after ${pause.stage}`;
  const until = pause === undefined ? '' : untilText(pause, Date.parse(finishedAt));
  return [
    good(`${service}: ${revision(outcome)} is paused${at}, as asked for, after ${formatDuration(tookMs(outcome))}.`),
    ...(until === '' ? [] : [line(`  It waits${until}.`)]),
    ...(progress === undefined ? [] : [line(`  So far: ${progressText(progress)}`)]),
    ...(servesNow === undefined ? [] : [line(`  Serves now: ${familyRevision(servesNow)}`)]),
    ...answerLines(pause),
  ];
}

/** What came before the verdict; the verdict's own moment stands in the headline. */
function phaseLines(outcome: RolloutOutcome): Line[] {
  const { tasksRunning, deployed } = outcome.timingsMs ?? {};
  const took = formatDuration(tookMs(outcome));
  const parts = [
    ...(tasksRunning === undefined || tasksRunning <= 0
      ? []
      : [`all tasks running after ${formatDuration(tasksRunning)}`]),
    ...(deployed === undefined ? [] : [`deployed after ${formatDuration(deployed)}`]),
  ].filter((part) => !part.endsWith(` after ${took}`));
  const isTold = outcome.verdict === 'deployed' || outcome.verdict === 'timed-out';
  return parts.length === 0 || !isTold ? [] : [dim(`  On the way: ${parts.join(', ')}`)];
}

function becauseLines(explanation: Explanation | undefined): Line[] {
  if (explanation === undefined) return [];
  const { cause, said } = explanation;
  if (said === undefined || cause.includes(said)) return [line(`  Why: ${cause}`)];
  const [first = '', ...more] = said.split('\n');
  return [line(`  Why: ${first}`), ...more.map((text) => line(`    ${text}`)), line(`  That means: ${cause}`)];
}

function redLines(outcome: RolloutOutcome): Line[] {
  const { service, region = '', cluster, progress, rollback, pause, explanation, failedTasks = [] } = outcome;
  const { fix = groupFailures(failedTasks)[0]?.[0]?.explanation?.fix } = reasonOf(outcome);
  return [
    bad(headlineOf(outcome)),
    ...becauseLines(explanation),
    ...groupFailures(failedTasks).slice(0, 3).flatMap(groupLines),
    ...moreGroups(failedTasks),
    ...eventLines(outcome),
    ...(progress === undefined ? [] : [line(`  So far: ${progressText(progress)}`)]),
    line(`  Serves now: ${servesText(outcome)}`),
    ...(rollback === undefined ? [] : [line(`  Rollback: ${rollback.text}`)]),
    ...(fix === undefined && outcome.resume !== undefined ? [] : [line(`  Fix: ${fix ?? otherFix}`)]),
    ...(outcome.resume === undefined ? [] : [line(`  Look again with: ${outcome.resume}`)]),
    ...answerLines(pause),
    ...phaseLines(outcome),
    dim(`  ${serviceConsoleUrl(region, cluster, service)}`),
  ];
}

/** How a hook that waits is answered. */
export function answerLines(pause: RolloutOutcome['pause']): Line[] {
  const { continue: goOn, rollback } = pause ?? {};
  return [
    ...(goOn === undefined ? [] : [line(`  Continue with: ${goOn}`)]),
    ...(rollback === undefined ? [] : [line(`  Roll back with: ${rollback}`)]),
  ];
}

const otherFix = 'Read the events above and those in the console, correct the revision, then deploy again.';

function headlineOf(outcome: RolloutOutcome): string {
  const { service, verdict, rollbackPhase, deploymentId } = outcome;
  const after = formatDuration(tookMs(outcome));
  const what = `The rollout of ${revision(outcome)} to ${service}`;
  if (deploymentId === undefined && outcome.resume !== undefined) {
    return `${what} may have begun; its deployment was not seen within ${after}.`;
  }
  switch (verdict) {
    case 'rolled-back':
      return `${what} ${rollbackTexts[rollbackPhase ?? 'done']} (after ${after}).`;
    case 'superseded':
      return `${what} was superseded by another deployment after ${after}.`;
    case 'paused':
      return `${what} is paused: nobody answered within ${after}.`;
    case 'timed-out':
      return timedOutText(outcome, what, after);
    case 'interrupted':
      return deploymentId === undefined
        ? `${service} was not updated: interrupted (${outcome.signal}).`
        : `${what} was not followed to its end: interrupted after ${after} (${outcome.signal}).`;
    case 'refused':
      return deploymentId === undefined
        ? `${service} was not updated.`
        : `${what} could not be followed to its end (${after}).`;
    default:
      return rollbackPhase === 'failed'
        ? `${what} ${rollbackTexts.failed} (after ${after}).`
        : `${what} failed after ${after}.`;
  }
}

function timedOutText({ timingsMs }: RolloutOutcome, what: string, after: string): string {
  return timingsMs?.deployed === undefined
    ? `${what} had no verdict within ${after}.`
    : `${what} is deployed, but the old tasks were not gone within ${after}.`;
}

function servesText(outcome: RolloutOutcome): string {
  const { servesNow, taskDefinition, rollback, verdict, previousTaskDefinition, rollbackPhase, deploymentId } = outcome;
  if (servesNow === undefined && deploymentId === undefined) return 'not known';
  if (servesNow === undefined) {
    return ['timed-out', 'paused', 'interrupted', 'refused'].includes(verdict)
      ? 'not known yet; the deployment goes on'
      : 'nothing: no task of the service is running';
  }
  const name = familyRevision(servesNow);
  if (servesNow === taskDefinition && servesNow !== previousTaskDefinition) return `${name} (the revision asked for)`;
  if (servesNow !== previousTaskDefinition) return name;
  const returns = ['requested', 'in-progress'].includes(rollbackPhase ?? '') && rollback === undefined;
  return `${name} (the previous revision${returns ? '; Amazon ECS is returning to it' : ''})`;
}

function groupLines(group: readonly FailedTask[]): Line[] {
  const [task] = group;
  if (task === undefined) return [];
  const { explanation, logTail = [] } = task;
  const count = group.length === 1 ? '1 task failed' : `${group.length} tasks failed in the same way`;
  // What the exit code says already needs no other words.
  const isPlain = explanation === undefined || explanation.code === 'EXIT_CODE';
  const { quote, meaning, cause = meaning } = reasonOf(task);
  return [
    strong(`  ${count}: ${failureText(task)}`),
    ...(quote === undefined ? [] : [bad(`    Log says: ${quote.line}`)]),
    ...(cause === undefined || (isPlain && quote === undefined) ? [] : [line(`    That means: ${cause}`)]),
    ...logTail.flatMap(({ container, lines, note }) =>
      lines.length === 0
        ? [line(`    No log of ${container}: ${note ?? 'it wrote nothing'}.`)]
        : [
            line(`    Last lines of ${container}, task ${taskId(task.taskArn)}:`),
            ...lines.map((text) => line(`      [${container}] ${text}`)),
            ...(note === undefined ? [] : [dim(`    Log of ${container}: ${note}.`)]),
          ],
    ),
  ];
}

/** What only the events of the service tell: what a load balancer saw, why no task could be placed. */
function eventLines({ failedTasks = [], events = [] }: RolloutOutcome): Line[] {
  const telling =
    failedTasks.length === 0 ? isAlarming : (message: string) => /is unhealthy in|unable to/.test(message);
  const unlike = new Map(events.filter(telling).map((message) => [message.replaceAll(/task [0-9a-f]+/g, ''), message]));
  return [...unlike.values()].slice(-3).map((message) => line(`  Event: ${message}`));
}

function moreGroups(tasks: readonly FailedTask[]): Line[] {
  const more = groupFailures(tasks).slice(3).flat().length;
  return more === 0 ? [] : [line(`  ${more} more tasks failed in other ways.`)];
}
