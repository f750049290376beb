import { formatDuration } from '../base/duration.ts';
import { bad, good, type Line, line, warn } from './line.ts';

/** What the last lines about one task are made of. */
export interface OutcomeFacts {
  outcome: 'succeeded' | 'failed' | 'timed-out' | 'interrupted' | 'started';
  verdict: string;
  reason?: string;
  cause?: string;
  fix?: string;
  exitCode?: number;
  unseen?: boolean;
  /** e.g. `The migration` or `Task 0f3a…`. */
  subject: string;
  durationMs: number;
  container?: string | undefined;
  stopCode?: string | undefined;
  taskArn?: string | undefined;
  resume?: string | undefined;
  signal?: string | undefined;
}

/** The last lines about one task: the verdict, what ECS said, what it means, what to do. */
export function outcomeLines(facts: OutcomeFacts): Line[] {
  return [headline(facts), ...reasons(facts), ...goesOn(facts)];
}

function headline(facts: OutcomeFacts): Line {
  const { subject, verdict, exitCode } = facts;
  const took = formatDuration(facts.durationMs);
  switch (facts.outcome) {
    case 'succeeded':
      return good(`${subject} succeeded: exit code 0 after ${took}.`);
    case 'started':
      return warn(`${subject} was started and not waited for: whether it succeeds is not known.`);
    case 'timed-out':
    case 'interrupted':
      return bad(`${subject} ${unfinished(facts)}`);
    case 'failed':
      if (verdict === 'not-placed') return bad(`${subject} was not started.`);
      if (verdict === 'lost') return bad(`${subject} cannot be found.`);
      return bad(
        `${subject} failed ${exitCode === undefined ? 'without an exit code' : `with exit code ${exitCode}`} after ${took}.`,
      );
  }
}

function unfinished({ outcome, verdict, durationMs, signal, unseen = false }: OutcomeFacts): string {
  const after = formatDuration(durationMs);
  if (verdict === 'unanswered') return `may have been started: Amazon ECS did not answer within ${after}.`;
  if (verdict.endsWith('-before-start'))
    return `was not started: ${outcome === 'timed-out' ? `time ran out after ${after}` : `interrupted by ${signal}`}.`;
  const stopped = verdict.endsWith('-and-stopped');
  const interrupted = `was ${stopped ? 'interrupted' : 'left by us'} after ${after} (${signal})`;
  const why = outcome === 'timed-out' ? `did not end within ${after}` : interrupted;
  if (unseen) return `${why}; Amazon ECS has not shown the task so far.`;
  return stopped ? `${why}; the task was stopped.` : `${why}; the task is still running.`;
}

function reasons({ outcome, reason, cause, fix, stopCode, container, verdict }: OutcomeFacts): Line[] {
  if (outcome === 'succeeded') return [];
  const said = [reason, stopCode === undefined ? undefined : `stop code ${stopCode}`].filter(
    (text) => text !== undefined,
  );
  const ofContainer = container === undefined || verdict !== 'failed' ? '' : ` (container ${container})`;
  return [
    ...(cause === undefined ? [] : [line(`  What: ${cause}`)]),
    ...(said.length === 0 ? [] : [line(`  Why: ${said.join('; ')}${ofContainer}`)]),
    ...(fix === undefined ? [] : [line(`  Fix: ${fix}`)]),
  ];
}

function goesOn({ taskArn, resume }: OutcomeFacts): Line[] {
  if (resume === undefined) return [];
  return [...(taskArn === undefined ? [] : [line(`  Task: ${taskArn}`)]), line(`  Look again with: ${resume}`)];
}
