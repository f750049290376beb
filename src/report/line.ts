import { styleText } from 'node:util';
import { jsonText } from '../base/lossless-json.ts';

/** One line for people; how loud it is on a terminal is `tone`. */
export interface Line {
  text: string;
  tone?: 'good' | 'bad' | 'warn' | 'dim' | 'strong';
}

/** A plain line. */
export const line = (text: string): Line => ({ text });
export const good = (text: string): Line => ({ text, tone: 'good' });
export const bad = (text: string): Line => ({ text, tone: 'bad' });
export const warn = (text: string): Line => ({ text, tone: 'warn' });
export const dim = (text: string): Line => ({ text, tone: 'dim' });
export const strong = (text: string): Line => ({ text, tone: 'strong' });

const styles = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

/** Sequences that move the cursor, colour, hide or retitle: CSI, the strings (OSC, DCS, …) and the short ones (ECMA-48 §5.4, §5.6). */
const sequences =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[P\]X^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\n\r\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;
/** What ends a line for some reader of the log. */
const breaks = /\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/;
const lastBreak = /[\n\r]+$/;
/** C0 but the tab, DEL, C1, and what turns the direction of text (UAX #9): a line shows what it says. */
const invisible = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Any of the above: most lines have none. */
const odd = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/**
 * A text of somebody else, harmless for a terminal and a log: no control characters, and each further line of it is
 * indented, so that no text of a container or of AWS begins a line that looks like ours.
 */
export function harmless(text: string): string {
  if (!odd.test(text)) return text;
  return text
    .replaceAll(sequences, '')
    .replace(lastBreak, '')
    .split(breaks)
    .map((part) => part.replaceAll(invisible, ''))
    .join('\n    ');
}

/** Commands to copy keep working when they are broken: each row but the last ends with a backslash. */
const command = /^(?: *|.*? with: )(?=migrate-deploy )/;
/** An option with its values, none of them torn apart. */
const commandParts = /(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\]|\s(?!--))+/g;

/** Breaks a text between words where it is wider than the terminal; what has no spaces, e.g. an ARN, stays whole. */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((row) => (row.length <= columns ? row : wrappedRow(row, columns)))
    .join('\n');
}

function wrappedRow(row: string, columns: number): string {
  const [indent = ''] = /^ */.exec(row) ?? [];
  const [label = ''] = command.exec(row) ?? [];
  if (!command.test(row)) return filled(indent, row.trimStart().split(' '), columns, '');
  const rows = filled(indent, label.trim().split(' '), columns, '').split('\n');
  const first = `${rows.pop()}${label.trim() === '' ? '' : ' '}`;
  const parts = row.slice(label.length).match(commandParts) ?? [];
  return [
    ...rows,
    filled(
      first,
      parts.map((part) => part.trim()),
      columns,
      ' \\',
    ),
  ].join('\n');
}

/** As many parts a row as it has room for; further rows are indented below the first. */
function filled(first: string, parts: readonly string[], columns: number, end: string): string {
  const [indent = ''] = /^ */.exec(first) ?? [];
  const rows = [`${first}${parts[0] ?? ''}`];
  for (const part of parts.slice(1)) {
    const joined = `${rows.at(-1)} ${part}`;
    if (joined.length + end.length <= columns) rows[rows.length - 1] = joined;
    else rows.push(`${indent}    ${part}`);
  }
  return rows.join(`${end}\n`);
}

/** The line as it is printed: harmless, coloured and broken to the width of a terminal only when asked for. */
export function paint({ text, tone }: Line, colour: boolean, columns?: number): string {
  const safe = columns === undefined ? harmless(text) : wrapped(harmless(text), columns);
  // Whether to colour is decided by `wantsColour`: Node's own rule lets FORCE_COLOR win over NO_COLOR.
  return colour && tone !== undefined ? styleText(styles[tone], safe, { validateStream: false }) : safe;
}

/** A JSON document as it is printed; characters that a terminal would obey are escaped, the values stay the same. */
export function documentText(document: unknown): string {
  return jsonText(document, 2).replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether to colour: NO_COLOR wins, then FORCE_COLOR, CircleCI or a terminal. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0') return true;
  return env.CIRCLECI === 'true' || isTty;
}
