import type { Service } from '@aws-sdk/client-ecs';
import { familyRevision } from '../domain/arn.ts';
import { hasCode, TransientError } from '../errors.ts';
import { describeServices, pickService } from './find-services.ts';
import type { OurDeployment, RolloutDeps, RolloutOptions, ServicePlan } from './model.ts';

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

/** Two jobs may register revisions of one family at the same moment. */
const concurrent = /Too many concurrent attempts to create a new revision/;

async function register(document: object, { aws, clock, interrupt, announce }: RolloutDeps): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { taskDefinitionArn = '' } = await aws.ecs.registerTaskDefinition({ ...document });
      announce({ type: 'revision-registered', taskDefinitionArn });
      return taskDefinitionArn;
    } catch (error) {
      const mayRepeat = hasCode(error, 'ClientException') && concurrent.test(error.why ?? '') && attempt < 6;
      if (!mayRepeat || interrupt.signal.aborted) throw error;
      await clock.sleep(1_000 * 2 ** (attempt - 1), interrupt.signal);
    }
  }
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
  const service = plan.isUnchanged ? before.service : await update(plan, taskDefinition, options, deps);
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  const deploymentId = primary?.id ?? '';
  const isAdopted = deploymentId === before.primary?.id;
  const isScaling = isAdopted && !plan.isUnchanged;
  if (isAdopted) {
    const because = isScaling
      ? 'only the number of tasks changes, which needs no new deployment'
      : `the service runs ${familyRevision(taskDefinition)} already and nothing else was asked for`;
    deps.announce({ type: 'deployment-adopted', service: before.name, deploymentId, because });
  } else {
    deps.announce({
      type: 'deployment-started',
      service: before.name,
      cluster: options.cluster,
      deploymentId,
      taskDefinitionArn: primary?.taskDefinition ?? taskDefinition,
      region: deps.aws.region,
    });
  }
  return {
    plan,
    name: before.name,
    taskDefinitionArn: primary?.taskDefinition ?? taskDefinition,
    deploymentId,
    deploymentCreatedAtMs: primary?.createdAt?.getTime() ?? startedAtMs,
    isAdopted,
    isScaling,
    startedAtMs,
  };
}

const looksAfterSilence = 5;

/** One UpdateService; when its answer is lost, looks whether it was carried out before it is sent again. */
async function update(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Service> {
  const input = updateInput(plan, taskDefinition, options);
  for (let attempt = 1; ; attempt++) {
    try {
      const { service } = await deps.aws.ecs.updateService(input);
      if (service !== undefined) return service;
      throw new TransientError('ecs:UpdateService: the answer held no service', {
        code: 'EmptyAnswer',
        throttled: false,
      });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      deps.announce({ type: 'update-unanswered', service: plan.before.name, message: error.message });
      const carriedOut = error.throttled ? undefined : await lookForUpdate(plan, taskDefinition, options, deps);
      if (carriedOut !== undefined) return carriedOut;
      if (attempt >= 3 || deps.interrupt.signal.aborted) throw error;
    }
  }
}

async function lookForUpdate(
  plan: ServicePlan,
  taskDefinition: string,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<Service | undefined> {
  for (let look = 0; look < looksAfterSilence; look++) {
    await deps.clock.sleep(2_000, deps.interrupt.signal);
    const found = pickService(await describeServices(options.cluster, [plan.before.name], deps.aws), plan.before.name);
    const primary = found?.deployments?.find(({ status }) => status === 'PRIMARY');
    if (primary?.id !== plan.before.primary?.id && primary?.taskDefinition === taskDefinition) return found;
  }
  return undefined;
}
