import type { ServiceDeployment, ServiceDeploymentBrief } from '@aws-sdk/client-ecs';
import { resourceName } from '../base/arn.ts';
import { inGroups, sideBySide } from '../base/side-by-side.ts';
import { hasCode, TransientError } from '../errors.ts';
import type { RolloutDeps } from './model.ts';
import type { Observation } from './observe.ts';

/** How the service deployments of all services can be read; one refusal is enough for all of them. */
export interface ServiceDeploymentReader {
  mayRead: boolean;
  /** Not asked again before this moment: they were not answered. */
  againAtMs: number;
}

const describedAtOnce = 20;
/** Clocks within ECS need not agree to the second. */
const toleranceMs = 60_000;
/** ListServiceDeployments refuses a time filter of more than three months ago (reference §4.1). */
const oldestFilterMs = 85 * 86_400_000;
const againAfterMs = 15_000;
/** So many polls may show the deployment before ours as the current one. */
const pollsForCurrent = 4;

/**
 * Brings our service deployments up to date. Where they cannot be read, the verdict of this poll rests on the
 * deployment id; without authorization this stays so.
 */
export async function pollServiceDeployments(
  observations: readonly Observation[],
  cluster: string,
  reader: ServiceDeploymentReader,
  deps: RolloutDeps,
): Promise<void> {
  if (!reader.mayRead || observations.length === 0) return;
  if (deps.clock.now() < reader.againAtMs) return forget(observations);
  try {
    await findAll(observations, cluster, deps);
    await describe(observations, cluster, deps);
  } catch (error) {
    const isRefused = hasCode(
      error,
      'AccessDeniedException',
      'UnsupportedFeatureException',
      'UnknownOperationException',
    );
    if (!isRefused && !(error instanceof TransientError)) throw error;
    forget(observations);
    const why = error instanceof TransientError ? `No answer about service deployments: ${error.message}.` : error.why;
    if (isRefused) reader.mayRead = false;
    const isFirst = reader.againAtMs === 0;
    reader.againAtMs = deps.clock.now() + againAfterMs;
    if (!isRefused && !isFirst) return;
    deps.emit({ type: 'warning', text: `${why ?? error.message} Following the deployment by its id instead.` });
  }
}

function forget(observations: readonly Observation[]): void {
  for (const seen of observations) seen.serviceDeployment = undefined;
}

async function describe(
  observations: readonly Observation[],
  cluster: string,
  { aws, ...deps }: RolloutDeps,
): Promise<void> {
  const found = observations.filter(({ serviceDeploymentArn }) => serviceDeploymentArn !== undefined);
  const { described, missing } = await describeArns(
    found.map(({ serviceDeploymentArn }) => serviceDeploymentArn ?? ''),
    aws,
  );
  for (const seen of found) {
    const is = described.find(({ serviceDeploymentArn: arn }) => arn === seen.serviceDeploymentArn);
    // It goes with its service: of one that was deleted and made anew the old state would stand for ever.
    const isMissing = missing.has(seen.serviceDeploymentArn);
    seen.serviceDeployment = is ?? (isMissing ? undefined : seen.serviceDeployment);
    if (seen.serviceDeployment?.status?.startsWith('STOP') === true && seen.newer === undefined) {
      seen.newer = await findNewer(seen, cluster, { aws, ...deps });
    }
  }
}

async function describeArns(
  arns: readonly string[],
  aws: RolloutDeps['aws'],
): Promise<{ described: ServiceDeployment[]; missing: ReadonlySet<string | undefined> }> {
  const answers = await sideBySide(inGroups(arns, describedAtOnce), (serviceDeploymentArns) =>
    aws.ecs.describeServiceDeployments({ serviceDeploymentArns }),
  );
  return {
    described: answers.flatMap(({ serviceDeployments = [] }) => serviceDeployments),
    missing: new Set(answers.flatMap(({ failures = [] }) => failures.map(({ arn }) => arn))),
  };
}

async function candidates(
  { own }: Observation,
  cluster: string,
  { aws, clock }: RolloutDeps,
): Promise<ServiceDeploymentBrief[]> {
  const afterMs = Math.max(own.createdAtMs - toleranceMs, clock.now() - oldestFilterMs);
  const { serviceDeployments = [] } = await aws.ecs.listServiceDeployments({
    cluster,
    service: own.name,
    createdAt: { after: new Date(afterMs) },
  });
  return serviceDeployments;
}

/** Links each observation with its service deployment, where it has none yet; a list may show ours late. */
async function findAll(observations: readonly Observation[], cluster: string, deps: RolloutDeps): Promise<void> {
  const open = observations.filter(
    ({ serviceDeploymentArn, own }) => serviceDeploymentArn === undefined && own.deploymentId !== undefined,
  );
  // Several services say which deployment is their current one; where that stays another one, the list is asked.
  const current = open.length > 1 ? await currentOf(open, deps) : [];
  const found = await sideBySide(open, async (seen) => {
    const known = current.find(({ targetServiceRevision }) => isOurs(seen, targetServiceRevision?.arn));
    if (known !== undefined) return known.serviceDeploymentArn;
    if (current.length > 0 && seen.polls < pollsForCurrent) return undefined;
    const listed = await candidates(seen, cluster, deps);
    return listed.find((one) => isOurs(seen, one.targetServiceRevisionArn))?.serviceDeploymentArn;
  });
  for (const [index, seen] of open.entries()) {
    const serviceDeploymentArn = found[index];
    if (serviceDeploymentArn === undefined) continue;
    seen.serviceDeploymentArn = serviceDeploymentArn;
    deps.emit({ type: 'service-deployment-found', service: seen.own.name, serviceDeploymentArn });
  }
}

async function currentOf(open: readonly Observation[], { aws }: RolloutDeps): Promise<ServiceDeployment[]> {
  const arns = open.flatMap(({ service }) => service?.currentServiceDeployment ?? []);
  return (await describeArns(arns, aws)).described;
}

/** The digits of a service revision are those of its deployment's id (reference §4.1). */
function isOurs({ own }: Observation, revisionArn: string | undefined): boolean {
  return revisionArn !== undefined && resourceName(revisionArn) === resourceName(own.deploymentId ?? '');
}

async function findNewer(seen: Observation, cluster: string, deps: RolloutDeps): Promise<string | undefined> {
  const ourMs = seen.serviceDeployment?.createdAt?.getTime() ?? seen.own.createdAtMs;
  const newer = (await candidates(seen, cluster, deps)).find(
    ({ serviceDeploymentArn: arn, createdAt }) =>
      arn !== seen.serviceDeploymentArn && (createdAt?.getTime() ?? 0) > ourMs,
  );
  return newer?.serviceDeploymentArn;
}

/** The task definition of a service revision. */
export async function definitionOf(
  revisionArn: string | undefined,
  { aws }: Pick<RolloutDeps, 'aws'>,
): Promise<string | undefined> {
  if (revisionArn === undefined) return undefined;
  const { serviceRevisions = [] } = await aws.ecs.describeServiceRevisions({ serviceRevisionArns: [revisionArn] });
  return serviceRevisions[0]?.taskDefinition;
}
