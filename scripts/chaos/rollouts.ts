import { TransientError, UserError } from '../../src/errors.ts';
import { exitCodeOf } from '../../src/outcome.ts';
import { parseRecord } from '../../src/records/records.ts';
import type { MigrationOutcome, RolloutOutcome } from '../../src/records/schema.ts';
import { summaryLines } from '../../src/report/rollout-summary.ts';
import { rolloutEventLines } from '../../src/report/rollout-text.ts';
import type { RolloutEvent } from '../../src/rollout/events.ts';
import { followingOptions, type RolloutOptions } from '../../src/rollout/model.ts';
import { rollOut } from '../../src/rollout/rollout.ts';
import { startProgram } from './program.ts';
import { type Ended, findingsOf, type Moment } from './rollout-findings.ts';
import type { RolloutRun, RolloutSchedule } from './rollout-schedule.ts';
import { act, type RolloutWorld, rolloutWorld } from './rollout-world.ts';
import { SharedTime } from './shared-time.ts';

/** Lives through a schedule and returns what contradicts the ground truth; nothing, where all is well. */
export async function rolloutFindings(schedule: RolloutSchedule): Promise<string[]> {
  const world = await rolloutWorld(schedule);
  const { clock } = world.model;
  const time = new SharedTime(clock);
  const startMs = clock.now();
  for (const deed of schedule.deeds) {
    clock.at(startMs + deed.atMs, () => void act(world, deed).catch(() => undefined));
  }
  const ended: Ended[] = [];
  let number = 0;
  const jobs = (['a', 'b'] as const).map(async (job) => {
    const folder = new Map<string, string>();
    for (const run of schedule.runs.filter((one) => one.job === job)) {
      await time.sleep(Math.max(0, startMs + run.startAtMs - clock.now()));
      ended.push(await live(run, `run-${number++}`, folder, world, time));
    }
  });
  await time.passUntil(Promise.all(jobs));
  return ended.flatMap((one) => findingsOf(one, world, schedule));
}

async function live(
  run: RolloutRun,
  name: string,
  folder: Map<string, string>,
  world: RolloutWorld,
  time: SharedTime,
): Promise<Ended> {
  const { model } = world;
  const { clock } = model;
  const env = {
    CIRCLECI: 'true',
    CIRCLE_SHA1: 'c0ffee',
    CIRCLE_WORKFLOW_WORKSPACE_ID: 'workspace-1',
    CIRCLE_JOB: `deploy-${run.job}`,
  };
  const program = await startProgram(model, time, { env, folder, timeoutMs: run.timeoutMs, version: name });
  if (run.asks === 'record') await program.records.save(migrated(world));
  const startedAtMs = clock.now();
  const over = { yet: false };
  if (run.interruptAtMs !== undefined) {
    clock.at(startedAtMs + run.interruptAtMs, () => {
      if (!over.yet) program.interrupt.trigger();
    });
  }
  const printed: string[] = [];
  const moments: Moment[] = [];
  const emit = (event: RolloutEvent): void => {
    for (const { text } of rolloutEventLines(event)) printed.push(text);
    if (event.type !== 'service-judged' && event.type !== 'rolling-back') return;
    const rollouts = model.truth.rollouts('web');
    const statuses = model.services.find('prod', 'web')?.serviceDeployments ?? [];
    const states = new Map(statuses.map((one) => [one.arn, { ...one }]));
    moments.push({ of: event.type, atMs: clock.now(), rollouts, states, sample: world.sample() });
  };
  const end = await rollOut(optionsOf(run, world), { ...program, http: noHttp, ci: {}, emit }).then(
    (outcomes) => ({ outcomes, error: undefined }),
    (error: unknown) => ({ outcomes: [], error }),
  );
  over.yet = true;
  const [outcome] = end.outcomes;
  for (const { text } of summaryLines(end.outcomes)) printed.push(text);
  if (end.error instanceof UserError || end.error instanceof TransientError) {
    printed.push(end.error.message, end.error instanceof UserError ? `${end.error.why} ${end.error.fix}` : '');
  }
  const findings = outcome === undefined ? [] : wellFormed(outcome, folder);
  return {
    run,
    name,
    outcome,
    error: end.error,
    printed: [...printed, JSON.stringify(end.outcomes), JSON.stringify([...folder.values()])],
    moments,
    startedAtMs,
    endedAtMs: clock.now(),
    findings,
  };
}

const exitCodes = new Set([0, 1, 2, 3, 4, 130, 143]);

/** The Outcome and the record of it keep to their schema, and the exit code is one of the table. */
function wellFormed(outcome: RolloutOutcome, folder: ReadonlyMap<string, string>): string[] {
  const findings: string[] = [];
  const code = exitCodeOf(outcome);
  if (!exitCodes.has(code)) findings.push(`exit code ${code}`);
  for (const text of [JSON.stringify(outcome), ...folder.values()]) {
    try {
      parseRecord('schedule', text);
    } catch (error) {
      findings.push(`no Outcome by the schema: ${error instanceof UserError ? error.why : String(error)}`);
    }
  }
  return findings;
}

const noHttp = (): never => {
  throw new Error('a random schedule asks no address');
};

/** What a migration of this workflow leaves behind. */
function migrated(world: RolloutWorld): MigrationOutcome {
  return {
    schemaVersion: 2,
    stage: 'run-migration-task',
    verdict: 'succeeded',
    region: 'eu-west-1',
    account: world.model.world.accountId,
    cluster: 'prod',
    family: 'web',
    taskDefinition: world.register('v2'),
    startedAt: new Date(world.model.clock.now()).toISOString(),
  };
}

function optionsOf(run: RolloutRun, { digests }: RolloutWorld): RolloutOptions {
  const { asks, job: _job, startAtMs: _startAtMs, interruptAtMs: _interruptAtMs, ...given } = run;
  const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web';
  const image = typeof asks === 'string' ? undefined : `${repository}@${digests[asks.image]}`;
  const { until, timeoutMs, pollIntervalMs } = given;
  const options = followingOptions({
    stage: 'update-service-and-verify',
    cluster: 'prod',
    services: ['web'],
    dryRun: false,
    until,
    timeoutMs,
    pollIntervalMs,
  });
  const images = image === undefined ? [] : [{ container: undefined, image }];
  return { ...options, ...given, changes: { ...options.changes, images } };
}
