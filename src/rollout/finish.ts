import { familyRevision } from '../base/arn.ts';
import { TransientError, UserError } from '../errors.ts';
import { groupFailures } from './failure-groups.ts';
import { lookForFailures } from './failures.ts';
import { continueCommand } from './follow.ts';
import { readLogTails } from './log-tails.ts';
import type { RolloutDeps, RolloutOptions, ServiceEnd, ServiceResult } from './model.ts';
import { progressOf } from './progress.ts';
import { type Proof, proveImages } from './prove.ts';
import { plainResult } from './result.ts';
import { definitionOf, type RecordSearch } from './service-deployments.ts';
import { describeServices, pickService } from './services.ts';
import { undo } from './undo.ts';
import type { Watched } from './watched.ts';

const shownGroups = 3;

/** Turns what was seen of a service into its result: proves a green one, explains a red one, rolls back where asked to. */
export async function finish(
  watched: Watched,
  outcome: 'judged' | 'timed-out' | 'interrupted' | { error: Error },
  unanswered: string | undefined,
  options: RolloutOptions,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<ServiceResult> {
  const end = endOf(watched, outcome, unanswered, options, deps);
  if (end.verdict === 'refused') return plainResult(watched, end, deps);
  if (end.verdict === 'landed' || end.verdict === 'nothing-to-do') return proved(watched, end, options, search, deps);
  if (end.verdict === 'no-tasks') return plainResult(watched, end, deps);
  return explained(watched, end, options, search, deps);
}

function endOf(
  watched: Watched,
  outcome: 'judged' | 'timed-out' | 'interrupted' | { error: Error },
  unanswered: string | undefined,
  options: RolloutOptions,
  deps: RolloutDeps,
): ServiceEnd {
  const { end, ours, pause, service, looks } = watched;
  if (end?.verdict === 'landed') {
    if (unanswered !== undefined && deps.interrupt.signal.aborted) {
      return { verdict: 'interrupted', reason: `${deps.interrupt.name()} came before the application had answered.` };
    }
    if (unanswered !== undefined) return { verdict: 'failed', code: 'CHECK_URL', reason: unanswered };
    if (service?.desiredCount === 0) {
      return { verdict: 'no-tasks', reason: 'desiredCount is 0: no task runs, so nothing is verified.' };
    }
    const isQuiet = ours.plan.isUnchanged && looks === 1;
    const reason = 'The service runs this revision already, and nothing else was asked for.';
    return isQuiet ? { verdict: 'nothing-to-do', reason } : end;
  }
  if (end !== undefined) return end;
  if (typeof outcome === 'object') return refusal(watched, outcome.error, options);
  if (outcome === 'interrupted') {
    return { verdict: 'interrupted', reason: `${deps.interrupt.name()} came before the verdict.` };
  }
  if (pause !== undefined) {
    const until =
      pause.expiresAt === undefined ? '' : ` until ${pause.expiresAt.toISOString()}, then ${pause.timeoutAction}`;
    const reason = `A pause hook (${pause.stage ?? 'stage unknown'}) waits for an answer${until}.`;
    return { verdict: 'paused', reason, continueCommand: continueCommand(watched, pause.hookId) };
  }
  if (watched.firsts.landed !== undefined) {
    return {
      verdict: 'timed-out',
      reason: 'The new revision serves, but old tasks were still there when time ran out.',
    };
  }
  const trouble = watched.trouble === undefined ? '' : ` ${watched.trouble}`;
  return { verdict: 'timed-out', reason: `Time ran out before the verdict; the deployment goes on.${trouble}` };
}

/** Adds what the deployment brings that took the place of ours. */
function withSuccessor(end: ServiceEnd, { service, ours }: Watched): ServiceEnd {
  const primary = service?.deployments?.find(({ status }) => status === 'PRIMARY');
  const { id = '', taskDefinition } = primary ?? {};
  if (end.verdict !== 'overtaken' || id === ours.deploymentId || taskDefinition === undefined) return end;
  return { ...end, by: id, reason: `${end.reason} ${id} brings ${familyRevision(taskDefinition)}.` };
}

/** AWS refused while we were looking: what was started is named, with the way to look again. */
function refusal({ ours }: Watched, error: Error, options: RolloutOptions): ServiceEnd {
  const fix = error instanceof UserError ? error.fix : undefined;
  const again = `\`migrate-deploy update-service-and-verify --cluster ${options.cluster} --service ${ours.name}\` looks again`;
  const told = new UserError(`${error.message} Deployment ${ours.deploymentId} of ${ours.name} goes on.`, {
    why: error instanceof UserError ? error.why : undefined,
    fix: fix === undefined ? again : `${fix} Then ${again}.`,
    code: error instanceof UserError ? error.code : undefined,
    cause: error,
  });
  return { verdict: 'refused', reason: told.message, error: told };
}

async function proved(
  watched: Watched,
  end: ServiceEnd,
  options: RolloutOptions,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<ServiceResult> {
  const { images, contradiction, notes } = await proof(watched, options.cluster, deps);
  if (contradiction === undefined) return { ...plainResult(watched, end, deps), images, notes };
  const wrong: ServiceEnd = { verdict: 'failed', code: 'DIGEST_MISMATCH', reason: contradiction };
  const result = await explained(watched, wrong, options, search, deps);
  return { ...result, images, notes: [...notes, ...result.notes] };
}

/** Not being able to look takes nothing from what ECS said. */
async function proof(watched: Watched, cluster: string, deps: RolloutDeps): Promise<Proof> {
  try {
    return await proveImages(watched, cluster, deps);
  } catch (error) {
    return { images: [], contradiction: undefined, notes: [`The images are not proved: ${refusalText(error)}`] };
  }
}

/** What AWS said when it did not help; bugs pass through. */
function refusalText(error: unknown): string {
  if (error instanceof UserError) return `${error.message} ${error.why ?? ''}`.trim();
  if (error instanceof TransientError) return error.message;
  throw error;
}

async function explained(
  watched: Watched,
  end: ServiceEnd,
  options: RolloutOptions,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<ServiceResult> {
  const { ours } = watched;
  const notes: string[] = [];
  if (end.verdict !== 'overtaken') await gatherEvidence(watched, options, notes, deps);
  // Old tasks that linger are no reason to take back what serves.
  const isUndecided = end.verdict === 'timed-out' && watched.firsts.landed === undefined;
  const mayUndo = end.verdict === 'failed' || end.verdict === 'rolled-back' || isUndecided;
  const isUndone =
    (mayUndo && options.onFailure === 'rollback') ||
    (end.verdict === 'interrupted' && options.onInterrupt === 'rollback');
  const rollback = isUndone ? await tryUndo(watched, options, deps) : undefined;
  await lastSight(watched, options.cluster, notes, deps);
  const result = plainResult(watched, withSuccessor(end, watched), deps);
  const back = end.verdict === 'rolled-back' ? await returning(end.toRevision, search, deps) : undefined;
  const previous = ours.plan.before.primary?.taskDefinition;
  const serves = rollback?.done === true ? previous : (result.servesNow ?? back);
  const isOpen = ['timed-out', 'paused', 'interrupted'].includes(end.verdict) && rollback === undefined;
  const progress = isOpen && watched.service !== undefined ? progressOf(watched, options) : undefined;
  return { ...result, servesNow: serves, rollback, progress, notes };
}

async function tryUndo(
  watched: Watched,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<ServiceResult['rollback']> {
  try {
    return await undo(watched, options, deps);
  } catch (error) {
    return { done: false, text: `It could not be rolled back: ${refusalText(error)}` };
  }
}

async function returning(
  revision: string | undefined,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<string | undefined> {
  try {
    return await definitionOf(revision, search, deps);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** No trouble while gathering may hide the verdict. */
async function gatherEvidence(
  watched: Watched,
  options: RolloutOptions,
  notes: string[],
  deps: RolloutDeps,
): Promise<void> {
  if (deps.interrupt.signal.aborted) return;
  try {
    await lookForFailures(watched, options.cluster, deps, { always: true });
    const groups = groupFailures([...watched.failedTasks.values()]).slice(0, shownGroups);
    if (groups.length === 0) return;
    const { taskDefinition } = await deps.aws.ecs.describeTaskDefinition(watched.ours.taskDefinitionArn);
    await readLogTails(groups, taskDefinition.containerDefinitions ?? [], deps);
  } catch (error) {
    notes.push(`The failed tasks could not be looked at in full: ${refusalText(error)}`);
  }
}

async function lastSight(watched: Watched, cluster: string, notes: string[], { aws }: RolloutDeps): Promise<void> {
  try {
    const name = watched.ours.name;
    watched.service = pickService(await describeServices(cluster, [name], aws), name) ?? watched.service;
  } catch (error) {
    notes.push(`What serves now could not be looked up: ${refusalText(error)}`);
  }
}
