import { ApiError, type Json, type Operations } from '../wire.ts';

/** What else an account has around its services: networks, databases, secrets, parameters. Only reads are modelled. */
export class Account {
  /** In the shapes of the EC2 API, with names in camel case as its XML has them. */
  readonly subnets: Json[] = [];
  readonly routeTables: Json[] = [];
  readonly securityGroups: Json[] = [];
  readonly vpcEndpoints: Json[] = [];
  /** In the shape of RDS. */
  readonly databases: Json[] = [];
  /** Names and ARNs of secrets. */
  readonly secrets = new Set<string>();
  /** Names of parameters. */
  readonly parameters = new Set<string>();
  /** States of CloudWatch's alarms, by name. */
  readonly alarms = new Map<string, 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'>();

  readonly ec2: Operations = {
    DescribeSubnets: (input: Json) => ({
      subnetSet: { item: named(this.subnets, 'subnetId', input, 'SubnetId', 'InvalidSubnetID.NotFound', 'subnet') },
    }),
    DescribeRouteTables: (input: Json) => ({ routeTableSet: { item: filtered(this.routeTables, input) } }),
    DescribeSecurityGroups: (input: Json) => ({
      securityGroupInfo: {
        item: named(this.securityGroups, 'groupId', input, 'GroupId', 'InvalidGroup.NotFound', 'security group'),
      },
    }),
    DescribeVpcEndpoints: (input: Json) => ({ vpcEndpointSet: { item: filtered(this.vpcEndpoints, input) } }),
  };

  readonly rds: Operations = {
    DescribeDBInstances: () => ({ DBInstances: { DBInstance: this.databases } }),
  };

  readonly secretsmanager: Operations = {
    DescribeSecret: (input: Json) => {
      if (this.secrets.has(input.SecretId)) return { Name: input.SecretId };
      throw new ApiError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    },
  };

  readonly cloudwatch: Operations = {
    DescribeAlarms: ({ AlarmNames: wanted = [] }: Json) => ({
      MetricAlarms: [...this.alarms]
        .filter(([name]) => wanted.includes(name))
        .map(([AlarmName, StateValue]) => ({ AlarmName, StateValue })),
    }),
  };

  readonly ssm: Operations = {
    DescribeParameters: (input: Json) => {
      const wanted: string[] = (input.ParameterFilters ?? []).flatMap(({ Values }: Json) => Values);
      return { Parameters: wanted.filter((name) => this.parameters.has(name)).map((Name) => ({ Name })) };
    },
  };
}

/** The members of a list in the query protocol: `Name.1`, `Name.2`, …, with `.member` where the service has it. */
export function queryList(input: Json, name: string): string[] {
  const members = Object.entries(input as Record<string, string>).filter(([key]) =>
    new RegExp(`^${name}\\.(member\\.)?\\d+$`).test(key),
  );
  return members.map(([, value]) => value);
}

function named(all: Json[], key: string, input: Json, list: string, code: string, what: string): Json[] {
  const ids = queryList(input, list);
  const missing = ids.find((id) => !all.some((one) => one[key] === id));
  if (missing !== undefined) throw new ApiError(code, `The ${what} ID '${missing}' does not exist`);
  return ids.length === 0 ? filtered(all, input) : all.filter((one) => ids.includes(one[key]));
}

/** The filter `vpc-id` is known, and no other. */
function filtered(all: Json[], input: Json): Json[] {
  const name = input['Filter.1.Name'];
  if (name === undefined) return all;
  if (name !== 'vpc-id') throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
  const values = queryList(input, 'Filter\\.1\\.Value');
  return all.filter(({ vpcId }) => values.includes(vpcId));
}
