import type { Core } from '../core.ts';
import { ApiError, type Call, type Json, type Operations } from '../wire.ts';
import { checkController, checkService, invalid, usableDefinition } from './checks.ts';
import type { RevisionRecord, ServiceRecord } from './records.ts';
import type { ServiceScheduler } from './scheduler.ts';
import { serviceView, updateAnswer } from './service-view.ts';
import type { ServiceSettings } from './settings.ts';

/** The services there are, by `cluster/name`. */
export type ServiceMap = Map<string, ServiceRecord>;

/** Changes of these members begin a deployment; all others take effect in place. */
const triggers = [
  'taskDefinition',
  'networkConfiguration',
  'platformVersion',
  'loadBalancers',
  'serviceRegistries',
  'serviceConnectConfiguration',
  'volumeConfigurations',
  'vpcLatticeConfigurations',
];

/** Finds a service by name or ARN. */
export function findService(services: ServiceMap, ref: string, cluster: string): ServiceRecord | undefined {
  return services.get(`${cluster}/${ref.split('/').at(-1)}`);
}

/** CreateService, DescribeServices, UpdateService, DeleteService and ListServices. */
export function serviceOperations(
  core: Core,
  services: ServiceMap,
  scheduler: ServiceScheduler,
  settings: ServiceSettings,
): Operations {
  const known = (input: Json): ServiceRecord => {
    const cluster = core.clusters.get(input.cluster);
    const service = findService(services, String(input.service ?? ''), cluster.name);
    if (service === undefined) throw new ApiError('ServiceNotFoundException', 'Service not found.');
    return service;
  };
  return {
    CreateService: (input: Json, call) => createService(input, call, core, services, scheduler),
    UpdateService: (input: Json) => {
      const service = known(input);
      if (service.status !== 'ACTIVE') throw new ApiError('ServiceNotActiveException', 'Service was not ACTIVE.');
      const before = serviceView(service, scheduler.ground);
      updateService(service, input, core, scheduler);
      if (settings.staleReadMs > 0) {
        service.stale = { view: before, untilMs: core.world.clock.now() + settings.staleReadMs };
      }
      return { service: settings.staleAnswer ? before : updateAnswer(service, scheduler.ground) };
    },
    DescribeServices: (input: Json) => describeServices(input, core, services, scheduler),
    DeleteService: (input: Json) => {
      const service = known(input);
      if (service.desiredCount > 0 && input.force !== true) {
        throw invalid('The service cannot be stopped while it is scaled above 0.');
      }
      scheduler.drain(service);
      return { service: serviceView(service, scheduler.ground) };
    },
    ListServices: (input: Json) => listServices(input, core, services),
  };
}

function createService(input: Json, call: Call, core: Core, services: ServiceMap, scheduler: ServiceScheduler): Json {
  const cluster = core.clusters.get(input.cluster);
  const { world } = core;
  if (typeof input.serviceName !== 'string' || !/^[\w-]{1,255}$/.test(input.serviceName)) {
    throw invalid('Service name must be 1 to 255 letters, numbers, hyphens, and underscores.');
  }
  const existing = services.get(`${cluster.name}/${input.serviceName}`);
  if (existing?.status === 'DRAINING') throw invalid('Unable to Start a service that is still Draining.');
  if (existing?.status === 'ACTIVE') throw invalid('Creation of service was not idempotent.');
  const controller = input.deploymentController?.type ?? 'ECS';
  const definition = controller === 'EXTERNAL' ? undefined : usableDefinition(input.taskDefinition ?? '', core);
  checkService(input, definition, cluster.name, core);
  const { cluster: _cluster, serviceName: name, desiredCount = 0, tags = [], ...rest } = structuredClone(input);
  const config: Json = { schedulingStrategy: 'REPLICA', ...rest };
  if (definition !== undefined) config.taskDefinition = definition.arn;
  const isFargate =
    config.launchType === 'FARGATE' || JSON.stringify(config.capacityProviderStrategy ?? '').includes('FARGATE');
  if (isFargate) config.platformVersion ??= 'LATEST';
  const service: ServiceRecord = {
    name,
    arn: `arn:aws:ecs:${world.region}:${world.accountId}:service/${cluster.name}/${name}`,
    cluster: cluster.name,
    status: 'ACTIVE',
    createdAtMs: world.clock.now(),
    createdBy: call.principal?.arn ?? `arn:aws:iam::${world.accountId}:root`,
    desiredCount,
    config,
    deployments: [],
    serviceDeployments: [],
    revisions: [],
    events: [],
    isSteady: false,
    tags,
  };
  services.set(`${cluster.name}/${name}`, service);
  if (definition !== undefined) scheduler.deploy(service, newRevision(service, core));
  return { service: updateAnswer(service, scheduler.ground) };
}

function newRevision(service: ServiceRecord, core: Core): RevisionRecord {
  const { world } = core;
  const { launchType, capacityProviderStrategy, platformVersion, networkConfiguration, loadBalancers } = service.config;
  const revision: RevisionRecord = {
    arn: `arn:aws:ecs:${world.region}:${world.accountId}:service-revision/${service.cluster}/${service.name}/${world.digits(19)}`,
    taskDefinition: usableDefinition(service.config.taskDefinition, core),
    createdAtMs: world.clock.now(),
    digests: {},
    config: { launchType, capacityProviderStrategy, platformVersion, networkConfiguration, loadBalancers },
  };
  service.revisions.unshift(revision);
  return revision;
}

function updateService(service: ServiceRecord, input: Json, core: Core, scheduler: ServiceScheduler): void {
  checkController(service.config.deploymentController?.type ?? 'ECS', input);
  const { cluster: _cluster, service: _service, forceNewDeployment, desiredCount, ...given } = structuredClone(input);
  const changes: Json = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
  const definition = changes.taskDefinition === undefined ? undefined : usableDefinition(changes.taskDefinition, core);
  if (definition !== undefined) changes.taskDefinition = definition.arn;
  const config = {
    ...service.config,
    ...changes,
    deploymentConfiguration: { ...service.config.deploymentConfiguration, ...changes.deploymentConfiguration },
  };
  checkService({ ...config, desiredCount }, definition, service.cluster, core);
  const isNew = triggers.some(
    (member) =>
      changes[member] !== undefined && JSON.stringify(changes[member]) !== JSON.stringify(service.config[member]),
  );
  service.config = config;
  if (desiredCount !== undefined) service.desiredCount = desiredCount;
  service.isSteady = false;
  if (isNew || forceNewDeployment === true) scheduler.deploy(service, newRevision(service, core));
  scheduler.ground.wake(service);
}

function describeServices(input: Json, core: Core, services: ServiceMap, scheduler: ServiceScheduler): Json {
  const cluster = core.clusters.get(input.cluster);
  const refs: string[] = input.services ?? [];
  if (refs.length === 0) throw invalid('Services cannot be empty.');
  if (refs.length > 10) throw invalid('Services can have at most 10 items.');
  const nowMs = core.world.clock.now();
  const found = refs.map((ref) => ({ ref, service: findService(services, ref, cluster.name) }));
  return {
    services: found.flatMap(({ service }) => {
      if (service === undefined) return [];
      const { stale } = service;
      return [
        stale !== undefined && nowMs < stale.untilMs
          ? stale.view
          : serviceView(service, scheduler.ground, input.include),
      ];
    }),
    failures: found
      .filter(({ service }) => service === undefined)
      .map(({ ref }) => ({
        arn: ref.startsWith('arn:')
          ? ref
          : `arn:aws:ecs:${core.world.region}:${core.world.accountId}:service/${cluster.name}/${ref}`,
        reason: 'MISSING',
      })),
  };
}

function listServices(input: Json, core: Core, services: ServiceMap): Json {
  const cluster = core.clusters.get(input.cluster);
  const arns = [...services.values()]
    .filter((service) => service.cluster === cluster.name && service.status !== 'INACTIVE')
    .filter(({ config }) => input.launchType === undefined || config.launchType === input.launchType)
    .map(({ arn }) => arn);
  const from = Number(input.nextToken ?? 0);
  const to = from + (input.maxResults ?? 10);
  return { serviceArns: arns.slice(from, to), nextToken: to < arns.length ? String(to) : undefined };
}
