import type { DeploymentConfiguration, Service } from '@aws-sdk/client-ecs';
import { familyRevision } from '../base/arn.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Explanation } from '../records/schema.ts';
import { registerRevision } from '../task-definition/register.ts';
import type { OwnDeployment, RolloutDeps, RolloutOptions, ServicePlan } from './model.ts';
import { newObservation, type Observation, primaryOf } from './observe.ts';
import { describeServices, pickService } from './services.ts';

/** How an update came out: something to follow, or that nobody knows whether it was carried out. */
export type Started = { own: OwnDeployment; seen: Observation; unknown?: Explanation };

/** UpdateService's input, as it will be sent for a plan. */
export function updateInput(plan: ServicePlan, taskDefinition: string, options: RolloutOptions) {
  return {
    cluster: options.cluster,
    service: plan.before.name,
    ...(plan.kind === 'scaling' && !plan.isRevisionAsked ? {} : { taskDefinition }),
    ...(options.force ? { forceNewDeployment: true } : {}),
    ...(options.desiredCount === undefined ? {} : { desiredCount: options.desiredCount }),
    ...(options.enableCircuitBreaker ? { deploymentConfiguration: withBreaker(plan.before.service) } : {}),
  };
}

/** The whole configuration goes back, so that nothing beside the circuit breaker changes. */
const withBreaker = ({ deploymentConfiguration: current }: Service): DeploymentConfiguration => ({
  ...current,
  deploymentCircuitBreaker: { ...current?.deploymentCircuitBreaker, enable: true, rollback: true },
});

/** Registers what is new, each document once, and answers the revision of each plan. */
export async function registerRevisions(
  plans: readonly ServicePlan[],
  deps: RolloutDeps,
): Promise<Map<ServicePlan, string>> {
  const registered = new Map<string, string>();
  const revisions = new Map<ServicePlan, string>();
  for (const plan of plans) {
    if (plan.document === undefined) {
      revisions.set(plan, plan.taskDefinitionArn ?? '');
      continue;
    }
    const key = JSON.stringify(plan.document);
    const arn = registered.get(key) ?? (await register(plan.document, deps));
    registered.set(key, arn);
    revisions.set(plan, arn);
  }
  return revisions;
}

async function register(document: object, { aws, emit }: RolloutDeps): Promise<string> {
  const taskDefinitionArn = await registerRevision(document, aws);
  emit({ type: 'revision-registered', taskDefinitionArn });
  return taskDefinitionArn;
}

/** Updates one service and answers the deployment that this began, or the one that stands where nothing changed. */
export async function startDeployment(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Started> {
  const { before, kind } = plan;
  const startedAtMs = deps.clock.now();
  const own = (service: Service | undefined): OwnDeployment => {
    const primary = primaryOf(service);
    // A revision that others set meanwhile, and that nobody forbade, has images of its own.
    const isOther = kind === 'scaling' && !plan.isRevisionAsked && primary?.taskDefinition !== taskDefinition;
    return {
      plan: isOther ? { ...plan, digests: new Map() } : plan,
      name: before.name,
      taskDefinitionArn: kind === 'deployment' ? taskDefinition : (primary?.taskDefinition ?? taskDefinition),
      deploymentId: primary?.id,
      createdAtMs: primary?.createdAt?.getTime() ?? startedAtMs,
      startedAtMs,
    };
  };
  const answer = kind === 'unchanged' ? before.service : await update(plan, taskDefinition, options, deps);
  if ('unknown' in answer) {
    const lost = own(undefined);
    return { own: lost, seen: newObservation(lost), unknown: answer.unknown };
  }
  const begun = own(answer);
  emitStart(begun, options.cluster, deps);
  return { own: begun, seen: newObservation(begun, kind === 'unchanged' ? undefined : answer) };
}

function emitStart(own: OwnDeployment, cluster: string, { aws, emit }: RolloutDeps): void {
  const { name: service, deploymentId = 'of unknown id', taskDefinitionArn, plan } = own;
  if (plan.kind === 'deployment') {
    emit({ type: 'deployment-started', service, cluster, deploymentId, taskDefinitionArn, region: aws.region });
    return;
  }
  const because =
    plan.kind === 'scaling'
      ? 'only the number of tasks changes, which needs no new deployment'
      : `the service is set to ${familyRevision(taskDefinitionArn)} already`;
  emit({ type: 'deployment-adopted', service, deploymentId, because });
}

const pollEveryMs = 2_000;
const pollsBeforeRepeat = 5;
/** A repeat with --force-new-deployment would replace our own deployment: it is looked for longer. */
const pollsBeforeForcedRepeat = 30;
const pollsForSight = 30;

/** What an answer shows of an update: that it was carried out, that it was not, or neither. */
type Sight = 'seen' | 'not-there' | 'unknown';

/** One UpdateService that is carried out once: it is sent again only where an answer shows that it was not. */
async function update(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Service | { unknown: Explanation }> {
  const input = updateInput(plan, taskDefinition, options);
  const before = new Set((plan.before.service.deployments ?? []).map(({ id }) => id));
  const sightOf = (service: Service): Sight => {
    if (plan.kind === 'scaling') return service.desiredCount === options.desiredCount ? 'seen' : 'not-there';
    const fresh = (service.deployments ?? []).filter(({ id }) => !before.has(id));
    if (fresh.length === 0) return 'not-there';
    const isOurs = fresh.some(({ status, taskDefinition: arn }) => status === 'PRIMARY' && arn === taskDefinition);
    // Another deployment is new: it may have replaced ours before we looked.
    return isOurs ? 'seen' : 'unknown';
  };
  const untilMs = deps.clock.now() + options.timeoutMs;
  let lost: string | undefined;
  for (let attempt = 1; ; attempt++) {
    let answered: Service | undefined;
    try {
      answered = (await deps.aws.ecs.updateService(input)).service;
    } catch (error) {
      const isRefused = error instanceof UserError && error.details.unanswered !== true && lost === undefined;
      if (isRefused || !(error instanceof TransientError || error instanceof UserError)) throw error;
      const message = error instanceof UserError ? (error.why ?? error.message) : error.message;
      deps.emit({ type: 'update-unanswered', service: plan.before.name, message });
      if (error instanceof TransientError && error.throttled && lost === undefined) {
        if (attempt >= 3 || deps.interrupt.signal.aborted) throw error;
        continue;
      }
      lost = message;
      const polls = options.force ? pollsBeforeForcedRepeat : pollsBeforeRepeat;
      const found = await lookFor(plan, sightOf, { polls, untilMs }, options, deps);
      if (typeof found === 'object') return found;
      const isInTime = attempt < 3 && deps.clock.now() < untilMs;
      const mayRepeat = found === 'not-there' && isInTime && error instanceof TransientError;
      if (mayRepeat && !deps.interrupt.signal.aborted) continue;
      return { unknown: mayBeCarriedOut(plan, lost) };
    }
    // Whatever comes now, the update was carried out: it is never sent again.
    if (answered !== undefined && (plan.kind === 'scaling' || sightOf(answered) === 'seen')) return answered;
    const found = await lookFor(plan, sightOf, { polls: pollsForSight, untilMs }, options, deps);
    return typeof found === 'object' ? found : { unknown: notSeen(plan) };
  }
}

const lookFirst = 'Look whether it was carried out before you deploy again.';

const mayBeCarriedOut = (plan: ServicePlan, said: string): Explanation => ({
  code: 'UPDATE_UNANSWERED',
  cause: `Amazon ECS did not answer the update of ${plan.before.name}, and no deployment of it was seen. It may have been carried out all the same.`,
  said,
  fix: lookFirst,
});

const notSeen = (plan: ServicePlan): Explanation => ({
  code: 'DEPLOYMENT_NOT_SEEN',
  cause: `Amazon ECS accepted the update of ${plan.before.name}, but no answer shows its deployment: another update may have replaced it at once.`,
  fix: lookFirst,
});

/** The service once it shows the update; `not-there` where the last answer shows that it was not carried out. */
async function lookFor(
  plan: ServicePlan,
  sightOf: (service: Service) => Sight,
  { polls, untilMs }: { polls: number; untilMs: number },
  options: RolloutOptions,
  { aws, clock, interrupt }: RolloutDeps,
): Promise<Service | 'not-there' | 'unknown'> {
  const { name } = plan.before;
  let last: Exclude<Sight, 'seen'> = 'unknown';
  for (let poll = 0; poll < polls && !interrupt.signal.aborted; poll++) {
    // One look tells more than none, however late it is.
    if (poll > 0 && clock.now() >= untilMs) break;
    await clock.sleep(pollEveryMs, interrupt.signal);
    try {
      const found = pickService(await describeServices(options.cluster, [name], aws), name);
      const sight = found === undefined ? 'unknown' : sightOf(found);
      if (found !== undefined && sight === 'seen') return found;
      last = sight === 'seen' ? 'unknown' : sight;
    } catch (error) {
      // A refusal to look must not hide that the update may have been carried out.
      if (error instanceof UserError) return 'unknown';
      if (!(error instanceof TransientError)) throw error;
      last = 'unknown';
    }
  }
  return last;
}
