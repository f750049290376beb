import { resourceName } from '../base/arn.ts';
import { clockText, formatDuration } from '../base/duration.ts';
import type { Outcome } from '../outcome.ts';
import { html, type Markup } from './markup.ts';
import { type Mark, marksOf, type Phase, phasesOf } from './phases.ts';
import { isRollout, isTask, spanOf } from './story.ts';

interface Scale {
  fromMs: number;
  toMs: number;
}

/** All stages on one axis of time: one bar of phases each, failed tasks as marks, every time also as text. */
export function timeline(stages: readonly Outcome[]): Markup {
  const scale = spanOf(stages);
  if (scale === undefined) return html``;
  return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
<p class="quiet">${clockText(scale.fromMs)} to ${clockText(scale.toMs)} UTC, ${formatDuration(scale.toMs - scale.fromMs)} altogether</p>
<div class="lanes">
${axis(scale)}
${stages.map((outcome) => lane(outcome, scale))}
</div></section>`;
}

function lane(outcome: Outcome, scale: Scale): Markup {
  const phases = phasesOf(outcome);
  const marks = marksOf(outcome);
  const name = laneName(outcome);
  const said = [...phases.map(phaseText), ...marks.map(markText)].join('; ');
  return html`<div class="lane"><div class="lane-name">${name}</div>
<svg class="bar" width="100%" height="26" role="img" aria-label="${name}: ${said === '' ? 'no times are known' : said}">
<rect class="ground" width="100%" height="26" rx="4"/>
${phases.map((phase) => segment(phase, scale))}
${marks.map((mark) => markShape(mark, scale))}
</svg>
<ul class="key">${phases.map(({ name, colour, fromMs, toMs }) => html`<li><span class="dot ${colour}"></span>${name} <b>${formatDuration(toMs - fromMs)}</b></li>`)}${marksKey(marks)}</ul></div>`;
}

function laneName(outcome: Outcome): string {
  if (isRollout(outcome)) return resourceName(outcome.service);
  const named = outcome.name === undefined ? '' : ` ${outcome.name}`;
  return isTask(outcome) ? `Migration${named}` : `Image${named}`;
}

function marksKey(marks: readonly Mark[]): Markup {
  const failures = marks.filter(({ kind }) => kind === 'failure');
  const shifts = marks
    .filter(({ kind }) => kind === 'shift')
    .map(({ atMs, text }) => `${text} from ${clockText(atMs)}`);
  const failed = failures.length === 1 ? failures[0]?.text : `${failures.length} tasks failed`;
  return html`${failures.length === 0 ? undefined : html`<li><span class="dot mark"></span>${failed}</li>`}${shifts.map((text) => html`<li><span class="dot shift"></span>${text}</li>`)}`;
}

const percent = (ms: number, { fromMs, toMs }: Scale): string =>
  `${(Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs))) * 100).toFixed(2)}%`;

function segment(phase: Phase, scale: Scale): Markup {
  const width = percent(scale.fromMs + phase.toMs - phase.fromMs, scale);
  return html`<rect class="${phase.colour}" x="${percent(phase.fromMs, scale)}" width="${width}" y="3" height="20" rx="2"><title>${phaseText(phase)}</title></rect>`;
}

function markShape(mark: Mark, scale: Scale): Markup {
  if (mark.kind === 'shift')
    return html`<rect class="shift" x="${percent(mark.atMs, scale)}" width="3" height="26"><title>${markText(mark)}</title></rect>`;
  return html`<circle class="mark" cx="${percent(mark.atMs, scale)}" cy="13" r="5"><title>${markText(mark)}</title></circle>`;
}

const phaseText = ({ name, fromMs, toMs }: Phase): string =>
  `${name} ${clockText(fromMs)} to ${clockText(toMs)} (${formatDuration(toMs - fromMs)})`;

const markText = ({ atMs, text }: Mark): string => `${text} at ${clockText(atMs)}`;

const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];

/** Not more than five ticks, at round times: they must have room on a phone. */
function axis(scale: Scale): Markup {
  const { fromMs, toMs } = scale;
  const stepMs = (steps.find((seconds) => (toMs - fromMs) / seconds / 1_000 <= 4) ?? 604_800) * 1_000;
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  const ticks: number[] = [];
  for (let atMs = first; atMs <= toMs; atMs += stepMs) ticks.push(atMs);
  const label = (atMs: number): string => (stepMs < 60_000 ? clockText(atMs) : clockText(atMs).slice(0, 5));
  return html`<div class="lane axis" aria-hidden="true"><div class="lane-name"></div><svg class="bar" width="100%" height="18">
${ticks.map((atMs) => html`<line class="tick" x1="${percent(atMs, scale)}" x2="${percent(atMs, scale)}" y1="13" y2="18"/><text class="tick-text" x="${percent(atMs, scale)}" y="11" text-anchor="${anchorAt(atMs, scale)}">${label(atMs)}</text>`)}
</svg></div>`;
}

function anchorAt(atMs: number, { fromMs, toMs }: Scale): string {
  const part = (atMs - fromMs) / (toMs - fromMs);
  if (part < 0.08) return 'start';
  return part > 0.92 ? 'end' : 'middle';
}
