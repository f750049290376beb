import { familyRevision } from '../base/arn.ts';
import { groupFailures } from '../base/failure-groups.ts';
import { late, within } from '../base/within.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Explanation, FailedTask, RolloutOutcome } from '../records/schema.ts';
import { servedRevision } from '../task-definition/served-revision.ts';
import type { Evidence } from './evidence.ts';
import { readFailureLogs } from './failure-logs.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';
import { rollbackCommand } from './next-commands.ts';
import { type Observation, ownDeploymentIn, primaryOf } from './observe.ts';
import { type Ending, outcomeOf } from './outcome.ts';
import { type Proof, proveImages, proveRollback } from './prove.ts';
import { definitionOf } from './service-deployments.ts';
import { describeServices, pickService } from './services.ts';
import type { RolloutVerdict } from './snapshot.ts';
import { undo } from './undo.ts';
import { verdictOf } from './verdict.ts';

const shownGroups = 3;
/** Real time that looking for reasons may take once the verdict stands; logs of ended tasks come up to 20 s late. */
const longestSearchMs = 45_000;
const longestProofMs = 30_000;

interface Means {
  options: RolloutOptions;
  evidence: Evidence;
}

/** Makes the Outcome of one service: proves a green one, explains a red one, rolls back where that was asked for. */
export async function conclude(
  seen: Observation,
  given: Ending,
  means: Means,
  deps: RolloutDeps,
): Promise<RolloutOutcome> {
  const ending = asAsked(given, seen, means.options);
  if (ending.verdict === 'rolled-back' && seen.own.plan.kind === 'rollback') return proved(seen, ending, means, deps);
  if (ending.verdict === 'deployed' || ending.verdict === 'unchanged') return proved(seen, ending, means, deps);
  const isQuiet = ['not-verified', 'refused'].includes(ending.verdict) || isAwaitedPause(ending, means.options);
  if (isQuiet) {
    return outcomeOf(seen, ending, means.options, deps);
  }
  return explainedOutcome(seen, ending, means, deps);
}

/** Where an older revision was asked for and ECS went back to the newer one, the rollback is what failed. */
function asAsked(ending: Ending, { own }: Observation, { stage }: RolloutOptions): Ending {
  const isGoingBack = stage === 'rollback-service' && own.plan.kind !== 'rollback';
  return isGoingBack && ending.verdict === 'rolled-back' ? { ...ending, verdict: 'failed' } : ending;
}

const isAwaitedPause = ({ verdict }: Ending, { until }: RolloutOptions): boolean =>
  verdict === 'paused' && until === 'paused';

async function proved(seen: Observation, ending: Ending, means: Means, deps: RolloutDeps): Promise<RolloutOutcome> {
  const { options } = means;
  const { images, contradiction, notes } = await proof(seen, ending, options.cluster, deps);
  const green = greenOutcome(seen, ending, options, deps);
  const isUnproved = green.askedFor === 'rollback' && notes.length > 0;
  if (contradiction === undefined && !isUnproved) {
    const all = [...notes, ...standingNotes(seen), ...pauseNotes(ending, options), ...databaseNotes(seen)];
    return { ...green, images, ...noted(all) };
  }
  const explanation = contradiction === undefined ? notProved : mismatch(contradiction);
  const outcome = await explainedOutcome(seen, { verdict: 'failed', explanation }, means, deps);
  return { ...outcome, images, ...noted([...notes, ...(outcome.notes ?? [])]) };
}

/** The Outcome of what was asked for and came true, with the command that undoes it. */
function greenOutcome(seen: Observation, ending: Ending, options: RolloutOptions, deps: RolloutDeps): RolloutOutcome {
  const { own } = seen;
  const outcome = outcomeOf(seen, ending, options, deps);
  if (outcome.askedFor === 'rollback') {
    if (ending.verdict === 'unchanged') return outcome;
    // Why ECS rolled back is no reason to give: it was asked for.
    const { explanation: _asked, ...rest } = outcome;
    return { ...rest, verdict: 'rolled-back', rollbackPhase: 'done' };
  }
  const previous = servedRevision(own.plan.before.service, own.deploymentId);
  const isNew = ending.verdict === 'deployed' && own.plan.kind === 'deployment' && previous !== own.taskDefinitionArn;
  if (previous === undefined || !isNew) return outcome;
  return {
    ...outcome,
    undo: rollbackCommand({ aws: deps.aws, cluster: options.cluster, service: own.name }, previous),
  };
}

const mismatch = (contradiction: string): Explanation => ({
  code: 'DIGEST_MISMATCH',
  cause: `The revision serves, but not with the image asked for: ${contradiction}`,
  fix: 'Find out who moved the image or deployed at the same time, then deploy again.',
});

const notProved: Explanation = {
  code: 'NOT_PROVED',
  cause: 'Amazon ECS says that the older revision serves, but its images could not be proved.',
  fix: 'Look with `migrate-deploy status` whether the digests are those that served before.',
};

/** A job that was to stop at a pause must know that there was none. */
function pauseNotes({ verdict }: Ending, { until }: RolloutOptions): string[] {
  if (until !== 'paused') return [];
  const what = verdict === 'unchanged' ? 'Nothing was changed' : 'No pause hook held the deployment';
  return [`${what}, so it did not pause: there is nothing to continue.`];
}

const databaseNotes = ({ own }: Observation): string[] => (own.plan.database === undefined ? [] : [own.plan.database]);

const noted = (notes: readonly string[]): { notes?: string[] } => (notes.length === 0 ? {} : { notes: [...notes] });

/** What green leaves open: ECS may be successful early, and tasks may have died since. */
function standingNotes(seen: Observation): string[] {
  const { service, own, stoppedTasks } = seen;
  const mine = own.plan.kind === 'rollback' ? primaryOf(service) : ownDeploymentIn(seen);
  const desired = service?.desiredCount ?? 0;
  const running = mine?.runningCount;
  const isEarly = service?.deploymentConfiguration?.earlySuccessCriteria?.enable === true;
  const notes: string[] = [];
  if (running !== undefined && running < desired) {
    const count = `${running} of ${desired} tasks are running`;
    const early = `Successful early: ${count}; Amazon ECS starts the others behind it.`;
    notes.push(isEarly ? early : `Amazon ECS calls the deployment successful, and ${count} now.`);
  }
  if (own.plan.kind !== 'unchanged') return notes;
  const recent = outcomeTasks(seen);
  if (recent > 0) notes.push(`${recent} of its tasks failed in the last ten minutes; it has recovered.`);
  if (stoppedTasks !== 'read') notes.push('Its stopped tasks could not be read, so whether any failed is not known.');
  return notes;
}

const outcomeTasks = ({ failedTasks, atMs }: Observation): number =>
  [...failedTasks.values()].filter(({ endedAtMs }) => atMs - endedAtMs < 600_000).length;

/** Not being able to look takes nothing from what ECS said. */
async function proof(seen: Observation, ending: Ending, cluster: string, deps: RolloutDeps): Promise<Proof> {
  const unproved = (why: string): Proof => ({
    images: [],
    contradiction: undefined,
    notes: [`The images are not proved: ${why}`],
  });
  try {
    const isBack = ending.verdict === 'rolled-back';
    const proving = isBack ? proveRollback(seen, ending.toRevision, cluster, deps) : proveImages(seen, cluster, deps);
    const found = await within(proving, longestProofMs);
    return found === late ? unproved('AWS did not answer in time.') : found;
  } catch (error) {
    return unproved(refusalText(error));
  }
}

/** What AWS said when it did not help; bugs pass through. */
function refusalText(error: unknown): string {
  if (error instanceof UserError) return `${error.message} ${error.why ?? ''}`.trim();
  if (error instanceof TransientError) return error.message;
  throw error;
}

async function explainedOutcome(
  seen: Observation,
  ending: Ending,
  { options, evidence }: Means,
  deps: RolloutDeps,
): Promise<RolloutOutcome> {
  const notes: string[] = [];
  const { verdict } = ending;
  const tails = verdict === 'superseded' ? undefined : await gatherEvidence(seen, evidence, notes, deps);
  // Old tasks that linger are no reason to take back what serves.
  const isUndecided =
    verdict === 'timed-out' && seen.firsts.deployed === undefined && seen.own.deploymentId !== undefined;
  const mayUndo = verdict === 'failed' || verdict === 'rolled-back' || isUndecided;
  const isAsked =
    (mayUndo && options.onFailure === 'rollback') || (verdict === 'interrupted' && options.onInterrupt === 'rollback');
  const now = isAsked ? await verdictNow(seen, options, deps) : undefined;
  const isTooLate = now === 'superseded' || (now === 'deployed' && isUndecided);
  if (isTooLate) notes.push(now === 'deployed' ? deployedLate : replacedMeanwhile);
  const isUndone = isAsked && !isTooLate;
  const rollback = isUndone ? await tryUndo(seen, options, deps) : undefined;
  await pollOnceMore(seen, options.cluster, notes, deps);
  if (ending.explanation?.code === 'TOO_MANY_FAILED_TASKS' && rollback === undefined) notes.push(whatGoesOn(seen));
  const outcome = outcomeOf(seen, ending, options, deps);
  const failedTasks = (outcome.failedTasks ?? []).map((task): FailedTask => ({ ...task, ...tails?.get(task.taskArn) }));
  const back = verdict === 'rolled-back' ? await returning(ending.toRevision, deps) : undefined;
  const previous = seen.own.plan.before.primary?.taskDefinition;
  const serves = rollback?.done === true ? previous : (outcome.servesNow ?? back);
  const { progress, resume, ...rest } = outcome;
  return {
    ...rest,
    ...(serves === undefined ? {} : { servesNow: serves }),
    ...(rollback === undefined ? {} : { rollback }),
    ...(rollback?.done === true && verdict === 'rolled-back' ? { rollbackPhase: 'done' as const } : {}),
    ...(failedTasks.length === 0 ? {} : { failedTasks }),
    ...(rollback !== undefined || progress === undefined ? {} : { progress }),
    ...(rollback !== undefined || resume === undefined ? {} : { resume }),
    ...noted(notes),
  };
}

const deployedLate = 'It was deployed after time had run out, so it was not rolled back.';
const replacedMeanwhile = 'Another deployment has taken its place meanwhile, so nothing was rolled back.';

/** What ECS does after we gave up; somebody may have ended it since the answer that we judged by. */
function whatGoesOn({ own, service }: Observation): string {
  const primary = primaryOf(service);
  if (primary !== undefined && primary.id !== own.deploymentId) {
    return `Meanwhile the service was set to ${familyRevision(primary.taskDefinition ?? 'another revision')} (deployment ${primary.id}).`;
  }
  const what = `Amazon ECS goes on starting tasks of ${familyRevision(own.taskDefinitionArn)}`;
  return `${what}; --on-failure rollback, or a circuit breaker on the service, would end that.`;
}

async function tryUndo(seen: Observation, options: RolloutOptions, deps: RolloutDeps): ReturnType<typeof undo> {
  try {
    return await undo(seen, options, deps);
  } catch (error) {
    return { done: false, text: `It could not be rolled back: ${refusalText(error)}` };
  }
}

async function returning(revision: string | undefined, deps: RolloutDeps): Promise<string | undefined> {
  try {
    return await definitionOf(revision, deps);
  } catch (error) {
    if (error instanceof UserError || error instanceof TransientError) return undefined;
    throw error;
  }
}

/** No trouble while gathering may hide the verdict. */
async function gatherEvidence(
  seen: Observation,
  evidence: Evidence,
  notes: string[],
  deps: RolloutDeps,
): Promise<Awaited<ReturnType<typeof readFailureLogs>> | undefined> {
  if (deps.interrupt.signal.aborted || seen.own.deploymentId === undefined) return undefined;
  const search = async () => {
    await evidence.gather(seen, { always: true });
    const groups = groupFailures([...seen.failedTasks.values()]).slice(0, shownGroups);
    if (groups.length === 0) return undefined;
    const { taskDefinition } = await deps.aws.ecs.describeTaskDefinition(seen.own.taskDefinitionArn);
    return readFailureLogs(groups, taskDefinition.containerDefinitions ?? [], deps);
  };
  try {
    const found = await within(search(), longestSearchMs);
    if (found !== late) return found;
    notes.push('The failed tasks could not be read in time.');
  } catch (error) {
    notes.push(`The failed tasks could not be read in full: ${refusalText(error)}`);
  }
  return undefined;
}

/** How it stands after reasons were looked for: what serves by now, or was replaced by others, is not taken back. */
async function verdictNow(
  seen: Observation,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<RolloutVerdict['verdict'] | undefined> {
  if (seen.own.deploymentId === undefined) return undefined;
  await pollOnceMore(seen, options.cluster, [], deps);
  const { serviceDeploymentArn: arn } = seen;
  try {
    const answer =
      arn === undefined ? undefined : await deps.aws.ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
    seen.serviceDeployment = answer?.serviceDeployments?.[0];
  } catch (error) {
    if (!(error instanceof UserError || error instanceof TransientError)) throw error;
    seen.serviceDeployment = undefined;
  }
  const { verdict } = verdictOf(seen, { ...options, until: 'deployed' });
  if (verdict === 'deployed') seen.firsts.deployed ??= deps.clock.now();
  return verdict;
}

async function pollOnceMore(seen: Observation, cluster: string, notes: string[], { aws }: RolloutDeps): Promise<void> {
  try {
    const { name } = seen.own;
    const found = await within(describeServices(cluster, [name], aws), longestProofMs);
    seen.service = (found === late ? undefined : pickService(found, name)) ?? seen.service;
  } catch (error) {
    notes.push(`What serves now could not be read: ${refusalText(error)}`);
  }
}
