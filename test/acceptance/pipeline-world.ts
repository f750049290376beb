import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { type Served, serve } from '../../local/aws/http.ts';
import { createOidcIssuer, type OidcIssuer } from '../../local/aws/identity/oidc-issuer.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { installStandInDocker } from '../../local/docker/install.ts';
import { type FakeSlack, startFakeSlack } from '../../local/slack/fake-slack.ts';
import { type Finished, type RunOptions, runBundle } from '../../scripts/run-bundle.ts';

export const accountId = '123456789012';
export const deployRole = `arn:aws:iam::${accountId}:role/deploy`;

/** The article's staging environment: cluster, repository, a family for the migration and one for the service. */
export interface PipelineWorld {
  model: LocalAws;
  served: Served;
  slack: FakeSlack;
  issuer: OidcIssuer;
  /** A project with a Dockerfile, and a folder for records. */
  folder: string;
  recordDir: string;
  /** Repository address as ECR hands it out. */
  uri: string;
  /** Runs the built bundle in the project with docker on its PATH. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** The three stages with --record-dir; more arguments for each. */
  build(...more: string[]): Promise<Finished>;
  migrate(...more: string[]): Promise<Finished>;
  deploy(...more: string[]): Promise<Finished>;
  notify(...more: string[]): Promise<Finished>;
  record(stage: string): Promise<Json>;
  /** Every line of arguments that docker was called with. */
  dockerCalls(): Promise<string[]>;
  /** An executable on the PATH. */
  program(name: string, script: string): Promise<void>;
  /** Everything that lies in the world's folder, as text. */
  filesLeft(): Promise<Map<string, string>>;
  /** Replaces the environment's credentials. */
  env: Record<string, string>;
}

// Several processes one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Starts the world; it is gone after the test. */
export async function pipelineWorld(): Promise<PipelineWorld> {
  const model = new LocalAws();
  const served = await serve(model);
  const slack = await startFakeSlack();
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-pipeline-'));
  open.push(async () => {
    await served.close();
    await slack.close();
    await rm(folder, { recursive: true, force: true });
  });
  const issuer = await createOidcIssuer(model.clock);
  trustCircleCi(model, issuer);
  await project(folder);
  await deployed(model);
  const bin = join(folder, 'bin');
  const env = { ...served.env };
  const run: PipelineWorld['run'] = (args, options = {}) =>
    runBundle(args, {
      control: served.url,
      cwd: join(folder, 'project'),
      ...options,
      env: {
        ...env,
        PATH: `${bin}:${process.env.PATH ?? ''}`,
        HOME: join(folder, 'home'),
        TMPDIR: join(folder, 'tmp'),
        STAND_IN_DOCKER_HOME: join(folder, 'docker'),
        DOCKER_CALLS: join(folder, 'docker-calls'),
        ...options.env,
      },
    });
  const recordDir = join(folder, 'records');
  const stage =
    (words: string[]) =>
    (...more: string[]) =>
      run([...words, '--record-dir', recordDir, ...more]);
  return {
    model,
    served,
    slack,
    issuer,
    folder,
    recordDir,
    uri: model.ecr.store.uri('hoge-stg'),
    env,
    run,
    build: stage([
      'build-and-push-image',
      '--repository',
      'hoge-stg',
      '--tag',
      'latest',
      '--extra-build-args',
      '--target apps',
    ]),
    migrate: stage([
      'run-migration-task',
      '--cluster',
      'hoge-stg',
      '--task-definition',
      'hoge-service-stg',
      '--network-from-service',
      'hoge-apps-service-stg',
      '--overrides',
      'file://docker/run_task_db_migrate_stg.json',
    ]),
    deploy: stage(['update-service-and-verify', '--cluster', 'hoge-stg', '--family', 'hoge-apps-service-stg']),
    notify: (...more) =>
      run(['notify-slack', '--record-dir', recordDir, ...more], { env: { SLACK_WEBHOOK: slack.webhookUrl } }),
    record: async (stage) => {
      const [name = '', ...others] = (await readdir(recordDir)).filter((file) => file.startsWith(`${stage}.`));
      if (others.length > 0) throw new Error(`several records of ${stage}: ${[name, ...others].join(', ')}`);
      return JSON.parse(await readFile(join(recordDir, name), 'utf8'));
    },
    dockerCalls: async () =>
      (await readFile(join(folder, 'docker-calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    program: (name, script) => executable(join(bin, name), script),
    filesLeft: () => textsIn(folder),
  };
}

/** A role that CircleCI's jobs of the project may assume for up to twelve hours. */
function trustCircleCi(model: LocalAws, issuer: OidcIssuer): void {
  const { arn } = model.identity.createOidcProvider({
    url: issuer.url,
    clientIds: [issuer.organizationId],
    keys: issuer.keys,
  });
  const subject = `org/${issuer.organizationId}/project/${issuer.projectId}/*`;
  const Statement = {
    Effect: 'Allow' as const,
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringLike: { [`${issuer.url.slice('https://'.length)}:sub`]: subject } },
  };
  model.identity.access.createRole('deploy', { Statement }, { maxSessionDurationS: 43_200 });
}

async function project(folder: string): Promise<void> {
  const home = join(folder, 'project');
  await mkdir(join(home, 'docker'), { recursive: true });
  for (const name of ['bin', 'home', 'tmp']) await mkdir(join(folder, name));
  await writeFile(join(home, 'app.txt'), 'version 2\n');
  await writeFile(
    join(home, 'Dockerfile'),
    'FROM scratch AS base\nCOPY app.txt /app.txt\nFROM base AS apps\nCMD ["serve"]\nFROM base AS other\n',
  );
  const overrides = { containerOverrides: [{ name: 'hoge-stg', command: ['rails', 'db:migrate'] }] };
  await writeFile(join(home, 'docker/run_task_db_migrate_stg.json'), JSON.stringify(overrides));
  await installStandInDocker(join(folder, 'stand-in'));
  const log = '{ for word in "$@"; do printf "%s " "$word"; done; echo; } >> "$DOCKER_CALLS"';
  await executable(join(folder, 'bin/docker'), `${log}\nexec ${join(folder, 'stand-in/docker')} "$@"`);
}

async function deployed(model: LocalAws): Promise<void> {
  await environment(model, 'stg');
  model.clock.advance(3_600_000);
}

/** Cluster, repository, log group, a family for the migration and a service with one of its own, all named for `env`. */
export async function environment(model: LocalAws, env: string): Promise<void> {
  model.clusters.create(`hoge-${env}`);
  model.logs.createGroup(`/ecs/hoge-${env}`);
  model.ecr.push(`hoge-${env}`, ['latest'], 'version 1');
  family(model, `hoge-service-${env}`, env);
  await service(model, { env, name: `hoge-apps-service-${env}` });
}

/** A family whose one container is called like the environment and runs its image. */
export function family(
  model: LocalAws,
  name: string,
  env: string,
  { repository = `hoge-${env}`, tags = [] }: { repository?: string; tags?: Json[] } = {},
): void {
  model.taskDefinitions.register({
    family: name,
    tags,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: `arn:aws:iam::${accountId}:role/ecsTaskExecutionRole`,
    taskRoleArn: `arn:aws:iam::${accountId}:role/hoge-task`,
    containerDefinitions: [
      {
        name: `hoge-${env}`,
        image: `${model.ecr.store.uri(repository)}:latest`,
        environment: [{ name: 'DATABASE_PASSWORD', value: 'canary-database-password' }],
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': `/ecs/hoge-${env}`,
            'awslogs-region': model.world.region,
            'awslogs-stream-prefix': 'hoge',
          },
        },
      },
    ],
  });
}

/** A service of an environment with two tasks, from a family that is called like it where none is named. */
export async function service(
  model: LocalAws,
  { env, name, runs = name, ...more }: { env: string; name: string; runs?: string; repository?: string; tags?: Json[] },
): Promise<void> {
  family(model, runs, env, more);
  const create = model.operations.ecs.CreateService;
  const input = {
    cluster: `hoge-${env}`,
    serviceName: name,
    taskDefinition: runs,
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
  };
  await create?.(input, {
    service: 'ecs',
    operation: 'CreateService',
    input,
    principal: undefined,
    region: model.world.region,
    atMs: 0,
  });
}

async function executable(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

async function textsIn(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) texts.set(name, await readFile(path, 'latin1'));
  }
  return texts;
}
