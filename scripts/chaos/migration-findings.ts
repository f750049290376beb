import type { LocalAws } from '../../local/aws/local-aws.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import { exitCodeOf } from '../../src/outcome.ts';
import { parseRecord } from '../../src/records/records.ts';
import type { MigrationOutcome } from '../../src/records/schema.ts';
import { canary } from './faults.ts';
import type { MigrationRun, MigrationSchedule } from './migration-schedule.ts';
import type { Program } from './program.ts';

/** How one run ended: its Outcome, or the error that it refused with. */
export interface Ended {
  run: MigrationRun;
  program: Program;
  outcome: MigrationOutcome | undefined;
  error: unknown;
  startedAtMs: number;
  endedAtMs: number;
  /** How many faults had hit until then. */
  aliveTasks: string[];
}

const exitCodes = new Set([0, 1, 2, 3, 4, 130, 143]);
/** Verdicts that no client could give better: the order, or the end itself, was never shown. */
const unknowable = new Set(['ORDER_UNKNOWN', 'TASK_LOST']);
/** Reading the log to its end, the requests in flight, and the stop that was asked for. */
const longestAfterwardsMs = { leave: 90_000, stop: 90_000 + 330_000 };

/** What contradicts the truth in how one run ended. */
export function findingsOf(one: Ended, model: LocalAws, schedule: MigrationSchedule): string[] {
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

/** What contradicts the truth in all runs of a schedule together. */
export function togetherFindings(ended: readonly Ended[], model: LocalAws, schedule: MigrationSchedule): string[] {
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
  // A rerun begins when the run before it has ended.
  const starts = ended.map(({ startedAtMs }) => startedAtMs).sort((a, b) => a - b);
  // Best effort, as documented: jobs that start within seconds, or that cannot see each other's task yet, do not wait.
  const areApart = starts.every((atMs, index) => index === 0 || atMs - (starts[index - 1] ?? 0) > 60_000);
  const isVisible = schedule.faults.every(({ operation }) => operation !== 'RunTask' && operation !== 'ListTasks');
  if (isExclusive && areApart && isVisible && model.truth.mostAtOnce({ container: 'app' }) > 1) {
    findings.push('two migrations of the family at the same time');
  }
  return findings;
}
