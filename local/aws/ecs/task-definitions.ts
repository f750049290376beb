import type { World } from '../part.ts';
import { ApiError, type Json } from '../wire.ts';
import type { TaskDefinitionRecord } from './records.ts';

const outputOnly = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
];

/** The task definitions: families of immutable revisions. */
export class TaskDefinitions {
  readonly #world: World;
  readonly #families = new Map<string, TaskDefinitionRecord[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A new revision of `input.family`; members this model does not know are kept as they are. */
  register(input: Json, registeredBy = this.#world.accountId): TaskDefinitionRecord {
    check(input);
    const { region, accountId, clock } = this.#world;
    const revisions = this.#families.get(input.family) ?? [];
    const revision = revisions.length + 1;
    const record: TaskDefinitionRecord = {
      arn: `arn:aws:ecs:${region}:${accountId}:task-definition/${input.family}:${revision}`,
      family: input.family,
      revision,
      status: 'ACTIVE',
      registeredAtMs: clock.now(),
      registeredBy: registeredBy.startsWith('arn:') ? registeredBy : `arn:aws:iam::${accountId}:root`,
      raw: withDefaults(input),
      tags: structuredClone(input.tags ?? []),
    };
    this.#families.set(input.family, [...revisions, record]);
    return record;
  }

  /** By family (latest ACTIVE), `family:revision` or ARN (also INACTIVE ones). */
  get(ref: string): TaskDefinitionRecord | undefined {
    const [family = '', revision] = ref.replace(/^arn:aws[^:]*:ecs:[^:]*:[^:]*:task-definition\//, '').split(':');
    const revisions = this.#families.get(family) ?? [];
    if (revision === undefined) return revisions.findLast(({ status }) => status === 'ACTIVE');
    return revisions.find((record) => String(record.revision) === revision);
  }

  deregister(ref: string): TaskDefinitionRecord {
    const record = this.get(ref);
    if (record === undefined) throw new ApiError('ClientException', 'Unable to describe task definition.');
    record.status = 'INACTIVE';
    record.deregisteredAtMs = this.#world.clock.now();
    return record;
  }

  /** Every revision of every family (or of one), oldest first. */
  all(family?: string): TaskDefinitionRecord[] {
    return [...this.#families.entries()]
      .filter(([name]) => family === undefined || name === family)
      .flatMap(([, r]) => r);
  }
}

/** The `taskDefinition` member of the API's answers. */
export function taskDefinitionView(record: TaskDefinitionRecord): Json {
  const { launchTypes, ...raw } = { launchTypes: record.raw.requiresCompatibilities, ...record.raw };
  return {
    ...raw,
    taskDefinitionArn: record.arn,
    revision: record.revision,
    status: record.status,
    requiresAttributes: [{ name: 'com.amazonaws.ecs.capability.docker-remote-api.1.18' }],
    compatibilities: ['EC2', ...(launchTypes?.includes('FARGATE') ? ['FARGATE'] : [])],
    registeredAt: record.registeredAtMs / 1000,
    registeredBy: record.registeredBy,
    ...(record.deregisteredAtMs === undefined ? {} : { deregisteredAt: record.deregisteredAtMs / 1000 }),
  };
}

const client = (message: string) => new ApiError('ClientException', message);

function check(input: Json): void {
  if (typeof input.family !== 'string' || !/^[\w-]{1,255}$/.test(input.family)) {
    throw client('Family should not be null or empty.');
  }
  const containers = input.containerDefinitions;
  if (!Array.isArray(containers) || containers.length === 0) throw client('Container list cannot be empty.');
  if (containers.length > 10) throw client('Too many containers in the task definition.');
  const names = containers.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw client('Container names must be unique.');
  for (const container of containers) checkContainer(container, input);
  if (!containers.some(({ essential }) => essential !== false)) throw client('Invalid: no essential containers.');
  if (input.requiresCompatibilities?.includes('FARGATE')) checkFargate(input);
  if (JSON.stringify(input).length > 64 * 1024) throw client('Actual length of the task definition exceeds 65536.');
}

function checkContainer(container: Json, input: Json): void {
  if (!container.name) throw client('Container.name should not be null or empty.');
  if (!container.image) throw client('Container.image should not be null or empty.');
  for (const { name, value } of container.environment ?? []) {
    if (name === undefined || value === undefined) throw client('Environment variables need a name and a value.');
  }
  if ((container.secrets ?? []).length > 0 && input.executionRoleArn === undefined) {
    throw client("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'");
  }
  const log = container.logConfiguration;
  if (log?.logDriver !== 'awslogs') return;
  const options = log.options ?? {};
  if (!options['awslogs-group']) throw client("Log driver awslogs requires options: 'awslogs-group'");
  if (input.requiresCompatibilities?.includes('FARGATE') && !options['awslogs-stream-prefix']) {
    throw client('Log driver awslogs requires options: awslogs-stream-prefix for Fargate.');
  }
}

const fargateMemory: Record<string, [from: number, to: number]> = {
  256: [512, 2048],
  512: [1024, 4096],
  1024: [2048, 8192],
  2048: [4096, 16384],
  4096: [8192, 30720],
  8192: [16384, 61440],
  16384: [32768, 122880],
};

function checkFargate(input: Json): void {
  if (input.networkMode !== 'awsvpc') {
    throw client("Fargate only supports network mode 'awsvpc'.");
  }
  const range = fargateMemory[String(input.cpu)];
  const memory = Number(input.memory);
  if (range === undefined || !(memory >= range[0] && memory <= range[1])) {
    throw client('No Fargate configuration exists for given values.');
  }
}

/** ECS answers with these members filled in, whatever was sent. */
function withDefaults(input: Json): Json {
  const { tags: _tags, ...raw } = structuredClone(input);
  for (const name of outputOnly) delete raw[name];
  raw.containerDefinitions = raw.containerDefinitions.map((container: Json) => ({
    cpu: 0,
    essential: true,
    environment: [],
    mountPoints: [],
    volumesFrom: [],
    systemControls: [],
    ...container,
    portMappings: (container.portMappings ?? []).map((mapping: Json) => ({
      ...(raw.networkMode === 'awsvpc' ? { hostPort: mapping.containerPort } : {}),
      protocol: 'tcp',
      ...mapping,
    })),
  }));
  raw.volumes ??= [];
  raw.placementConstraints ??= [];
  return raw;
}
