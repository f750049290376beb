import type { RolloutOutcome } from '../records/schema.ts';
import { carryOut, type Step } from './carry-out.ts';
import { readRecords } from './from-records.ts';
import { tooShort } from './least-duration.ts';
import type { RolloutDeps, RolloutOptions, ServicePlan } from './model.ts';
import { planServices } from './plan.ts';
import { findServices } from './services.ts';
import { registerRevisions, startDeployment, updateInput } from './update.ts';

/** A request that would be sent. */
export interface PlannedRequest {
  action: `ecs:${'RegisterTaskDefinition' | 'UpdateService' | 'StopServiceDeployment' | 'ContinueServiceDeployment'}`;
  input: unknown;
}

/** What a rollout would send, in order; everything is looked up and checked, nothing is changed. */
export async function planRequests(options: RolloutOptions, deps: RolloutDeps): Promise<PlannedRequest[]> {
  return (await plan(options, deps)).flatMap((one) => requestsFor(one, options, deps));
}

/** What would be sent for one plan. */
export function requestsFor(one: ServicePlan, options: RolloutOptions, { emit }: RolloutDeps): PlannedRequest[] {
  const { before, document, taskDefinitionArn, kind } = one;
  if (kind === 'unchanged') {
    emit({ type: 'note', text: `${before.name}: nothing would change, so nothing would be sent.` });
    return [];
  }
  const revision = taskDefinitionArn ?? '(the revision just registered)';
  const update: PlannedRequest = { action: 'ecs:UpdateService', input: updateInput(one, revision, options) };
  return document === undefined ? [update] : [{ action: 'ecs:RegisterTaskDefinition', input: document }, update];
}

/** Deploys to one or many services, follows exactly those deployments and returns how each one ended. */
export async function rollOut(options: RolloutOptions, deps: RolloutDeps): Promise<RolloutOutcome[]> {
  return carryOut(await updateSteps(await plan(options, deps), options, deps), options, deps);
}

/** Registers what is new; each step then updates one service. */
export async function updateSteps(
  plans: readonly ServicePlan[],
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Step[]> {
  const revisions = await registerRevisions(plans, deps);
  return plans.map((one) => {
    const revision = revisions.get(one) ?? '';
    const begin: Step['begin'] = () => {
      const { name, service } = one.before;
      const isLong = options.verify && options.until !== 'paused' && one.kind === 'deployment';
      const text = isLong ? tooShort(name, service.deploymentConfiguration, options.timeoutMs) : undefined;
      if (text !== undefined) deps.emit({ type: 'warning', text });
      return startDeployment(one, revision, options, deps);
    };
    return { plan: one, revision, begin };
  });
}

async function plan(options: RolloutOptions, deps: RolloutDeps): Promise<ServicePlan[]> {
  const records = await readRecords(options, deps);
  const services = await findServices(options.cluster, options.services, deps);
  return planServices(services, options, records, deps);
}
