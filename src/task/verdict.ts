import { type Diagnosis, diagnose } from '../diagnosis/diagnose.ts';

/** The part of a DescribeTasks answer that a verdict rests on. */
export interface TaskSnapshot {
  lastStatus?: string | undefined;
  stopCode?: string | undefined;
  stoppedReason?: string | undefined;
  containers?:
    | readonly {
        name?: string | undefined;
        lastStatus?: string | undefined;
        exitCode?: number | undefined;
        reason?: string | undefined;
      }[]
    | undefined;
}

/** The container that counts. */
export interface JudgedContainer {
  name: string;
  essential: boolean;
  /** The other containers whose end stops the task; absent where the definition is not known. */
  otherEssential?: readonly string[];
}

/** How the work of a task ended, or that it has not. */
export type TaskVerdict =
  | { verdict: 'going' }
  | { verdict: 'succeeded' }
  | {
      verdict: 'failed';
      /** Stable code for programs. */
      code: string;
      exitCode?: number | undefined;
      stopCode?: string | undefined;
      /** The text of ECS, verbatim, or a sentence where ECS gave none. */
      reason: string;
      cause: string;
      fix: string;
    };

const going: TaskVerdict = { verdict: 'going' };

/** The essential container that has ended while the judged one had not: from then on ECS stops the task. */
export function endedBefore(task: TaskSnapshot, { name, otherEssential = [] }: JudgedContainer): string | undefined {
  const containers = task.containers ?? [];
  if (containers.find((one) => one.name === name)?.lastStatus === 'STOPPED') return undefined;
  return containers.find((one) => one.lastStatus === 'STOPPED' && otherEssential.includes(one.name ?? ''))?.name;
}

/**
 * Judges one snapshot by the one container that does the work; other containers, also those that ECS added, do not
 * count, but for the one that an earlier snapshot showed to have ended first (`endedFirst`).
 */
export function taskVerdict(task: TaskSnapshot, judged: JudgedContainer, endedFirst?: string): TaskVerdict {
  const { stopCode } = task;
  const isOver = task.lastStatus === 'STOPPED' || task.lastStatus === 'DELETED';
  const container = task.containers?.find(({ name }) => name === judged.name);
  if (!isOver && container?.lastStatus !== 'STOPPED') return going;
  const exitCode = container?.exitCode;
  const facts = { stopCode, stoppedReason: task.stoppedReason, exitCode, containerReason: container?.reason };
  if (exitCode === undefined) {
    // The container's end can be seen before its reason: the stop code comes with it.
    if (!isOver && stopCode === undefined && container?.reason === undefined) return going;
    return failed(facts, noExitCode);
  }
  if (endedFirst !== undefined && [0, 137, 143].includes(exitCode)) return cutShort(facts, endedFirst);
  if (exitCode !== 0) return failed(facts, unknownExit);
  if (stopCode === 'EssentialContainerExited') return { verdict: 'succeeded' };
  if (stopCode === undefined) {
    if (!judged.essential || /^Essential container in task exited/.test(task.stoppedReason ?? '')) {
      return { verdict: 'succeeded' };
    }
    return isOver ? failed(facts, stoppedWithoutCode) : going;
  }
  return failed(facts, stopCodes[stopCode] ?? unknownStop);
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

function cutShort(facts: Facts, endedFirst: string): TaskVerdict {
  const { containerReason, stoppedReason } = facts;
  // Spot, a user or lack of memory explain more than which container ended first.
  const known = diagnose({ containerReason, stoppedReason });
  const said = 'so Amazon ECS stopped this one too';
  return failure(
    facts,
    known ?? {
      code: 'CUT_SHORT',
      cause: `The essential container ${endedFirst} ended first, ${said}; its exit code says only how it took SIGTERM.`,
      fix: `Find out why ${endedFirst} ended, or make it essential: false; check what the task left behind, then run it again.`,
    },
  );
}

function failure(facts: Facts, { code, cause, fix }: Diagnosis): TaskVerdict {
  const { exitCode, stopCode, stoppedReason, containerReason } = facts;
  const said = [containerReason, stoppedReason].filter((text) => text !== undefined && text !== '');
  return {
    verdict: 'failed',
    code,
    cause,
    fix,
    reason: said.length === 0 ? 'Amazon ECS gave no reason' : [...new Set(said)].join(' / '),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(stopCode === undefined ? {} : { stopCode }),
  };
}

const again = 'Check what the task left behind, then run it again.';

const noExitCode: Diagnosis = {
  code: 'NO_EXIT_CODE',
  cause: 'The container ended without an exit code: it never started, or nobody could see how it ended.',
  fix: 'Look at the reason and at the events of the cluster; check what the task left behind before running it again.',
};
const unknownExit: Diagnosis = { code: 'EXIT_CODE', cause: 'The program ended with an error of its own.', fix: again };
const stoppedWithoutCode: Diagnosis = {
  code: 'STOPPED',
  cause: 'The task was stopped and Amazon ECS does not say why, so its exit code 0 proves nothing.',
  fix: again,
};
const unknownStop: Diagnosis = {
  code: 'STOPPED',
  cause: 'The task was stopped from outside before its end could be trusted, so its exit code 0 proves nothing.',
  fix: again,
};

/** A program that heeds SIGTERM exits 0 although it was cut short: these stop codes say so. */
const stopCodes: Readonly<Record<string, Diagnosis>> = {
  SpotInterruption: {
    code: 'SPOT_INTERRUPTION',
    cause: 'AWS took the Spot capacity back; the exit code 0 says only that the program heeded SIGTERM.',
    fix: 'Check what the task left behind, then run it again on FARGATE, not on FARGATE_SPOT.',
  },
  TerminationNotice: {
    code: 'TERMINATION_NOTICE',
    cause: 'The capacity under the task was taken away; the exit code 0 says only that the program heeded SIGTERM.',
    fix: again,
  },
  UserInitiated: {
    code: 'STOPPED_BY_USER',
    cause: 'Somebody stopped the task; the exit code 0 says only that the program heeded SIGTERM.',
    fix: again,
  },
  ServiceSchedulerInitiated: {
    code: 'STOPPED_BY_SERVICE',
    cause: 'A service stopped the task; the exit code 0 says only that the program heeded SIGTERM.',
    fix: again,
  },
  InfrastructureHealth: {
    code: 'INFRASTRUCTURE_HEALTH',
    cause: 'AWS stopped the task because of the health of its host; the exit code 0 says only that it heeded SIGTERM.',
    fix: again,
  },
  TaskFailedToStart: {
    code: 'TASK_FAILED_TO_START',
    cause: 'Another container of the task could not be started.',
    fix: 'Look at the reasons of the other containers; check what the task left behind before running it again.',
  },
};
