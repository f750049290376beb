import { clockText } from '../base/duration.ts';
import type { Outcome } from '../outcome.ts';
import { dim, type Line } from './line.ts';
import { spanOf } from './story.ts';

/** When it began and ended, on the clock; none where that is not known. */
export function timesLines(outcomes: readonly Outcome[]): Line[] {
  const span = spanOf(outcomes);
  return span === undefined ? [] : [dim(`  From ${clockText(span.fromMs)} to ${clockText(span.toMs)} UTC`)];
}
