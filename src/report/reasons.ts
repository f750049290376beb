import { familyRevision, taskId } from '../base/arn.ts';
import { groupFailures } from '../base/failure-groups.ts';
import { type Outcome, reasonOf } from '../outcome.ts';
import type { FailedTask, LogTail } from '../records/schema.ts';
import { html, type Markup } from './markup.ts';
import { failureText, progressText } from './rollout-text.ts';
import { isRollout, stageSubject, toneOf, word } from './story.ts';

/** Why the stages are red: the application's line, what it means, what to do, what serves, and the last lines. */
export function reasons(failed: readonly Outcome[]): Markup {
  if (failed.length === 0) return html``;
  return html`<section aria-labelledby="why"><h2 id="why">What went wrong</h2>
${failed.map(reason)}</section>`;
}

function reason(outcome: Outcome): Markup {
  const { quote, meaning, cause, said, fix } = reasonOf(outcome);
  const { resume, undo } = outcome;
  const rollout = isRollout(outcome) ? outcome : undefined;
  return html`<article><h3><span class="badge ${toneOf(outcome)}">${word(outcome)}</span> ${stageSubject(outcome)}</h3>
${quote === undefined ? undefined : html`<p class="quiet">The log of ${quote.container} says${quote.framework === undefined ? '' : ` (${quote.framework})`}:</p><pre class="quote" tabindex="0">${quote.line}</pre>`}
<dl>${entry('That means', meaning)}${entry('Why', cause)}${entry('AWS says', said)}${entry('Fix', fix)}
${entry('Serves now', rollout?.servesNow === undefined ? undefined : familyRevision(rollout.servesNow))}
${entry('Rollback', rollout?.rollback?.text)}
${entry('So far', rollout?.progress === undefined ? undefined : progressText(rollout.progress))}</dl>
${command('Look again with', resume)}${command('Continue with', rollout?.pause?.continue)}${command('Undo with', undo)}
${(outcome.notes ?? []).map((text) => html`<p class="quiet">Note: ${text}</p>`)}
${logs(outcome.logTail ?? [], quote === undefined)}
${groupFailures(rollout?.failedTasks ?? []).map((group) => failures(group))}</article>`;
}

const entry = (term: string, text: string | undefined): Markup =>
  text === undefined ? html`` : html`<dt>${term}</dt><dd>${text}</dd>`;

/** A command line to copy. */
export const command = (label: string, text: string | undefined): Markup =>
  text === undefined ? html`` : html`<p class="quiet">${label}:</p><pre class="command" tabindex="0">${text}</pre>`;

function failures(group: readonly FailedTask[]): Markup {
  const [task] = group;
  if (task === undefined) return html``;
  const count = group.length === 1 ? '1 task failed' : `${group.length} tasks failed in the same way`;
  return html`<p><b>${count}:</b> ${failureText(task)} <span class="quiet">(${taskId(task.taskArn).slice(0, 8)})</span></p>
${logs(task.logTail ?? [], false)}`;
}

/** The last lines of each container; shown at once where no line of them explains the failure. */
export function logs(tails: LogTail, isOpen: boolean): Markup[] {
  return tails.map(({ container, lines, note }) => {
    const notes = note === undefined ? '' : ` (${note})`;
    if (lines.length === 0) return html`<p class="quiet">No log of ${container}${notes}.</p>`;
    const title = `Log of ${container}, the last ${lines.length === 1 ? 'line' : `${lines.length} lines`}${notes}`;
    const text = html`<summary>${title}</summary><pre tabindex="0" role="group" aria-label="${title}">${lines.join('\n')}</pre>`;
    return isOpen ? html`<details open>${text}</details>` : html`<details>${text}</details>`;
  });
}
