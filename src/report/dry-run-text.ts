import { jsonText } from '../base/lossless-json.ts';
import { redact } from '../base/redact.ts';
import { dim, type Line, line, strong } from './line.ts';

/** What a dry run would do: a request to AWS (or Slack), or a program that runs. */
export type PlannedStep = { action: string; input: unknown } | { command: readonly string[] };

/** What a dry run did not do, values that may be secret left out. */
export function dryRunLines(step: PlannedStep): Line[] {
  if ('command' in step) return [strong('Would run:'), line(`  ${step.command.map(shellWord).join(' ')}`)];
  const body = jsonText(redact(step.input), 2).split('\n');
  return [strong(`Would send ${step.action}:`), ...body.map((text) => line(`  ${text}`))];
}

/** Closes the output of a dry run. */
export const dryRunEnd: Line = dim('Dry run: nothing was changed.');

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
