import { stripVTControlCharacters, styleText } from 'node:util';
import type { StepOutput } from '../../local/circleci/runner.ts';
import { wrapped } from '../../src/report/line.ts';

type Style = Parameters<typeof styleText>[0];

/** What the demo prints. */
export interface Screen {
  heading(text: string): void;
  fact(name: string, value: string): void;
  lines(lines: readonly string[]): void;
  check(ok: boolean, text: string): void;
  /** The log of the pipeline, job by job and step by step. */
  output(output: StepOutput): void;
  /** A step that failed, in case that it was left out. */
  failure(step: Omit<StepOutput, 'job'>): void;
}

/** The steps that tell the story; the others fetch, hand on and store. */
const telling = /^(?:Build and push|Run the migration|Update the service|Notify Slack)/;
/** What docker and the program say for those who look into details. */
const details =
  /^(?:Still waiting|Sending build|Step \d| -+>|Successfully |The push refers|[0-9a-f]{12}: |\S+: digest: |The stand-in|Pushed \S+:\S+$|#\d+ |Log of |\s+(?:arn:|https:)|\s+The exit code of|\s+Last lines of|\s+Log of|\s+\[|\[\S+\] *$|\s*$)|: (?:event: has |service deployment |task \S+ failed too|image of |\d+ of \d+ new tasks running, \d+ failed)|\s+On the way/;
const columns = 76;
const mostOfContainer = 6;
const cut = (text: string): string => (text.length <= columns ? text : `${text.slice(0, columns - 1)}…`);

/** Prints the whole log with `all`, otherwise the story alone, and nothing wider than a terminal. */
export function createScreen(
  write: (text: string) => void,
  { colour, all }: { colour: boolean; all: boolean },
): Screen {
  const paint = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const say = (text: string) => write(`${text}\n`);
  let job = '';
  let rest = '';
  let ofContainer = 0;
  const row = (text: string) => say(`  ${paint('dim', '│')} ${text}`);
  const logLine = (line: string) => {
    const plain = stripVTControlCharacters(line);
    if (all) return row(colour ? line : plain);
    if (details.test(plain)) return;
    const short = plain.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…');
    const isOfContainer = short.startsWith('[');
    if (isOfContainer && ++ofContainer > mostOfContainer) return;
    if (!isOfContainer) {
      if (ofContainer > mostOfContainer) row(paint('dim', `… and ${ofContainer - mostOfContainer} lines more`));
      ofContainer = 0;
    }
    const [tone = ''] = /^(?:\u001b\[\d+m)+/.exec(line) ?? [];
    const rows = isOfContainer ? [cut(short)] : wrapped(short, columns).split('\n');
    for (const text of rows) row(colour && tone !== '' ? `${tone}${text}\u001b[0m` : text);
  };
  return {
    heading: (text) => say(`\n${paint('bold', `━━ ${text} `.padEnd(78, '━'))}`),
    fact: (name, value) => say(`  ${paint('dim', name.padEnd(12))} ${value}`),
    lines: (lines) => {
      for (const line of lines) logLine(line);
    },
    check: (ok, text) => say(`  ${ok ? paint('green', '✔') : paint('red', '✘')} ${text}`),
    output: (output) => {
      const isTold = all || telling.test(output.step);
      if (output.text === '') {
        if (rest !== '') logLine(rest);
        rest = '';
        if (output.job !== job) say(`\n${paint(['bold', 'cyan'], `▶ ${output.job}`)}`);
        job = output.job;
        if (isTold) say(`  ${paint('bold', output.step)}`);
        return;
      }
      if (!isTold) return;
      const lines = (rest + output.text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) logLine(line);
    },
    failure: ({ step, text }) => {
      if (all || telling.test(step)) return;
      say(`  ${paint('bold', step)}`);
      for (const line of text.trimEnd().split('\n').slice(-15)) row(cut(stripVTControlCharacters(line)));
    },
  };
}
