import type { Task } from '@aws-sdk/client-ecs';
import { familyRevision, resourceName } from '../base/arn.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { poll } from '../base/poll.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import type { Aws } from '../ports.ts';
import { platformDigests } from '../task-definition/digests.ts';
import { ecrAddress, isLoopback, parseImageReference } from '../task-definition/image-reference.ts';
import type { CheckUrl, RolloutDeps, ServicePlan } from './model.ts';
import type { Observation } from './observe.ts';

/** The images that a deployment runs, and whether they are the ones that were asked for. */
export interface Proof {
  images: { name: string; image?: string; imageDigest?: string }[];
  /** What contradicts the demand; undefined when nothing does. */
  contradiction: string | undefined;
  /** What could not be proved. */
  notes: string[];
}

/** Compares what runs with what was asked for, container by container. */
export async function proveImages(seen: Observation, cluster: string, deps: RolloutDeps): Promise<Proof> {
  const images =
    (await imagesOfRevision(seen.serviceDeployment?.targetServiceRevision?.arn, deps)) ??
    (await imagesOfTasks(seen.own.deploymentId, seen.own.name, cluster, deps.aws));
  return compare(images, seen.own.plan.digests, deps);
}

/** Compares what runs after a rollback with what the older revision ran before. */
export async function proveRollback(
  { own, service }: Observation,
  toRevision: string | undefined,
  cluster: string,
  deps: RolloutDeps,
): Promise<Proof> {
  const asked = own.plan.before.primary?.taskDefinition;
  const primary = service?.deployments?.find(({ status }) => status === 'PRIMARY');
  const id = toRevision === undefined ? primary?.id : `ecs-svc/${resourceName(toRevision)}`;
  const images = await imagesOfTasks(id, own.name, cluster, deps.aws);
  const before = (await imagesOfRevision(toRevision, deps)) ?? [];
  const digests = before.flatMap(({ name, image = '', imageDigest: digest }) =>
    digest === undefined ? [] : [[name, { image: image.replace(/(@.*)?$/, `@${digest}`), digest }] as const],
  );
  const proof = await compare(images, new Map(digests), deps);
  const notes = digests.length === 0 ? ['The digests of the older revision are not known.'] : proof.notes;
  if (primary?.taskDefinition === undefined || primary.taskDefinition === asked) return { ...proof, notes };
  const contradiction = `the service is set to ${familyRevision(primary.taskDefinition)}, not to ${familyRevision(asked ?? 'the older revision')}.`;
  return { ...proof, notes, contradiction };
}

async function compare(images: Proof['images'], asked: ServicePlan['digests'], deps: RolloutDeps): Promise<Proof> {
  const notes: string[] = [];
  const wrong: string[] = [];
  for (const [name, { image, digest }] of asked) {
    const live = images.filter((one) => one.name === name && one.imageDigest !== undefined);
    if (live.length === 0) {
      notes.push(`The image digest of container ${name} could not be seen, so it is not proved.`);
      continue;
    }
    const others = live.filter(({ imageDigest }) => imageDigest !== digest);
    if (others.length === 0) continue;
    // A tag of several platforms stands for an index; a task may show the digest of its own platform.
    const platforms = await digestsOfIndex(image, deps);
    for (const { imageDigest = '' } of others) {
      if (platforms === undefined) {
        notes.push(`Container ${name} runs ${imageDigest}; whether that belongs to ${digest} could not be looked up.`);
      } else if (!platforms.includes(imageDigest)) wrong.push(`container ${name} runs ${imageDigest}, not ${digest}`);
    }
  }
  return { images, contradiction: wrong.length === 0 ? undefined : `${wrong.join('; ')}.`, notes };
}

/** The digests of an index, none for a single image; undefined where the registry cannot be asked. */
async function digestsOfIndex(image: string, { aws }: RolloutDeps): Promise<string[] | undefined> {
  const registry = parseImageReference(image)?.registry;
  const address = ecrAddress(registry);
  if (address === undefined ? !isLoopback(registry) : address.region !== aws.region) return undefined;
  try {
    return await platformDigests(image, aws);
  } catch (error) {
    if (error instanceof UserError || error instanceof TransientError) return undefined;
    throw error;
  }
}

/** The digests that ECS resolved for the service revision. */
async function imagesOfRevision(arn: string | undefined, { aws }: RolloutDeps): Promise<Proof['images'] | undefined> {
  if (arn === undefined) return undefined;
  try {
    const { serviceRevisions = [] } = await aws.ecs.describeServiceRevisions({ serviceRevisionArns: [arn] });
    const containers = serviceRevisions[0]?.containerImages ?? [];
    if (!containers.some(({ imageDigest }) => imageDigest !== undefined)) return undefined;
    return containers.map(({ containerName, image, imageDigest }) => shown(containerName, image, imageDigest));
  } catch (error) {
    if (hasCode(error, 'AccessDeniedException')) return undefined;
    throw error;
  }
}

/** The digests that running tasks show; those that ECS adds to a task are left out. */
export async function imagesOfTasks(
  deploymentId: string | undefined,
  serviceName: string,
  cluster: string,
  aws: Pick<Aws, 'ecs'>,
): Promise<Proof['images']> {
  try {
    const { taskArns = [] } = await aws.ecs.listTasks({ cluster, serviceName, desiredStatus: 'RUNNING' });
    if (taskArns.length === 0) return [];
    const { tasks = [] } = await aws.ecs.describeTasks({ cluster, tasks: taskArns });
    const mine = tasks.filter(
      ({ startedBy, lastStatus }: Task) => startedBy === deploymentId && lastStatus === 'RUNNING',
    );
    const all = mine.flatMap(({ containers = [] }) =>
      containers
        .filter(({ image }) => image !== undefined && image !== '')
        .map(({ name, image, imageDigest }) => shown(name, image, imageDigest)),
    );
    const unique = new Map(all.map((one) => [JSON.stringify(one), one]));
    return [...unique.values()];
  } catch (error) {
    if (hasCode(error, 'AccessDeniedException')) return [];
    throw error;
  }
}

function shown(name = '', image?: string, imageDigest?: string): Proof['images'][number] {
  return {
    name,
    ...(image === undefined ? {} : { image }),
    ...(imageDigest === undefined ? {} : { imageDigest }),
  };
}

/** Asks the application itself until it answers as expected; answers what is wrong, or undefined. */
export async function checkUrl(check: CheckUrl, deps: RolloutDeps): Promise<string | undefined> {
  const { clock, interrupt, http, emit } = deps;
  emit({ type: 'checking-url', check });
  let last = 'did not answer';
  const { breakSilence } = watchSilence(emit, clock);
  const { end } = await poll(
    async () => {
      breakSilence(() => ({ type: 'checking-url', check }));
      try {
        const { status } = await http(check.url, { method: 'GET', timeoutMs: 10_000 });
        last = `answered status ${status}`;
        if (status !== check.status) return undefined;
        emit({ type: 'url-answered', check, answered: status });
        return true;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        last = `did not answer (${error.message})`;
        return undefined;
      }
    },
    { clock, interrupt, timeoutMs: check.timeoutMs, intervalMs: 2_000 },
  );
  return end === 'answered' ? undefined : `${check.url} ${last}; status ${check.status} was expected.`;
}
