import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScaledClock } from '../../local/aws/clock.ts';
import { serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';

/** How a program ended. */
export interface Ended {
  exitCode: number;
  output: string;
}

/** Local AWS over HTTP at the wall clock's speed, its steps short, with services that run `app:v1`; `v2` works, `bad` crashes. */
export interface ThirdPartyWorld {
  model: LocalAws;
  url: string;
  /** A folder of its own for files that programs read. */
  folder: string;
  image(tag: string): string;
  /** Creates a family and a service of this name and waits until it serves. */
  service(name: string, deploymentConfiguration?: Json): Promise<void>;
  /** Runs a program with what it needs to use this AWS. */
  run(program: string, args: readonly string[]): Promise<Ended>;
  /** Runs our own bundle. */
  ours(args: readonly string[]): Promise<Ended>;
  close(): Promise<void>;
}

/** RunTask and CreateService members that every Fargate caller gives. */
export const network = { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } };

const bundle = fileURLToPath(new URL('../../dist/migrate-deploy.mjs', import.meta.url));

export async function thirdPartyWorld(): Promise<ThirdPartyWorld> {
  const model = new LocalAws({ clock: new ScaledClock(1) });
  Object.assign(model.settings.timings, {
    ...{ provisioningMs: 50, pullStartMs: 100, pullStopMs: 200, startMs: 300, activatingMs: 200 },
    ...{ settleMs: 200, deprovisionMs: 200, sigtermMs: 50 },
  });
  Object.assign(model.services.settings, {
    ...{ schedulerMs: 50, healthyAfterMs: 500, serviceDeploymentDelayMs: 100, startBackoffMs: 50 },
    ...{ breakerDelayMs: 500, rollbackRequestMs: 200, failedStateDelayMs: 500, lingerMs: 0 },
  });
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  for (const tag of ['v1', 'v2', 'bad']) model.ecr.push('app', [tag], `content of ${tag}`);
  model.behaviours.script({ image: ':bad' }, { runMs: 100, exitCode: 1 });
  const badDigest = model.ecr.resolve(`${model.ecr.store.uri('app')}:bad`);
  if ('digest' in badDigest) model.behaviours.script({ image: badDigest.digest }, { runMs: 100, exitCode: 1 });
  model.behaviours.script({ kind: 'one-off' }, { runMs: 200, logs: [{ atMs: 50, message: 'migrated' }] });
  const served = await serve(model);
  const folder = await mkdtemp(join(tmpdir(), 'third-parties-'));
  const image = (tag: string): string => `${model.ecr.store.uri('app')}:${tag}`;
  const run = (program: string, args: readonly string[]): Promise<Ended> => {
    const env = { PATH: process.env.PATH, HOME: folder, AWS_PAGER: '', ...served.env };
    return new Promise((resolve) => {
      execFile(program, args, { cwd: folder, env, timeout: 90_000 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, output: `${stdout}${stderr}` });
      });
    });
  };
  const ecs = (operation: string, input: Json): Promise<Json> => {
    const call = { service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 };
    return Promise.resolve(model.operations.ecs[operation]?.(structuredClone(input), call));
  };
  return {
    model,
    url: served.url,
    folder,
    image,
    run,
    ours: (args) => run(process.execPath, [bundle, ...args]),
    service: async (name, deploymentConfiguration = {}) => {
      await ecs('RegisterTaskDefinition', definition(name, image('v1')));
      await ecs('CreateService', {
        ...{ cluster: 'prod', serviceName: name, taskDefinition: name, desiredCount: 1, launchType: 'FARGATE' },
        ...{ networkConfiguration: network, deploymentConfiguration },
      });
      while (model.truth.rollouts(name)[0]?.end !== 'deployed') await new Promise((resolve) => setTimeout(resolve, 50));
    },
    close: async () => {
      await served.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What RegisterTaskDefinition takes for one container `app`. */
function definition(family: string, image: string): Json {
  const options = { 'awslogs-group': '/ecs/app', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'app' };
  return {
    ...{ family, networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'], cpu: '256', memory: '512' },
    containerDefinitions: [{ name: 'app', image, logConfiguration: { logDriver: 'awslogs', options } }],
  };
}

/** Writes a definition where programs find it; answers its path. */
export async function definitionFile({ folder, image }: ThirdPartyWorld, family: string, tag: string): Promise<string> {
  const path = join(folder, `${family}-${tag}.json`);
  await writeFile(path, JSON.stringify(definition(family, image(tag))));
  return path;
}
