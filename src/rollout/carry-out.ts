import { familyRevision } from '../base/arn.ts';
import { TransientError, UserError } from '../errors.ts';
import { type Explanation, explanationOf } from '../outcome.ts';
import type { RolloutOutcome } from '../records/schema.ts';
import { conclude } from './conclude.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type FollowEnd, follow } from './follow.ts';
import type { RolloutDeps, RolloutOptions, ServicePlan } from './model.ts';
import { newObservation, type Observation } from './observe.ts';
import { type Ending, endingOf, outcomeOf, runningOutcome } from './outcome.ts';
import { checkUrl } from './prove.ts';
import type { Started } from './update.ts';

/** What is done to one service: the request that begins it, and the plan that it is followed and judged by. */
export interface Step {
  plan: ServicePlan;
  /** The revision that it is to bring. */
  revision: string;
  begin(): Promise<Started>;
}

/** Carries out all steps, follows exactly those deployments and returns how each one ended. */
export async function carryOut(
  steps: readonly Step[],
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<RolloutOutcome[]> {
  const startMs = deps.clock.now();
  const { followed, ended } = await startAll(steps, options, deps);
  if (!options.verify) {
    const started = followed.map((seen) => outcomeOf(seen, startedEnding(seen), options, deps));
    return [...(await Promise.all(started.map((outcome) => kept(outcome, deps)))), ...ended];
  }
  const evidence = evidenceOf(options.cluster, followed.length, deps);
  // The time-out is for everything together: an update that was looked for has used some of it.
  const timeoutMs = Math.max(0, options.timeoutMs - (deps.clock.now() - startMs));
  const end = await followAll(followed, { ...options, timeoutMs }, evidence, deps);
  const { answered, wrong } = await checkUrls(followed, options, deps);
  const outcomes = followed.map(async (seen) => {
    const ending = endingOf(seen, end, wrong, deps);
    const outcome = await conclude(seen, ending, { options, evidence }, deps);
    return kept(answered.length === 0 ? outcome : { ...outcome, checkedUrls: answered }, deps);
  });
  return [...(await Promise.all(outcomes)), ...ended];
}

/** How a service ends that is not followed: what serves is not known. */
function startedEnding({ own }: Observation): Ending {
  const cause =
    own.plan.kind === 'unchanged'
      ? 'The service is set to this revision already, so nothing was sent; whether it serves was not verified (--no-verify).'
      : 'The update was accepted; whether the revision serves was not verified (--no-verify).';
  return { verdict: 'started', explanation: { code: 'NOT_FOLLOWED', cause } };
}

interface StartedAll {
  followed: Observation[];
  /** Services that there is nothing to follow of: not updated, or not known whether they were. */
  ended: RolloutOutcome[];
}

/** Updates all services; once one was updated, the refusal of another does not keep us from following it. */
async function startAll(steps: readonly Step[], options: RolloutOptions, deps: RolloutDeps): Promise<StartedAll> {
  const followed: Observation[] = [];
  const ended: { outcome: RolloutOutcome; error?: Error }[] = [];
  for (const { plan: one, revision, begin } of steps) {
    try {
      if (deps.interrupt.signal.aborted) {
        ended.push({ outcome: untouched(one, revision, interruptedEnding(one, revision, deps), options, deps) });
        continue;
      }
      const { seen, unknown } = await begin();
      if (unknown === undefined) followed.push(seen);
      else {
        const verdict = deps.interrupt.signal.aborted ? 'interrupted' : 'timed-out';
        const ending: Ending = { verdict, explanation: unknown };
        ended.push({ outcome: outcomeOf(seen, ending, options, deps) });
        continue;
      }
      await kept(runningOutcome(seen, options, deps), deps);
    } catch (error) {
      if (error instanceof TransientError && deps.interrupt.signal.aborted) {
        ended.push({ outcome: untouched(one, revision, interruptedEnding(one, revision, deps), options, deps) });
        continue;
      }
      const explanation = explanationOf(error);
      if (explanation === undefined || !(error instanceof Error)) throw error;
      const outcome = untouched(one, revision, { verdict: 'refused', explanation }, options, deps);
      ended.push({ outcome, error });
    }
  }
  // Where nothing was started at all, the command was refused as a whole.
  const [first] = ended;
  if (followed.length === 0 && first?.error !== undefined && ended.every(({ error }) => error !== undefined)) {
    throw first.error;
  }
  for (const { outcome } of ended) await kept(outcome, deps);
  return { followed, ended: ended.map(({ outcome }) => outcome) };
}

function interruptedEnding({ document }: ServicePlan, revision: string, { interrupt }: RolloutDeps): Ending {
  const registered = document === undefined ? '' : `; ${familyRevision(revision)} stays registered`;
  const cause = `${interrupt.name()} came before the service was updated${registered}.`;
  return { verdict: 'interrupted', explanation: { code: 'INTERRUPTED', cause } };
}

/** The Outcome of a service that was not updated. */
function untouched(
  one: ServicePlan,
  taskDefinitionArn: string,
  ending: Ending,
  options: RolloutOptions,
  deps: RolloutDeps,
): RolloutOutcome {
  const nowMs = deps.clock.now();
  const { name, primary } = one.before;
  const own = {
    plan: one,
    name,
    taskDefinitionArn,
    deploymentId: undefined,
    createdAtMs: nowMs,
    startedAtMs: nowMs,
  };
  const outcome = outcomeOf(newObservation(own), ending, options, deps);
  return primary?.taskDefinition === undefined ? outcome : { ...outcome, servesNow: primary.taskDefinition };
}

/** An AWS refusal while following is the end of the wait, not of what was started. */
async function followAll(
  followed: readonly Observation[],
  options: RolloutOptions,
  evidence: Evidence,
  deps: RolloutDeps,
): Promise<FollowEnd | { explanation: Explanation }> {
  const reader = {
    mayRead: followed.every(({ own }) => own.plan.before.mayReadServiceDeployments),
    againAtMs: 0,
  };
  try {
    return await follow(followed, options, { reader, evidence }, deps);
  } catch (error) {
    const explanation = error instanceof UserError ? explanationOf(error) : undefined;
    if (explanation === undefined || followed.length === 0) throw error;
    return { explanation };
  }
}

/** The application is asked once for all services, and only when all of them were deployed. */
async function checkUrls(
  followed: readonly Observation[],
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<{ answered: { url: string; status: number }[]; wrong: string | undefined }> {
  const answered: { url: string; status: number }[] = [];
  const isServing = ({ verdict }: Observation): boolean =>
    verdict?.verdict === 'deployed' || verdict?.verdict === 'unchanged';
  if (followed.length === 0 || !followed.every(isServing)) return { answered, wrong: undefined };
  for (const check of options.checkUrls) {
    const wrong = await checkUrl(check, deps);
    if (wrong !== undefined) return { answered, wrong };
    answered.push({ url: withoutSecrets(check.url), status: check.status });
  }
  return { answered, wrong: undefined };
}

/** An address without its query and its credentials: both may be secret. */
function withoutSecrets(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}

/** Saves an Outcome; a record that cannot be written must not hide what became of the deployment. */
async function kept(outcome: RolloutOutcome, { records, emit }: RolloutDeps): Promise<RolloutOutcome> {
  try {
    await records.save(outcome);
  } catch (error) {
    const why = error instanceof UserError ? ` ${error.why ?? ''}` : '';
    const text = `The record of ${outcome.service} could not be saved: ${(error as Error).message}${why}`;
    emit({ type: 'warning', text: text.trim() });
  }
  return outcome;
}
