import type { Service } from '@aws-sdk/client-ecs';
import { tooShort } from '../../rollout/least-duration.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Target } from './target.ts';

/** The names of the clusters that the stages use. */
const clustersOf = ({ migrations, rollouts }: Target): string[] => [
  ...new Set([...migrations, ...rollouts].map(({ cluster }) => cluster)),
];

/** Whether the clusters are there and can run something. */
export async function checkClusters(target: Target, { aws }: DoctorDeps): Promise<Finding[]> {
  const found = clustersOf(target).map((name) =>
    check('cluster', async () => {
      const { clusters = [] } = await aws.ecs.describeClusters({ clusters: [name] });
      const [cluster] = clusters;
      if (cluster === undefined || cluster.status === 'INACTIVE') {
        const others = await aws.ecs.listClusters().catch(() => undefined);
        const there = others === undefined ? '' : `; there are: ${listed(others)}`;
        return [
          fault('cluster', `There is no cluster ${name} in ${aws.region}${there}`, 'Correct --cluster or --region'),
        ];
      }
      const { capacityProviders = [], registeredContainerInstancesCount: instances = 0 } = cluster;
      const capacity = [...capacityProviders, ...(instances > 0 ? [`${instances} container instances`] : [])];
      return [ok('cluster', `${name} is ${cluster.status}, with ${listed(capacity)}`)];
    }),
  );
  return (await Promise.all(found)).flat();
}

/** The services of a cluster that are asked for; undefined where they cannot be read. */
export async function findServices(
  cluster: string,
  names: readonly string[],
  { aws }: DoctorDeps,
): Promise<Service[] | undefined> {
  const answer = await aws.ecs.describeServices({ cluster, services: [...names] }).catch(() => undefined);
  return answer?.services?.filter(({ status }) => status !== 'INACTIVE');
}

/** Whether a service can be deployed to, and its deployment can end in time. */
export function checkServices({ rollouts }: Target, deps: DoctorDeps): Promise<Finding[]> {
  const { aws } = deps;
  const found = rollouts.map(({ cluster, services: names, timeoutMs }) =>
    check('service', async () => {
      const { services = [] } = await aws.ecs
        .describeServices({ cluster, services: [...names] })
        .catch((error: unknown) => {
          // The check of the cluster has said so.
          if ((error as { code?: string }).code === 'ClusterNotFoundException') return { services: undefined };
          throw error;
        });
      const active = services.filter(({ status }) => status === 'ACTIVE');
      const missing = names.filter(
        (name) => !active.some(({ serviceName, serviceArn }) => [serviceName, serviceArn].includes(name)),
      );
      const { clusters = [] } = missing.length === 0 ? {} : await aws.ecs.describeClusters({ clusters: [cluster] });
      const others =
        missing.length === 0 || clusters.length === 0 ? [] : await aws.ecs.listServices(cluster).catch(() => []);
      return [
        ...(clusters.length === 0 ? [] : missing).map((name) =>
          fault(
            'service',
            `There is no service ${name} in ${cluster}; there are: ${listed(others)}`,
            'Create it before the first push, or correct --service',
          ),
        ),
        ...active.flatMap((service) => judge(cluster, service, timeoutMs)),
        ...(await Promise.all(active.map((service) => checkAlarms(service, deps)))).flat(),
      ];
    }),
  );
  return Promise.all(found).then((all) => all.flat());
}

/** An alarm that ECS watches fails every deployment while it is in ALARM, and ECS cannot watch one that there is not. */
function checkAlarms({ serviceName = '', deploymentConfiguration }: Service, { aws }: DoctorDeps): Promise<Finding[]> {
  const { enable = false, alarmNames: names = [] } = deploymentConfiguration?.alarms ?? {};
  if (!enable || names.length === 0) return Promise.resolve([]);
  return check('alarm', async () => {
    const states = await aws.setup.alarmStates(names);
    return names.map((name) => {
      const state = states.get(name);
      if (state === undefined) {
        return fault(
          'alarm',
          `There is no alarm ${name}, which ${serviceName} watches`,
          'Create it, or take it out of the deployment configuration of the service',
        );
      }
      if (state !== 'ALARM') return ok('alarm', `${name} of ${serviceName} is ${state}`);
      const fix = 'Mend what it tells of first, or take it out of the deployment configuration of the service';
      return fault('alarm', `${name} is in ALARM: ECS fails every deployment of ${serviceName}`, fix);
    });
  });
}

function judge(cluster: string, service: Service, timeoutMs: number): Finding[] {
  const {
    serviceName: name = '',
    deploymentController,
    deploymentConfiguration,
    desiredCount = 0,
    runningCount = 0,
  } = service;
  const controller = deploymentController?.type ?? 'ECS';
  if (controller !== 'ECS') {
    return [
      fault(
        'service',
        `${name} has the deployment controller ${controller}, which is not supported`,
        'Move it to the ECS controller',
      ),
    ];
  }
  const {
    deploymentCircuitBreaker: breaker,
    alarms,
    strategy = 'ROLLING',
    lifecycleHooks = [],
  } = deploymentConfiguration ?? {};
  const late = tooShort(name, deploymentConfiguration, timeoutMs);
  const watched = alarms?.enable === true ? `, alarms ${listed(alarms.alarmNames ?? [])}` : '';
  const hooks = lifecycleHooks.length === 0 ? '' : `, ${lifecycleHooks.length} hooks`;
  const turn = `aws ecs update-service --cluster ${cluster} --service ${name} --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}'`;
  return [
    ok('service', `${name} is ACTIVE, ${runningCount} of ${desiredCount} tasks running, ${strategy}${watched}${hooks}`),
    ...(late === undefined ? [] : [fault('service', late, 'Raise --timeout, or shorten the bake times')]),
    // The breaker belongs to rolling updates; the other strategies roll back by themselves when tasks fail.
    ...(strategy === 'ROLLING' && breaker?.enable !== true
      ? [fault('service', `${name} has no circuit breaker: after a failure ECS starts tasks for ever`, turn)]
      : []),
    ...(breaker?.enable === true && breaker.rollback !== true
      ? [fault('service', `The circuit breaker of ${name} does not roll back: a failed deployment stays`, turn)]
      : []),
  ];
}
