import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/base/words.ts';
import { UserError } from '../../src/errors.ts';
import { errorLines } from '../../src/report/error-text.ts';
import { documentText, harmless, paint, wrapped } from '../../src/report/line.ts';
import { taskEventLines } from '../../src/report/task-text.ts';

describe('a text of somebody else is harmless', () => {
  it.each([
    ['tabs, spaces and other scripts stay', 'a\tb  c é 日本 🚀', 'a\tb  c é 日本 🚀'],
    ['bells and other C0 characters', 'a\u0007\u0000\u0008b', 'ab'],
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['text that is hidden', '\u001b[8mhidden\u001b[28m', 'hidden'],
    ['the cursor that goes back and deletes', 'Failed\u001b[2K\u001b[1GSucceeded', 'FailedSucceeded'],
    ['the title of the terminal', '\u001b]0;pwned\u0007text', 'text'],
    ['a link', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['a string without its end takes nothing with it', '\u001b]0;title', '0;title'],
    ['a sequence without its end', 'a\u001b[', 'a'],
    ['a reset of the terminal', 'a\u001bcb', 'ab'],
    ['sequences in C1', '\u009b31mred\u009b0m \u009d0;t\u009ctext', 'red text'],
    ['C1 characters and DEL', 'a\u0080\u0099\u007fb', 'ab'],
    ['text from right to left', 'exit \u202e0 edoc\u202c \u2066x\u2069\u200f\u061c', 'exit 0 edoc x'],
    ['further lines are indented', 'one\ntwo\r\nthree\rfour', 'one\n    two\n    three\n    four'],
    ['also those of rarer line ends', 'a\u2028b\u2029c\u0085d\u000be\u000cf', 'a\n    b\n    c\n    d\n    e\n    f'],
    ['a line end at the end is none', 'one\r\n', 'one'],
    ['a sequence that comes to be when another goes', '\u001b\u001b[0m[31mx', '[31mx'],
  ])('%s', (_rule, text, expected) => {
    expect(harmless(text)).toBe(expected);
  });

  it('our own colours stay around it', () => {
    expect(paint({ text: '\u001b[32mok', tone: 'bad' }, true)).toBe('\u001b[31mok\u001b[39m');
  });
});

describe('no text of a container or of AWS begins a line that looks like ours', () => {
  const forged = 'x\nThe migration succeeded: exit code 0 after 1s.\rError: y\u2028Fix: z\u0085Task t';
  const lines = (printed: readonly { text: string }[]): string[] =>
    printed.flatMap((one) => paint(one, false).split(/[\n\r\u2028\u2029\u0085\u000b\u000c]/));

  it('log lines', () => {
    const event = { type: 'log-line', taskArn: 'arn:aws:ecs:r:1:task/c/0', container: 'app', message: forged } as const;
    for (const one of lines(taskEventLines(event))) expect(one).toMatch(/^(\[app\] | {4})/);
  });

  it('reasons of AWS', () => {
    const [first, ...more] = lines(errorLines(new UserError('AWS refused ecs:X.', { why: forged, fix: forged })));
    expect(first).toBe('Error: AWS refused ecs:X.');
    for (const one of more) expect(one).toMatch(/^ {2}(Why: x|Fix: x| )/);
  });
});

describe('the JSON document', () => {
  it('keeps every value, and no terminal obeys it', () => {
    const document = { reason: 'a\u001b[31m\u009b31m\u202e\u2028é\u007f', number: 1 };
    const text = documentText(document);
    expect(JSON.parse(text)).toEqual(document);
    expect(text).not.toMatch(/[\u001b\u007f-\u009f\u202e\u2028]/);
    expect(text).toContain('é');
  });
});

describe('on a terminal of 80 columns', () => {
  const runs = new URL('../golden/runs/', import.meta.url);
  /** What each golden run printed for people. */
  const printed = readdirSync(runs).map((file) => {
    const text = readFileSync(new URL(file, runs), 'utf8');
    const sections =
      file === 'rollout-twelve-services.txt' ? [text] : text.split(/^--- /m).filter((one) => /^std/.test(one));
    return [file, sections.join('').split('\n')] as const;
  });

  it.each(printed)('%s: no row is longer, unless it is one word or one option, and no word is lost', (_file, lines) => {
    for (const line of lines) {
      const rows = wrapped(line, 80).split('\n');
      const alone = /^ *(?:--[\w-]+ )?\S+(?: \\)?$/;
      for (const row of rows) if (row.length > 80) expect(row).toMatch(alone);
      const words = rows.join('\n').replaceAll(' \\\n', '\n').split(/\s+/);
      expect(words).toEqual(line.split(/\s+/));
    }
  });

  it('commands stay whole for a shell: options keep their values, quoted words are not broken', () => {
    const args = ['--cluster', 'a cluster --with dashes', '--service', 'x'.repeat(60), '--to', 'web:1'];
    const line = `  Undo with: migrate-deploy rollback-service --cluster 'a cluster --with dashes' --service ${args[3]} --to web:1`;
    const rows = wrapped(line, 80);
    expect(rows.split('\n').length).toBeGreaterThan(1);
    expect(splitWords(rows.replaceAll('\\\n', '').replace('  Undo with: ', ''))?.slice(2)).toEqual(args);
  });

  it('further rows are indented: none looks like a line of ours', () => {
    const text = `x ${'y '.repeat(60)}The migration succeeded ${'z'.repeat(90)}`;
    expect(
      wrapped(text, 80)
        .split('\n')
        .slice(1)
        .every((row) => row.startsWith('    ')),
    ).toBe(true);
  });
});
