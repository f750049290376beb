interface EndedContainer {
  name: string;
  exitCode?: number;
  reason?: string;
}

/** Containers that ECS adds to a task by itself; their end does not end the task. */
const added = /^(aws-guardduty-agent-|ecs-service-connect-)/;

/** SIGKILL and SIGTERM reach every container of a task that ends; alone they say little. */
const stopped = new Set([137, 143]);

/** The container that a failed task failed for: one that went wrong by itself before one that was taken along. */
export function culpritOf<C extends EndedContainer>(containers: readonly C[]): C | undefined {
  const rank = ({ name, exitCode = 0, reason }: EndedContainer): number =>
    (added.test(name) ? 10 : 0) + (reason !== undefined ? 0 : stopped.has(exitCode) ? 2 : 1);
  return containers
    .filter(({ exitCode = 0, reason }) => exitCode !== 0 || reason !== undefined)
    .sort((a, b) => rank(a) - rank(b))[0];
}
