import { stripVTControlCharacters, styleText } from 'node:util';
import type { StepOutput } from '../../local/circleci/runner.ts';

type Style = Parameters<typeof styleText>[0];

/** What the demo prints, in colour where it is wanted. */
export interface Screen {
  heading(text: string): void;
  fact(name: string, value: string): void;
  lines(lines: readonly string[]): void;
  check(ok: boolean, text: string): void;
  /** The log of the pipeline, job by job and step by step. */
  output(output: StepOutput): void;
}

export function createScreen(write: (text: string) => void, wantsColour: boolean): Screen {
  const paint = (style: Style, text: string) =>
    wantsColour ? styleText(style, text, { validateStream: false }) : text;
  const say = (text: string) => write(`${text}\n`);
  let job = '';
  let rest = '';
  const logLine = (line: string) =>
    say(`  ${paint('dim', '│')} ${wantsColour ? line : stripVTControlCharacters(line)}`);
  return {
    heading: (text) => say(`\n${paint('bold', `━━ ${text} `.padEnd(78, '━'))}`),
    fact: (name, value) => say(`  ${paint('dim', name.padEnd(12))} ${value}`),
    lines: (lines) => {
      for (const line of lines) logLine(line);
    },
    check: (ok, text) => say(`  ${ok ? paint('green', '✔') : paint('red', '✘')} ${text}`),
    output: (output) => {
      if (output.text === '') {
        if (rest !== '') logLine(rest);
        rest = '';
        if (output.job !== job) say(`\n${paint(['bold', 'cyan'], `▶ ${output.job}`)}`);
        job = output.job;
        say(`  ${paint('bold', output.step)}`);
        return;
      }
      const lines = (rest + output.text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) logLine(line);
    },
  };
}
