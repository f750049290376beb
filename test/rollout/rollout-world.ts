import { afterEach } from 'vitest';
import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { type Finished, type RunOptions, runBundle } from '../../scripts/run-bundle.ts';
import { runCli } from '../../src/cli.ts';
import { inProcess } from '../support/in-process.ts';

export const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
export const targetGroup = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef';

/** A cluster `prod`, images `web:v1` to `web:v3` in ECR, and services that run the first one. */
export interface RolloutWorld {
  model: LocalAws;
  /** Digests of the images by tag. */
  digests: Record<string, string>;
  /** Creates a service on `web:v1` with a family of the same name; lets it settle. */
  service(name: string, more?: Json, container?: Json, definition?: Json): Promise<void>;
  /** Calls an ECS operation as somebody else would. */
  ecs(operation: string, input: Json): Promise<Json>;
  /** update-service-and-verify on cluster prod, in this process. */
  deploy(args: readonly string[], options?: DeployOptions): Promise<Finished & { files: Map<string, string> }>;
  /** Any command with the built bundle, over HTTP. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** update-service-and-verify on cluster prod with it. */
  bundle(args: readonly string[], options?: RunOptions): Promise<Finished>;
}

export interface DeployOptions {
  env?: Record<string, string>;
  files?: Record<string, string>;
  /** Called on every printed line. */
  onLine?: (line: string, interrupt: (name?: 'SIGINT' | 'SIGTERM') => void) => void;
  /** Answers of the application, by URL. */
  http?: (url: string) => number;
  /** No file can be written. */
  isDiskFull?: boolean;
}

const open: Served[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

/** The world; `service: false` leaves it without the service `web`. */
export async function rolloutWorld(options: { service?: false; more?: Json } = {}): Promise<RolloutWorld> {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/web');
  const digests = Object.fromEntries(
    ['v1', 'v2', 'v3'].map((tag) => [tag, model.ecr.push('web', [tag], `content of ${tag}`)]),
  );
  const ecs = async (operation: string, input: Json): Promise<Json> => {
    const run = model.operations.ecs[operation];
    if (run === undefined) throw new Error(`no operation ${operation}`);
    const call = { service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 };
    return run(structuredClone(input), call);
  };
  const world: RolloutWorld = {
    model,
    digests,
    ecs,
    service: async (name, more = {}, container = {}, definition = {}) => {
      await ecs('RegisterTaskDefinition', definitionOf(name, container, definition));
      await ecs('CreateService', {
        cluster: 'prod',
        serviceName: name,
        taskDefinition: name,
        desiredCount: 2,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
        ...more,
      });
      model.clock.advance(3_600_000);
    },
    deploy: (args, given = {}) => inThisProcess(model, args, given),
    run: async (args, given = {}) => {
      const served = await serve(model);
      open.push(served);
      return runBundle(args, { control: served.url, ...given, env: { ...served.env, ...given.env } });
    },
    bundle: (args, given = {}) => world.run(['update-service-and-verify', '--cluster', 'prod', ...args], given),
  };
  if (options.service !== false) await world.service('web', options.more);
  return world;
}

/** A Fargate definition with one container on `web:v1`. */
export function definitionOf(family: string, container: Json = {}, more: Json = {}): Json {
  return {
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
    containerDefinitions: [
      {
        name: 'web',
        image: `${registry}/web:v1`,
        portMappings: [{ containerPort: 8080 }],
        environment: [{ name: 'MODE', value: 'production' }],
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'web' },
        },
        ...container,
      },
    ],
    ...more,
  };
}

async function inThisProcess(model: LocalAws, args: readonly string[], options: DeployOptions) {
  const harness = await inProcess(model);
  for (const [path, text] of Object.entries(options.files ?? {})) harness.files.contents.set(path, text);
  if (options.isDiskFull === true) {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    harness.files.write = () => Promise.reject(full);
  }
  const output = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTty: false,
    write: (text: string) => {
      output[name] += text;
      options.onLine?.(text.trimEnd(), harness.interrupt.trigger);
    },
  });
  const exitCode = await runCli(['update-service-and-verify', '--cluster', 'prod', ...args], {
    env: options.env ?? {},
    clock: harness.clock,
    interrupt: harness.interrupt,
    files: harness.files,
    http: async (url) => ({ status: options.http?.(url) ?? 200, headers: {}, body: '' }),
    processes: { run: () => Promise.reject(new Error('no process is expected here')) },
    version: '0.0.0-test',
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    connect: async () => harness.aws,
  });
  return { exitCode, signal: undefined, ...output, files: harness.files.contents };
}

/** The inputs that arrived for an operation. */
export function requestsOf(model: LocalAws, operation: string): Json[] {
  return model.requests.filter((request) => request.operation === operation).map(({ input }) => input);
}

/** Refuses operations to this caller, as IAM does. */
export function deny(model: LocalAws, ...operations: string[]): void {
  for (const operation of operations) {
    const message = `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:${operation} on resource: *`;
    model.faults.script({ kind: 'error', operation, times: 9_999, type: 'AccessDeniedException', message });
  }
}

export const aboutServiceDeployments = [
  'ListServiceDeployments',
  'DescribeServiceDeployments',
  'DescribeServiceRevisions',
];

/** Does something to the world after some time. */
export const later = (model: LocalAws, ms: number, run: () => void): void =>
  void model.clock.at(model.clock.now() + ms, run);

/** A breaker that rolls back. */
export const breaker = { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } };

/** What a container does that cannot start its application. */
export const crash = {
  runMs: 2_000,
  exitCode: 1,
  logs: [
    { atMs: 500, message: 'Booting' },
    { atMs: 1_500, message: 'KeyError: key not found: "DATABASE_URL"' },
  ],
};
