import type { Service } from '@aws-sdk/client-ecs';
import { inGroups, sideBySide } from '../base/side-by-side.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import type { Aws } from '../ports.ts';
import type { RolloutDeps, ServiceBefore } from './model.ts';
import { primaryOf } from './observe.ts';

/** DescribeServices takes no more at once. */
const describedAtOnce = 10;

/** Describes services in batches; those that are missing are left out. */
export async function describeServices(cluster: string, names: readonly string[], aws: Aws): Promise<Service[]> {
  const answers = await sideBySide(inGroups(names, describedAtOnce), (services) =>
    aws.ecs.describeServices({ cluster, services }),
  );
  return answers.flatMap(({ services = [] }) => services);
}

/** The service of a name or ARN among those described. */
export function pickService(services: readonly Service[], ref: string): Service | undefined {
  const name = ref.split('/').at(-1);
  return services.find(({ serviceArn, serviceName }) => serviceArn === ref || serviceName === name);
}

/** The services as they stand, each fit for a rolling or traffic-shifting deployment by ECS itself. */
export async function findServices(
  cluster: string,
  names: readonly string[],
  deps: RolloutDeps,
): Promise<ServiceBefore[]> {
  const services = await describeServices(cluster, names, deps.aws);
  const named = names.map((name) => usable(name, pickService(services, name), cluster));
  // A service that was named twice, as by name and by ARN, must not supersede itself.
  const found = [...new Map(named.map((one) => [one.name, one])).values()];
  // The policy of one stands for all; a refusal of another one is met when it is followed.
  const [first] = found;
  const mayRead = first !== undefined && (await mayReadServiceDeployments(cluster, first.name, deps));
  return found.map(({ name, service }) => ({
    name,
    service,
    primary: primaryOf(service),
    mayReadServiceDeployments: mayRead,
  }));
}

function usable(name: string, service: Service | undefined, cluster: string): { name: string; service: Service } {
  if (service === undefined) {
    throw new UserError(`The service ${name} does not exist in cluster ${cluster}.`, {
      code: 'ServiceNotFoundException',
      why: 'Amazon ECS answered MISSING.',
      fix: 'Check --service (or --family), --cluster and --region.',
      details: { service: name },
    });
  }
  if (service.status !== 'ACTIVE') {
    throw new UserError(`The service ${name} in cluster ${cluster} is ${service.status}, not ACTIVE.`, {
      code: 'ServiceNotActiveException',
      why: service.status === 'DRAINING' ? 'It is being deleted.' : 'It was deleted.',
      fix: 'Create the service again, then deploy.',
    });
  }
  const controller = service.deploymentController?.type ?? 'ECS';
  if (controller === 'CODE_DEPLOY') {
    throw new UserError(`The service ${name} is deployed by AWS CodeDeploy, which is not supported yet.`, {
      code: 'CodeDeploy',
      why: 'Its deployment controller is CODE_DEPLOY: only a CodeDeploy deployment can change what it runs.',
      fix: 'Use `aws ecs deploy` (CodeDeploy), or move the service to the ECS controller, whose BLUE_GREEN strategy is supported here.',
    });
  }
  if (controller !== 'ECS') {
    throw new UserError(`The service ${name} has the deployment controller ${controller}, which is not supported.`, {
      code: 'DeploymentController',
      why: 'What it runs is decided by task sets that another program manages.',
      fix: 'Use that program (CreateTaskSet), or move the service to the ECS controller.',
    });
  }
  return { name: service.serviceName ?? name, service };
}

/** Asked before anything is changed, so that what is missing in the policy is said first. */
async function mayReadServiceDeployments(
  cluster: string,
  service: string,
  { aws, emit }: RolloutDeps,
): Promise<boolean> {
  try {
    await aws.ecs.listServiceDeployments({ cluster, service, maxResults: 1 });
    return true;
  } catch (error) {
    // Whether they can be read is asked again while we wait.
    if (error instanceof TransientError) return true;
    if (!hasCode(error, 'AccessDeniedException', 'UnsupportedFeatureException', 'UnknownOperationException'))
      throw error;
    emit({
      type: 'warning',
      text:
        'These credentials are not authorized to read service deployments (ecs:ListServiceDeployments, ' +
        'ecs:DescribeServiceDeployments, ecs:DescribeServiceRevisions). Following the deployment by its id instead; ' +
        'less can be said about a rollback.',
    });
    return false;
  }
}
