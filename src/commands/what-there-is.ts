import { accountOf, familyOf, familyRevision, resourceName } from '../base/arn.ts';
import { suggest } from '../base/suggest.ts';
import { hasCode, reworded, type UserError } from '../errors.ts';
import type { Aws } from '../ports.ts';
import type { StageNames } from './refusal.ts';

/**
 * The error with what there is instead of the name that AWS does not know: clusters, services, families, revisions. Only
 * reads, and the error as it was where they are not allowed or do not answer.
 */
export async function withWhatThereIs(
  error: unknown,
  stages: readonly StageNames[],
  aws: Aws | undefined,
): Promise<unknown> {
  if (aws === undefined || !hasCode(error, 'ClusterNotFoundException', 'ServiceNotFoundException', 'ClientException'))
    return error;
  try {
    return (await answer(error, stages, aws)) ?? error;
  } catch {
    return error;
  }
}

async function answer(error: UserError, stages: readonly StageNames[], aws: Aws): Promise<UserError | undefined> {
  const [stage] = stages;
  if (stage === undefined || !('cluster' in stage)) return undefined;
  const cluster = resourceName(stage.cluster);
  if (error.code === 'ClusterNotFoundException') return noCluster(error, cluster, stage.cluster, aws);
  if (error.code === 'ServiceNotFoundException') {
    const named = stages.flatMap((one) => ('service' in one ? [one.service] : []));
    const { service = named[0] ?? '' } = error.details;
    return noService(error, String(service), cluster, aws);
  }
  const definition = 'taskDefinition' in stage ? stage.taskDefinition : undefined;
  const isUnknown = /unable to describe task definition/i.test(error.why ?? '');
  return isUnknown && definition !== undefined ? noDefinition(error, definition, cluster, aws) : undefined;
}

async function noCluster(error: UserError, cluster: string, given: string, aws: Aws): Promise<UserError> {
  const { Account: account = '' } = await aws.sts.getCallerIdentity();
  const place = `${aws.region} (account ${account})`;
  const region = /^arn:[^:]*:ecs:([^:]+):/.exec(given)?.[1] ?? aws.region;
  const owner = accountOf(given) ?? account;
  if (region !== aws.region || owner !== account) {
    return reworded(error, `There is no cluster ${cluster} in ${place}: its ARN is of ${region} (account ${owner}).`, {
      fix: 'Pass --region, or the credentials of that account.',
    });
  }
  const others = await aws.ecs.listClusters();
  return reworded(error, `There is no cluster ${cluster} in ${place}; there are: ${all(others)}.`, {
    fix:
      nearest('--cluster', cluster, others) ??
      'Check --cluster, and that --region and the account are the ones it lives in.',
  });
}

async function noService(error: UserError, given: string, cluster: string, aws: Aws): Promise<UserError> {
  const name = resourceName(given);
  const services = await aws.ecs.listServices(cluster);
  const ofFamily = (await aws.ecs.listFamilies(name)).includes(name)
    ? await servicesOfFamily(name, cluster, services, aws)
    : undefined;
  if (ofFamily !== undefined) {
    const runs =
      ofFamily.length === 0 ? 'no service of this cluster runs it' : `run by the service ${ofFamily.join(', ')}`;
    return reworded(
      error,
      `There is no service ${name} in cluster ${cluster}: ${name} is a family of task definitions, ${runs}.`,
      {
        fix: ofFamily.length === 0 ? `Pass one of: ${all(services)}.` : `Pass --service ${ofFamily.join(',')}.`,
      },
    );
  }
  return reworded(error, `There is no service ${name} in cluster ${cluster}; there are: ${all(services)}.`, {
    fix: nearest('--service', name, services) ?? 'Check --service (or --family), --cluster and --region.',
  });
}

async function servicesOfFamily(
  family: string,
  cluster: string,
  names: readonly string[],
  aws: Aws,
): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < names.length; at += 10) {
    const { services = [] } = await aws.ecs.describeServices({ cluster, services: names.slice(at, at + 10) });
    const running = services.filter(({ taskDefinition = '' }) => familyOf(taskDefinition) === family);
    found.push(...running.flatMap(({ serviceName = [] }) => serviceName));
  }
  return found;
}

async function noDefinition(error: UserError, given: string, cluster: string, aws: Aws): Promise<UserError> {
  const family = familyOf(given);
  const families = await aws.ecs.listFamilies();
  if (families.includes(family)) {
    const { taskDefinition } = await aws.ecs.describeTaskDefinition(family);
    const latest = `${family}:${taskDefinition.revision}`;
    return reworded(error, `There is no ${familyRevision(given)}; the latest active revision is ${latest}.`, {
      fix: `Pass --task-definition ${family} for the latest one.`,
    });
  }
  const { services = [] } = await aws.ecs
    .describeServices({ cluster, services: [family] })
    .catch(() => ({ services: [] }));
  const runs = services[0]?.taskDefinition;
  if (runs !== undefined) {
    return reworded(
      error,
      `There is no family ${family}: ${family} is a service, and it runs ${familyRevision(runs)}.`,
      {
        fix: `Pass --task-definition ${familyOf(runs)}.`,
      },
    );
  }
  const near = suggest(family, families);
  return reworded(error, `There is no task definition ${familyRevision(given)} in ${aws.region}.`, {
    fix:
      near === undefined ? `Register it, or pass one of: ${all(families)}.` : `Did you mean --task-definition ${near}?`,
  });
}

const nearest = (option: string, typed: string, names: readonly string[]): string | undefined => {
  const near = suggest(typed, names);
  return near === undefined ? undefined : `Did you mean ${option} ${near}?`;
};

/** At most ten of the names. */
const all = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : [...names.slice(0, 10), ...(names.length > 10 ? [`${names.length - 10} more`] : [])].join(', ');
