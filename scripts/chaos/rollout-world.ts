import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Rollout } from '../../local/aws/truth.ts';
import type { Json } from '../../local/aws/wire.ts';
import { canary } from './faults.ts';
import type { Deed, RolloutSchedule, Tag } from './rollout-schedule.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const targetGroup = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef';
const tags: readonly Tag[] = ['v1', 'v2', 'v3'];

/** An UpdateService that was carried out for one of our processes. */
export interface Update {
  /** The process's version. */
  by: string;
  atMs: number;
  taskDefinition: string;
  /** The deployment that it began; undefined where it began none. */
  deploymentId: string | undefined;
  /** The answer that went out named it. */
  isNamed: boolean;
}

/** What served at a moment. */
export interface Sample {
  atMs: number;
  taskDefinitionArns: readonly string[];
  imageDigests: readonly string[];
}

/** A service `web` on `web:v1` in cluster `prod`, settled, and a look behind the API. */
export interface RolloutWorld {
  model: LocalAws;
  digests: Record<Tag, string>;
  updates: Update[];
  /** Taken whenever the services are described. */
  samples: Sample[];
  /** When a request last went wrong, on purpose of the schedule. */
  troubleAtMs(): number;
  sample(): Sample;
  /** The truth about a deployment by its id. */
  truthOf(deploymentId: string | undefined): Rollout | undefined;
  /** Registers a revision with this image and returns its ARN. */
  register(image: Tag): string;
}

/** The world of a schedule, before its first moment. */
export async function rolloutWorld(schedule: RolloutSchedule): Promise<RolloutWorld> {
  const model = new LocalAws({ seed: 7 });
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/web');
  const pushed = tags.map((tag) => [tag, model.ecr.push('web', [tag], `content of ${tag}`)]);
  const digests = Object.fromEntries(pushed) as Record<Tag, string>;
  const register = (image: Tag): string =>
    model.taskDefinitions.register(definition(`${registry}/web@${digests[image]}`)).arn;
  const { services, operations } = model;
  model.taskDefinitions.register(definition(`${registry}/web:v1`));
  const { ecs } = operations;
  const call = { service: 'ecs' as const, principal: undefined, region: 'eu-west-1', atMs: 0 };
  const input = {
    cluster: 'prod',
    serviceName: 'web',
    taskDefinition: 'web',
    desiredCount: schedule.desiredCount,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    ...(schedule.loadBalancer
      ? { loadBalancers: [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }] }
      : {}),
  };
  await ecs.CreateService?.(input, { ...call, operation: 'CreateService', input });
  model.clock.advance(3_600_000);
  // The first deployment is settled: hooks, alarms and strategy are those of the deployments to come.
  const change = { cluster: 'prod', service: 'web', deploymentConfiguration: schedule.configuration };
  await ecs.UpdateService?.(change, { ...call, operation: 'UpdateService', input: change });
  model.clock.advance(60_000);
  Object.assign(services.settings, schedule.knobs);
  for (const tag of ['v2', 'v3'] as const) {
    const { behaviour, times } = schedule.revisions[tag];
    const match = { image: digests[tag], kind: 'service' as const, ...(times === undefined ? {} : { times }) };
    model.behaviours.script(match, behaviour);
  }
  const world: RolloutWorld = {
    model,
    digests,
    updates: [],
    samples: [],
    troubleAtMs: () => Number.NEGATIVE_INFINITY,
    sample: () => {
      const { taskDefinitionArns, imageDigests } = model.truth.serving('web');
      return { atMs: model.clock.now(), taskDefinitionArns, imageDigests };
    },
    truthOf: (id) => model.truth.rollouts('web').find((one) => one.id === id),
    register,
  };
  watch(world);
  script(schedule, model);
  return world;
}

function definition(image: string): Json {
  return {
    family: 'web',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
    containerDefinitions: [
      {
        name: 'web',
        image,
        portMappings: [{ containerPort: 8080 }],
        environment: [{ name: 'SECRET', value: canary }],
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'web' },
        },
      },
    ],
  };
}

/** Notes what is carried out and what served. */
function watch(world: RolloutWorld): void {
  const { model, updates, samples } = world;
  const { ecs } = model.operations;
  const { UpdateService: update, DescribeServices: describe } = ecs;
  const primary = (): string | undefined => model.services.find('prod', 'web')?.deployments[0]?.id;
  ecs.UpdateService = (input, call) => {
    const before = primary();
    const answer = update?.(input, call);
    const agent = model.requests.at(-1)?.headers['user-agent'] ?? '';
    const by = call.principal?.accessKeyId === 'AKIAOPERATOR' ? 'operator' : (/run-\d+/.exec(agent)?.[0] ?? 'nobody');
    const after = primary();
    const { taskDefinition = model.services.find('prod', 'web')?.deployments[0]?.revision.taskDefinition.arn ?? '' } =
      input;
    const deploymentId = before === after ? undefined : after;
    updates.push({ by, atMs: call.atMs, taskDefinition, deploymentId, isNamed: false });
    return answer;
  };
  ecs.DescribeServices = (input, call) => {
    samples.push(world.sample());
    return describe?.(input, call);
  };
  const handle = model.handle.bind(model);
  let troubleAtMs = Number.NEGATIVE_INFINITY;
  model.handle = async (request) => {
    const answer = await handle(request);
    const isTrouble = answer.status !== 200 || answer.sabotage !== undefined || answer.delayMs !== undefined;
    const operation = model.requests.at(-1)?.operation;
    if (isTrouble && operation === 'DescribeServices') troubleAtMs = model.clock.now();
    const updated = operation === 'UpdateService' ? updates.at(-1) : undefined;
    if (updated !== undefined && !isTrouble)
      updated.isNamed ||= idsIn(String(answer.body)).includes(updated.deploymentId);
    return answer;
  };
  world.troubleAtMs = () => troubleAtMs;
}

/** The deployments that an answer of UpdateService names; none where it cannot be read. */
function idsIn(body: string): (string | undefined)[] {
  try {
    return JSON.parse(body).service.deployments.map(({ id }: Json) => id);
  } catch {
    return [];
  }
}

const ofServiceDeployments = ['ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions'];

function script({ denied, tasks, faults }: RolloutSchedule, { faults: all }: LocalAws): void {
  for (const operation of denied === 'no' ? [] : ofServiceDeployments) {
    const message = `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:${operation} on resource: *`;
    if (denied === '5xx') all.script({ kind: '500-json', operation, times: 99_999 });
    else all.script({ kind: 'error', operation, times: 99_999, type: 'AccessDeniedException', message });
  }
  if (tasks !== 'listed') {
    all.script({ kind: tasks === 'hanging' ? 'hang' : 'throttle', operation: 'ListTasks', times: 99_999 });
  }
  for (const fault of faults) all.script(fault);
}

/** Does what somebody else does. */
export async function act({ model, register }: RolloutWorld, deed: Deed): Promise<void> {
  const { operators, services, truth } = model;
  switch (deed.do) {
    case 'scale':
      await operators.scale('prod', 'web', deed.desiredCount);
      return;
    case 'update':
      await operators.updateService('prod', 'web', { taskDefinition: register(deed.image) });
      return;
    case 'force':
      await operators.updateService('prod', 'web', { forceNewDeployment: true });
      return;
    case 'roll back':
      await operators.rollBack('prod', 'web');
      return;
    case 'stop a task':
      for (const arn of truth.serving('web').taskArns.slice(0, 1)) await operators.stopTask(arn);
      return;
    case 'ring the alarm':
      services.setAlarm('5xx', 'ALARM');
      return;
    case 'answer the hook':
      await operators.answerHook('prod', 'web', 'CONTINUE');
      return;
    case 'refuse the hook':
      await operators.answerHook('prod', 'web', 'ROLLBACK');
  }
}
