import { TransientError, type UserError } from '../errors.ts';
import { bad, type Line, line } from './line.ts';

/** An error in three parts: what happened / Why / Fix. */
export function errorLines(error: UserError | TransientError): Line[] {
  if (error instanceof TransientError) {
    return [
      bad('Error: AWS did not answer.'),
      line(`  Why: ${error.message}${error.requestId === undefined ? '' : ` (request ${error.requestId})`}`),
      line('  Fix: Check that this job can reach the endpoint of the region, then run the command again.'),
    ];
  }
  const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  return [
    bad(`Error: ${error.message}`),
    ...(error.why === undefined ? [] : indented('Why', `${error.why}${request}`)),
    ...(error.fix === undefined ? [] : indented('Fix', error.fix)),
  ];
}

function indented(label: string, text: string): Line[] {
  const [first = '', ...more] = text.split('\n');
  // A list that begins on a line of its own explains itself.
  const head = first === '' ? [] : [line(`  ${label}: ${first}`)];
  return [...head, ...more.map((part) => line(`    ${part}`))];
}

/** What our own bug looks like: the stack, and where to report it. */
export function bugLines(error: unknown, version: string): Line[] {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    bad('Error: migrate-deploy has a bug.'),
    line(`  Why: ${stack}`),
    line(`  Fix: Report it with these lines, the command and version ${version} (Node ${process.versions.node}).`),
  ];
}
