import { familyRevision } from '../base/arn.ts';
import { TransientError, UserError } from '../errors.ts';
import type { RolloutRecord } from '../records/record.ts';
import { finish } from './finish.ts';
import { follow } from './follow.ts';
import type { RolloutDeps, RolloutOptions, ServiceEnd, ServicePlan, ServiceResult } from './model.ts';
import { planServices } from './plan.ts';
import { checkUrl } from './prove.ts';
import { plainResult, rolloutRecord } from './result.ts';
import type { RecordSearch } from './service-deployments.ts';
import { findServices } from './services.ts';
import { registerRevisions, startDeployment, updateInput } from './update.ts';
import { newWatched, type Watched } from './watched.ts';

/** Deploys to one or many services, follows exactly those deployments and answers how each one ended. */
export async function rollOut(options: RolloutOptions, deps: RolloutDeps): Promise<ServiceResult[]> {
  const services = await findServices(options.cluster, options.services, deps);
  const plans = await planServices(services, options, deps);
  if (options.dryRun) {
    tellRequests(plans, options, deps);
    return [];
  }
  const revisions = await registerRevisions(plans, deps);
  const { watched, refused } = await startAll(plans, revisions, options, deps);
  if (!options.verify) {
    const results = await saved(watched, options, deps, (one) =>
      Promise.resolve(plainResult(one, unseenEnd(one), deps)),
    );
    return [...results, ...refused];
  }
  const search: RecordSearch = {
    mayRead: services.every(({ knownRecords }) => knownRecords !== undefined),
    revisions: new Map(),
  };
  let outcome: 'judged' | 'timed-out' | 'interrupted' | { error: Error };
  try {
    outcome = await follow(watched, options, search, deps);
  } catch (error) {
    if (!(error instanceof UserError) || watched.length === 0) throw error;
    outcome = { error };
  }
  const unanswered = await checkUrls(watched, options, deps);
  const results = await saved(watched, options, deps, (one) => finish(one, outcome, unanswered, options, search, deps));
  return [...results, ...refused];
}

/** How a service ends that nobody looks at. */
function unseenEnd({ ours }: Watched): ServiceEnd {
  const what = ours.plan.isUnchanged ? 'nothing was changed' : 'the update was accepted';
  return { verdict: 'started', reason: `${what}, and nobody looked at what serves.` };
}

/** What a dry run would have sent. */
function tellRequests(plans: readonly ServicePlan[], options: RolloutOptions, { announce }: RolloutDeps): void {
  for (const plan of plans) {
    const { before, document, taskDefinitionArn } = plan;
    if (document !== undefined) announce({ type: 'would-send', action: 'ecs:RegisterTaskDefinition', input: document });
    if (plan.isUnchanged) {
      announce({ type: 'note', text: `${before.name}: nothing would change, so nothing would be sent.` });
      continue;
    }
    const revision = taskDefinitionArn ?? '(the revision just registered)';
    announce({ type: 'would-send', action: 'ecs:UpdateService', input: updateInput(plan, revision, options) });
  }
}

/** Updates all services; once one was updated, the refusal of another does not keep us from following it. */
async function startAll(
  plans: readonly ServicePlan[],
  revisions: ReadonlyMap<ServicePlan, string>,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<{ watched: Watched[]; refused: ServiceResult[] }> {
  const watched: Watched[] = [];
  const refused: ServiceResult[] = [];
  for (const plan of plans) {
    const revision = revisions.get(plan) ?? '';
    try {
      if (deps.interrupt.signal.aborted) {
        refused.push(await untouched(plan, revision, interruptedEnd(plan, revision, deps), options, deps));
        continue;
      }
      const ours = await startDeployment(plan, revision, options, deps);
      watched.push(newWatched(ours));
      await keep(rolloutRecord(ours, undefined, options, deps), deps);
    } catch (error) {
      if (!(error instanceof UserError || error instanceof TransientError)) throw error;
      if (watched.length === 0 && plan === plans.at(-1) && refused.length === 0) throw error;
      const end = { verdict: 'refused', reason: error.message, error } as const;
      refused.push(await untouched(plan, revision, end, options, deps));
    }
  }
  const first = refused[0];
  if (watched.length === 0 && first?.end.verdict === 'refused') throw first.end.error;
  return { watched, refused };
}

function interruptedEnd(plan: ServicePlan, revision: string, { interrupt }: RolloutDeps): ServiceEnd {
  const registered = plan.document === undefined ? '' : `; ${familyRevision(revision)} stays registered`;
  const reason = `${interrupt.name()} came before the service was updated${registered}.`;
  return { verdict: 'interrupted', reason };
}

/** The result of a service that was not updated; on record too, or only those that were would be heard of. */
async function untouched(
  plan: ServicePlan,
  revision: string,
  end: ServiceEnd,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<ServiceResult> {
  const nowMs = deps.clock.now();
  const ours = {
    plan,
    name: plan.before.name,
    taskDefinitionArn: revision,
    deploymentId: '',
    deploymentCreatedAtMs: nowMs,
    isAdopted: false,
    isScaling: false,
    startedAtMs: nowMs,
  };
  const { deploymentId: _none, ...result } = plainResult(newWatched(ours), end, deps);
  const refused = { ...result, deploymentId: undefined, servesNow: plan.before.primary?.taskDefinition };
  await keep(rolloutRecord(ours, refused, options, deps), deps);
  return refused;
}

/** The application is asked once for all services, and only when all of them landed. */
async function checkUrls(
  watched: readonly Watched[],
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<string | undefined> {
  if (watched.length === 0 || watched.some(({ end }) => end?.verdict !== 'landed')) return undefined;
  for (const check of options.checkUrls) {
    const wrong = await checkUrl(check, deps);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

async function saved(
  watched: readonly Watched[],
  options: RolloutOptions,
  deps: RolloutDeps,
  end: (one: Watched) => Promise<ServiceResult>,
): Promise<ServiceResult[]> {
  const results: ServiceResult[] = [];
  for (const one of watched) {
    const result = await end(one);
    await keep(rolloutRecord(one.ours, result, options, deps), deps);
    results.push(result);
  }
  return results;
}

/** A record that cannot be written must not hide what became of the deployment. */
async function keep(record: RolloutRecord, { records, announce }: RolloutDeps): Promise<void> {
  try {
    await records.save(record);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    announce({ type: 'warning', text: `${error.message} ${error.why ?? ''}`.trim() });
  }
}
