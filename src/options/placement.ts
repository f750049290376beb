import type { PlacementOptions } from '../migrate/options.ts';
import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';

const group = 'Where it runs';

/** Where a one-off task runs. */
export const placementSpecs: readonly OptionSpec[] = [
  {
    name: 'network-from-service',
    kind: 'string',
    group,
    placeholder: 'SERVICE',
    describe:
      'Copies subnets, security groups, launch type or capacity providers and platform version from this service.',
  },
  { name: 'subnets', kind: 'names', group, placeholder: 'ID', describe: 'Subnets, 16 at most.' },
  { name: 'security-groups', kind: 'names', group, placeholder: 'ID', describe: 'Security groups, 5 at most.' },
  {
    name: 'assign-public-ip',
    kind: 'choice',
    choices: ['ENABLED', 'DISABLED'],
    group,
    describe: 'Whether the task gets a public address.',
    default: 'DISABLED',
  },
  {
    name: 'launch-type',
    kind: 'choice',
    choices: ['FARGATE', 'EC2', 'EXTERNAL', 'MANAGED_INSTANCES'],
    group,
    describe: 'Launch type.',
    default: 'the capacity providers of the cluster, else EC2',
  },
  {
    name: 'capacity-provider-strategy',
    kind: 'list',
    group,
    placeholder: 'PROVIDER',
    describe: 'Capacity provider, as NAME or capacityProvider=NAME,weight=1,base=0.',
  },
  {
    name: 'platform-version',
    kind: 'string',
    group,
    placeholder: 'VERSION',
    describe: 'Fargate platform version.',
    default: 'LATEST',
  },
];

/** Reads `placementSpecs`. */
export function readPlacement(reader: OptionReader): PlacementOptions {
  const options: PlacementOptions = {
    networkFromService: reader.string('network-from-service'),
    subnets: reader.names('subnets'),
    securityGroups: reader.names('security-groups'),
    assignPublicIp: reader.choice('assign-public-ip', ['ENABLED', 'DISABLED']),
    launchType: reader.choice('launch-type', ['FARGATE', 'EC2', 'EXTERNAL', 'MANAGED_INSTANCES']),
    capacityProviderStrategy: readStrategy(reader),
    platformVersion: reader.string('platform-version'),
  };
  const { networkFromService, subnets, securityGroups, assignPublicIp, launchType } = options;
  if (subnets.length > 16) reader.complain('--subnets may name 16 subnets at most');
  if (securityGroups.length > 5) reader.complain('--security-groups may name 5 groups at most');
  if (subnets.length === 0 && networkFromService === undefined) {
    if (securityGroups.length > 0) reader.complain('--security-groups needs --subnets or --network-from-service');
    if (assignPublicIp !== undefined) reader.complain('--assign-public-ip needs --subnets or --network-from-service');
  }
  if (launchType !== undefined && options.capacityProviderStrategy.length > 0) {
    reader.complain('--launch-type and --capacity-provider-strategy exclude each other');
  }
  return options;
}

function readStrategy(reader: OptionReader): PlacementOptions['capacityProviderStrategy'] {
  const items = reader
    .list('capacity-provider-strategy')
    .flatMap((text) => text.trim().split(/\s+/))
    .map((text) => readItem(text, reader));
  if (items.length > 20) reader.complain('--capacity-provider-strategy may name 20 providers at most');
  if (items.filter(({ base }) => (base ?? 0) > 0).length > 1) {
    reader.complain('--capacity-provider-strategy may give a base to one provider only');
  }
  return items;
}

function readItem(text: string, reader: OptionReader): { capacityProvider: string; weight?: number; base?: number } {
  if (!text.includes('=')) return { capacityProvider: text, weight: 1 };
  const members = new Map(text.split(',').map((part) => part.split('=') as [string, string | undefined]));
  const capacityProvider = members.get('capacityProvider') ?? '';
  const [weight, base] = [number(members.get('weight')), number(members.get('base'))];
  const known = ['capacityProvider', 'weight', 'base'];
  const isFaulty =
    Number.isNaN(weight) || Number.isNaN(base) || [...members.keys()].some((name) => !known.includes(name));
  if (capacityProvider === '' || isFaulty) {
    reader.complain('--capacity-provider-strategy must look like FARGATE or capacityProvider=FARGATE,weight=1,base=0');
  }
  return {
    capacityProvider,
    ...(weight === undefined ? {} : { weight }),
    ...(base === undefined ? {} : { base }),
  };
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
