import type { Service } from '@aws-sdk/client-ecs';
import type { PastDeployment } from './history.ts';
import type { OwnDeployment, ServicePlan } from './model.ts';
import { newObservation, type Observation, primaryOf } from './observe.ts';

/** What tells the deployment that is adopted; a PRIMARY that stands has no service deployment to follow. */
type Adopted = Pick<PastDeployment, 'deploymentId' | 'createdAtMs'> & {
  taskDefinition: string | undefined;
  serviceDeploymentArn?: string | undefined;
};

/** A deployment that had begun before this run, as if it were ours: the same polls and verdicts follow it. */
export function adopt(
  { name, service, mayRead }: { name: string; service: Service; mayRead: boolean },
  adopted: Adopted,
  kind: ServicePlan['kind'],
  nowMs: number,
): { own: OwnDeployment; seen: Observation } {
  const { deploymentId, createdAtMs, taskDefinition, serviceDeploymentArn } = adopted;
  const others = (service.deployments ?? []).filter(({ id }) => id !== deploymentId);
  const primary = others.find(({ rolloutState }) => rolloutState === 'COMPLETED') ?? primaryOf({ deployments: others });
  const plan: ServicePlan = {
    before: { name, service, primary: primary ?? others[0], mayReadServiceDeployments: mayRead },
    taskDefinitionArn: taskDefinition,
    document: undefined,
    differences: [],
    digests: new Map(),
    kind,
    isRevisionAsked: false,
  };
  const own: OwnDeployment = {
    plan,
    name,
    taskDefinitionArn: taskDefinition ?? '',
    deploymentId,
    createdAtMs,
    startedAtMs: nowMs,
    wasUnderWay: true,
  };
  const seen = newObservation(own);
  return { own, seen: Object.assign(seen, { serviceDeploymentArn, wasSeen: true }) };
}
