import type { Container } from '@aws-sdk/client-ecs';
import { own } from '../base/own.ts';
import { type Diagnosis, diagnose, isNoReason } from '../diagnosis/diagnose.ts';
import type { Explanation } from '../outcome.ts';
import { type CountingContainer, isOver, type TaskObservation } from './observe.ts';

/** How the work of a task ended, or that it has not. */
export type TaskVerdict =
  | { verdict: 'going' }
  | { verdict: 'succeeded' }
  | { verdict: 'failed'; explanation: Explanation; exitCode?: number; stopCode?: string }
  /** ECS does not know it, or no longer. */
  | { verdict: 'lost'; seen: boolean };

const going: TaskVerdict = { verdict: 'going' };
const succeeded: TaskVerdict = { verdict: 'succeeded' };

/**
 * DescribeTasks may not know a task for a while after RunTask, and a single MISSING later may be a stale read: "eventual
 * consistency" in the Amazon ECS API reference of RunTask.
 */
const missingForMs = 60_000;

/** The stop code may come later than STOPPED, or never (Amazon ECS API reference of Task: it is optional). */
const stopCodeForMs = 60_000;

/**
 * Judges a task by the one container whose exit code counts. Exit code 0 is believed only of a container that ended by
 * itself: whatever stops a task lets a program that heeds SIGTERM end with 0, too.
 */
export function taskVerdict(
  seen: TaskObservation,
  counting: CountingContainer | undefined,
  nowMs: number,
): TaskVerdict {
  const { task, missingSinceMs } = seen;
  if (missingSinceMs !== undefined && nowMs - missingSinceMs >= missingForMs) {
    return { verdict: 'lost', seen: task !== undefined };
  }
  if (task === undefined || counting === undefined) return going;
  const isStopped = isOver(task);
  const container = task.containers?.find(({ name }) => name === counting.name);
  if (!isStopped && container?.lastStatus !== 'STOPPED') return going;
  const { stopCode, stoppedReason } = task;
  const facts: Facts = { stopCode, stoppedReason, exitCode: container?.exitCode, containerReason: container?.reason };
  const { exitCode } = facts;
  // While answers do not know the task, none of them can bring it.
  const isLate = (sinceMs = nowMs): boolean => missingSinceMs === undefined && nowMs - sinceMs >= stopCodeForMs;
  const mayCome = stopCode === undefined && !isLate(seen.overSeenMs);
  // A stop that is asked for sets both before the container ends (reference: timestamps of real tasks).
  const isUntouched = !isStopped && task.desiredStatus === 'RUNNING' && task.stoppingAt === undefined;
  if (exitCode === undefined) {
    // The container's end can be seen before its reason: the stop code comes with it, or never where the task goes on.
    const isExplained = container?.reason !== undefined || (stoppedReason ?? '') !== '';
    const goesOn = isUntouched && isLate(seen.endSeenMs);
    return mayCome && !isExplained && !goesOn ? going : failed(facts, noExitCode);
  }
  const other = endedBefore(seen, counting);
  if (exitCode !== 0) {
    return other?.failed === true && signals.has(exitCode) ? cutShort(facts, other.name) : failed(facts, unknownExit);
  }
  if (stopCode !== undefined && stopCode !== 'EssentialContainerExited') {
    return failed(facts, own(stopCodes, stopCode) ?? unknownStop);
  }
  if (other !== undefined) return other.failed ? cutShort(facts, other.name) : orderUnknown(facts, other.name);
  if (isUntouched) return succeeded;
  if (!counting.essential) return mayCome ? going : failed(facts, notEssential);
  if (stopCode === 'EssentialContainerExited' || isNoReason(stoppedReason)) return succeeded;
  return mayCome ? going : failed(facts, stoppedWithoutCode);
}

/** SIGTERM or the image's own STOPSIGNAL (SIGHUP, SIGINT, SIGQUIT), then SIGKILL: how ECS stops the containers of a task that ends. */
const signals = new Set([129, 130, 131, 137, 143]);

/**
 * The essential container that ended before the one that counts, or that may have: `failed` where that is sure enough to
 * say so. One that was merely taken along did not.
 */
function endedBefore(
  { task, endedFirst, endedAlone }: TaskObservation,
  { otherEssential }: CountingContainer,
): { name: string; failed: boolean } | undefined {
  if (endedFirst !== undefined) return { name: endedFirst, failed: true };
  if (endedAlone) return undefined;
  const ended = (task?.containers ?? []).filter(
    ({ name = '', lastStatus }) => otherEssential.includes(name) && lastStatus === 'STOPPED',
  );
  const isOwnFailure = ({ exitCode = 0, reason }: Container): boolean =>
    reason !== undefined || (exitCode !== 0 && !signals.has(exitCode));
  const culprit = ended.find(isOwnFailure);
  if (culprit !== undefined) return { name: culprit.name ?? '', failed: true };
  const quiet = ended.find(({ exitCode = 0 }) => exitCode === 0);
  return quiet === undefined ? undefined : { name: quiet.name ?? '', failed: false };
}

interface Facts {
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  exitCode: number | undefined;
  containerReason: string | undefined;
}

function failed(facts: Facts, otherwise: Diagnosis): TaskVerdict {
  const { exitCode, stopCode, stoppedReason } = facts;
  // Exit 0 is not the cause of anything here; what stopped the task is.
  return failure(facts, diagnose(exitCode === 0 ? { stopCode, stoppedReason } : facts) ?? otherwise);
}

function cutShort(facts: Facts, other: string): TaskVerdict {
  const { containerReason, stoppedReason } = facts;
  // Spot, a user or lack of memory explain more than which container ended first.
  const known = diagnose({ containerReason, stoppedReason });
  const cause = `The essential container ${other} ended first, so Amazon ECS stopped this one; its exit code shows only how it took the stop signal.`;
  const fix = `Find out why ${other} ended, or make it essential: false; check what the migration left behind, then run it again.`;
  return failure(facts, known ?? { code: 'CUT_SHORT', cause, fix });
}

function orderUnknown(facts: Facts, other: string): TaskVerdict {
  const cause = `The essential container ${other} ended too, and Amazon ECS does not say which of the two ended first: the exit code 0 may come from a stop signal.`;
  const fix = `Read the log to see whether the migration finished. To make it certain, set essential: false for ${other} in the task definition that migrates.`;
  return failure(facts, { code: 'ORDER_UNKNOWN', cause, fix });
}

function failure(facts: Facts, { code, cause, fix }: Diagnosis): TaskVerdict {
  const { exitCode, stopCode, stoppedReason, containerReason } = facts;
  const said = [...new Set([containerReason, stoppedReason])].filter(
    (text) => text !== undefined && text !== '' && !isNoReason(text),
  );
  return {
    verdict: 'failed',
    explanation: { code, cause, fix, ...(said.length === 0 ? {} : { said: said.join(' / ') }) },
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(stopCode === undefined ? {} : { stopCode }),
  };
}

const again = 'Check what the task left behind, then run it again.';
const onlyHeeded = 'the exit code 0 shows only that the program obeyed the stop signal.';

const noExitCode: Diagnosis = {
  code: 'NO_EXIT_CODE',
  cause: 'The container ended without an exit code: it never started, or Amazon ECS could not see how it ended.',
  fix: 'Look at the events of the cluster; check what the task left behind before you run it again.',
};
const unknownExit: Diagnosis = { code: 'EXIT_CODE', cause: 'The program reported an error.', fix: again };
const stoppedWithoutCode: Diagnosis = {
  code: 'STOPPED',
  cause: 'The task was stopped and Amazon ECS does not say why, so its exit code 0 proves nothing.',
  fix: again,
};
const unknownStop: Diagnosis = {
  code: 'STOPPED',
  cause: 'The task was stopped from outside, so its exit code 0 proves nothing.',
  fix: again,
};
const notEssential: Diagnosis = {
  code: 'ORDER_UNKNOWN',
  cause:
    'The container is not essential, and the task was stopped before its exit code 0 was seen: it may have ended because of that.',
  fix: 'Read the log to see whether the migration finished. To make it certain, set essential: true for this container.',
};

/** A program that obeys the stop signal exits 0 although it was cut short: these stop codes say so. */
const stopCodes: Readonly<Record<string, Diagnosis>> = {
  SpotInterruption: {
    code: 'SPOT_INTERRUPTION',
    cause: `AWS took the Spot capacity back; ${onlyHeeded}`,
    fix: 'Check what the task left behind, then run it again on FARGATE, not on FARGATE_SPOT.',
  },
  TerminationNotice: {
    code: 'TERMINATION_NOTICE',
    cause: `AWS took the capacity under the task away; ${onlyHeeded}`,
    fix: again,
  },
  UserInitiated: { code: 'STOPPED_BY_USER', cause: `Somebody stopped the task; ${onlyHeeded}`, fix: again },
  ServiceSchedulerInitiated: {
    code: 'STOPPED_BY_SERVICE',
    cause: `A service stopped the task; ${onlyHeeded}`,
    fix: again,
  },
  InfrastructureHealth: {
    code: 'INFRASTRUCTURE_HEALTH',
    cause: `AWS stopped the task because its host was unhealthy; ${onlyHeeded}`,
    fix: again,
  },
  TaskFailedToStart: {
    code: 'TASK_FAILED_TO_START',
    cause: 'Another container of the task could not be started.',
    fix: 'Look at the reasons of the other containers; check what the task left behind before you run it again.',
  },
};
