import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { UserError } from '../errors.ts';
import type { EcsPort } from '../ports.ts';
import type { PlacementOptions } from './options.ts';
import { serviceNamedBy } from './service.ts';

export type Placement = Pick<
  RunTaskCommandInput,
  | 'networkConfiguration'
  | 'launchType'
  | 'capacityProviderStrategy'
  | 'platformVersion'
  | 'placementConstraints'
  | 'placementStrategy'
>;

/** Where the task will run: as the named service does, each part replaced by what was given for it. */
export async function findPlacement(
  options: PlacementOptions,
  place: { cluster: string; networkMode: string | undefined; taskDefinition: string },
  deps: { ecs: EcsPort; warn: (text: string) => void },
): Promise<Placement> {
  const { networkFromService } = options;
  const service =
    networkFromService === undefined ? {} : await placementOfService(networkFromService, place.cluster, deps.ecs);
  const placement = { ...service, ...given(options, service) };
  if (place.networkMode === 'awsvpc' && placement.networkConfiguration === undefined) {
    throw new UserError(`The task definition ${place.taskDefinition} needs a network, and none was given.`, {
      code: 'NoNetwork',
      why: 'Its networkMode is awsvpc.',
      fix: 'Pass --network-from-service SERVICE, or --subnets and --security-groups.',
    });
  }
  if (place.networkMode !== 'awsvpc') {
    if (options.subnets.length + options.securityGroups.length > 0 || options.assignPublicIp !== undefined) {
      throw new UserError(`The task definition ${place.taskDefinition} takes no network of its own.`, {
        code: 'NoOwnNetwork',
        why: `Only networkMode awsvpc has one; this one ${place.networkMode === undefined ? 'sets none' : `is ${place.networkMode}`}.`,
        fix: 'Leave --subnets, --security-groups and --assign-public-ip out, or set networkMode to awsvpc.',
      });
    }
    delete placement.networkConfiguration;
  }
  if (placement.capacityProviderStrategy?.some(({ capacityProvider }) => capacityProvider === 'FARGATE_SPOT')) {
    deps.warn('The task may run on FARGATE_SPOT, which AWS can take away in the middle of a migration.');
  }
  return placement;
}

function given(options: PlacementOptions, service: Placement): Placement {
  const { subnets, securityGroups, assignPublicIp, launchType, capacityProviderStrategy, platformVersion } = options;
  const { placementConstraints, placementStrategy } = options;
  const copied = service.networkConfiguration?.awsvpcConfiguration;
  const network = {
    ...copied,
    subnets: subnets.length > 0 ? subnets : (copied?.subnets ?? []),
    ...(securityGroups.length > 0 ? { securityGroups } : {}),
    ...(assignPublicIp === undefined ? {} : { assignPublicIp }),
  };
  return {
    ...(network.subnets.length === 0 ? {} : { networkConfiguration: { awsvpcConfiguration: network } }),
    // The two exclude each other, so one that is given removes the other that was copied.
    ...(launchType === undefined ? {} : { launchType, capacityProviderStrategy: undefined }),
    ...(capacityProviderStrategy.length === 0 ? {} : { capacityProviderStrategy, launchType: undefined }),
    ...(platformVersion === undefined ? {} : { platformVersion }),
    ...(placementConstraints.length === 0 ? {} : { placementConstraints }),
    ...(placementStrategy.length === 0 ? {} : { placementStrategy }),
  };
}

async function placementOfService(name: string, cluster: string, ecs: EcsPort): Promise<Placement> {
  const service = await serviceNamedBy('--network-from-service', name, cluster, ecs);
  // Services that CodeDeploy or something external deploys keep these facts in their task sets.
  const primary = service.taskSets?.find(({ status }) => status === 'PRIMARY') ?? service.taskSets?.[0];
  const from = service.networkConfiguration === undefined && primary !== undefined ? primary : service;
  const { networkConfiguration, launchType, capacityProviderStrategy = [], platformVersion } = from;
  return {
    ...(networkConfiguration === undefined ? {} : { networkConfiguration }),
    ...(capacityProviderStrategy.length > 0
      ? { capacityProviderStrategy }
      : launchType === undefined
        ? {}
        : { launchType }),
    ...(platformVersion === undefined || platformVersion === '' ? {} : { platformVersion }),
  };
}
