import type { Service } from '@aws-sdk/client-ecs';
import { familyRevision } from '../base/arn.ts';
import { TransientError, UserError } from '../errors.ts';
import { registerRevision } from '../task-definition/register.ts';
import type { OurDeployment, RolloutDeps, RolloutOptions, ServicePlan } from './model.ts';
import { describeServices, pickService } from './services.ts';

/** RegisterTaskDefinition's input and UpdateService's, as they will be sent for a plan. */
export function updateInput(plan: ServicePlan, taskDefinition: string, options: RolloutOptions) {
  return {
    cluster: options.cluster,
    service: plan.before.name,
    taskDefinition,
    ...(options.force ? { forceNewDeployment: true } : {}),
    ...(options.desiredCount === undefined ? {} : { desiredCount: options.desiredCount }),
  };
}

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

async function register(document: object, { aws, announce }: RolloutDeps): Promise<string> {
  const taskDefinitionArn = await registerRevision(document, aws);
  announce({ type: 'revision-registered', taskDefinitionArn });
  return taskDefinitionArn;
}

/** Updates one service and answers the deployment that this began, or the one that stands where nothing changed. */
export async function startDeployment(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<OurDeployment> {
  const { before } = plan;
  const startedAtMs = deps.clock.now();
  // Anything else changes in place, as the number of tasks does.
  const isDeployment = options.force || taskDefinition !== before.primary?.taskDefinition;
  const service = plan.isUnchanged ? before.service : await update(plan, taskDefinition, options, isDeployment, deps);
  const primary = primaryOf(service);
  const ours = {
    plan,
    name: before.name,
    taskDefinitionArn: primary?.taskDefinition ?? taskDefinition,
    deploymentId: primary?.id ?? '',
    deploymentCreatedAtMs: primary?.createdAt?.getTime() ?? startedAtMs,
    isAdopted: !isDeployment,
    isScaling: !isDeployment && !plan.isUnchanged,
    startedAtMs,
  };
  announceStart(ours, options.cluster, deps);
  return ours;
}

const primaryOf = (service: Service | undefined) => service?.deployments?.find(({ status }) => status === 'PRIMARY');

function announceStart(ours: OurDeployment, cluster: string, { aws, announce }: RolloutDeps): void {
  const { name: service, deploymentId, taskDefinitionArn } = ours;
  if (!ours.isAdopted) {
    announce({ type: 'deployment-started', service, cluster, deploymentId, taskDefinitionArn, region: aws.region });
    return;
  }
  const because = ours.isScaling
    ? 'only the number of tasks changes, which needs no new deployment'
    : `the service runs ${familyRevision(taskDefinitionArn)} already and nothing else was asked for`;
  announce({ type: 'deployment-adopted', service, deploymentId, because });
}

const looksAfterSilence = 5;
const looksForSight = 30;

/** One UpdateService; when its answer is lost, looks whether it was carried out before it is sent again. */
async function update(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  isDeployment: boolean,
  deps: RolloutDeps,
): Promise<Service> {
  const input = updateInput(plan, taskDefinition, options);
  const isOurs = (service: Service | undefined): boolean => {
    const primary = primaryOf(service);
    return primary?.id !== plan.before.primary?.id && primary?.taskDefinition === taskDefinition;
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const { service } = await deps.aws.ecs.updateService(input);
      if (service !== undefined && (!isDeployment || isOurs(service))) return service;
      return await visibleUpdate(plan, isOurs, options, deps);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      deps.announce({ type: 'update-unanswered', service: plan.before.name, message: error.message });
      const carriedOut =
        error.throttled || !isDeployment ? undefined : await lookFor(plan, isOurs, looksAfterSilence, options, deps);
      if (carriedOut !== undefined) return carriedOut;
      if (attempt >= 3 || deps.interrupt.signal.aborted) throw error;
    }
  }
}

/** The answer may still show the deployment before ours: without our id there is nothing that could be judged. */
async function visibleUpdate(
  plan: ServicePlan,
  isOurs: (service: Service) => boolean,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Service> {
  const found = await lookFor(plan, isOurs, looksForSight, options, deps);
  if (found !== undefined) return found;
  const { name } = plan.before;
  throw new UserError(`Amazon ECS accepted the update of ${name}, but its deployment cannot be seen.`, {
    code: 'DeploymentNotSeen',
    why: 'No new PRIMARY deployment with the revision asked for appeared: another update may have replaced it at once.',
    fix: `\`migrate-deploy update-service-and-verify --cluster ${options.cluster} --service ${name}\` shows what serves.`,
  });
}

async function lookFor(
  plan: ServicePlan,
  isOurs: (service: Service) => boolean,
  looks: number,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Service | undefined> {
  const { name } = plan.before;
  for (let look = 0; look < looks && !deps.interrupt.signal.aborted; look++) {
    await deps.clock.sleep(2_000, deps.interrupt.signal);
    const found = pickService(await describeServices(options.cluster, [name], deps.aws), name);
    if (found !== undefined && isOurs(found)) return found;
  }
  return undefined;
}
