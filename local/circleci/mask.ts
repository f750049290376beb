import type { RunOptions } from './runner.ts';

const notSecret = ['', 'true', 'false', 'TRUE', 'FALSE', 'null'];

/** Hides the values of project and context variables of four characters and more, as CircleCI's log does. */
export function createMask({ env = {}, contexts = {} }: RunOptions): (text: string) => string {
  const values = [env, ...Object.values(contexts)]
    .flatMap((variables) => Object.values(variables))
    .filter((value) => value.length >= 4 && !notSecret.includes(value))
    .sort((a, b) => b.length - a.length);
  return (text) => values.reduce((masked, value) => masked.replaceAll(value, '****'), text);
}
