import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { ECRClient, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import type { ECSClientConfig } from '@aws-sdk/client-ecs';
import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SetupPort } from '../ports.ts';
import type { Send } from './send.ts';

/** The reads of `doctor`, over the SDK. Only the command line has them: the orb needs none of these clients. */
export function connectSetup(config: ECSClientConfig, send: Send): SetupPort {
  const ec2 = new EC2Client(config);
  const iam = new IAMClient(config);
  const rds = new RDSClient(config);
  const ecr = new ECRClient(config);
  const logs = new CloudWatchLogsClient(config);
  const cloudwatch = new CloudWatchClient(config);
  const ssm = new SSMClient(config);
  const secrets = new SecretsManagerClient(config);
  const ofVpc = (vpcId: string) => ({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] });
  return {
    hasLogGroup: async (name) => {
      const { logGroups = [] } = await send('logs:DescribeLogGroups', 'read', (attempt) =>
        logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }), attempt),
      );
      return logGroups.some(({ logGroupName }) => logGroupName === name);
    },
    layerUrl: async (input) => {
      const answer = await send('ecr:GetDownloadUrlForLayer', 'read', (attempt) =>
        ecr.send(new GetDownloadUrlForLayerCommand(input), attempt),
      );
      return answer.downloadUrl;
    },
    subnets: async (ids) => {
      const answer = await send('ec2:DescribeSubnets', 'read', (attempt) =>
        ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }), attempt),
      );
      return answer.Subnets ?? [];
    },
    routeTables: async (vpcId) => {
      const answer = await send('ec2:DescribeRouteTables', 'read', (attempt) =>
        ec2.send(new DescribeRouteTablesCommand(ofVpc(vpcId)), attempt),
      );
      return answer.RouteTables ?? [];
    },
    securityGroups: async (ids) => {
      const answer = await send('ec2:DescribeSecurityGroups', 'read', (attempt) =>
        ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [...ids] }), attempt),
      );
      return answer.SecurityGroups ?? [];
    },
    vpcEndpoints: async (vpcId) => {
      const answer = await send('ec2:DescribeVpcEndpoints', 'read', (attempt) =>
        ec2.send(new DescribeVpcEndpointsCommand(ofVpc(vpcId)), attempt),
      );
      return answer.VpcEndpoints ?? [];
    },
    databases: async () => {
      const found: DBInstance[] = [];
      let Marker: string | undefined;
      do {
        const page = await send('rds:DescribeDBInstances', 'read', (attempt) =>
          rds.send(new DescribeDBInstancesCommand({ Marker }), attempt),
        );
        found.push(...(page.DBInstances ?? []));
        Marker = page.Marker;
      } while (Marker !== undefined);
      return found;
    },
    describeSecret: async (SecretId) => {
      await send('secretsmanager:DescribeSecret', 'read', (attempt) =>
        secrets.send(new DescribeSecretCommand({ SecretId }), attempt),
      );
    },
    hasParameter: async (name) => {
      const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [name] }];
      const { Parameters = [] } = await send('ssm:DescribeParameters', 'read', (attempt) =>
        ssm.send(new DescribeParametersCommand({ ParameterFilters }), attempt),
      );
      return Parameters.length > 0;
    },
    alarmStates: async (names) => {
      const { MetricAlarms = [], CompositeAlarms = [] } = await send('cloudwatch:DescribeAlarms', 'read', (attempt) =>
        cloudwatch.send(
          new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
          attempt,
        ),
      );
      return new Map(
        [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName = '', StateValue = '' }) => [AlarmName, StateValue]),
      );
    },
    oidcAudiences: async (OpenIDConnectProviderArn) => {
      const { ClientIDList = [] } = await send('iam:GetOpenIDConnectProvider', 'read', (attempt) =>
        iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }), attempt),
      );
      return ClientIDList;
    },
    roleTrust: async (RoleName) => {
      const { Role } = await send('iam:GetRole', 'read', (attempt) =>
        iam.send(new GetRoleCommand({ RoleName }), attempt),
      );
      return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    },
    denied: async ({ principal, actions, resources, context }) => {
      const { EvaluationResults = [] } = await send('iam:SimulatePrincipalPolicy', 'read', (attempt) =>
        iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: principal,
            ActionNames: [...actions],
            ResourceArns: [...resources],
            ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
              ContextKeyName,
              ContextKeyType: 'string',
              ContextKeyValues: [value],
            })),
          }),
          attempt,
        ),
      );
      const refused = EvaluationResults.filter(({ EvalDecision }) => EvalDecision !== 'allowed');
      return [...new Set(refused.flatMap(({ EvalActionName = [] }) => EvalActionName))];
    },
  };
}
