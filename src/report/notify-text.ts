import { formatDuration } from '../base/duration.ts';
import type { NotifyEvent, NotifyOutcome } from '../notify/notify.ts';
import { type Line, line, warn } from './line.ts';

/** A fact of the sending as lines. */
export function notifyEventLines(event: NotifyEvent): Line[] {
  return [line(`${event.why} Trying again in ${formatDuration(event.waitMs)}`)];
}

/** What became of the message; a refusal is a warning, the deployment's verdict stands without it. */
export function notifyEndLines(outcome: NotifyOutcome): Line[] {
  if (outcome.sent) return [line('Sent the Slack message')];
  return [
    warn('Warning: the Slack message was not sent; the deployment is not affected.'),
    line(`  Why: ${outcome.why}`),
    line(`  Fix: ${outcome.fix}`),
  ];
}
