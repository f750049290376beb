import {
  CreateServiceCommand,
  type CreateServiceCommandInput,
  type DeploymentConfiguration,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  type Service,
  type ServiceDeployment,
} from '@aws-sdk/client-ecs';
import type { ContainerBehaviour } from '../behaviour.ts';
import { LocalAws } from '../local-aws.ts';
import { requestHandler } from '../request-handler.ts';

/** A model with one cluster, one log group, images `web:1` to `web:3` and a service `web` that runs the first of them. */
export interface ServiceWorld {
  model: LocalAws;
  ecs: ECSClient;
  /** What the service was created from. */
  create: CreateServiceCommandInput;
  /** A new revision of the family `web` with this image; answers its ARN. */
  register(image: string): Promise<string>;
  /** Moves a tag to other contents. */
  push(image: string, contents: string): void;
}

export interface ServiceWorldOptions {
  desiredCount?: number;
  breaker?: boolean;
  configuration?: DeploymentConfiguration;
  loadBalancer?: boolean;
  /** What the first revision's container does. */
  script?: ContainerBehaviour;
  /** Lets the first deployment land (default). */
  settle?: boolean;
  /** More members of the container. */
  container?: object;
}

/** Builds the world and lets its service settle. */
export async function serviceWorld(options: ServiceWorldOptions): Promise<ServiceWorld> {
  const model = new LocalAws();
  const ecs = new ECSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALAWS00000000', secretAccessKey: 'local-secret' },
    requestHandler: requestHandler(model) as never,
    maxAttempts: 1,
  });
  model.logs.createGroup('/ecs/web');
  const moved = new Map<string, string>();
  const { everyImage } = await import('../images.ts');
  Object.assign(model, {
    images: {
      resolve: (reference: string) => everyImage.resolve(moved.get(reference) ?? reference),
    },
  });
  const register = async (image: string): Promise<string> => {
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'web',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        containerDefinitions: [
          {
            name: 'web',
            image,
            portMappings: [{ containerPort: 8080 }],
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'web' },
            },
            ...options.container,
          },
        ],
      }),
    );
    return taskDefinition?.taskDefinitionArn ?? '';
  };
  const breaker = options.breaker === true ? { deploymentCircuitBreaker: { enable: true, rollback: true } } : {};
  if (options.script !== undefined) model.behaviours.script({ image: 'web:1' }, options.script);
  const targetGroupArn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef';
  const create: CreateServiceCommandInput = {
    cluster: 'default',
    serviceName: 'web',
    taskDefinition: await register('web:1'),
    desiredCount: options.desiredCount ?? 1,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    deploymentConfiguration: { ...breaker, ...options.configuration },
    ...(options.loadBalancer === true
      ? { loadBalancers: [{ targetGroupArn, containerName: 'web', containerPort: 8080 }] }
      : {}),
  };
  await ecs.send(new CreateServiceCommand(create));
  if (options.settle !== false) model.clock.advance(3_600_000);
  return { model, ecs, create, register, push: (image, contents) => void moved.set(image, contents) };
}

/** The service `web` as DescribeServices shows it now. */
export async function shown({ ecs }: ServiceWorld): Promise<Service> {
  const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster: 'default', services: ['web'] }));
  const [service] = services;
  if (service === undefined) throw new Error('the service web is not there');
  return service;
}

/** The newest service deployment of `web` that the API shows. */
export async function latest({ ecs }: ServiceWorld): Promise<ServiceDeployment | undefined> {
  const input = { cluster: 'default', service: 'web' };
  const { serviceDeployments = [] } = await ecs.send(new ListServiceDeploymentsCommand(input));
  const serviceDeploymentArns = serviceDeployments
    .slice(0, 1)
    .map(({ serviceDeploymentArn = '' }) => serviceDeploymentArn);
  const answer = await ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }));
  return answer.serviceDeployments?.[0];
}

/** What `look` saw every so many seconds, each value once in a row. */
export async function watch(
  { model }: ServiceWorld,
  everySeconds: number,
  forSeconds: number,
  look: () => Promise<string>,
): Promise<string[]> {
  const seen: string[] = [];
  for (let second = 0; second < forSeconds; second += everySeconds) {
    const value = await look();
    if (seen.at(-1) !== value) seen.push(value);
    model.clock.advance(everySeconds * 1_000);
  }
  return seen;
}
