import type { Failure } from '@aws-sdk/client-ecs';
import { diagnoseText } from '../diagnosis/diagnose.ts';
import type { FollowEnd } from './follow-to-end.ts';
import type { FollowedTask } from './tracker.ts';

/** How the work of one task came out, in words that records, text and exit codes are made of. */
export interface Outcome {
  outcome: 'succeeded' | 'failed' | 'timed-out' | 'interrupted' | 'started';
  /** Our word for the verdict. */
  verdict: string;
  reasonCode?: string;
  /** What ECS said, verbatim. */
  reason?: string;
  /** What it means. */
  cause?: string;
  fix?: string;
  exitCode?: number;
  /** It was left before ECS had shown it even once. */
  unseen?: boolean;
  /** Nothing was found where the user pointed. */
  notFound?: boolean;
}

/** The outcome of a task that was followed. */
export function outcomeOf(
  { verdict, taskArn, task }: FollowedTask,
  { end, stopped, trouble }: Pick<FollowEnd, 'end' | 'stopped' | 'trouble'>,
  namedByUser: boolean,
): Outcome {
  switch (verdict.verdict) {
    case 'succeeded':
      return { outcome: 'succeeded', verdict: 'succeeded', exitCode: 0 };
    case 'lost':
      return lost(taskArn, verdict.seen, namedByUser);
    case 'going':
      if (task === undefined)
        return { ...unfinished(end, false), ...(trouble === undefined ? {} : { cause: trouble }), unseen: true };
      return {
        ...unfinished(end, false),
        ...(trouble === undefined ? {} : { cause: trouble }),
        ...(stopped ? { cause: 'It was asked to stop and has not ended yet.' } : {}),
      };
    case 'failed': {
      const { code, reason, cause, fix, exitCode } = verdict;
      const ended = { reason, cause, ...(exitCode === undefined ? {} : { exitCode }) };
      // What we stopped ourselves is no verdict of the program.
      if (stopped && verdict.stopCode === 'UserInitiated') return { ...ended, ...unfinished(end, stopped) };
      return { outcome: 'failed', verdict: 'failed', reasonCode: code, fix, ...ended };
    }
  }
}

function unfinished(end: FollowEnd['end'], stopped: boolean): Outcome {
  const outcome = end === 'interrupted' ? 'interrupted' : 'timed-out';
  return {
    outcome,
    verdict: stopped ? `${outcome}-and-stopped` : outcome,
    reasonCode: outcome === 'interrupted' ? 'INTERRUPTED' : 'TIMED_OUT',
  };
}

function lost(taskArn: string, seen: boolean, namedByUser: boolean): Outcome {
  const base = { outcome: 'failed', verdict: 'lost', reasonCode: 'TASK_LOST', reason: 'MISSING' } as const;
  if (seen) {
    const cause = 'Amazon ECS does not know the task any more; how it ended is not known.';
    return { ...base, cause, fix: 'Look at its log and at the database before running it again.' };
  }
  const cause = `Amazon ECS does not know the task ${taskArn}.`;
  if (!namedByUser) {
    const look = `Look at it again (wait-for-task --task ${taskArn}), at its log and at the database before running it again.`;
    return { ...base, cause: `${cause} It was started all the same, and may be running.`, fix: look };
  }
  const fix = 'Check the task, --cluster and --region; ECS forgets tasks an hour after they stopped.';
  return { ...base, cause, fix, reasonCode: 'TASK_NOT_FOUND', notFound: true };
}

/** The outcome of a RunTask that placed nothing. */
export function notPlaced(failures: readonly Failure[]): Outcome {
  const texts = failures.map(({ reason = 'no reason', arn, detail }) =>
    [arn === undefined ? reason : `${reason} (${arn})`, detail].filter((part) => part !== undefined).join(': '),
  );
  if (texts.length === 0) {
    return {
      outcome: 'failed',
      verdict: 'not-placed',
      reasonCode: 'NOT_PLACED',
      reason: 'Amazon ECS answered with neither a task nor a failure.',
      cause: 'Amazon ECS named no task that it started, and no reason why not.',
      fix: 'Check that no task of this family runs, and look at the events of the cluster; then run it again.',
    };
  }
  const known = diagnoseText(failures[0]?.reason ?? '');
  return {
    outcome: 'failed',
    verdict: 'not-placed',
    reasonCode: known?.code ?? 'NOT_PLACED',
    reason: texts.join('; '),
    cause: known?.cause ?? 'Amazon ECS found no place for the task.',
    fix: known?.fix ?? 'Look at the reason and at the events of the cluster, then run it again.',
  };
}

/** What a record keeps of an outcome beside its status and verdict. */
export function recordMembers(outcome: Omit<Outcome, 'outcome'>): {
  reasonCode?: string;
  reason?: string;
  fix?: string;
  exitCode?: number;
} {
  const { cause, reason, reasonCode, fix, exitCode } = outcome;
  const texts = [cause, reason].filter((text) => text !== undefined);
  return {
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(texts.length === 0 ? {} : { reason: texts.join(' ') }),
    ...(fix === undefined ? {} : { fix }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
