import type { Service } from '@aws-sdk/client-ecs';
import type { PastDeployment } from './history.ts';
import type { OwnDeployment, ServicePlan } from './model.ts';
import { newObservation, type Observation, primaryOf } from './observe.ts';

/** The revision that serves beside a deployment: the PRIMARY with all its tasks, else one whose rollout was completed. */
export function servedRevision({ deployments = [], desiredCount = 0 }: Service, except?: string): string | undefined {
  const others = deployments.filter(({ id }) => id !== except);
  const primary = primaryOf({ deployments: others });
  // Once its tasks run, a PRIMARY is IN_PROGRESS only until the old ones are gone (reference §4.1).
  if (primary !== undefined && desiredCount > 0 && (primary.runningCount ?? 0) >= desiredCount) {
    return primary.taskDefinition;
  }
  const completed = others.find(({ rolloutState }) => rolloutState === 'COMPLETED');
  return (completed ?? others.find(({ runningCount = 0 }) => runningCount > 0))?.taskDefinition;
}

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
