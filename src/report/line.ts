import { styleText } from 'node:util';

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

/** The line as bytes for a terminal or a log: colour only when asked for, control characters of others made visible. */
export function paint({ text, tone }: Line, colour: boolean): string {
  const safe = text.replaceAll(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g, '');
  // Whether to colour is decided by `wantsColour`: Node's own rule lets FORCE_COLOR win over NO_COLOR.
  return colour && tone !== undefined ? styleText(styles[tone], safe, { validateStream: false }) : safe;
}

/** Whether to colour: NO_COLOR wins, then FORCE_COLOR, CircleCI or a terminal. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0') return true;
  return env.CIRCLECI === 'true' || isTty;
}
