import { familyRevision, resourceName } from '../base/arn.ts';
import { formatDuration } from '../base/duration.ts';
import { isGreen, type Outcome } from '../outcome.ts';
import type { RolloutOutcome, TaskOutcome } from '../records/schema.ts';

/** What the Outcomes of a pipeline say together; `stages` in the order in which they ran. */
export interface Deployment {
  status: 'pass' | 'fail';
  stages: readonly Outcome[];
  failed: readonly Outcome[];
}

/** The verdict on all stages in one sentence. */
export interface Verdict {
  tone: 'good' | 'warn' | 'bad';
  /** One or two words, e.g. `Deployed`. */
  word: string;
  sentence: string;
}

export const isRollout = (outcome: Outcome): outcome is RolloutOutcome => 'service' in outcome;
export const isTask = (outcome: Outcome): outcome is TaskOutcome =>
  outcome.stage === 'run-migration-task' || outcome.stage === 'wait-for-task';

/** The verdict as the first thing that a reader wants to know. */
export function verdictOf({ status, stages, failed }: Deployment): Verdict {
  const [worst] = failed;
  if (worst !== undefined) return redVerdict(worst, failed, stages);
  if (status === 'fail') {
    return { tone: 'bad', word: 'Failed', sentence: 'The job failed; no stage left a record of its failure.' };
  }
  const rollouts = stages.filter(isRollout);
  const [first] = rollouts;
  if (first === undefined) return withoutRollout(stages);
  if (rollouts.some(({ verdict }) => verdict === 'not-verified' || verdict === 'started')) {
    return { tone: 'warn', word: 'Not verified', sentence: `${services(rollouts)}: updated, and not verified.` };
  }
  if (rollouts.every(({ verdict }) => verdict === 'unchanged')) {
    return { tone: 'good', word: 'Unchanged', sentence: `${services(rollouts)} served this revision already.` };
  }
  const back = rollouts.some(({ stage }) => stage === 'rollback-service');
  const what =
    rollouts.length === 1
      ? `${resourceName(first.service)} serves ${revision(first)}`
      : `${services(rollouts)} serve what was asked for`;
  return { tone: 'good', word: back ? 'Back' : 'Deployed', sentence: `${what}.` };
}

function withoutRollout(stages: readonly Outcome[]): Verdict {
  if (stages.some(isTask))
    return { tone: 'good', word: 'Migrated', sentence: 'The migration succeeded; no service was updated.' };
  if (stages.length > 0) return { tone: 'good', word: 'Built', sentence: 'The image is pushed; nothing was deployed.' };
  return { tone: 'warn', word: 'No record', sentence: 'No stage has left a record so far.' };
}

function redVerdict(worst: Outcome, failed: readonly Outcome[], stages: readonly Outcome[]): Verdict {
  const rollouts = stages.filter(isRollout);
  if (!isRollout(worst)) {
    const nothing = rollouts.some((one) => isGreen(one)) ? '' : '; no service was updated';
    return { tone: 'bad', word: word(worst), sentence: `${stageSubject(worst)} ${endWords(worst)}${nothing}.` };
  }
  if (failed.length > 1) {
    const sentence = `${failed.length} of ${rollouts.length} services are not green: ${services(failed.filter(isRollout))}.`;
    return { tone: 'bad', word: 'Failed', sentence };
  }
  const service = resourceName(worst.service);
  const serves = worst.servesNow === undefined ? '' : `; ${familyRevision(worst.servesNow)} serves`;
  const others = rollouts.length > 1 ? ` ${rollouts.length - 1} of ${rollouts.length} services are green.` : '';
  const sentence = `The rollout of ${revision(worst)} to ${service} ${endWords(worst)}${serves}.${others}`;
  return { tone: worst.verdict === 'superseded' ? 'warn' : 'bad', word: word(worst), sentence };
}

/** `web, api and 10 more`. */
function services(rollouts: readonly RolloutOutcome[]): string {
  const names = rollouts.map(({ service }) => resourceName(service));
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more services`;
}

/** `web:42`, or what stands for a revision that is not known. */
const revision = ({ taskDefinition }: Pick<RolloutOutcome, 'taskDefinition'>): string =>
  familyRevision(taskDefinition ?? 'an unknown revision');

/** `The migration of web`. */
export function stageSubject(outcome: Outcome): string {
  const { name } = outcome;
  const which = name === undefined ? '' : ` (${name})`;
  if (outcome.stage === 'build-and-push-image') return `The build of ${resourceName(outcome.repository)}${which}`;
  if (isRollout(outcome)) {
    const what = outcome.stage === 'rollback-service' ? 'rollback' : 'rollout';
    return `The ${what} of ${resourceName(outcome.service)}${which}`;
  }
  return `The migration of ${outcome.family ?? familyRevision(outcome.taskDefinition ?? 'an unknown family')}${which}`;
}

function endWords(outcome: Outcome): string {
  // What was stopped from outside may well end with 0: that is not why it failed.
  const code = 'exitCode' in outcome && (outcome.exitCode ?? 0) !== 0 ? ` with exit code ${outcome.exitCode}` : '';
  const words: Partial<Record<Outcome['verdict'], string>> = {
    failed: `failed${code}`,
    'rolled-back': 'failed and was rolled back',
    superseded: 'was superseded by another deployment',
    'timed-out': 'had no verdict when time ran out',
    paused: 'is paused and waits for an answer',
    interrupted: 'was interrupted',
    refused: 'was refused',
    running: 'was cut off before its verdict',
    started: 'was started and not waited for',
  };
  return words[outcome.verdict] ?? outcome.verdict;
}

/** The verdict of one stage in a word or two, capitalised. */
export function word({ verdict }: Outcome): string {
  const text = verdict === 'running' ? 'cut off' : verdict.replaceAll('-', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How well a stage went, for its colour. */
export function toneOf(outcome: Outcome): Verdict['tone'] {
  if (['started', 'not-verified', 'superseded', 'paused'].includes(outcome.verdict)) return 'warn';
  return isGreen(outcome) ? 'good' : 'bad';
}

/** From the first start to the last end; undefined where nothing has ended. */
export function spanOf(stages: readonly Outcome[]): { fromMs: number; toMs: number } | undefined {
  const fromMs = Math.min(...stages.map(({ startedAt }) => Date.parse(startedAt)));
  const toMs = Math.max(...stages.map(({ startedAt, finishedAt = startedAt }) => Date.parse(finishedAt)));
  return toMs > fromMs ? { fromMs, toMs } : undefined;
}

/** How long a stage took; undefined for one that has not ended. */
export function tookText({ startedAt, finishedAt }: Outcome): string | undefined {
  return finishedAt === undefined ? undefined : formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
}
