import type { Core } from '../core.ts';
import { ApiError, type Json, type Operations } from '../wire.ts';
import type { TaskRecord } from './records.ts';
import { runTaskOperation } from './run-task.ts';
import { invalid } from './run-task-checks.ts';
import { taskView } from './task-view.ts';

const hourMs = 3_600_000;

/** RunTask, DescribeTasks, ListTasks, StopTask and DescribeClusters. */
export function taskOperations(core: Core, servicesIn: (cluster: string) => number): Operations {
  return {
    RunTask: runTaskOperation(core),
    DescribeTasks: (input: Json) => describeTasks(input, core),
    ListTasks: (input: Json) => listTasks(input, core),
    StopTask: (input: Json) => stopTask(input, core),
    DescribeClusters: (input: Json) => describeClusters(input, core, servicesIn),
    ListClusters: () => ({ clusterArns: core.clusters.all().map(({ arn }) => arn) }),
    CreateCluster: (input: Json) => ({
      cluster: {
        ...clusterView(core.clusters.create(input.clusterName ?? 'default').name, core),
        activeServicesCount: 0,
      },
    }),
  };
}

/** Visible from the end of the MISSING window until an hour after it stopped. */
function visible(task: TaskRecord, core: Core): boolean {
  const nowMs = core.world.clock.now();
  if (nowMs < task.createdAtMs + core.settings.missingForMs) return false;
  return task.stoppedAtMs === undefined || nowMs < task.stoppedAtMs + hourMs;
}

/** Whether DescribeTasks has lost sight of the task for a while. */
function isFlapping(task: TaskRecord, { world, settings }: Core): boolean {
  const ageMs = world.clock.now() - task.createdAtMs;
  return settings.missingWindows.some(({ fromMs, untilMs }) => ageMs >= fromMs && ageMs < untilMs);
}

function describeTasks(input: Json, core: Core): Json {
  const cluster = core.clusters.get(input.cluster);
  const refs: string[] = input.tasks ?? [];
  if (refs.length === 0) throw invalid('Tasks cannot be empty.');
  if (refs.length > 100) throw invalid('Tasks can have at most 100 items.');
  const tasks: Json[] = [];
  const failures: Json[] = [];
  for (const ref of refs) {
    const arn = taskArn(ref, cluster.name, core);
    const task = core.tasks.tasks.get(arn);
    if (task === undefined || task.cluster !== cluster.name || !visible(task, core) || isFlapping(task, core)) {
      failures.push({ arn, reason: 'MISSING' });
    } else tasks.push(taskView(task, core, input.include));
  }
  return { tasks, failures };
}

function taskArn(ref: string, cluster: string, core: Core): string {
  const { region, accountId } = core.world;
  if (ref.startsWith('arn:')) {
    const parts = ref.split(':');
    if (parts.length !== 6) throw invalid('Unexpected number of separators');
    if (!/^task\/([\w-]+\/)?[0-9a-f-]{32,36}$/.test(parts[5] ?? '')) throw invalid(`Invalid identifier: ${ref}`);
    return ref;
  }
  if (ref.length !== 32 && ref.length !== 36) throw invalid('taskId length should be one of [32,36]');
  return `arn:aws:ecs:${region}:${accountId}:task/${cluster}/${ref}`;
}

function listTasks(input: Json, core: Core): Json {
  const cluster = core.clusters.get(input.cluster);
  const { family, startedBy, serviceName, launchType, containerInstance, maxResults = 100 } = input;
  if (startedBy !== undefined && (family ?? serviceName ?? input.desiredStatus ?? containerInstance) !== undefined) {
    throw invalid('cannot specify startedBy with any other filter.');
  }
  const desiredStatus = input.desiredStatus ?? 'RUNNING';
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > 100)
    throw invalid('maxResults must be 1 to 100.');
  const service = serviceName?.split('/').at(-1);
  const found = [...core.tasks.tasks.values()].filter(
    (task) =>
      task.cluster === cluster.name &&
      visible(task, core) &&
      task.desiredStatus === desiredStatus &&
      (family === undefined || task.taskDefinition.family === family) &&
      (startedBy === undefined || task.startedBy === startedBy) &&
      (service === undefined || task.serviceName === service) &&
      (launchType === undefined || task.launchType === launchType),
  );
  const from = Number(input.nextToken ?? 0);
  const to = from + maxResults;
  return {
    taskArns: found.slice(from, to).map(({ arn }) => arn),
    nextToken: to < found.length ? String(to) : undefined,
  };
}

function stopTask(input: Json, core: Core): Json {
  const cluster = core.clusters.get(input.cluster);
  const task = core.tasks.tasks.get(taskArn(input.task ?? '', cluster.name, core));
  if (task === undefined || task.cluster !== cluster.name || !visible(task, core)) {
    throw invalid('The referenced task was not found.');
  }
  if ((input.reason ?? '').length > 1024) throw new ApiError('ClientException', 'The reason is too long.');
  core.tasks.stop(task, { stopCode: 'UserInitiated', reason: input.reason ?? 'Task stopped by user' });
  return { task: taskView(task, core) };
}

function describeClusters(input: Json, core: Core, servicesIn: (cluster: string) => number): Json {
  const refs: string[] = input.clusters ?? ['default'];
  const found = refs.map((ref) => ({ ref, cluster: core.clusters.find(ref) }));
  return {
    clusters: found.flatMap(({ cluster }) =>
      cluster === undefined
        ? []
        : [{ ...clusterView(cluster.name, core), activeServicesCount: servicesIn(cluster.name) }],
    ),
    failures: found
      .filter(({ cluster }) => cluster === undefined)
      .map(({ ref }) => ({
        arn: ref.startsWith('arn:') ? ref : `arn:aws:ecs:${core.world.region}:${core.world.accountId}:cluster/${ref}`,
        reason: 'MISSING',
      })),
  };
}

function clusterView(name: string, core: Core): Json {
  const cluster = core.clusters.get(name);
  const tasks = [...core.tasks.tasks.values()].filter((task) => task.cluster === name);
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: 'ACTIVE',
    registeredContainerInstancesCount: core.settings.containerInstances[name] ?? 0,
    runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length,
    pendingTasksCount: tasks.filter(({ lastStatus }) => ['PENDING', 'PROVISIONING', 'ACTIVATING'].includes(lastStatus))
      .length,
    capacityProviders: cluster.capacityProviders,
    defaultCapacityProviderStrategy: cluster.defaultCapacityProviderStrategy,
  };
}
