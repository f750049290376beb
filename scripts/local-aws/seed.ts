import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateServiceCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { RunningAws } from './start.ts';

/** The names that the article gives to the parts of one environment. */
export interface Environment {
  cluster: string;
  container: string;
  repository: string;
  migrationFamily: string;
  /** Also the name of the service. */
  serviceFamily: string;
  logGroup: string;
}

/** `stg` or `prod`, with the article's prefix `hoge` or another one. */
export function environmentOf(env: string, prefix = 'hoge'): Environment {
  return {
    cluster: `${prefix}-${env}`,
    container: `${prefix}-${env}`,
    repository: `${prefix}-${env}`,
    migrationFamily: `${prefix}-service-${env}`,
    serviceFamily: `${prefix}-apps-service-${env}`,
    logGroup: `/ecs/${prefix}-${env}`,
  };
}

/** Makes an environment as its team has it before the first service: the place for it, and both families. */
export async function seedEnvironment(
  aws: RunningAws,
  names: Environment,
  variables: Record<string, string> = {},
): Promise<{ image: string }> {
  const image = await createPlace(aws, names);
  await registerFamilies(aws, names, variables);
  return { image };
}

/** Makes the cluster with two instances, the log group and the ECR repository; answers the image that the families will name. */
export async function createPlace(aws: RunningAws, names: Environment): Promise<string> {
  const { model } = aws;
  model.clusters.create(names.cluster);
  model.settings.containerInstances[names.cluster] = 2;
  model.logs.createGroup(names.logGroup);
  await ecrClient(aws).send(new CreateRepositoryCommand({ repositoryName: names.repository }));
  return imageOf(aws, names);
}

/** Registers both families, with these environment variables. */
export async function registerFamilies(
  aws: RunningAws,
  names: Environment,
  variables: Record<string, string>,
): Promise<void> {
  for (const family of [names.migrationFamily, names.serviceFamily]) {
    await ecsClient(aws).send(new RegisterTaskDefinitionCommand(taskDefinition(family, names, aws, variables)));
  }
}

function imageOf({ model }: RunningAws, { repository }: Environment): string {
  return `${model.ecr.store.uri(repository)}:latest`;
}

/** Creates the service on its family's latest revision: rolling, with the circuit breaker on. */
export async function createService(aws: RunningAws, names: Environment, desiredCount: number): Promise<void> {
  await ecsClient(aws).send(
    new CreateServiceCommand({
      cluster: names.cluster,
      serviceName: names.serviceFamily,
      taskDefinition: names.serviceFamily,
      launchType: 'EC2',
      desiredCount,
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    }),
  );
}

function taskDefinition(family: string, names: Environment, aws: RunningAws, variables: Record<string, string>) {
  const options = {
    'awslogs-group': names.logGroup,
    'awslogs-region': aws.model.world.region,
    'awslogs-stream-prefix': 'hoge',
  };
  return {
    family,
    containerDefinitions: [
      {
        name: names.container,
        image: imageOf(aws, names),
        memory: 256,
        environment: Object.entries(variables).map(([name, value]) => ({ name, value })),
        portMappings: [{ containerPort: 8080, hostPort: 0 }],
        logConfiguration: { logDriver: 'awslogs' as const, options },
      },
    ],
  };
}

/** An ECS client for local AWS. */
export function ecsClient(aws: RunningAws): ECSClient {
  return new ECSClient(clientOptions(aws));
}

/** An ECR client for local AWS. */
export function ecrClient(aws: RunningAws): ECRClient {
  return new ECRClient(clientOptions(aws));
}

function clientOptions({ url, model }: RunningAws) {
  const credentials = { accessKeyId: 'AKIALOCALAWS00000000', secretAccessKey: 'local-aws' };
  return { endpoint: url, region: model.world.region, credentials };
}
