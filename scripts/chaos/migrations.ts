import fc from 'fast-check';
import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import type { Fault } from '../../local/aws/faults.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import { exitCodeOf } from '../../src/outcome.ts';
import { parseRecord } from '../../src/records/records.ts';
import type { MigrationOutcome } from '../../src/records/schema.ts';
import { canary, echoArbitrary, faultArbitrary, mostly as often } from './faults.ts';
import { type Program, startProgram } from './program.ts';
import { SharedTime } from './shared-time.ts';

/** One run of run-migration-task in a schedule. */
export interface MigrationRun {
  /** Runs of one job are reruns of each other; those of another job are strangers. */
  job: 'a' | 'b';
  /** After the start of the schedule; a rerun begins when the run of the job before it has ended. */
  startAtMs: number;
  timeoutMs: number;
  pollIntervalMs: number | undefined;
  exclusive: 'wait' | 'fail' | 'ignore';
  onTimeout: 'leave' | 'stop';
  onInterrupt: 'leave' | 'stop';
  wait: boolean;
  interruptAtMs: number | undefined;
  keepsRecords: boolean;
}

/** Everything that happens in one schedule. */
export interface MigrationSchedule {
  /** What the migration container does: the first run's, the second's … */
  behaviours: ContainerBehaviour[];
  sidecar: { essential: boolean; behaviour: ContainerBehaviour } | undefined;
  isEssential: boolean;
  missingForMs: number;
  missingWindows: { fromMs: number; untilMs: number }[];
  stopCodeDelayMs: number;
  settleMs: number;
  capacityFailures: number;
  faults: Fault[];
  /** Somebody stops the newest task. */
  operatorStopsAtMs: number | undefined;
  runs: MigrationRun[];
}

const operations = ['RunTask', 'DescribeTasks', 'ListTasks', 'GetLogEvents', 'DescribeTaskDefinition', 'StopTask'];

const behaviour: fc.Arbitrary<ContainerBehaviour> = fc.record(
  {
    runMs: fc.integer({ min: 500, max: 900_000 }),
    exitCode: fc.constantFrom(0, 0, 0, 1, 137, 143, 255, 256, null),
    ignoresSigterm: fc.boolean(),
    sigtermExitCode: fc.constantFrom(0, 0, 143, 1),
    reason: fc.constantFrom('OutOfMemoryError: Container killed due to memory usage'),
    stop: fc.record({
      atMs: fc.integer({ min: 100, max: 300_000 }),
      stopCode: fc.constantFrom('SpotInterruption', 'TerminationNotice', 'UserInitiated', 'InfrastructureHealth'),
      reason: fc.constantFrom('Your Spot Task was interrupted.', 'Task stopped by user', 'something new'),
    }),
    start: fc.record({
      reason: fc.constantFrom('CannotPullContainerError: pull access denied', 'ResourceInitializationError: no'),
      afterMs: fc.integer({ min: 1_000, max: 280_000 }),
    }),
  },
  { requiredKeys: ['runMs', 'exitCode'] },
);

const run: fc.Arbitrary<MigrationRun> = fc.record({
  job: fc.constantFrom('a', 'b'),
  startAtMs: fc.integer({ min: 0, max: 300_000 }),
  timeoutMs: fc.constantFrom(30_000, 120_000, 1_800_000, 3_600_000),
  pollIntervalMs: fc.constantFrom(undefined, 5_000, 10_000),
  exclusive: often<'wait' | 'fail' | 'ignore'>('wait', fc.constantFrom('fail', 'ignore')),
  onTimeout: fc.constantFrom('leave', 'stop'),
  onInterrupt: fc.constantFrom('leave', 'stop'),
  wait: often<boolean>(true, fc.constant(false)),
  interruptAtMs: often<number | undefined>(undefined, fc.integer({ min: 0, max: 400_000 })),
  keepsRecords: fc.boolean(),
});

/** Random lifecycles, faults, people and several runs of our own. */
export const migrationSchedule: fc.Arbitrary<MigrationSchedule> = fc.record({
  behaviours: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: behaviour },
      { weight: 1, arbitrary: fc.constant({ runMs: 20_000, exitCode: 0 }) },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  sidecar: often<MigrationSchedule['sidecar']>(undefined, fc.record({ essential: fc.boolean(), behaviour })),
  isEssential: often<boolean>(true, fc.constant(false)),
  missingForMs: often<number>(0, fc.integer({ min: 0, max: 50_000 })),
  missingWindows: often<MigrationSchedule['missingWindows']>(
    [],
    fc.array(
      fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 1_000, max: 45_000 })).map(([fromMs, ms]) => ({
        fromMs,
        untilMs: fromMs + ms,
      })),
      { maxLength: 1 },
    ),
  ),
  stopCodeDelayMs: often<number>(0, fc.integer({ min: 0, max: 40_000 })),
  settleMs: fc.integer({ min: 0, max: 10_000 }),
  capacityFailures: often<number>(0, fc.integer({ min: 1, max: 2 })),
  faults: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: faultArbitrary(operations) },
      { weight: 1, arbitrary: echoArbitrary(['RunTask']) },
    ),
    { maxLength: 6 },
  ),
  operatorStopsAtMs: often<number | undefined>(undefined, fc.integer({ min: 1_000, max: 600_000 })),
  runs: fc.array(run, { minLength: 1, maxLength: 3 }),
});

/** How one run ended: its Outcome, or the error that it refused with. */
interface Ended {
  run: MigrationRun;
  program: Program;
  outcome: MigrationOutcome | undefined;
  error: unknown;
  startedAtMs: number;
  endedAtMs: number;
  /** How many faults had hit until then. */
  aliveTasks: string[];
}

/** CircleCI needs some time to begin a rerun. */
const rerunAfterMs = 10_000;

/** Lives through a schedule and returns what contradicts the ground truth; nothing, where all is well. */
export async function migrationFindings(schedule: MigrationSchedule): Promise<string[]> {
  const model = prepared(schedule);
  const time = new SharedTime(model.clock);
  const startMs = model.clock.now();
  const ended: Ended[] = [];
  const folders = new Map<string, Map<string, string>>();
  if (schedule.operatorStopsAtMs !== undefined) {
    model.clock.at(startMs + schedule.operatorStopsAtMs, () => {
      const newest = [...model.tasks.tasks.keys()].at(-1);
      if (newest !== undefined) void model.operators.stopTask(newest).catch(() => undefined);
    });
  }
  const jobs = (['a', 'b'] as const).map(async (job) => {
    for (const one of schedule.runs.filter((some) => some.job === job)) {
      await time.sleep(Math.max(0, startMs + one.startAtMs - model.clock.now()));
      const kept = one.keepsRecords ? folders.get(job) : undefined;
      const folder = new Map(kept ?? []);
      folders.set(job, folder);
      ended.push(await live(one, { model, time, folder, attempt: ended.length }));
      await time.sleep(rerunAfterMs);
    }
  });
  await time.passUntil(Promise.all(jobs));
  return [...ended.flatMap((one) => findingsOf(one, model, schedule)), ...togetherFindings(ended, model, schedule)];
}

function prepared(schedule: MigrationSchedule): LocalAws {
  const model = new LocalAws({ seed: 7 });
  const { settings } = model;
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  const definition = fargateDefinition('app') as { containerDefinitions: { name: string }[] };
  const [app] = definition.containerDefinitions;
  if (app === undefined) throw new Error('the definition has no container');
  const sidecar =
    schedule.sidecar === undefined ? [] : [{ ...app, name: 'proxy', essential: schedule.sidecar.essential }];
  // A task needs one essential container.
  const isEssential = schedule.isEssential || schedule.sidecar?.essential !== true;
  model.taskDefinitions.register({
    ...definition,
    containerDefinitions: [{ ...app, essential: isEssential }, ...sidecar],
  });
  if (schedule.sidecar !== undefined) model.behaviours.script({ container: 'proxy' }, schedule.sidecar.behaviour);
  for (const one of schedule.behaviours.toReversed()) {
    model.behaviours.script(
      { container: app.name, times: 1 },
      { ...withoutReason(one), logs: [{ atMs: 10, message: 'CREATE TABLE' }] },
    );
  }
  // After a try that placed nothing only ListTasks shows the next one's task, and no rerun comes before it is listed.
  settings.missingForMs = Math.min(schedule.missingForMs, schedule.capacityFailures > 0 ? rerunAfterMs : 50_000);
  settings.missingWindows = schedule.missingWindows;
  settings.stopCodeDelayMs = schedule.stopCodeDelayMs;
  settings.timings = { ...settings.timings, settleMs: schedule.settleMs };
  settings.runTaskFailures = Array.from({ length: schedule.capacityFailures }, () => [{ reason: 'RESOURCE:MEMORY' }]);
  for (const fault of schedule.faults) model.faults.script(fault);
  return model;
}

/** No container is killed with exit code 0. */
const withoutReason = ({ reason, ...behaviour }: ContainerBehaviour): ContainerBehaviour =>
  behaviour.exitCode === 0 || reason === undefined ? behaviour : { ...behaviour, reason };

async function live(
  run: MigrationRun,
  { model, time, folder, attempt }: { model: LocalAws; time: SharedTime; folder: Map<string, string>; attempt: number },
): Promise<Ended> {
  const env = {
    CIRCLECI: 'true',
    CIRCLE_SHA1: 'c0ffee',
    CIRCLE_WORKFLOW_WORKSPACE_ID: 'workspace-1',
    CIRCLE_JOB: `migrate-${run.job}`,
    CIRCLE_WORKFLOW_JOB_ID: `job-${attempt}`,
  };
  const program = await time.busy(() => startProgram(model, time, { env, folder, timeoutMs: run.timeoutMs }));
  const startedAtMs = model.clock.now();
  const over = { yet: false };
  if (run.interruptAtMs !== undefined) {
    model.clock.at(startedAtMs + run.interruptAtMs, () => {
      if (!over.yet) program.interrupt.trigger();
    });
  }
  const end = await migrate(optionsOf(run), { ...program, emit: program.emit }).then(
    (outcome) => ({ outcome, error: undefined }),
    (error: unknown) => ({ outcome: undefined, error }),
  );
  over.yet = true;
  const alive = [...model.tasks.tasks.values()].filter(({ lastStatus }) => lastStatus !== 'STOPPED');
  return { run, program, ...end, startedAtMs, endedAtMs: model.clock.now(), aliveTasks: alive.map(({ arn }) => arn) };
}

function optionsOf(run: MigrationRun): MigrateOptions {
  return {
    cluster: 'prod',
    taskDefinition: 'app',
    taskDefinitionFromService: undefined,
    overrides: {},
    container: 'app',
    command: ['rails', 'db:migrate'],
    environment: [{ name: 'SECRET', value: canary }],
    count: 1,
    images: [],
    placement: {
      networkFromService: undefined,
      subnets: ['subnet-1'],
      securityGroups: [],
      assignPublicIp: undefined,
      launchType: 'FARGATE',
      capacityProviderStrategy: [],
      platformVersion: undefined,
      placementConstraints: [],
      placementStrategy: [],
    },
    startedBy: undefined,
    group: undefined,
    tags: [],
    propagateTags: undefined,
    enableExecuteCommand: false,
    clientToken: undefined,
    exclusive: run.exclusive,
    name: undefined,
    retryCapacityMs: undefined,
    wait: run.wait,
    waiting: {
      timeoutMs: run.timeoutMs,
      pollIntervalMs: run.pollIntervalMs,
      logs: true,
      logGraceMs: undefined,
      onTimeout: run.onTimeout,
      onInterrupt: run.onInterrupt,
      passExitCode: false,
    },
  };
}

const exitCodes = new Set([0, 1, 2, 3, 4, 130, 143]);
/** Verdicts that no client could give better: the order, or the end itself, was never shown. */
const unknowable = new Set(['ORDER_UNKNOWN', 'TASK_LOST']);
/** Reading the log to its end, the requests in flight, and the stop that was asked for. */
const longestAfterwardsMs = { leave: 90_000, stop: 90_000 + 330_000 };

function findingsOf(one: Ended, model: LocalAws, schedule: MigrationSchedule): string[] {
  const { outcome, error, run } = one;
  const findings: string[] = [];
  const said = JSON.stringify([
    outcome,
    one.program.events,
    String(error),
    error instanceof UserError ? error.why : '',
  ]);
  if (said.includes(canary)) findings.push('a secret value was printed');
  if (error !== undefined) {
    if (!(error instanceof UserError || error instanceof TransientError)) findings.push(`a bug: ${String(error)}`);
  }
  const spentMs = one.endedAtMs - one.startedAtMs;
  const policy = run.onTimeout === 'stop' || run.onInterrupt === 'stop' ? 'stop' : 'leave';
  if (spentMs > run.timeoutMs + longestAfterwardsMs[policy]) findings.push(`it took ${spentMs} ms of ${run.timeoutMs}`);
  if (outcome === undefined) return findings;
  if (!exitCodes.has(exitCodeOf(outcome))) findings.push(`exit code ${exitCodeOf(outcome)}`);
  parseRecord('schedule', JSON.stringify(outcome));
  const { taskArn } = outcome;
  const truth = model.truth.migrations({ container: 'app' }).find((some) => some.taskArn === taskArn);
  const isTrue = truth?.ended === 'by itself' && truth.exitCode === 0;
  if (outcome.verdict === 'succeeded' && !isTrue) findings.push(`false green: ${JSON.stringify(truth)}`);
  const code = outcome.explanation?.code ?? '';
  const isSidecars = code === 'CUT_SHORT' && endedBetweenPolls(one, model, schedule);
  const isStopped = stoppedMeanwhile(outcome);
  if (outcome.verdict === 'failed' && isTrue && !isStopped && !isSidecars && !unknowable.has(code))
    findings.push(`wrong red (${code})`);
  if (outcome.verdict === 'timed-out' && run.wait && spentMs < run.timeoutMs - 1) {
    if (!(code === 'START_UNANSWERED' && spentMs >= 290_000))
      findings.push(`timed out after ${spentMs} ms of ${run.timeoutMs}`);
  }
  if (outcome.verdict === 'interrupted' && run.interruptAtMs === undefined) findings.push('interrupted by nobody');
  // Whatever runs is named.
  const mine = one.aliveTasks.filter((arn) => model.tasks.tasks.get(arn)?.startedBy === outcome.startedBy);
  const mayRun =
    code === 'START_UNANSWERED' || code === 'INTERRUPTED' || outcome.explanation?.fix?.includes('--client-token');
  if (mine.length > 0 && !mine.includes(taskArn ?? '') && mayRun !== true && run.exclusive !== 'fail') {
    if (code !== 'OTHER_MIGRATION' && code !== 'OTHERS_UNKNOWN') findings.push(`${mine.join()} runs and is not named`);
  }
  if (schedule.faults.length === 0 && error === undefined && outcome.verdict === 'refused')
    findings.push('refused without a fault');
  return findings;
}

/** A stop that is asked for within the seconds between the container's end and the task's: ECS says that it was stopped. */
const stoppedMeanwhile = (outcome: MigrationOutcome | undefined): boolean =>
  ![undefined, 'EssentialContainerExited'].includes(outcome?.stopCode);

/** An essential sidecar that fails on its stop signal before the next look is one that may have failed first. */
function endedBetweenPolls({ outcome, run }: Ended, model: LocalAws, schedule: MigrationSchedule): boolean {
  if (schedule.sidecar?.essential !== true) return false;
  const [ended, sidecarEnded] = ['app', 'proxy'].map(
    (container) =>
      model.truth.migrations({ container }).find(({ taskArn }) => taskArn === outcome?.taskArn)?.stoppedAtMs,
  );
  if (ended === undefined || sidecarEnded === undefined) return false;
  // Where answers fail or leave the task out, or nobody looked, more time lies between two looks.
  const isSeen = schedule.faults.length === 0 && schedule.missingWindows.length === 0 && run.wait;
  return !isSeen || Math.abs(sidecarEnded - ended) <= (run.pollIntervalMs ?? 10_000) + 1_000;
}

function togetherFindings(ended: readonly Ended[], model: LocalAws, schedule: MigrationSchedule): string[] {
  const findings: string[] = [];
  const marks = new Set(ended.flatMap(({ outcome }) => outcome?.startedBy ?? []));
  for (const startedBy of marks) {
    const filter = { container: 'app', startedBy };
    if (model.truth.mostAtOnce(filter) > 1) findings.push(`two tasks of ${startedBy} at the same time`);
    const succeeded = model.truth.succeeded(filter);
    // An order that nobody could know is a reason to run it again; so is a stop between the container's end and the task's.
    const isStopped = succeeded.some((taskArn) => model.tasks.tasks.get(taskArn)?.stopCode === 'UserInitiated');
    const isUnknown = ended.some((one) => {
      const code = one.outcome?.explanation?.code ?? '';
      return unknowable.has(code) || (code === 'CUT_SHORT' && endedBetweenPolls(one, model, schedule));
    });
    if (succeeded.length > 1 && !isStopped && !isUnknown) findings.push(`it migrated ${succeeded.length} times`);
  }
  const isExclusive = schedule.runs.every(({ exclusive }) => exclusive !== 'ignore');
  const starts = schedule.runs.map(({ startAtMs }) => startAtMs).sort((a, b) => a - b);
  // Best effort, as documented: jobs that start within seconds, or that cannot see each other's task yet, do not wait.
  const areApart = starts.every((atMs, index) => index === 0 || atMs - (starts[index - 1] ?? 0) > 60_000);
  const isVisible = schedule.faults.every(({ operation }) => operation !== 'RunTask' && operation !== 'ListTasks');
  if (isExclusive && areApart && isVisible && model.truth.mostAtOnce({ container: 'app' }) > 1) {
    findings.push('two migrations of the family at the same time');
  }
  return findings;
}
