import type { Service } from '@aws-sdk/client-ecs';
import { accountOf, resourceName } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { TransientError, UserError } from '../errors.ts';
import type { Aws, Clock } from '../ports.ts';
import type { Explanation, Progress, RolloutOutcome } from '../records/schema.ts';
import { tagsOf } from '../task-definition/digests.ts';
import { adopt } from './adopt.ts';
import { historyOf, isUnderWay, type PastDeployment } from './history.ts';
import { type Observation, observe, primaryOf } from './observe.ts';
import { pauseOutcome, servesNow } from './outcome.ts';
import { progressOf } from './progress.ts';
import { imagesOfTasks } from './prove.ts';
import { describeServices, pickService } from './services.ts';
import type { RolloutVerdict } from './snapshot.ts';
import { verdictOf } from './verdict.ts';

export interface StatusDeps {
  aws: Aws;
  clock: Clock;
}

/** An image of a container that serves. */
export interface ServingImage {
  name: string;
  image?: string;
  imageDigest?: string;
  /** Those that stand for the digest now; absent where ECR was not asked, or does not know it. */
  tags?: string[];
}

/** A deployment that is not over. */
export interface DeploymentUnderWay {
  verdict: RolloutVerdict['verdict'];
  explanation?: Explanation;
  status: string;
  taskDefinition?: string;
  deploymentId: string;
  serviceDeploymentArn?: string;
  startedAt: string;
  progress: Progress;
  pause?: NonNullable<RolloutOutcome['pause']>;
}

/** How a service stands: what `status` shows, and its JSON document. */
export interface ServiceStatus {
  service: string;
  cluster: string;
  region: string;
  account?: string;
  /** ACTIVE, DRAINING or INACTIVE. */
  status: string;
  /** ARN of the revision that it is set to. */
  taskDefinition?: string;
  /** ARN of the revision that serves; absent where no task runs. */
  servesNow?: string;
  tasks: { desired: number; running: number; pending: number };
  images: ServingImage[];
  underWay?: DeploymentUnderWay;
  /** The last ones that are over, newest first. */
  deployments: {
    verdict: RolloutVerdict['verdict'];
    explanation?: Explanation;
    status: string;
    taskDefinition?: string;
    serviceDeploymentArn: string;
    startedAt: string;
    finishedAt?: string;
  }[];
  /** What could not be read. */
  notes: string[];
}

const shownDeployments = 5;
const readAtOnce = 5;

/** How services of a cluster stand, all of them where none is named; changes nothing. Names that do not exist are a UserError. */
export async function statusOf(cluster: string, names: readonly string[], deps: StatusDeps): Promise<ServiceStatus[]> {
  const refs = names.length > 0 ? names : (await deps.aws.ecs.listServices(cluster)).sort();
  const found = refs.length === 0 ? [] : await describeServices(cluster, refs, deps.aws);
  const missing = refs.filter((ref) => pickService(found, ref) === undefined);
  // One that was deleted since it was listed is no mistake of the user.
  if (missing.length > 0 && names.length > 0) throw unknown(cluster, missing);
  const services = [...new Map(found.map((service) => [service.serviceArn, service])).values()];
  const statuses: ServiceStatus[] = [];
  const tagged = tagger(deps.aws);
  for (let from = 0; from < services.length; from += readAtOnce) {
    const some = services
      .slice(from, from + readAtOnce)
      .map((service) => serviceStatus(service, cluster, tagged, deps));
    statuses.push(...(await Promise.all(some)));
  }
  return statuses;
}

function unknown(cluster: string, missing: readonly string[]): UserError {
  const what =
    missing.length === 1
      ? `The service ${missing[0]} does not exist`
      : `The services ${missing.join(', ')} do not exist`;
  return new UserError(`${what} in cluster ${cluster}.`, {
    code: 'ServiceNotFoundException',
    why: 'Amazon ECS answered MISSING.',
    fix: 'Check --service, --cluster and --region; without --service all services of the cluster are shown.',
    details: { service: missing[0] },
  });
}

async function serviceStatus(
  service: Service,
  cluster: string,
  tagged: ReturnType<typeof tagger>,
  deps: StatusDeps,
): Promise<ServiceStatus> {
  const { serviceName: name = '', status = '', desiredCount: desired = 0, runningCount: running = 0 } = service;
  const notes: string[] = [];
  const controller = service.deploymentController?.type ?? 'ECS';
  const read = reader(notes);
  const recent = () => historyOf(cluster, name, deps.aws, shownDeployments + 1);
  const history = controller === 'ECS' ? await read('The last deployments', [], recent) : [];
  const open = history.find(isUnderWay);
  const seen = await look(service, history, open, read, deps);
  const verdict = seen === undefined ? undefined : verdictOf(seen, { until: 'deployed', maxFailedTasks: undefined });
  const serves = seen === undefined || verdict === undefined ? undefined : servesNow(seen, verdict);
  if (controller !== 'ECS') notes.push(`Its deployment controller is ${controller}: deployments of it are not shown.`);
  const images = await read('The images', [], () => servingImages(service, serves, history, cluster, deps));
  const set = primaryOf(service)?.taskDefinition ?? service.taskDefinition;
  return {
    service: name,
    cluster: resourceName(cluster),
    region: deps.aws.region,
    ...optional('account', accountOf(service.serviceArn ?? '')),
    status,
    ...optional('taskDefinition', set),
    ...optional('servesNow', running === 0 ? undefined : serves),
    tasks: { desired, running, pending: service.pendingCount ?? 0 },
    images: await Promise.all(images.map((image) => read('The tags of the images', image, () => tagged(image)))),
    ...optional(
      'underWay',
      seen === undefined || verdict === undefined ? undefined : underWay(seen, verdict, open, cluster, deps),
    ),
    deployments: history
      .filter((past) => !isUnderWay(past))
      .slice(0, shownDeployments)
      .map(ended),
    notes: [...new Set(notes)],
  };
}

/** Reads what is not the heart of it: what AWS refuses or does not answer becomes a note. */
function reader(notes: string[]) {
  return async <T>(what: string, otherwise: T, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof UserError || error instanceof TransientError)) throw error;
      const why = error instanceof UserError ? (error.why ?? error.message) : error.message;
      notes.push(`${what} could not be read: ${why}`);
      return otherwise;
    }
  };
}

/** Looks once at the deployment that is under way, or at the one that stands. */
async function look(
  service: Service,
  history: readonly PastDeployment[],
  open: PastDeployment | undefined,
  read: ReturnType<typeof reader>,
  { aws, clock }: StatusDeps,
): Promise<Observation | undefined> {
  const primary = primaryOf(service);
  const standing =
    primary?.id === undefined
      ? undefined
      : {
          deploymentId: primary.id,
          createdAtMs: primary.createdAt?.getTime() ?? 0,
          taskDefinition: primary.taskDefinition,
        };
  const adopted = open ?? standing;
  if (adopted === undefined) return undefined;
  const { serviceName: name = '' } = service;
  const { seen } = adopt({ name, service, mayRead: true }, adopted, 'deployment', clock.now());
  observe(seen, service, clock.now());
  const arn = open?.serviceDeploymentArn;
  if (arn !== undefined) {
    seen.serviceDeployment = await read('The deployment that is under way', undefined, async () => {
      const { serviceDeployments } = await aws.ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
      return serviceDeployments?.[0];
    });
  } else {
    // What is SUCCESSFUL serves, though its old tasks may be on their way out.
    seen.serviceDeployment = standingOf(history, primary?.id);
  }
  return seen;
}

function standingOf(history: readonly PastDeployment[], id: string | undefined): Observation['serviceDeployment'] {
  const past = history.find(({ deploymentId }) => deploymentId === id);
  return past?.verdict.verdict === 'deployed' ? { status: 'SUCCESSFUL' } : undefined;
}

function underWay(
  seen: Observation,
  verdict: RolloutVerdict,
  open: PastDeployment | undefined,
  cluster: string,
  { aws }: StatusDeps,
): DeploymentUnderWay | undefined {
  const { own, serviceDeployment } = seen;
  const mine = seen.service?.deployments?.find(({ id }) => id === own.deploymentId);
  const isOver = ['deployed', 'not-verified'].includes(verdict.verdict) || mine?.rolloutState !== 'IN_PROGRESS';
  if (open === undefined && isOver) return undefined;
  const where = { aws, cluster, service: own.name };
  return {
    verdict: verdict.verdict,
    ...('explanation' in verdict ? { explanation: verdict.explanation } : {}),
    status: serviceDeployment?.status ?? open?.status ?? 'IN_PROGRESS',
    ...(own.taskDefinitionArn === '' ? {} : { taskDefinition: own.taskDefinitionArn }),
    deploymentId: own.deploymentId ?? '',
    ...optional('serviceDeploymentArn', open?.serviceDeploymentArn),
    startedAt: new Date(own.createdAtMs).toISOString(),
    progress: progressOf(seen, { until: 'deployed', maxFailedTasks: undefined }),
    ...(verdict.verdict === 'paused' ? { pause: pauseOutcome(verdict.pause, where) } : {}),
  };
}

function ended(past: PastDeployment): ServiceStatus['deployments'][number] {
  const { verdict, status, taskDefinition, serviceDeploymentArn, createdAtMs, finishedAtMs } = past;
  return {
    verdict: verdict.verdict,
    ...('explanation' in verdict ? { explanation: verdict.explanation } : {}),
    status,
    ...optional('taskDefinition', taskDefinition),
    serviceDeploymentArn,
    startedAt: new Date(createdAtMs).toISOString(),
    ...(finishedAtMs === undefined ? {} : { finishedAt: new Date(finishedAtMs).toISOString() }),
  };
}

/** The images of the deployment that serves, as its service revision or its running tasks show them. */
async function servingImages(
  service: Service,
  serves: string | undefined,
  history: readonly PastDeployment[],
  cluster: string,
  { aws }: StatusDeps,
): Promise<ServingImage[]> {
  const serving = service.deployments?.find(
    ({ taskDefinition, runningCount = 0 }) => taskDefinition === serves && runningCount > 0,
  );
  if (serving?.id === undefined) return [];
  const past = history.find(({ deploymentId }) => deploymentId === serving.id);
  if (past?.images.some(({ imageDigest }) => imageDigest !== undefined) === true) return past.images;
  return imagesOfTasks(serving.id, service.serviceName ?? '', cluster, aws);
}

/** Adds the tags of images; each image is asked for once, however many services run it. */
function tagger(aws: Aws) {
  const asked = new Map<string, Promise<string[] | undefined>>();
  return async (one: ServingImage): Promise<ServingImage> => {
    const { image, imageDigest } = one;
    if (image === undefined || imageDigest === undefined) return one;
    const key = `${image} ${imageDigest}`;
    const tags = asked.get(key) ?? tagsOf(image, imageDigest, aws);
    asked.set(key, tags);
    return { ...one, ...optional('tags', await tags) };
  };
}
