import { familyOf, resourceName } from '../../base/arn.ts';
import type { RawTaskDefinition } from '../../ports.ts';
import { servedRevision } from '../../task-definition/served-revision.ts';
import { checkContainer, checkDefinition, findDefinition } from './definition.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import { checkRepositories } from './images.ts';
import { checkDatabase, checkWayOut, networkOf } from './network.ts';
import { checkPermissions, checkTaskPermissions } from './permissions.ts';
import { checkClusters, checkServices, findServices } from './services.ts';
import { checkSlack } from './slack.ts';
import type { DoctorDeps, Network, Target } from './target.ts';
import { checkJobRole } from './trust.ts';

/** Asks AWS for everything that the stages will need; changes nothing, and finds the same fault once. */
export async function doctor(target: Target, deps: DoctorDeps): Promise<Finding[]> {
  const { Account: account, Arn: arn = '' } = await deps.aws.sts.getCallerIdentity();
  const updated = await rollouts(target, deps);
  const places = await Promise.all([...(await migrations(target, deps)), ...updated]);
  const families = new Map((await Promise.all(updated)).map(({ key, family }) => [key, family]));
  const jobRoles = distinct(
    [...target.builds, ...target.migrations, ...target.rollouts].map(({ roleArn }) => roleArn ?? ''),
  ).map((role) => role || undefined);
  const definitions = new Map(
    places.flatMap(({ definition }) =>
      definition === undefined ? [] : [[definition.taskDefinitionArn ?? '', definition]],
    ),
  );
  const networks = distinct(places.flatMap(({ network = [] }) => network));
  const all: Finding[][] = [
    [ok('identity', `Account ${account}, ${arn}, ${deps.aws.region}`)],
    ...(await Promise.all(
      jobRoles.map((role) => (role === undefined ? [] : checkJobRole(role, target.push, account, deps))),
    )),
    await checkPermissions(
      target.permissions((cluster, service) => families.get(placeKey(cluster, service))),
      arn,
      deps,
    ),
    await checkRepositories(target, deps),
    await checkClusters(target, deps),
    await checkServices(target, deps),
    places.flatMap(({ findings }) => findings),
  ];
  for (const definition of definitions.values()) {
    all.push(
      await checkDefinition(definition, target.builds, deps),
      await checkTaskPermissions(definition, jobRoles, arn, deps),
    );
  }
  for (const { who, network, definition } of places) {
    if (network !== undefined) all.push(await checkWayOut(who, network, definition, deps));
  }
  if (target.database !== undefined) all.push(await checkDatabase(target.database, networks, deps));
  all.push(await checkSlack(deps));
  return distinct(all.flat());
}

/** Where tasks will run: what from, and in which network. */
interface Place {
  who: string;
  definition: RawTaskDefinition | undefined;
  network: Network | undefined;
  findings: Finding[];
}

async function migrations(target: Target, deps: DoctorDeps): Promise<Promise<Place>[]> {
  return target.migrations.map(async ({ cluster, container, networkFromService, network, ...migration }) => {
    const taskDefinition =
      migration.taskDefinition ?? (await servedBy(migration.taskDefinitionFromService, cluster, deps));
    const sources = networkFromService === undefined ? [] : await findServices(cluster, [networkFromService], deps);
    const used = network ?? networkOf(sources?.[0]);
    let definition: RawTaskDefinition | undefined;
    const findings = await check('task definition', async () => {
      definition = await findDefinition(taskDefinition, deps);
      if (definition === undefined) return [await noDefinition(taskDefinition, deps)];
      // A service that is updated too, or cannot be read, has findings of its own.
      const isToldOf = target.rollouts.some(({ services }) => services.includes(networkFromService ?? ''));
      const isUnknown = networkFromService !== undefined && (sources === undefined || isToldOf);
      return [
        ok('task definition', `${definition.family}:${definition.revision} migrates`),
        ...checkContainer(definition, container),
        ...(definition.networkMode === 'awsvpc' && used === undefined && !isUnknown
          ? [noNetwork(definition.family ?? taskDefinition, networkFromService, sources?.length === 0)]
          : []),
      ];
    });
    const isOwn = definition?.networkMode === 'awsvpc';
    return { who: taskDefinition, definition, network: isOwn ? used : undefined, findings };
  });
}

/** The revision of a service, or what stands for it where it cannot be found. */
async function servedBy(service = '', cluster: string, deps: DoctorDeps): Promise<string> {
  const [found] = (await findServices(cluster, [service], deps)) ?? [];
  return (found && (servedRevision(found) ?? found.taskDefinition)) ?? `of the service ${service}`;
}

function noNetwork(family: string, service: string | undefined, isMissing: boolean): Finding {
  const fix = 'Give --network-from-service SERVICE, or --subnets and --security-groups';
  if (service === undefined)
    return fault('network', `${family} needs a network (awsvpc), and the migration is given none`, fix);
  const why = isMissing ? `there is no service ${service}` : `${service} has none`;
  return fault('network', `${family} needs a network (awsvpc) to copy, and ${why}`, fix);
}

async function noDefinition(taskDefinition: string, { aws }: DoctorDeps): Promise<Finding> {
  const near = await aws.ecs.listFamilies(taskDefinition.slice(0, 3)).catch(() => []);
  return fault(
    'task definition',
    `There is no active task definition ${taskDefinition}; families like it: ${listed(near)}`,
    'Register it, or correct --task-definition',
  );
}

const placeKey = (cluster: string, service: string): string => `${resourceName(cluster)} ${resourceName(service)}`;

async function rollouts(
  target: Target,
  deps: DoctorDeps,
): Promise<Promise<Place & { key: string; family: string | undefined }>[]> {
  const services = await Promise.all(
    target.rollouts.map(async ({ cluster, services: names }) =>
      ((await findServices(cluster, names, deps)) ?? []).map((service) => ({ cluster, service })),
    ),
  );
  return services.flat().map(async ({ cluster, service }) => {
    let definition: RawTaskDefinition | undefined;
    const findings = await check('task definition', async () => {
      definition =
        service.taskDefinition === undefined ? undefined : await findDefinition(service.taskDefinition, deps);
      return [];
    });
    const { serviceName = '', taskDefinition } = service;
    const family = taskDefinition === undefined ? undefined : familyOf(taskDefinition);
    const key = placeKey(cluster, serviceName);
    return { who: serviceName, key, family, definition, network: networkOf(service), findings };
  });
}

/** The same thing once, by what it says. */
function distinct<T>(values: readonly T[]): T[] {
  const texts = values.map((value) => JSON.stringify(value));
  return values.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
}
