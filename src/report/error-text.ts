import { TransientError, type UserError } from '../errors.ts';
import { bad, type Line, line } from './line.ts';

/** An error in three parts: what happened / Why / Fix. */
export function errorLines(error: UserError | TransientError): Line[] {
  if (error instanceof TransientError) {
    if (error.code === 'Interrupted') return [bad(unansweredText(error)), line(`  Why: ${error.message}`)];
    return [
      bad(`Error: ${unansweredText(error)}`),
      line(`  Why: ${error.message}${error.requestId === undefined ? '' : ` (request ${error.requestId})`}`),
      line('  Fix: Check that this job can reach the endpoint of the region, then run the command again.'),
    ];
  }
  const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  return [
    bad(`Error: ${error.message}`),
    ...(error.why === undefined ? [] : textLines('Why', `${error.why}${request}`)),
    ...(error.fix === undefined ? [] : textLines('Fix', error.fix)),
  ];
}

/** What a TransientError is to the user. */
function unansweredText({ code }: TransientError): string {
  return code === 'Interrupted' ? 'Interrupted.' : 'AWS did not answer.';
}

/** A labelled text; its further lines stand below it, indented where they are printed. */
export function textLines(label: string, text: string): Line[] {
  return [line(text.startsWith('\n') ? `  ${label}:${text}` : `  ${label}: ${text}`)];
}

/** What our own bug looks like: the stack, and where to report it. */
export function bugLines(error: unknown, version: string): Line[] {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    bad('Error: migrate-deploy has a bug.'),
    ...textLines('Why', stack),
    line(`  Fix: Report it with these lines, the command and version ${version} (Node ${process.versions.node}).`),
  ];
}
