import { afterEach, expect } from 'vitest';
import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { type Finished, type RunOptions, runBundle } from '../../scripts/run-bundle.ts';

/** One container definition with the awslogs driver; `more` is added or replaces. */
export function container(name: string, more: object = {}): Json {
  return {
    name,
    image: 'public.ecr.aws/acme/app:1',
    logConfiguration: {
      logDriver: 'awslogs',
      options: { 'awslogs-group': '/ecs/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' },
    },
    ...more,
  };
}

/** A local AWS with a cluster `prod` and a Fargate family `app`, served over HTTP on a virtual clock. */
export interface MigrationWorld {
  model: LocalAws;
  url: string;
  env: Record<string, string>;
  /** Runs the built bundle by the model's clock. */
  bundle(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** run-migration-task on the family `app`, with `more` behind. */
  migrate(more?: readonly string[], options?: RunOptions): Promise<Finished>;
}

const open: { served: Served; model: LocalAws }[] = [];
afterEach(async () => {
  for (const { served, model } of open.splice(0)) {
    await served.close();
    // A fault of the model must not pass for one of AWS.
    expect(model.requests.filter(({ errorType }) => errorType === 'LocalAwsBug')).toEqual([]);
  }
});

/** Starts a world; it is closed after the test. */
export async function migrationWorld(
  containers: Json[] = [container('app')],
  more: object = {},
): Promise<MigrationWorld> {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register({
    family: 'app',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
    containerDefinitions: containers,
    ...more,
  });
  const served = await serve(model);
  open.push({ served, model });
  const bundle: MigrationWorld['bundle'] = (args, options = {}) =>
    runBundle(args, { control: served.url, ...options, env: { ...served.env, ...options.env } });
  const base = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', '--launch-type', 'FARGATE'];
  return {
    model,
    url: served.url,
    env: served.env,
    bundle,
    migrate: (args = [], options) => bundle([...base, '--subnets', 'subnet-1', ...args], options),
  };
}

/** The requests that arrived for an operation. */
export function requestsOf(model: LocalAws, operation: string): Json[] {
  return model.requests.filter((request) => request.operation === operation).map(({ input }) => input);
}
