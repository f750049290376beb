import type { Service } from '@aws-sdk/client-ecs';

/** The revision that serves beside a deployment: the PRIMARY with all its tasks, else one whose rollout was completed. */
export function servedRevision({ deployments = [], desiredCount = 0 }: Service, except?: string): string | undefined {
  const others = deployments.filter(({ id }) => id !== except);
  const primary = others.find(({ status }) => status === 'PRIMARY');
  // Once its tasks run, a PRIMARY is IN_PROGRESS only until the old ones are gone (reference §4.1).
  if (primary !== undefined && desiredCount > 0 && (primary.runningCount ?? 0) >= desiredCount) {
    return primary.taskDefinition;
  }
  const completed = others.find(({ rolloutState }) => rolloutState === 'COMPLETED');
  return (completed ?? others.find(({ runningCount = 0 }) => runningCount > 0))?.taskDefinition;
}
