import type { ServiceDeploymentBrief } from '@aws-sdk/client-ecs';
import { hasCode } from '../errors.ts';
import type { RolloutDeps } from './model.ts';
import type { Watched } from './watched.ts';

/** What is shared by the search for all services' records. */
export interface RecordSearch {
  mayRead: boolean;
  /** Task definition by service revision. */
  revisions: Map<string, string | undefined>;
}

const describedAtOnce = 20;
/** Clocks within ECS need not agree to the second. */
const toleranceMs = 60_000;

/** Brings the records of our service deployments up to date; without permission this stays quiet from then on. */
export async function lookAtRecords(
  watched: readonly Watched[],
  cluster: string,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<void> {
  if (!search.mayRead) return;
  try {
    for (const one of watched) if (one.recordArn === undefined) await findRecord(one, cluster, search, deps);
    const found = watched.filter(({ recordArn }) => recordArn !== undefined);
    for (let from = 0; from < found.length; from += describedAtOnce) {
      const some = found.slice(from, from + describedAtOnce);
      const { serviceDeployments = [] } = await deps.aws.ecs.describeServiceDeployments({
        serviceDeploymentArns: some.map(({ recordArn }) => recordArn ?? ''),
      });
      for (const one of some) {
        one.record =
          serviceDeployments.find(({ serviceDeploymentArn }) => serviceDeploymentArn === one.recordArn) ?? one.record;
        if (one.record?.status?.startsWith('STOP') === true && one.newer === undefined) {
          one.newer = await findNewer(one, cluster, deps);
        }
      }
    }
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException')) throw error;
    search.mayRead = false;
    for (const one of watched) one.record = undefined;
    deps.announce({
      type: 'warning',
      text: `${error.why ?? error.message} Following the deployment by its id instead.`,
    });
  }
}

async function candidates(one: Watched, cluster: string, { aws }: RolloutDeps): Promise<ServiceDeploymentBrief[]> {
  const { serviceDeployments = [] } = await aws.ecs.listServiceDeployments({
    cluster,
    service: one.ours.name,
    createdAt: { after: new Date(one.ours.deploymentCreatedAtMs - toleranceMs) },
  });
  return serviceDeployments;
}

/** Ours is new, brings the task definition we asked for, and began when our deployment did; the record can be late. */
async function findRecord(one: Watched, cluster: string, search: RecordSearch, deps: RolloutDeps): Promise<void> {
  const { ours } = one;
  if (ours.plan.isMereLook && (await findRollback(one, cluster, search, deps))) return;
  const isOld = (arn: string): boolean => !ours.isAdopted && ours.plan.before.knownRecords?.has(arn) === true;
  const fitting: { arn: string; distanceMs: number }[] = [];
  for (const brief of await candidates(one, cluster, deps)) {
    const arn = brief.serviceDeploymentArn ?? '';
    if (isOld(arn)) continue;
    const distanceMs = Math.abs((brief.createdAt?.getTime() ?? 0) - ours.deploymentCreatedAtMs);
    const definition = await definitionOf(brief.targetServiceRevisionArn, search, deps);
    if (definition === ours.taskDefinitionArn && distanceMs <= toleranceMs) fitting.push({ arn, distanceMs });
  }
  const best = fitting.sort((a, b) => a.distanceMs - b.distanceMs)[0];
  if (best === undefined) return;
  one.recordArn = best.arn;
  deps.announce({ type: 'record-found', service: ours.name, serviceDeploymentArn: best.arn });
}

/** Who only looks is not told that all is well when the last deployment was rolled back. */
async function findRollback(one: Watched, cluster: string, search: RecordSearch, deps: RolloutDeps): Promise<boolean> {
  const { ours } = one;
  const input = { cluster, service: ours.name, maxResults: 100 };
  const { serviceDeployments = [] } = await deps.aws.ecs.listServiceDeployments(input);
  const [newest] = serviceDeployments.sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
  const current = one.service?.currentServiceDeployment;
  const last = serviceDeployments.find(({ serviceDeploymentArn: arn }) => arn === current) ?? newest;
  if (last?.serviceDeploymentArn === undefined || last.status?.startsWith('ROLLBACK') !== true) return false;
  const definition = await definitionOf(last.targetServiceRevisionArn, search, deps);
  one.ours = { ...ours, taskDefinitionArn: definition ?? ours.taskDefinitionArn };
  one.recordArn = last.serviceDeploymentArn;
  deps.announce({ type: 'record-found', service: ours.name, serviceDeploymentArn: last.serviceDeploymentArn });
  return true;
}

async function findNewer(one: Watched, cluster: string, deps: RolloutDeps): Promise<string | undefined> {
  const mineMs = one.record?.createdAt?.getTime() ?? one.ours.deploymentCreatedAtMs;
  const newer = (await candidates(one, cluster, deps)).filter(
    ({ serviceDeploymentArn, createdAt }) =>
      serviceDeploymentArn !== one.recordArn && (createdAt?.getTime() ?? 0) >= mineMs,
  );
  return newer[0]?.serviceDeploymentArn;
}

/** The task definition of a service revision. */
export async function definitionOf(
  revisionArn: string | undefined,
  search: Pick<RecordSearch, 'revisions'>,
  { aws }: Pick<RolloutDeps, 'aws'>,
): Promise<string | undefined> {
  if (revisionArn === undefined) return undefined;
  if (search.revisions.has(revisionArn)) return search.revisions.get(revisionArn);
  const { serviceRevisions = [] } = await aws.ecs.describeServiceRevisions({ serviceRevisionArns: [revisionArn] });
  const definition = serviceRevisions[0]?.taskDefinition;
  if (definition !== undefined) search.revisions.set(revisionArn, definition);
  return definition;
}
