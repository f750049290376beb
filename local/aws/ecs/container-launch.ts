import type { ContainerBehaviour, ContainerFacts } from '../behaviour.ts';
import type { Core } from '../core.ts';
import type { Json } from '../wire.ts';
import type { ContainerRecord, TaskRecord } from './records.ts';

/** A container that really runs, outside the model. */
export interface RunningContainer {
  /** SIGTERM stands for the STOPSIGNAL of the image, where that names another one. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Runs containers for real; answers undefined for those it has nothing for, which then follow their script. */
export interface ContainerLauncher {
  start(
    task: TaskRecord,
    container: ContainerRecord,
    tell: { line(message: string): void; exit(code: number | undefined, reason?: string): void },
  ): RunningContainer | undefined;
}

/** What scripts are matched against. */
export function factsOf(task: TaskRecord, container: ContainerRecord): ContainerFacts {
  return {
    family: task.taskDefinition.family,
    revision: task.taskDefinition.revision,
    container: container.name,
    image: container.image,
    imageDigest: container.imageDigest,
    command: container.command,
    serviceName: task.serviceName,
  };
}

/** Where a container's awslogs driver writes, or undefined when it has none. */
export function logTarget(
  task: TaskRecord,
  container: ContainerRecord,
  core: Core,
): { group: string; stream: string; region: string; createGroup: boolean } | undefined {
  const definition = definitionOf(task, container);
  const log = definition?.logConfiguration;
  if (log?.logDriver !== 'awslogs') return undefined;
  const prefix = log.options['awslogs-stream-prefix'];
  return {
    group: log.options['awslogs-group'],
    region: log.options['awslogs-region'] ?? core.world.region,
    // Without a prefix Docker names the stream after the container.
    stream: prefix === undefined ? (container.runtimeId ?? '') : `${prefix}/${container.name}/${task.id}`,
    createGroup: log.options['awslogs-create-group'] === 'true',
  };
}

/** The container's definition in the task definition; undefined for injected ones. */
export const definitionOf = (task: TaskRecord, container: ContainerRecord): Json | undefined =>
  task.taskDefinition.raw.containerDefinitions.find(({ name }: Json) => name === container.name);

/** The text with which a task fails whose log group is missing. */
export function loggerFault(task: TaskRecord, core: Core): string | undefined {
  for (const container of task.containers) {
    const target = logTarget(task, container, core);
    if (target === undefined || core.logs.hasGroup(target.group, target.region)) continue;
    if (target.createGroup) core.logs.createGroup(target.group, target.region);
    else {
      return (
        'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: ' +
        'failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error ' +
        'StatusCode: 400, ResourceNotFoundException: The specified log group does not exist. : exit status 1'
      );
    }
  }
  return undefined;
}

/** Plays a scripted container by the clock. */
export function play(
  behaviour: ContainerBehaviour,
  core: Core,
  tell: { line(message: string): void; exit(code: number | undefined, reason?: string): void },
): RunningContainer {
  const { clock } = core.world;
  const startedAtMs = clock.now();
  const appointments = (behaviour.logs ?? []).map(({ atMs, message }) =>
    clock.at(startedAtMs + atMs, () => tell.line(message)),
  );
  const end = (code: number | undefined, reason?: string) => {
    for (const cancel of appointments) cancel();
    tell.exit(code, reason);
  };
  if (behaviour.runMs !== undefined) {
    const code = behaviour.exitCode === undefined ? 0 : (behaviour.exitCode ?? undefined);
    // The exit comes after the lines that were written until then.
    appointments.push(clock.at(startedAtMs + behaviour.runMs, () => end(code, behaviour.reason)));
  }
  return {
    kill(signal) {
      if (signal === 'SIGKILL') end(137);
      else if (behaviour.ignoresSigterm !== true) {
        clock.at(clock.now() + core.settings.timings.sigtermMs, () => end(behaviour.sigtermExitCode ?? 143));
      }
    },
  };
}
