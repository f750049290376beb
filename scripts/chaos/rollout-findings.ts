import type { Rollout } from '../../local/aws/truth.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import type { RolloutOutcome } from '../../src/records/schema.ts';
import { canary } from './faults.ts';
import type { RolloutRun, RolloutSchedule } from './rollout-schedule.ts';
import type { RolloutWorld, Sample } from './rollout-world.ts';

/** The truth at the moment of a verdict, or of the decision to roll back. */
export interface Moment {
  of: 'service-judged' | 'rolling-back';
  atMs: number;
  rollouts: Rollout[];
  /** Of each service deployment, by its ARN. */
  states: ReadonlyMap<string, { status: string; breakerTriggered: boolean; rollback?: { startedAtMs: number } }>;
  sample: Sample;
}

/** How one run ended. */
export interface Ended {
  run: RolloutRun;
  name: string;
  outcome: RolloutOutcome | undefined;
  error: unknown;
  printed: readonly string[];
  moments: readonly Moment[];
  startedAtMs: number;
  endedAtMs: number;
  /** What is wrong with its form. */
  findings: readonly string[];
}

/** A verdict is about what an answer showed, and answers take their time: so long ago it must have been true. */
const recentMs = 90_000;
/** Looking for evidence, proving images, and the last requests. */
const evidenceMs = 45_000 + 30_000 + 60_000;
const undoMs = 15 * 60_000 + 60_000;

/** What contradicts the truth in how a run ended. */
export function findingsOf(ended: Ended, world: RolloutWorld, schedule: RolloutSchedule): string[] {
  const findings = [
    ...ended.findings,
    ...saidFindings(ended),
    ...requestFindings(ended, world),
    ...verdictFindings(ended, world, schedule),
    ...undoFindings(ended, schedule),
  ];
  return findings.map((finding) => `${ended.name} ${ended.outcome?.verdict ?? String(ended.error)}: ${finding}`);
}

function saidFindings({ printed, error, run, outcome, startedAtMs, endedAtMs, moments }: Ended): string[] {
  const findings: string[] = [];
  if (printed.some((text) => text.includes(canary))) findings.push('a secret value was printed');
  const isOurs = error === undefined || error instanceof UserError || error instanceof TransientError;
  if (!isOurs) findings.push(`a bug: ${error instanceof Error ? error.stack : String(error)}`);
  const spentMs = endedAtMs - startedAtMs;
  const isUndone = moments.some(({ of }) => of === 'rolling-back') || outcome?.rollback !== undefined;
  const allowedMs = run.timeoutMs + evidenceMs + (isUndone ? undoMs : 0);
  if (spentMs > allowedMs) findings.push(`it took ${spentMs} ms of ${run.timeoutMs}`);
  if (outcome?.verdict === 'interrupted' && run.interruptAtMs === undefined) findings.push('interrupted by nobody');
  return findings;
}

/** One UpdateService is carried out, one more where it is undone, and what goes on is named. */
function requestFindings({ outcome, error, name, moments }: Ended, world: RolloutWorld): string[] {
  const findings: string[] = [];
  const mine = world.updates.filter(({ by }) => by === name);
  const undoneAtMs = moments.find(({ of }) => of === 'rolling-back')?.atMs ?? Number.POSITIVE_INFINITY;
  const first = mine.filter(({ atMs }) => atMs < undoneAtMs);
  if (first.length > 1) findings.push(`UpdateService was carried out ${first.length} times`);
  if (mine.length - first.length > 1) findings.push('the way back was taken twice');
  const begun = first.at(-1)?.deploymentId;
  const text = JSON.stringify([outcome, error instanceof UserError ? [error.message, error.why, error.fix] : '']);
  const isNamed = begun !== undefined && (text.includes(begun) || text.includes('migrate-deploy status'));
  // Known limit: where no answer named ours, a deployment that another job began of the very same revision is taken for it.
  const isTwin =
    first.at(-1)?.isNamed === false &&
    world.updates.some(
      ({ by, deploymentId, taskDefinition }) =>
        by !== name && deploymentId === outcome?.deploymentId && taskDefinition === first.at(-1)?.taskDefinition,
    );
  if (begun !== undefined && !isNamed && !isTwin) findings.push(`${begun} was begun and is not named`);
  return findings;
}

const isTrue = (moment: Moment, id: string | undefined): Rollout['end'] | undefined =>
  moment.rollouts.find((one) => one.id === id)?.end;

function verdictFindings(ended: Ended, world: RolloutWorld, schedule: RolloutSchedule): string[] {
  const { outcome, run, moments, name } = ended;
  if (outcome === undefined) return [];
  const { deploymentId, verdict } = outcome;
  const moment = moments.find(({ of }) => of === 'service-judged');
  if (moment === undefined) return untilTheEnd(ended, world, schedule);
  const own = moment.rollouts.find(({ id }) => id === deploymentId);
  const state = moment.states.get(own?.serviceDeploymentArn ?? '');
  const what = `${deploymentId} is ${own?.end} (${state?.status}), ${outcome.explanation?.code}: ${outcome.explanation?.cause}`;
  const updated = world.updates.some(({ by }) => by === name);
  const findings: string[] = [];
  switch (verdict) {
    case 'deployed':
    case 'unchanged': {
      if (own?.end !== 'deployed') findings.push(`false green: ${what}`);
      const served = servedLately(world.samples, moment, outcome.taskDefinition);
      if (!served) findings.push(`false green: ${outcome.taskDefinition} does not serve`);
      const digest = typeof run.asks === 'string' ? undefined : world.digests[run.asks.image];
      const image = imageOf(outcome.taskDefinition, world);
      if (digest !== undefined && !image.includes(digest)) findings.push(`false green: it serves ${image}`);
      if (verdict === 'unchanged' && updated) findings.push('something was changed');
      if (run.desiredCount === 0 && moment.sample.taskDefinitionArns.length === 0) findings.push('green with no task');
      return findings;
    }
    case 'failed':
    case 'rolled-back': {
      const isUsers = run.maxFailedTasks !== undefined;
      // What ECS calls successful and runs no task of is red; later requests may have taken their time since that answer.
      const isDead = [
        ...world.samples.filter(({ atMs }) => atMs >= moment.atMs - recentMs && atMs <= moment.atMs),
        moment.sample,
      ].some(({ taskDefinitionArns }) => !taskDefinitionArns.includes(outcome.taskDefinition ?? ''));
      const isFailing = tasksFail(outcome, schedule);
      if (own?.end === 'deployed' && !isUsers && !isDead && !isFailing) findings.push(`wrong red: ${what}`);
      // The limits: three in a row where no breaker is on, the user's own, and the ten minutes of what stands already.
      const isEarly =
        own?.end === 'in progress' && !state?.status.startsWith('ROLLBACK') && !state?.status.startsWith('STOP');
      const mayJudge = isUsers || isFailing || outcome.explanation?.code === 'SERVICE_DELETED';
      if (verdict === 'failed' && isEarly && hasBreaker(schedule) && !mayJudge) {
        findings.push(`red before the breaker spoke: ${what}`);
      }
      if (verdict === 'rolled-back' && !state?.status.startsWith('ROLLBACK')) findings.push(`not rolled back: ${what}`);
      // The limit is told as reached, whatever ECS or an operator did since the answer that showed it.
      const isOurLimit = !hasBreaker(schedule) && (state?.rollback?.startedAtMs ?? 0) > moment.atMs - recentMs;
      if (verdict === 'failed' && own?.end === 'rolled back' && !isUsers && !isOurLimit)
        findings.push(`it was rolled back: ${what}`);
      // What ended ours came before the deployment that took its place, or that took the place of its rollback.
      const isEnded = state?.breakerTriggered === true || state?.status === 'ROLLBACK_FAILED';
      // Without a breaker three in a row are red, and the answer that showed them may be older than what came since.
      const isLate =
        !hasBreaker(schedule) && moment.rollouts.some(({ createdAtMs }) => createdAtMs > moment.atMs - recentMs);
      const isOwnFault = isUsers || isFailing || isEnded || isLate;
      if (verdict === 'failed' && own?.end === 'superseded' && !isOwnFault) findings.push(`it was superseded: ${what}`);
      return findings;
    }
    case 'superseded': {
      const newer = moment.rollouts.some((one) => one.createdAtMs > (own?.createdAtMs ?? 0));
      if (!(own?.end === 'superseded' || (own?.end === 'deployed' && newer))) findings.push(`not superseded: ${what}`);
      const [, by] = /Deployment (\S+) brings/.exec(outcome.explanation?.cause ?? '') ?? [];
      const replacing = moment.rollouts.find(({ id }) => id === by);
      if (replacing !== undefined && replacing.createdAtMs < (own?.createdAtMs ?? 0))
        findings.push(`${by} existed before ours`);
      return findings;
    }
    default:
      return [];
  }
}

const hasBreaker = ({ configuration }: RolloutSchedule): boolean => 'deploymentCircuitBreaker' in configuration;

/**
 * Red by our own count of failed tasks: of what stands already, or where no service deployment can be read that would
 * show that ECS calls it successful.
 */
function tasksFail({ explanation }: RolloutOutcome, { denied }: RolloutSchedule): boolean {
  const cause = explanation?.cause ?? '';
  return /tasks keep failing/.test(cause) || (denied !== 'no' && /the limit is \d+/.test(cause));
}

/** Without a verdict of ECS: there was none, or no time, or AWS did not answer. */
function untilTheEnd(ended: Ended, world: RolloutWorld, schedule: RolloutSchedule): string[] {
  const { outcome, run, startedAtMs, endedAtMs } = ended;
  if (outcome === undefined) return [];
  const { verdict, deploymentId } = outcome;
  const said = `${outcome.explanation?.code}: ${outcome.explanation?.cause}`;
  if (['deployed', 'unchanged', 'rolled-back', 'superseded'].includes(verdict))
    return [`${verdict} was judged by nobody`];
  if (verdict === 'started' && run.verify) return ['not followed'];
  if (verdict !== 'timed-out') return [];
  const spentMs = endedAtMs - startedAtMs;
  const isUnknown = /UPDATE_UNANSWERED|DEPLOYMENT_NOT_SEEN/.test(outcome.explanation?.code ?? '');
  if (spentMs < run.timeoutMs && !isUnknown) return [`timed out after ${spentMs} ms of ${run.timeoutMs}: ${said}`];
  // Time sufficed where ECS had called it complete well before, it served all the while, and ECS answered.
  const deployment = world.model.services.find('prod', 'web')?.deployments.find(({ id }) => id === deploymentId);
  const deadlineMs = startedAtMs + run.timeoutMs;
  const enoughMs = 180_000;
  const served = world.samples.filter(({ atMs }) => atMs > deadlineMs - enoughMs && atMs <= deadlineMs);
  const isComplete = deployment?.rolloutState === 'COMPLETED' && deployment.status === 'PRIMARY';
  const isQuiet = deployment !== undefined && deployment.updatedAtMs < deadlineMs - enoughMs;
  const hasServed = served.every(({ taskDefinitionArns }) => taskDefinitionArns.join() === outcome.taskDefinition);
  const isAnswered = world.troubleAtMs() < deadlineMs - enoughMs;
  const isWell = isComplete && isQuiet && hasServed && served.length > 3 && isAnswered;
  const isFull =
    isWell && isComplete && world.model.services.find('prod', 'web')?.desiredCount === deployment.taskArns.size;
  return isFull && schedule.deeds.length === 0
    ? [`it was deployed ${deadlineMs - deployment.updatedAtMs} ms before: ${said}`]
    : [];
}

function servedLately(samples: readonly Sample[], { atMs, sample }: Moment, arn: string | undefined): boolean {
  const lately = samples.filter((one) => one.atMs > atMs - recentMs && one.atMs <= atMs);
  return [...lately, sample].some(({ taskDefinitionArns }) => taskDefinitionArns.includes(arn ?? ''));
}

function imageOf(taskDefinition: string | undefined, { model }: RolloutWorld): string {
  return String(model.taskDefinitions.get(taskDefinition ?? '')?.raw.containerDefinitions[0].image);
}

/** What is undone was not deployed. */
function undoFindings({ moments, outcome, run }: Ended, schedule: RolloutSchedule): string[] {
  const moment = moments.find(({ of }) => of === 'rolling-back');
  if (moment === undefined || outcome === undefined) return [];
  const isUsers = run.maxFailedTasks !== undefined || outcome.verdict === 'interrupted';
  const isDead =
    !moment.sample.taskDefinitionArns.includes(outcome.taskDefinition ?? '') || tasksFail(outcome, schedule);
  // Known limit: where no service deployment shows, only COMPLETED does, which comes after the old tasks are gone.
  const own = moment.rollouts.find(({ id }) => id === outcome.deploymentId);
  const shownAtMs = (own?.createdAtMs ?? 0) + schedule.knobs.serviceDeploymentDelayMs + schedule.knobs.staleReadMs;
  const isHidden = outcome.verdict === 'timed-out' && (schedule.denied !== 'no' || moment.atMs < shownAtMs);
  if (isTrue(moment, outcome.deploymentId) === 'deployed' && !isUsers && !isDead && !isHidden)
    return ['what was deployed is undone'];
  return [];
}
