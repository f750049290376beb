import { exitCode, exitCodeOf, explanationText, type Outcome } from '../outcome.ts';

/** What CircleCI is told of a deployment, in the words of `circleci run release update`. */
export interface MarkerStatus {
  status: 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELED';
  /** Why it failed. */
  reason?: string;
}

const longestReason = 240;

/**
 * The status of a marker, from what the job's own records prove. SUCCESS is said of what serves now and of nothing else: a
 * version that never served must not become one that CircleCI offers for a rollback.
 */
export function markerStatus(outcomes: readonly Outcome[]): MarkerStatus {
  const rollouts = outcomes.filter((outcome) => 'service' in outcome);
  const failed = rollouts.find((rollout) => statusOf(rollout) === 'FAILED');
  if (failed !== undefined) return { status: 'FAILED', reason: reasonOf(failed) };
  if (rollouts.length === 0) return { status: 'FAILED', reason: 'The job ended before anything was deployed.' };
  const statuses = new Set(rollouts.map(statusOf));
  const gravest = (['CANCELED', 'RUNNING', 'SUCCESS'] as const).find((status) => statuses.has(status));
  return { status: gravest ?? 'RUNNING' };
}

/** Whether nothing may follow: CircleCI refuses a second update of that kind. */
export const isTerminal = (status: string | null): boolean => ['SUCCESS', 'FAILED', 'CANCELED'].includes(status ?? '');

function statusOf(outcome: Outcome): MarkerStatus['status'] {
  switch (outcome.verdict) {
    case 'deployed':
    case 'unchanged':
    case 'succeeded':
      return 'SUCCESS';
    case 'superseded':
    case 'interrupted':
      return 'CANCELED';
    // Nobody has looked how it ends, or somebody has yet to decide it.
    case 'started':
    case 'not-verified':
    case 'paused':
      return 'RUNNING';
    case 'rolled-back':
      return exitCodeOf(outcome) === exitCode.done ? 'SUCCESS' : 'FAILED';
    case 'failed':
    case 'timed-out':
    case 'refused':
    case 'running':
      return 'FAILED';
  }
}

function reasonOf({ verdict, explanation }: Outcome): string {
  const text = explanation === undefined ? verdict : `${verdict}: ${explanationText(explanation)}`;
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= longestReason ? line : `${line.slice(0, longestReason - 1)}…`;
}
