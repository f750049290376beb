import type { Core } from '../core.ts';
import type { Json, Operations } from '../wire.ts';

/** What other clients list before they begin: container instances, capacity providers, account settings. */
export function inventoryOperations(core: Core): Operations {
  const { region, accountId } = core.world;
  const provider = (name: string): Json => ({
    capacityProviderArn: `arn:aws:ecs:${region}:${accountId}:capacity-provider/${name}`,
    name,
    status: 'ACTIVE',
    tags: [],
  });
  return {
    ListContainerInstances: (input: Json) => {
      const { name } = core.clusters.get(input.cluster);
      const count = core.settings.containerInstances[name] ?? 0;
      const id = (index: number): string => String(index).padStart(32, '0');
      return {
        containerInstanceArns: Array.from(
          { length: count },
          (_, index) => `arn:aws:ecs:${region}:${accountId}:container-instance/${name}/${id(index)}`,
        ),
      };
    },
    DescribeCapacityProviders: (input: Json) => {
      const known = [...new Set(core.clusters.all().flatMap(({ capacityProviders }) => capacityProviders))];
      const asked: string[] = (input.capacityProviders ?? known).map((ref: string) => ref.split('/').at(-1) ?? ref);
      return {
        capacityProviders: asked.filter((name) => known.includes(name)).map(provider),
        failures: asked
          .filter((name) => !known.includes(name))
          .map((name) => ({ arn: provider(name).capacityProviderArn, reason: 'MISSING' })),
      };
    },
    ListAccountSettings: (input: Json, { principal }) => ({
      settings: Object.entries(accountSettings)
        .filter(([name]) => input.name === undefined || input.name === name)
        .map(([name, value]) => ({ name, value, principalArn: principal?.arn, type: 'user' })),
    }),
  };
}

/** The account settings that matter to clients, with today's defaults. */
const accountSettings = {
  serviceLongArnFormat: 'enabled',
  taskLongArnFormat: 'enabled',
  containerInstanceLongArnFormat: 'enabled',
  awsvpcTrunking: 'disabled',
  containerInsights: 'disabled',
  tagResourceAuthorization: 'on',
  defaultLogDriverMode: 'non-blocking',
};
