import type { ContainerBehaviour } from '../behaviour.ts';
import type { Core } from '../core.ts';
import { type ContainerLauncher, definitionOf, logTarget, play, type RunningContainer } from './container-launch.ts';
import type { ContainerRecord, TaskRecord } from './records.ts';

/** What a container tells the engine. */
export interface ContainerHooks {
  launcher: ContainerLauncher | undefined;
  exited(container: ContainerRecord, code: number | undefined, reason: string | undefined): void;
  /** Runs something later, unless the task begins to end before. */
  after(ms: number, run: () => void): void;
  healthChanged(): void;
}

/** Starts one container: its log stream begins to exist, the truth notes that it ran, and it runs for real or by its script. */
export function startContainer(
  task: TaskRecord,
  container: ContainerRecord,
  behaviour: ContainerBehaviour,
  hooks: ContainerHooks,
  core: Core,
): RunningContainer | undefined {
  container.lastStatus = 'RUNNING';
  container.runtimeId = `${task.id}-${core.world.digits(10)}`;
  if (!container.defined) return undefined;
  const target = logTarget(task, container, core);
  if (target !== undefined) core.logs.createStream(target.group, target.stream, target.region);
  core.truth.runs.push({
    taskArn: task.arn,
    startedBy: task.startedBy,
    serviceName: task.serviceName,
    family: task.taskDefinition.family,
    revision: task.taskDefinition.revision,
    container: container.name,
    image: container.image,
    imageDigest: container.imageDigest,
    command: container.command,
    startedAtMs: core.world.clock.now(),
  });
  let ended = false;
  const tell = {
    line(message: string): void {
      if (target === undefined) return;
      const { group, stream, region } = target;
      core.logs.write(group, stream, message, { ingestDelayMs: behaviour.logDelayMs, region });
    },
    exit(code: number | undefined, reason?: string): void {
      if (ended) return;
      ended = true;
      hooks.exited(container, code, reason);
    },
  };
  watchHealth(task, container, behaviour, hooks, core);
  return hooks.launcher?.start(task, container, tell) ?? play(behaviour, core, tell);
}

function watchHealth(
  task: TaskRecord,
  container: ContainerRecord,
  behaviour: ContainerBehaviour,
  hooks: ContainerHooks,
  core: Core,
): void {
  const check = definitionOf(task, container)?.healthCheck;
  if (check === undefined) return;
  const { healthyMs } = core.settings.timings;
  const failingMs = (check.startPeriod ?? 0) * 1000 + (check.retries ?? 3) * (check.interval ?? 30) * 1000;
  const healthy = behaviour.healthy !== false;
  hooks.after(healthy ? healthyMs : failingMs, () => {
    if (container.lastStatus !== 'RUNNING') return;
    container.healthStatus = healthy ? 'HEALTHY' : 'UNHEALTHY';
    const states = task.containers.map(({ healthStatus }) => healthStatus).filter((state) => state !== undefined);
    const worst = states.includes('UNHEALTHY') ? 'UNHEALTHY' : states.includes('UNKNOWN') ? 'UNKNOWN' : 'HEALTHY';
    task.healthStatus = worst;
    hooks.healthChanged();
  });
}
