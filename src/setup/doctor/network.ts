import type { IpPermission, RouteTable, Subnet } from '@aws-sdk/client-ec2';
import type { Service } from '@aws-sdk/client-ecs';
import { hasCode } from '../../errors.ts';
import type { RawTaskDefinition } from '../../ports.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Network } from './target.ts';

/** The network that a service gives its tasks. */
export function networkOf(service: Service | undefined): Network | undefined {
  const given = service?.networkConfiguration?.awsvpcConfiguration;
  if (given === undefined) return undefined;
  return {
    subnets: given.subnets ?? [],
    securityGroups: given.securityGroups ?? [],
    publicIp: given.assignPublicIp === 'ENABLED',
  };
}

/** Whether a task in this network reaches what it needs to start: ECR, its log and its secrets. */
export function checkWayOut(
  who: string,
  network: Network,
  definition: RawTaskDefinition | undefined,
  { aws }: DoctorDeps,
): Promise<Finding[]> {
  return check('network', async () => {
    const subnets = await subnetsOf(network.subnets, aws);
    if ('refusal' in subnets) {
      const fix = 'Correct the subnets of the network configuration';
      return [fault('network', `${who}: ${subnets.refusal}`, fix)];
    }
    const [vpcId] = subnets.flatMap(({ VpcId = [] }) => VpcId);
    if (vpcId === undefined) return [];
    const tables = await aws.setup.routeTables(vpcId);
    const shut = subnets.filter(({ SubnetId = '' }) => wayOut(SubnetId, tables) === undefined);
    const onlyPublic = subnets.filter(({ SubnetId = '' }) => wayOut(SubnetId, tables) === 'internet gateway');
    if (onlyPublic.length > 0 && !network.publicIp) {
      const ids = onlyPublic.flatMap(({ SubnetId = [] }) => SubnetId);
      return [
        fault(
          'network',
          `${who}: ${listed(ids)} leads to an internet gateway, which only tasks with a public address can use`,
          'Set assignPublicIp ENABLED, or use subnets with a NAT gateway',
        ),
      ];
    }
    if (shut.length === 0) return [ok('network', `${who}: every subnet has a way out`)];
    const endpoints = await aws.setup.vpcEndpoints(vpcId);
    const there = endpoints
      .filter(({ State }) => State?.toLowerCase() === 'available')
      .map(({ ServiceName = '' }) => ServiceName.replace(/^.*?\.[a-z]+-[a-z-]+-\d\./, ''));
    const needed = ['ecr.api', 'ecr.dkr', 's3', ...needs(definition)];
    const missing = needed.filter((name) => !there.includes(name));
    const ids = shut.flatMap(({ SubnetId = [] }) => SubnetId);
    if (missing.length === 0) return [ok('network', `${who}: no way out, but endpoints for ${listed(needed)}`)];
    return [
      fault(
        'network',
        `${who}: ${listed(ids)} has no way to ${listed(missing)}: the task cannot start`,
        'Add a NAT gateway or VPC endpoints for them',
      ),
    ];
  });
}

/** The subnets, or why EC2 does not know one of them. */
function subnetsOf(ids: readonly string[], { setup }: DoctorDeps['aws']): Promise<Subnet[] | { refusal: string }> {
  return setup.subnets(ids).catch((error: unknown) => {
    if (!hasCode(error, 'InvalidSubnetID.NotFound', 'InvalidSubnetID.Malformed')) throw error;
    return { refusal: error.awsMessage ?? error.message };
  });
}

function needs(definition: RawTaskDefinition | undefined): string[] {
  const containers = definition?.containerDefinitions ?? [];
  const sources = containers.flatMap(({ secrets = [] }) =>
    (secrets as { valueFrom: string }[]).map(({ valueFrom }) => valueFrom),
  );
  const isSecret = (source: string): boolean => source.includes(':secretsmanager:');
  return [
    'logs',
    ...(sources.some(isSecret) ? ['secretsmanager'] : []),
    ...(sources.some((source) => !isSecret(source)) ? ['ssm'] : []),
  ];
}

/** What the default route of a subnet leads to; a subnet without a table of its own uses the main one. */
function wayOut(subnet: string, tables: readonly RouteTable[]): string | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet));
  const table = own ?? tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
  const route = table?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
  );
  if (route === undefined) return undefined;
  return route.GatewayId?.startsWith('igw-') === true ? 'internet gateway' : 'other';
}

/** Whether the tasks' security groups may reach the port of the database. */
export function checkDatabase(database: string, networks: readonly Network[], { aws }: DoctorDeps): Promise<Finding[]> {
  return check('database', async () => {
    const all = await aws.setup.databases();
    const [label = ''] = database.split('.');
    const found = all.filter(
      ({ DBInstanceIdentifier, DBClusterIdentifier, Endpoint }) =>
        Endpoint?.Address === database || [DBInstanceIdentifier, DBClusterIdentifier].includes(label),
    );
    const [instance] = found;
    if (instance === undefined) {
      const names = all.flatMap(({ DBInstanceIdentifier = [] }) => DBInstanceIdentifier);
      return [
        fault(
          'database',
          `There is no database ${database} in ${aws.region}; there are: ${listed(names)}`,
          'Correct --database',
        ),
      ];
    }
    const { DBInstanceStatus: status = 'available', Endpoint, VpcSecurityGroups = [] } = instance;
    const port = Endpoint?.Port ?? 0;
    const groups = await aws.setup.securityGroups(
      VpcSecurityGroups.flatMap(({ VpcSecurityGroupId = [] }) => VpcSecurityGroupId),
    );
    const rules = groups.flatMap(({ IpPermissions = [] }) => IpPermissions).filter((rule) => isForPort(rule, port));
    const shut: Finding[] = [];
    for (const { securityGroups, subnets } of networks) {
      const known = await subnetsOf(subnets, aws);
      const addresses = 'refusal' in known ? [] : known.flatMap(({ CidrBlock = [] }) => CidrBlock);
      if (rules.some((rule) => lets(rule, securityGroups, addresses))) continue;
      shut.push(
        fault(
          'database',
          `Nothing lets ${listed(securityGroups)} reach port ${port} of ${database}`,
          `aws ec2 authorize-security-group-ingress --group-id ${groups[0]?.GroupId} --protocol tcp --port ${port} --source-group ${securityGroups[0] ?? 'GROUP'}`,
        ),
      );
    }
    if (shut.length > 0) return shut;
    return [ok('database', `${database} is ${status}, and its port ${port} is open to the tasks`)];
  });
}

const isForPort = ({ IpProtocol, FromPort = 0, ToPort = 65_535 }: IpPermission, port: number): boolean =>
  IpProtocol === '-1' || (IpProtocol === 'tcp' && FromPort <= port && port <= ToPort);

function lets(
  { UserIdGroupPairs = [], IpRanges = [] }: IpPermission,
  groups: readonly string[],
  subnets: readonly string[],
): boolean {
  if (UserIdGroupPairs.some(({ GroupId }) => GroupId !== undefined && groups.includes(GroupId))) return true;
  const ranges = IpRanges.flatMap(({ CidrIp = [] }) => CidrIp);
  return subnets.length > 0 && subnets.every((subnet) => ranges.some((range) => holds(range, subnet)));
}

/** Whether an IPv4 range holds another one. */
function holds(range: string, other: string): boolean {
  const [address = '', bits = '32'] = range.split('/');
  const [inner = '', innerBits = '32'] = other.split('/');
  const size = 2 ** (32 - Number(bits));
  return (
    Number(innerBits) >= Number(bits) && Math.floor(numberOf(address) / size) === Math.floor(numberOf(inner) / size)
  );
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
