import { jsonText } from '../base/lossless-json.ts';
import { redact } from '../base/redact.ts';
import { dim, type Line, line, strong } from './line.ts';

/** The request that a dry run did not send, values that may be secret left out. */
export function dryRunLines(action: string, input: unknown): Line[] {
  const body = jsonText(redact(input), 2).split('\n');
  return [strong(`Would send ${action}:`), ...body.map((text) => line(`  ${text}`))];
}

/** Closes the output of a dry run. */
export const dryRunEnd: Line = dim('Dry run: nothing was changed.');
