import { clockText, dateText, formatDuration } from './base/duration.ts';
import { optional } from './base/optional.ts';
import { TransientError, UserError } from './errors.ts';
import type { Explanation, FailedTask, LogFinding, Outcome, RolloutOutcome } from './records/schema.ts';

export type { Explanation, Outcome } from './records/schema.ts';

/** The exit codes that CI depends on; a change is breaking. */
export const exitCode = {
  /** Done, and verified. */
  done: 0,
  /** The answer is no. */
  failed: 1,
  /** The user must fix something; nothing was started. */
  userError: 2,
  /** Time ran out; the remote side goes on. */
  timedOut: 3,
  /** Another deployment replaced ours. */
  superseded: 4,
  /** Our bug. */
  bug: 70,
  interrupted: { SIGINT: 130, SIGTERM: 143 },
} as const;

/** The exit code of an interrupted run. */
export const interruptedExitCode = (signal: 'SIGINT' | 'SIGTERM'): number => exitCode.interrupted[signal];

/** The exit code that an Outcome stands for; with `passExitCode` a task that failed passes its container's code on. */
export function exitCodeOf(outcome: Outcome, { passExitCode = false }: { passExitCode?: boolean } = {}): number {
  switch (outcome.verdict) {
    case 'succeeded':
    case 'started':
    case 'deployed':
    case 'unchanged':
    case 'not-verified':
      return exitCode.done;
    case 'failed':
      // A task that the user named and that is not there is the user's to correct.
      if (outcome.explanation?.code === taskNotFound) return exitCode.userError;
      return passExitCode ? passed('exitCode' in outcome ? outcome.exitCode : undefined) : exitCode.failed;
    case 'rolled-back':
      return isAskedFor(outcome, 'rollback') && outcome.rollbackPhase === 'done' ? exitCode.done : exitCode.failed;
    case 'refused':
      return exitCode.userError;
    case 'paused':
      return isAskedFor(outcome, 'pause') ? exitCode.done : exitCode.timedOut;
    case 'running':
    case 'timed-out':
      return exitCode.timedOut;
    case 'superseded':
      return exitCode.superseded;
    case 'interrupted':
      return exitCode.interrupted[outcome.signal ?? 'SIGINT'];
  }
}

const isAskedFor = (outcome: Outcome, end: RolloutOutcome['askedFor']): outcome is RolloutOutcome =>
  'service' in outcome && outcome.askedFor === end;

/** The code of an end at which a task may run that nobody has confirmed. */
export const startUnanswered = 'START_UNANSWERED';

/** What wait-for-task says of a task that ECS never knew. */
export const taskNotFound = 'TASK_NOT_FOUND';

/** A process's exit code has eight bits: what does not fit would come out as another one, even as 0. */
const passed = (code: number = exitCode.failed): number => (code >= 1 && code <= 255 ? code : exitCode.failed);

const gravest: readonly number[] = [
  exitCode.interrupted.SIGTERM,
  exitCode.interrupted.SIGINT,
  exitCode.failed,
  exitCode.userError,
  exitCode.timedOut,
  exitCode.superseded,
  exitCode.done,
];

/** The exit code of several Outcomes together: the gravest decides. Of none it is 2: nothing was asked for. */
export function exitCodeOfAll(outcomes: readonly Outcome[], options: { passExitCode?: boolean } = {}): number {
  const rank = (outcome: Outcome): number => gravest.indexOf(exitCodeOf(outcome));
  const [worst] = [...outcomes].sort((a, b) => rank(a) - rank(b));
  return worst === undefined ? exitCode.userError : exitCodeOf(worst, options);
}

/** Whether nothing is wrong: what was asked for was done, or is on its way as asked. */
export const isGreen = (outcome: Outcome): boolean => exitCodeOf(outcome) === exitCode.done;

/** An explanation as one text, for places that have room for no more. */
export function explanationText({ cause, said }: Pick<Explanation, 'cause' | 'said'>): string {
  return said === undefined || cause.includes(said) ? cause : `${cause} ${said}`;
}

/** Why something is red, as people read it: the application's own line leads where ECS only says that the program ended. */
export interface Reason {
  /** The line of the application's log. */
  quote?: LogFinding;
  /** What that line means. */
  meaning?: string;
  cause?: string;
  /** What AWS, Docker or the program said, where the cause does not repeat it. */
  said?: string;
  fix?: string;
}

/** The reason of a stage, or of one failed task of it. */
export function reasonOf(of: Outcome | FailedTask): Reason {
  const { code, cause, said, fix } = of.explanation ?? {};
  const quote = of.logFinding ?? ('failedTasks' in of ? findingOfTasks(of) : undefined);
  // A deployment has a reason of its own beside that of its tasks; a task has none that says more than its log.
  const leads = of.logFinding !== undefined && (of.logFinding.cause !== undefined || code === 'EXIT_CODE');
  return {
    ...optional('quote', quote),
    ...optional('meaning', quote?.cause),
    ...optional('cause', leads ? undefined : cause),
    ...optional('said', said === undefined || cause?.includes(said) ? undefined : said),
    ...optional('fix', quote?.fix ?? fix),
  };
}

const undecided: readonly Outcome['verdict'][] = ['timed-out', 'paused', 'interrupted', 'refused'];

/** What the tasks died of, where that is why the deployment is red. */
function findingOfTasks({ failedTasks = [], explanation, verdict }: RolloutOutcome): LogFinding | undefined {
  const task = failedTasks.find(({ logFinding }) => logFinding !== undefined);
  const isWhy = explanation?.code === task?.explanation?.code || undecided.includes(verdict);
  return isWhy ? task?.logFinding : undefined;
}

/** How long a pause lasts and what comes then; with the date where no `nowMs` tells how far off that is. */
export function untilText(
  { expiresAt, timeoutAction }: { expiresAt?: Date | string | undefined; timeoutAction: string },
  nowMs?: number,
): string {
  if (expiresAt === undefined) return '';
  const atMs = new Date(expiresAt).getTime();
  const when = nowMs === undefined ? dateText(atMs) : `${clockText(atMs)} UTC (in ${formatDuration(atMs - nowMs)})`;
  const action = { ROLLBACK: 'Amazon ECS rolls it back', CONTINUE: 'it goes on' }[timeoutAction] ?? timeoutAction;
  return ` until ${when}, then ${action}`;
}

/** What an error says, as data; undefined for what is neither the user's to correct nor AWS's silence: a bug of ours. */
export function explanationOf(error: unknown): Explanation | undefined {
  if (error instanceof TransientError) return { code: error.code, cause: 'AWS did not answer.', said: error.message };
  if (!(error instanceof UserError)) return undefined;
  const { code = 'REFUSED', message: cause, why, fix } = error;
  return { code, cause, ...(why === undefined ? {} : { said: why }), ...(fix === undefined ? {} : { fix }) };
}
