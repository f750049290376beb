import { optional } from '../base/optional.ts';
import { type Explanation, startUnanswered } from '../outcome.ts';
import type { Interrupt } from '../ports.ts';
import { notPlaced, type TaskResult } from '../task/outcome.ts';
import type { Exclusion } from './exclusive.ts';
import type { Start } from './start.ts';

function ended(
  end: 'timed-out' | 'interrupted',
  { code, cause, fix, said }: Explanation,
  { interrupt }: { interrupt: Interrupt },
): TaskResult {
  const explanation = {
    code: end === 'interrupted' && code !== startUnanswered ? 'INTERRUPTED' : code,
    cause,
    ...optional('said', said),
    ...optional('fix', fix),
  };
  return end === 'interrupted'
    ? { verdict: end, signal: interrupt.name(), explanation }
    : { verdict: end, explanation };
}

/** The end of a run that waited for others in vain. */
export function waitedInVain(
  { end, busy, trouble }: Exclude<Exclusion, { end: 'clear' }>,
  deps: { interrupt: Interrupt },
): TaskResult {
  const said = optional('said', trouble);
  if (busy) {
    const cause = 'Another migration was still running; this one was not started.';
    const fix = 'Run the command again when the other one has ended.';
    return ended(end, { code: 'OTHER_MIGRATION', cause, fix, ...said }, deps);
  }
  const cause = 'Whether another migration runs was not known yet; this one was not started.';
  return ended(end, { code: 'OTHERS_UNKNOWN', cause, fix: 'Run the command again.', ...said }, deps);
}

/** Whether it is known that no task runs: after neither a task nor a reason, or no answer, it is not. */
export function isSurelyNotStarted(start: Exclude<Start, { start: 'started' }>): boolean {
  if (start.start === 'not-placed') return start.failures.length > 0;
  return start.start === 'interrupted' && !start.perhaps;
}

/** The end of a run whose task was not started, or perhaps not. */
export function notStarted(start: Exclude<Start, { start: 'started' }>, deps: { interrupt: Interrupt }): TaskResult {
  if (start.start === 'not-placed') return { verdict: 'failed', explanation: notPlaced(start.failures) };
  if (isSurelyNotStarted(start)) {
    const cause = 'Interrupted before a request to start the task was on its way.';
    return ended('interrupted', { code: 'INTERRUPTED', cause }, deps);
  }
  const fix = `Run the command again with --client-token ${start.clientToken}: that never starts a second task.`;
  if (start.start === 'interrupted') {
    const cause = 'Interrupted before Amazon ECS had confirmed a task; whether it runs is not known.';
    return ended('interrupted', { code: startUnanswered, cause, fix }, deps);
  }
  const cause = 'Amazon ECS answered none of the requests to start the task; whether it runs is not known.';
  return ended('timed-out', { code: startUnanswered, cause, fix, ...optional('said', start.trouble) }, deps);
}
