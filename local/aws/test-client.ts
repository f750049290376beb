import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { LocalAws } from './local-aws.ts';
import { requestHandler } from './request-handler.ts';
import type { Json } from './wire.ts';

/** A model with a Fargate family `app` and SDK clients that send each request once. */
export function testModel(container: object = {}): { model: LocalAws; ecs: ECSClient; logs: CloudWatchLogsClient } {
  const model = new LocalAws();
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register(fargateDefinition('app', container));
  const config = {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALAWS00000000', secretAccessKey: 'local-secret' },
    requestHandler: requestHandler(model) as never,
    maxAttempts: 1,
  };
  return { model, ecs: new ECSClient(config), logs: new CloudWatchLogsClient(config) };
}

/** What RegisterTaskDefinition takes for one Fargate container `app`. */
export function fargateDefinition(family: string, container: object = {}): Json {
  const options = { 'awslogs-group': '/ecs/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' };
  return {
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      { name: 'app', image: 'acme/app:1', logConfiguration: { logDriver: 'awslogs', options }, ...container },
    ],
  };
}

/** A sound RunTask for it. */
export const soundRunTask = {
  taskDefinition: 'app',
  launchType: 'FARGATE' as const,
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
};
