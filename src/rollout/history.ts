import type { ServiceDeploymentBrief, ServiceRevision } from '@aws-sdk/client-ecs';
import { resourceName } from '../base/arn.ts';
import type { Aws } from '../ports.ts';
import { serviceDeploymentVerdict } from './service-deployment-verdict.ts';
import type { RolloutVerdict } from './snapshot.ts';

/** One service deployment with the revision that it was to bring. */
export interface PastDeployment {
  serviceDeploymentArn: string;
  /** `ecs-svc/…`: its digits are those of its service revision (reference §4.1). */
  deploymentId: string;
  status: string;
  verdict: RolloutVerdict;
  createdAtMs: number;
  finishedAtMs: number | undefined;
  /** Undefined where ECS does not know the revision any more. */
  taskDefinition: string | undefined;
  /** The images of its containers, with the digests that ECS resolved. */
  images: { name: string; image?: string; imageDigest?: string }[];
}

/** ListServiceDeployments answers no more at once, and keeps them for 90 days. */
const listedAtOnce = 100;
const describedAtOnce = 20;
const underWay = ['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'];

/** Whether a service deployment is not over. */
export const isUnderWay = ({ status }: Pick<PastDeployment, 'status'>): boolean => underWay.includes(status);

/** The service deployments of a service, newest first, at most `most`. */
export async function historyOf(
  cluster: string,
  service: string,
  aws: Pick<Aws, 'ecs'>,
  most = listedAtOnce,
): Promise<PastDeployment[]> {
  const { serviceDeployments = [] } = await aws.ecs.listServiceDeployments({ cluster, service, maxResults: most });
  const briefs = serviceDeployments.toSorted((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
  const revisions = new Map<string, ServiceRevision>();
  const arns = briefs.flatMap(({ targetServiceRevisionArn: arn }) => (arn === undefined ? [] : [arn]));
  for (let from = 0; from < arns.length; from += describedAtOnce) {
    const serviceRevisionArns = arns.slice(from, from + describedAtOnce);
    const answer = await aws.ecs.describeServiceRevisions({ serviceRevisionArns });
    for (const one of answer.serviceRevisions ?? []) revisions.set(one.serviceRevisionArn ?? '', one);
  }
  return briefs.map((brief, index) =>
    past(brief, revisions.get(brief.targetServiceRevisionArn ?? ''), briefs[index - 1]?.serviceDeploymentArn),
  );
}

function past(
  brief: ServiceDeploymentBrief,
  revision: ServiceRevision | undefined,
  newer: string | undefined,
): PastDeployment {
  const { serviceDeploymentArn = '', status = '', targetServiceRevisionArn = '', createdAt, finishedAt } = brief;
  return {
    serviceDeploymentArn,
    deploymentId: `ecs-svc/${resourceName(targetServiceRevisionArn)}`,
    status,
    verdict: serviceDeploymentVerdict(brief, { newer }),
    createdAtMs: createdAt?.getTime() ?? 0,
    finishedAtMs: finishedAt?.getTime(),
    taskDefinition: revision?.taskDefinition,
    images: (revision?.containerImages ?? []).map(({ containerName = '', image, imageDigest }) => ({
      name: containerName,
      ...(image === undefined ? {} : { image }),
      ...(imageDigest === undefined ? {} : { imageDigest }),
    })),
  };
}
