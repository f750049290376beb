import { familyOf, resourceName } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import type { Ask, Aws, RawContainerDefinition } from '../ports.ts';
import { ecrAddress, isLoopback, parseImageReference } from '../task-definition/image-reference.ts';
import { type Found, type FoundKey, shellWord } from './made-by.ts';
import { fill, mentions, patternFor, patternsOf } from './patterns.ts';
import { environmentsOf, type Settings } from './resolve.ts';

interface Deps {
  aws: Aws;
  /** Where nobody can be asked, what is ambiguous is an option error. */
  ask: Ask | undefined;
}

/** What else the policy of an environment's role must name. */
export interface PolicyNames {
  passRoles: readonly string[];
  logGroups: readonly string[];
}

/** Names for what no option names, from what the account has, and what the policies must name; reads only. */
export async function discover(
  settings: Settings,
  deps: Deps,
): Promise<{ found: Found; policyNames: Map<string, PolicyNames> }> {
  const found: Record<FoundKey, Map<string, string>> = {
    clusters: new Map(),
    services: new Map(),
    serviceFamilies: new Map(),
    taskDefinitions: new Map(),
    containers: new Map(),
    repositories: new Map(),
    networkFromServices: new Map(),
  };
  const policyNames = new Map<string, PolicyNames>();
  for (const { name: env } of environmentsOf(settings)) {
    const names = await inEnvironment(env, settings, deps);
    policyNames.set(env, await policyNamesOf([names.taskDefinitions, ...names.serviceFamilies.split(',')], deps));
    for (const key of Object.keys(found) as FoundKey[]) {
      const name = names[key];
      if (name !== undefined) found[key].set(env, name);
    }
  }
  // What is so without an option needs none.
  if ([...found.serviceFamilies].every(([env, families]) => families === found.services.get(env)))
    found.serviceFamilies.clear();
  return { found: Object.fromEntries(Object.entries(found).filter(([, names]) => names.size > 0)), policyNames };
}

async function inEnvironment(
  env: string,
  settings: Settings,
  deps: Deps,
): Promise<Partial<Record<FoundKey, string>> & { taskDefinitions: string; serviceFamilies: string }> {
  const { aws } = deps;
  const given = (key: FoundKey): string | undefined => {
    const text = patternFor(settings[key], env);
    return text === undefined ? undefined : fill(text, { env, name: settings.name });
  };
  const pick = (option: string, candidates: readonly string[], what: string): Promise<string> =>
    choose({ option, env, candidates, what }, deps);
  const cluster = given('clusters') ?? (await pick('cluster', narrowed(await busyClusters(aws), env), 'clusters'));
  await checkGiven(cluster, given, aws);
  const apps = await appsOf(cluster, given('services')?.split(','), env, aws);
  const app = await oneApp(apps, given('repositories'), pick, cluster);
  const service = app.services[0] ?? '';
  const family = given('taskDefinitions') ?? (await migrationFamily(app, env, pick, aws));
  return {
    clusters: cluster,
    services: app.services.join(','),
    serviceFamilies: given('serviceFamilies') ?? app.families.join(','),
    repositories: app.repository,
    taskDefinitions: family,
    containers: given('containers') ?? (await containerOf(family, app, pick, aws)),
    ...(app.hasNetwork ? { networkFromServices: given('networkFromServices') ?? service } : {}),
  };
}

/** Names that were given and that AWS does not know are told with what there is. */
async function checkGiven(
  cluster: string,
  given: (key: FoundKey) => string | undefined,
  { ecs, region }: Aws,
): Promise<void> {
  const none = (what: string, option: string, there: readonly string[]): UserError =>
    new UserError(`There is no ${what}; there are: ${there.join(', ') || 'none'}.`, {
      code: 'Options',
      fix: `Correct --${option}, or leave it out.`,
    });
  const clusters = await ecs.listClusters();
  if (!clusters.includes(resourceName(cluster))) throw none(`cluster ${cluster} in ${region}`, 'cluster', clusters);
  const services = given('services')?.split(',') ?? [];
  const known = services.length === 0 ? [] : await ecs.listServices(cluster);
  const gone = services.find((name) => !known.includes(resourceName(name)));
  if (gone !== undefined) throw none(`service ${gone} in cluster ${cluster}`, 'service', known);
  const named = [
    ...[given('taskDefinitions') ?? []].flat().map((family) => ['task-definition', family] as const),
    ...(given('serviceFamilies')?.split(',') ?? []).map((family) => ['service-family', family] as const),
  ];
  const families = named.length === 0 ? [] : await ecs.listFamilies();
  for (const [option, family] of named) {
    if (!families.includes(familyOf(family))) throw none(`task definition ${family} in ${region}`, option, families);
  }
}

async function policyNamesOf(families: readonly string[], { aws }: Deps): Promise<PolicyNames> {
  const definitions = await Promise.all(
    [...new Set(families)].map(async (family) => (await aws.ecs.describeTaskDefinition(family)).taskDefinition),
  );
  const roles = definitions.flatMap(({ executionRoleArn, taskRoleArn }) => [executionRoleArn, taskRoleArn]);
  const groups = definitions.flatMap(({ containerDefinitions = [] }) =>
    containerDefinitions.map(
      ({ logConfiguration }) =>
        (logConfiguration as { options?: Record<string, string> } | undefined)?.options?.['awslogs-group'],
    ),
  );
  const texts = (all: unknown[]): string[] => [...new Set(all)].filter((one) => typeof one === 'string');
  return { passRoles: texts(roles), logGroups: texts(groups) };
}

/** The clusters that have services; all, where none has. */
async function busyClusters({ ecs }: Aws): Promise<string[]> {
  const names = await ecs.listClusters();
  const busy: string[] = [];
  for (let at = 0; at < names.length; at += 100) {
    const { clusters = [] } = await ecs.describeClusters({ clusters: names.slice(at, at + 100) });
    const inUse = clusters.filter(({ activeServicesCount = 0 }) => activeServicesCount > 0);
    busy.push(...inUse.flatMap(({ clusterName = [] }) => clusterName));
  }
  return busy.length > 0 ? busy : names;
}

/** Services that run images of one repository. */
interface App {
  repository: string;
  services: string[];
  families: string[];
  hasNetwork: boolean;
}

async function appsOf(cluster: string, named: readonly string[] | undefined, env: string, aws: Aws): Promise<App[]> {
  const names = named ?? narrowed(await aws.ecs.listServices(cluster), env);
  const apps = new Map<string, App>();
  for (let at = 0; at < names.length; at += 10) {
    const { services = [] } = await aws.ecs.describeServices({ cluster, services: names.slice(at, at + 10) });
    for (const { serviceName = '', taskDefinition = '', networkConfiguration, status } of services) {
      if (status === 'INACTIVE' || taskDefinition === '') continue;
      const definition = (await aws.ecs.describeTaskDefinition(taskDefinition)).taskDefinition;
      for (const repository of new Set(repositoriesIn(definition.containerDefinitions))) {
        const app = apps.get(repository) ?? { repository, services: [], families: [], hasNetwork: false };
        app.services.push(serviceName);
        app.families.push(familyOf(taskDefinition));
        app.hasNetwork ||= networkConfiguration?.awsvpcConfiguration !== undefined;
        apps.set(repository, app);
      }
    }
  }
  return [...apps.values()];
}

type Pick = (option: string, candidates: readonly string[], what: string) => Promise<string>;

async function oneApp(apps: readonly App[], repository: string | undefined, pick: Pick, cluster: string): Promise<App> {
  const fitting = repository === undefined ? apps : apps.filter((app) => app.repository === repository);
  if (fitting.length === 0) {
    throw new UserError(
      `Cluster ${cluster} has no service that runs an image of ${repository ?? 'an ECR repository'}.`,
      {
        code: 'Options',
        fix: 'Create the service first, or leave --from-aws out and name everything.',
      },
    );
  }
  const chosen = await pick(
    'repository',
    fitting.map((app) => app.repository),
    'repositories',
  );
  const app = fitting.find((one) => one.repository === chosen);
  if (app === undefined) throw new Error(`${chosen} was no choice`);
  return app;
}

/** A family made for migrations, where there is one for this environment; else the service's own. */
async function migrationFamily(app: App, env: string, pick: Pick, aws: Aws): Promise<string> {
  const migrating: string[] = [];
  for (const family of narrowed(
    (await aws.ecs.listFamilies()).filter((name) => /migrat/i.test(name)),
    env,
  )) {
    const { taskDefinition } = await aws.ecs.describeTaskDefinition(family);
    if (repositoriesIn(taskDefinition.containerDefinitions).includes(app.repository)) migrating.push(family);
  }
  if (migrating.length > 0) return pick('task-definition', migrating, 'families');
  return pick('task-definition', [...new Set(app.families)], 'families');
}

async function containerOf(family: string, app: App, pick: Pick, aws: Aws): Promise<string> {
  const { taskDefinition } = await aws.ecs.describeTaskDefinition(family);
  const containers = taskDefinition.containerDefinitions ?? [];
  const own = containers.filter((container) => repositoriesIn([container]).includes(app.repository));
  const essential = own.filter(({ essential: isEssential = true }) => isEssential);
  const candidates = [essential, own, containers].find((some) => some.length > 0) ?? [];
  return pick(
    'container',
    candidates.map(({ name }) => name),
    `containers of ${family}`,
  );
}

function repositoriesIn(containers: readonly RawContainerDefinition[] = []): string[] {
  return containers.flatMap(({ image = '' }) => {
    const { registry, repository } = parseImageReference(image) ?? {};
    const isEcr = ecrAddress(registry) !== undefined || isLoopback(registry);
    return isEcr && repository !== undefined ? [repository] : [];
  });
}

/** The names that mention the environment; all, where none does. */
function narrowed(names: readonly string[], env: string): string[] {
  const own = names.filter((name) => mentions(name, env));
  return own.length > 0 ? own : [...names];
}

/** What a newcomer must know to choose. */
const howToChoose: Readonly<Record<string, string>> = {
  repository: 'the one that the pipeline builds and pushes; every service that runs its image is updated',
  'task-definition':
    'the migration runs as one more task of that family, with its environment variables, secrets and roles',
  container: 'the one whose image has the migrations',
};
const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

async function choose(
  { option, env, candidates, what }: { option: string; env: string; candidates: readonly string[]; what: string },
  { aws, ask }: Deps,
): Promise<string> {
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return only;
  if (only === undefined) {
    throw new UserError(`There are no ${what} in ${aws.region} to choose from for ${env}.`, {
      code: 'Options',
      fix: `Check --region and the account, or give --${option} ${env}=NAME.`,
    });
  }
  const how = howToChoose[option];
  if (ask !== undefined) return ask.select(`--${option} of ${env}${how === undefined ? '' : ` (${how})`}`, candidates);
  throw new UserError(`Several ${what} could be those of ${env}: ${candidates.join(', ')}.`, {
    code: 'Options',
    ...(how === undefined ? {} : { why: `${sentence(how)}.` }),
    fix: `Give --${option} ${shellWord(patternsOf(new Map([[env, only]]))[0] ?? only)} for every environment, or --${option} ${env}=${only}.`,
  });
}
