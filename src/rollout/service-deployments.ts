import type { ServiceDeploymentBrief } from '@aws-sdk/client-ecs';
import { resourceName } from '../base/arn.ts';
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
    for (const seen of observations) if (seen.serviceDeploymentArn === undefined) await find(seen, cluster, deps);
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
    deps.announce({ type: 'warning', text: `${why ?? error.message} Following the deployment by its id instead.` });
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
  for (let from = 0; from < found.length; from += describedAtOnce) {
    const some = found.slice(from, from + describedAtOnce);
    const { serviceDeployments = [], failures = [] } = await aws.ecs.describeServiceDeployments({
      serviceDeploymentArns: some.map(({ serviceDeploymentArn }) => serviceDeploymentArn ?? ''),
    });
    for (const seen of some) {
      const is = serviceDeployments.find(({ serviceDeploymentArn: arn }) => arn === seen.serviceDeploymentArn);
      // It goes with its service: of one that was deleted and made anew the old state would stand for ever.
      const isMissing = failures.some(({ arn }) => arn === seen.serviceDeploymentArn);
      seen.serviceDeployment = is ?? (isMissing ? undefined : seen.serviceDeployment);
      if (seen.serviceDeployment?.status?.startsWith('STOP') === true && seen.newer === undefined) {
        seen.newer = await findNewer(seen, cluster, { aws, ...deps });
      }
    }
  }
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

/** The digits of a service revision are those of its deployment's id (reference §4.1); the list may show ours late. */
async function find(seen: Observation, cluster: string, deps: RolloutDeps): Promise<void> {
  const { own } = seen;
  if (own.deploymentId === undefined) return;
  const digits = resourceName(own.deploymentId);
  const ours = (await candidates(seen, cluster, deps)).find(
    ({ targetServiceRevisionArn: arn }) => arn !== undefined && resourceName(arn) === digits,
  );
  if (ours?.serviceDeploymentArn === undefined) return;
  seen.serviceDeploymentArn = ours.serviceDeploymentArn;
  deps.announce({
    type: 'service-deployment-found',
    service: own.name,
    serviceDeploymentArn: ours.serviceDeploymentArn,
  });
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
