import type { Core } from '../core.ts';
import { ApiError, type Json } from '../wire.ts';
import { clientTokens } from './client-tokens.ts';
import type { LaunchSpec, TaskDefinitionRecord } from './records.ts';
import { checkRunTask, invalid } from './run-task-checks.ts';
import { taskView } from './task-view.ts';

/** The RunTask operation, with its table of client tokens. */
export function runTaskOperation(core: Core): (input: Json) => Json {
  const tokens = clientTokens(core);
  return (input) => {
    const cluster = core.clusters.get(input.cluster);
    const replayed = tokens.replay(cluster.name, input);
    if (replayed !== undefined) return replayed;
    const taskDefinition = runnable(core, input.taskDefinition);
    checkRunTask(input, taskDefinition, cluster.name, core);
    const count: number = input.count ?? 1;
    const failures = core.settings.runTaskFailures.shift();
    if (failures !== undefined) {
      tokens.keep(cluster.name, input, [], failures);
      return { tasks: [], failures };
    }
    const tasks = Array.from({ length: count }, () => core.tasks.launch(launchSpec(input, cluster, taskDefinition)));
    tokens.keep(cluster.name, input, tasks, []);
    return { tasks: tasks.map((task) => taskView(task, core, ['TAGS'])), failures: [] };
  };
}

function runnable(core: Core, ref: unknown): TaskDefinitionRecord {
  if (typeof ref !== 'string' || ref === '') throw invalid('TaskDefinition can not be blank.');
  const record = core.taskDefinitions.get(ref);
  if (record === undefined) throw new ApiError('ClientException', 'TaskDefinition not found.');
  if (record.status !== 'ACTIVE') throw invalid('TaskDefinition is inactive');
  return record;
}

function launchSpec(
  input: Json,
  cluster: { name: string; defaultCapacityProviderStrategy: Json[] },
  taskDefinition: TaskDefinitionRecord,
): LaunchSpec {
  const strategy: Json[] =
    input.capacityProviderStrategy ?? (input.launchType === undefined ? cluster.defaultCapacityProviderStrategy : []);
  const provider = strategy.find(({ weight }) => weight > 0)?.capacityProvider ?? strategy[0]?.capacityProvider;
  const launchType = input.launchType ?? (provider === undefined ? 'EC2' : undefined);
  const managed = input.enableECSManagedTags === true ? [{ key: 'aws:ecs:clusterName', value: cluster.name }] : [];
  return {
    cluster: cluster.name,
    taskDefinition,
    overrides: input.overrides,
    group: input.group ?? `family:${taskDefinition.family}`,
    ...(input.startedBy === undefined ? {} : { startedBy: input.startedBy }),
    ...(launchType === undefined ? {} : { launchType }),
    ...(provider === undefined ? {} : { capacityProviderName: provider }),
    ...(input.platformVersion === undefined ? {} : { platformVersion: input.platformVersion }),
    subnets: input.networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
    enableExecuteCommand: input.enableExecuteCommand === true,
    tags: [
      ...(input.propagateTags === 'TASK_DEFINITION' ? taskDefinition.tags : []),
      ...(input.tags ?? []),
      ...managed,
    ],
  };
}
