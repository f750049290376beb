import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { followingOptions } from '../../src/rollout/model.ts';
import { rollOut } from '../../src/rollout/rollout.ts';
import { startProgram } from '../chaos/program.ts';
import { SharedTime } from '../chaos/shared-time.ts';
import { runBundle } from '../run-bundle.ts';
import { awsCli, awsCliPath } from './aws-cli.ts';
import type { Row } from './table.ts';

/** How many requests a rollout of one image to so many services takes, and how long. */
export async function* services(): AsyncGenerator<Row> {
  for (const count of [1, 12, 200]) {
    const names = namesOf(count);
    const ours = await rollout(names, withBundle);
    const theirs = awsCliPath === undefined || count > 12 ? undefined : await rollout(names, withAwsCli);
    yield {
      what: count === 1 ? '1 service' : `${count} services`,
      ours,
      ...(theirs === undefined ? {} : { awsCli: theirs }),
    };
  }
  yield { what: `50 services, of that waiting for answers, at ${answerMs} ms each`, ours: await waiting(50) };
}

const answerMs = 40;

/** For how long some request of a rollout is under way, each being answered so late; in virtual time. */
async function waiting(count: number): Promise<string> {
  const names = namesOf(count);
  const model = await serviceModel(names);
  const time = new SharedTime(model.clock);
  const program = await startProgram(model, time, { env: {}, folder: new Map(), timeoutMs: 3_600_000 });
  const spans: { fromMs: number; toMs: number }[] = [];
  const answer = model.handle.bind(model);
  model.handle = async (request) => {
    spans.push({ fromMs: model.clock.now(), toMs: model.clock.now() + answerMs });
    return { ...(await answer(request)), delayMs: answerMs };
  };
  const options = followingOptions({
    ...{ stage: 'update-service-and-verify', cluster: 'bench', services: names, until: 'deployed' },
    ...{ timeoutMs: 3_600_000, pollIntervalMs: undefined, dryRun: false },
  });
  const noHttp = (): never => {
    throw new Error('no address is asked');
  };
  const outcomes = await time.passUntil(rollOut({ ...options, force: true }, { ...program, http: noHttp, ci: {} }));
  const open = outcomes.filter(({ verdict }) => verdict !== 'deployed').length;
  let [busyMs, untilMs] = [0, 0];
  for (const { fromMs, toMs } of spans) {
    busyMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return `${(busyMs / 1_000).toFixed(1)} s for ${spans.length} requests${open === 0 ? '' : ` (${open} not deployed)`}`;
}

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `web-${index}`);

async function rollout(
  names: readonly string[],
  run: (served: Served, names: readonly string[]) => Promise<number>,
): Promise<string> {
  const model = await serviceModel(names);
  const served = await serve(model);
  try {
    model.requests.length = 0;
    const beganAtMs = model.clock.now();
    const beganMs = performance.now();
    const ended = await run(served, names);
    const virtual = (model.clock.now() - beganAtMs) / 1_000;
    const real = (performance.now() - beganMs) / 1_000;
    const known = ended === 0 ? '' : ` (ended with ${ended})`;
    return `${model.requests.length} requests in ${virtual.toFixed(0)} s${known}, ${real.toFixed(1)} s of real time`;
  } finally {
    await served.close();
  }
}

async function serviceModel(names: readonly string[]): Promise<LocalAws> {
  const model = new LocalAws();
  model.clusters.create('bench');
  model.ecr.push('web', ['v1']);
  const call = async (operation: string, input: Json): Promise<void> => {
    const about = { service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 };
    await model.operations.ecs[operation]?.(input, about);
  };
  for (const name of names) {
    await call('RegisterTaskDefinition', {
      family: name,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [{ name: 'app', image: `${model.ecr.store.uri('web')}:v1` }],
    });
    await call('CreateService', {
      cluster: 'bench',
      serviceName: name,
      taskDefinition: name,
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    });
  }
  model.clock.advance(3_600_000);
  return model;
}

async function withBundle({ env, url }: Served, names: readonly string[]): Promise<number> {
  const args = [
    'update-service-and-verify',
    '--cluster',
    'bench',
    '--service',
    names.join(','),
    '--force-new-deployment',
  ];
  return (await runBundle(args, { env, control: url })).exitCode ?? -1;
}

/** `services-stable` takes ten services at a time. */
async function withAwsCli(served: Served, names: readonly string[]): Promise<number> {
  const at = ['--cluster', 'bench'];
  for (const name of names) {
    await awsCli(served, ['ecs', 'update-service', ...at, '--service', name, '--force-new-deployment']);
  }
  for (let index = 0; index < names.length; index += 10) {
    const ten = names.slice(index, index + 10);
    const { exitCode } = await awsCli(served, ['ecs', 'wait', 'services-stable', ...at, '--services', ...ten]);
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}
