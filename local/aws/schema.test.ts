import { expect, test } from 'vitest';
import { LocalAws } from './local-aws.ts';
import { outputFaults } from './schema-check.ts';
import type { AwsServiceName, Json } from './wire.ts';

/** Operations whose output the identity tests read with the SDK itself: they need a signed token or a role. */
const checkedElsewhere = [
  'sts AssumeRole',
  'sts AssumeRoleWithWebIdentity',
  'ecs ContinueServiceDeployment',
  // Always refused: nothing is scanned here.
  'ecr DescribeImageScanFindings',
];
/** Their XML is read by the SDK in the tests of doctor. */
const inXml = /^(ec2|rds|iam) /;

const network = { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' } };

test('no part answers with a member or a type that the SDK does not know', async () => {
  const { model, call, seen } = recorded();
  await ecrAndLogs(call);
  await tasks(model, call);
  await services(model, call);
  await call('sts', 'GetCallerIdentity', {});
  model.account.secrets.add('shop');
  await call('secretsmanager', 'DescribeSecret', { SecretId: 'shop' });
  model.account.parameters.add('mode');
  await call('ssm', 'DescribeParameters', { ParameterFilters: [{ Key: 'Name', Values: ['mode'] }] });
  model.account.alarms.set('errors', 'OK');
  await call('cloudwatch', 'DescribeAlarms', { AlarmNames: ['errors'] });
  model.ecr.push('layered', ['1']);
  const [layerDigest] = model.ecr.store.repositories.get('layered')?.blobs.keys() ?? [];
  await call('ecr', 'GetDownloadUrlForLayer', { repositoryName: 'layered', layerDigest });
  expect(seen.faults).toEqual([]);
  const all = Object.entries(model.operations).flatMap(([service, some]) =>
    Object.keys(some).map((name) => `${service} ${name}`),
  );
  expect(
    all.filter((name) => !seen.operations.has(name) && !checkedElsewhere.includes(name) && !inXml.test(name)),
  ).toEqual([]);
});

test('the check itself finds unknown members and wrong types', () => {
  expect(outputFaults('ecs', 'RunTask', { tasks: [{ taskArn: 1, containers: [{ nam: 'x' }] }], more: {} })).toEqual([
    'RunTask.tasks[0].taskArn is a number, not a string',
    'RunTask.tasks[0].containers[0].nam is not known',
    'RunTask.more is not known',
  ]);
  expect(outputFaults('ecs', 'DescribeTasks', { tasks: [{ createdAt: '2026-01-05' }] })).toEqual([
    'DescribeTasks.tasks[0].createdAt is a string, not a number',
  ]);
});

type Caller = (service: AwsServiceName, operation: string, input: Json) => Promise<Json>;

/** A model whose every answer is checked on its way. */
function recorded(): { model: LocalAws; call: Caller; seen: { operations: Set<string>; faults: string[] } } {
  const model = new LocalAws();
  const seen = { operations: new Set<string>(), faults: [] as string[] };
  const targets: Partial<Record<AwsServiceName, string>> = {
    ecs: 'AmazonEC2ContainerServiceV20141113',
    ecr: 'AmazonEC2ContainerRegistry_V20150921',
    logs: 'Logs_20140328',
    secretsmanager: 'secretsmanager',
    ssm: 'AmazonSSM',
    cloudwatch: 'GraniteServiceVersion20100801',
  };
  for (const [service, operations] of Object.entries(model.operations) as [AwsServiceName, Json][]) {
    for (const [name, run] of Object.entries(operations) as [string, Json][]) {
      operations[name] = async (...args: Json[]) => {
        const output = await run(...args);
        seen.operations.add(`${service} ${name}`);
        seen.faults.push(...outputFaults(service, name, output));
        return output;
      };
    }
  }
  const call: Caller = async (service, operation, input) => {
    const isQuery = service === 'sts';
    const headers: Record<string, string> = {
      authorization: `AWS4-HMAC-SHA256 Credential=AKIALOCALAWS00000000/20260105/eu-west-1/${service}/aws4_request, x`,
      ...(isQuery ? {} : { 'x-amz-target': `${targets[service]}.${operation}` }),
    };
    const text = isQuery ? `Action=${operation}` : JSON.stringify(input);
    const response = await model.handle({ method: 'POST', path: '/', headers, body: new TextEncoder().encode(text) });
    const body = String(response.body);
    if (response.status !== 200) throw new Error(`${operation}: ${body}`);
    return isQuery ? body : JSON.parse(body);
  };
  return { model, call, seen };
}

async function ecrAndLogs(call: Caller): Promise<void> {
  await call('ecr', 'CreateRepository', { repositoryName: 'app' });
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { digest: 'sha256:1' },
    layers: [],
  });
  await call('ecr', 'PutImage', { repositoryName: 'app', imageManifest, imageTag: '1' });
  const imageIds = [{ imageTag: '1' }];
  await call('ecr', 'DescribeRepositories', {});
  await call('ecr', 'DescribeImages', { repositoryName: 'app' });
  await call('ecr', 'ListImages', { repositoryName: 'app' });
  await call('ecr', 'BatchGetImage', { repositoryName: 'app', imageIds });
  await call('ecr', 'PutImageTagMutability', { repositoryName: 'app', imageTagMutability: 'MUTABLE' });
  await call('ecr', 'PutImageScanningConfiguration', { repositoryName: 'app', imageScanningConfiguration: {} });
  await call('ecr', 'PutLifecyclePolicy', { repositoryName: 'app', lifecyclePolicyText: '{"rules":[]}' });
  await call('ecr', 'GetLifecyclePolicy', { repositoryName: 'app' });
  await call('ecr', 'SetRepositoryPolicy', { repositoryName: 'app', policyText: '{}' });
  await call('ecr', 'GetRepositoryPolicy', { repositoryName: 'app' });
  await call('ecr', 'BatchDeleteImage', { repositoryName: 'app', imageIds: [...imageIds, { imageTag: '2' }] });
  await call('ecr', 'DeleteRepository', { repositoryName: 'app' });
  await call('ecr', 'GetAuthorizationToken', {});
  await call('logs', 'CreateLogGroup', { logGroupName: '/ecs/app' });
}

function definition(family: string): Json {
  const options = { 'awslogs-group': '/ecs/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' };
  return {
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'app',
        image: 'acme/app:1',
        portMappings: [{ containerPort: 80 }],
        healthCheck: { command: ['CMD', 'true'], interval: 5, retries: 2 },
        logConfiguration: { logDriver: 'awslogs', options },
      },
    ],
    tags: [{ key: 'team', value: 'a' }],
  };
}

async function tasks(model: LocalAws, call: Caller): Promise<void> {
  model.settings.injectedContainers = [{ name: 'aws-guardduty-agent-1', reason: 'CannotPullContainerError: x' }];
  await call('ecs', 'CreateCluster', { clusterName: 'prod' });
  await call('ecs', 'RegisterTaskDefinition', definition('app'));
  await call('ecs', 'RegisterTaskDefinition', definition('app'));
  await call('ecs', 'DeregisterTaskDefinition', { taskDefinition: 'app:2' });
  await call('ecs', 'DescribeTaskDefinition', { taskDefinition: 'app:2', include: ['TAGS'] });
  await call('ecs', 'ListTaskDefinitions', {});
  await call('ecs', 'ListTaskDefinitionFamilies', {});
  await call('ecs', 'RegisterTaskDefinition', definition('old'));
  await call('ecs', 'DeregisterTaskDefinition', { taskDefinition: 'old:1' });
  await call('ecs', 'DeleteTaskDefinitions', { taskDefinitions: ['old:1', 'app:1', 'nope:1'] });
  model.settings.containerInstances = { prod: 2 };
  await call('ecs', 'ListContainerInstances', { cluster: 'prod' });
  await call('ecs', 'DescribeCapacityProviders', { capacityProviders: ['FARGATE', 'nope'] });
  await call('ecs', 'ListAccountSettings', {});
  const { clusters } = await call('ecs', 'DescribeClusters', { clusters: ['prod'] });
  const resourceArn = clusters[0].clusterArn;
  await call('ecs', 'TagResource', { resourceArn, tags: [{ key: 'team', value: 'a' }] });
  await call('ecs', 'ListTagsForResource', { resourceArn });
  await call('ecs', 'UntagResource', { resourceArn, tagKeys: ['team'] });
  const run = { cluster: 'prod', taskDefinition: 'app', launchType: 'FARGATE', networkConfiguration: network };
  const overrides = {
    containerOverrides: [{ name: 'app', command: ['x'], environment: [{ name: 'A', value: '1' }] }],
    cpu: '512',
  };
  const started = await call('ecs', 'RunTask', {
    ...run,
    overrides,
    clientToken: 't',
    startedBy: 'me',
    count: 2,
    tags: [{ key: 'a', value: 'b' }],
  });
  model.settings.runTaskFailures = [[{ reason: 'RESOURCE:CPU', arn: 'arn:x', detail: 'd' }]];
  await call('ecs', 'RunTask', run);
  const arns: string[] = started.tasks.map(({ taskArn }: Json) => taskArn);
  model.behaviours.script({ times: 1 }, { start: { reason: 'CannotPullContainerError: x' } });
  const failing = await call('ecs', 'RunTask', run);
  const look = { cluster: 'prod', tasks: [...arns, failing.tasks[0].taskArn, 'f'.repeat(32)], include: ['TAGS'] };
  for (let step = 0; step < 30; step++) {
    await call('ecs', 'DescribeTasks', look);
    model.clock.advance(3_000);
    if (step === 10) await call('ecs', 'StopTask', { cluster: 'prod', task: arns[1], reason: 'enough' });
  }
  await call('ecs', 'RunTask', {
    ...run,
    overrides,
    clientToken: 't',
    startedBy: 'me',
    count: 2,
    tags: [{ key: 'a', value: 'b' }],
  });
  await call('ecs', 'ListTasks', { cluster: 'prod', desiredStatus: 'STOPPED' });
  await call('ecs', 'DescribeClusters', { clusters: ['prod', 'nope'] });
  await call('ecs', 'ListClusters', {});
  await call('logs', 'DescribeLogGroups', {});
  const { logStreams } = await call('logs', 'DescribeLogStreams', { logGroupName: '/ecs/app' });
  const logStreamName = logStreams[0].logStreamName;
  model.logs.write('/ecs/app', logStreamName, 'hello');
  model.clock.advance(5_000);
  await call('logs', 'FilterLogEvents', { logGroupName: '/ecs/app' });
  await call('logs', 'GetLogEvents', { logGroupName: '/ecs/app', logStreamName, startFromHead: true });
}

async function services(model: LocalAws, call: Caller): Promise<void> {
  await call('ecs', 'RegisterTaskDefinition', definition('web'));
  await call('ecs', 'CreateService', {
    ...{
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: 'web',
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: network,
    },
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: true },
      minimumHealthyPercent: 100,
      maximumPercent: 200,
    },
  });
  const service = { cluster: 'prod', service: 'web' };
  const look = async (): Promise<Json> => {
    await call('ecs', 'DescribeServices', { cluster: 'prod', services: ['web', 'nope'] });
    const { serviceDeployments } = await call('ecs', 'ListServiceDeployments', service);
    const serviceDeploymentArns: string[] = serviceDeployments.map((one: Json) => one.serviceDeploymentArn);
    if (serviceDeploymentArns.length === 0) return undefined;
    const described = await call('ecs', 'DescribeServiceDeployments', { serviceDeploymentArns });
    const serviceRevisionArns = described.serviceDeployments.map((one: Json) => one.targetServiceRevision.arn);
    await call('ecs', 'DescribeServiceRevisions', { serviceRevisionArns });
    return serviceDeployments[0];
  };
  const settle = async (): Promise<void> => {
    for (let step = 0; step < 20; step++) {
      await look();
      model.clock.advance(20_000);
    }
  };
  await settle();
  await call('ecs', 'ListServices', { cluster: 'prod' });
  model.behaviours.script({ taskDefinition: 'web:2' }, { runMs: 2_000, exitCode: 1 });
  await call('ecs', 'RegisterTaskDefinition', definition('web'));
  await call('ecs', 'UpdateService', { ...service, taskDefinition: 'web:2' });
  await settle();
  await call('ecs', 'UpdateService', { ...service, forceNewDeployment: true });
  model.clock.advance(10_000);
  const newest = await look();
  await call('ecs', 'StopServiceDeployment', {
    serviceDeploymentArn: newest.serviceDeploymentArn,
    stopType: 'ROLLBACK',
  });
  await settle();
  await call('ecs', 'DeleteService', { ...service, force: true });
}
