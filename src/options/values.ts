import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { splitWords } from '../base/words.ts';
import type { ParseContext } from './option.ts';

/** Reads `NAME=VALUE`; the value may be empty, and hold anything. */
export function environmentVariable(given: string): Parsed<{ name: string; value: string }> {
  const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(given) ?? [];
  return name.trim() === '' ? wrong('must be NAME=VALUE') : valid({ name: name.trim(), value });
}

/** Reads `KEY=VALUE` as a tag of AWS. */
export function awsTag(given: string): Parsed<{ key: string; value: string }> {
  const [, rawKey = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(given) ?? [];
  const key = rawKey.trim();
  if (key === '') return wrong('must be KEY=VALUE');
  if (/^aws:/i.test(key)) return wrong(`${key}: keys that begin with aws: are AWS’s own`);
  if (key.length > 128 || value.length > 256) {
    return wrong(`${key.slice(0, 20)}: a key may have 128 characters and a value 256`);
  }
  return valid({ key, value });
}

/** The names that come more than once, each told once. */
export function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))];
}

/** Reads a policy document, inline or from a file; answers its text. Variables in an inline one are replaced. */
export async function policyText(given: string, { files, expand }: ParseContext): Promise<Parsed<string>> {
  const inline = given.trim().startsWith('{');
  const path = inline ? '' : expand(given.trim()).replace(/^file:\/\//, '');
  const text = inline ? expand(given) : await files.read(path);
  if (text === undefined) return wrong(`names the file ${path}, which is not there`);
  try {
    JSON.parse(text);
    return valid(text);
  } catch (error) {
    return wrong(`is not JSON: ${(error as Error).message}`);
  }
}

/** Splits arguments for another program into words, with quotes as in a shell. */
export function splitArguments(given: string): Parsed<string[]> {
  const words = splitWords(given);
  return words === undefined ? wrong('has a quote that is never closed') : valid(words);
}

/** A name of one container's variable or secret; without `container` it is the only container's. */
export interface NameInContainer {
  container: string | undefined;
  name: string;
}

/** Reads `[CONTAINER:]NAME=VALUE`. */
export function valueInContainer(given: string): Parsed<NameInContainer & { value: string }> {
  const [, container, name, value] = /^(?:([\w-]+):)?([^=:\s]+)=([\s\S]*)$/.exec(given) ?? [];
  if (name === undefined || value === undefined) return wrong('must be [CONTAINER:]NAME=VALUE');
  return valid({ container, name, value });
}

/** Reads `[CONTAINER:]NAME`. */
export function nameInContainer(given: string): Parsed<NameInContainer> {
  const [, container, name] = /^(?:([\w-]+):)?([^=:\s]+)$/.exec(given.trim()) ?? [];
  return name === undefined ? wrong('must be [CONTAINER:]NAME, without a value') : valid({ container, name });
}

/** Which name is set twice, if any. */
export function setTwice(values: readonly { container?: string | undefined; name: string }[]): string | undefined {
  const [twice] = repeated(
    values.map(({ container, name }) => (container === undefined ? name : `${container}:${name}`)),
  );
  return twice === undefined ? undefined : `sets ${twice} twice`;
}

/** Reads the address of a web page that may be printed. */
export function webAddress(given: string): Parsed<string> {
  const url = given.trim();
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return wrong('must be an http or https address');
  const { username, password, host } = new URL(url);
  if (username === '' && password === '') return valid(url);
  return wrong(`must not hold a user name or password, which would be printed (${host})`);
}
