import type { Service } from '@aws-sdk/client-ecs';
import { hasCode, UserError } from '../errors.ts';
import type { EcsPort } from '../ports.ts';

/** The service that an option names; a UserError where there is none. */
export async function serviceNamedBy(option: string, name: string, cluster: string, ecs: EcsPort): Promise<Service> {
  const fix = `Check ${option}, --cluster and --region.`;
  try {
    const { services = [] } = await ecs.describeServices({ cluster, services: [name] });
    const service = services[0];
    if (service !== undefined && service.status !== 'INACTIVE') return service;
    throw new UserError(`There is no service ${name} in the cluster ${cluster}, which ${option} names.`, {
      code: 'ServiceNotFoundException',
      why: service === undefined ? 'Amazon ECS answered MISSING.' : 'It was deleted.',
      fix,
      details: { service: name },
    });
  } catch (error) {
    if (!hasCode(error, 'InvalidParameterException')) throw error;
    throw new UserError(`The service ${name} cannot be looked up.`, {
      why: error.why,
      fix,
      code: error.code,
      cause: error,
    });
  }
}
