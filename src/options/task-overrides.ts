import { splitWords } from '../base/words.ts';
import { mapStrings, parseOverrides, type TaskOverrides } from '../migrate/overrides.ts';
import type { Files } from '../ports.ts';
import type { OptionReader } from './reader.ts';

/**
 * Reads `--overrides`: inline JSON, `-` for standard input, a path or `file://` path. Variables are replaced in the
 * strings of inline JSON only; a file means what it says, e.g. a `$HOME` that the container's shell is to see.
 */
export async function readOverrides(reader: OptionReader, files: Files): Promise<TaskOverrides> {
  const given = reader.unexpanded('overrides');
  if (given === undefined) return {};
  const inline = /^\s*[[{]/.test(given);
  const source = inline
    ? { text: given, name: 'the text given' }
    : await readSource(reader.expand(given), reader, files);
  if (source === undefined) return {};
  const { overrides, complaints } = parseOverrides(source.text);
  for (const complaint of complaints) reader.complain(`--overrides: ${place(source.name, complaint)}`);
  return inline ? mapStrings(overrides, reader.expand) : overrides;
}

const place = (source: string, complaint: string): string =>
  complaint.startsWith('is not JSON') ? `${source} ${complaint}` : `in ${source}, ${complaint}`;

async function readSource(
  given: string,
  reader: OptionReader,
  files: Files,
): Promise<{ text: string; name: string } | undefined> {
  if (given === '-') return { text: await files.readStdin(), name: 'standard input' };
  const path = given.replace(/^file:\/\//, '');
  const text = await files.read(path);
  if (text === undefined) {
    reader.complain(`--overrides: there is no file ${JSON.stringify(path)}; JSON itself must begin with {`);
    return undefined;
  }
  // Windows editors begin a file with a byte order mark, which is no JSON.
  return { text: text.replace(/^\uFEFF/, ''), name: path };
}

/** Reads `--command` (one text, or a JSON list) or the words behind `--`. */
export function readCommand(reader: OptionReader): string[] | undefined {
  const given = reader.unexpanded('command');
  if (reader.rest.length > 0) {
    if (given !== undefined) reader.complain('--command and words behind `--` exclude each other');
    return [...reader.rest];
  }
  if (given === undefined) return undefined;
  const words = given.trimStart().startsWith('[') ? jsonWords(given) : splitWords(given);
  if (words === undefined || words.length === 0) {
    reader.complain('--command must be words with their quotes closed, or a JSON list of strings');
    return undefined;
  }
  // Split first: a value never becomes two words, whatever is in it.
  return words.map(reader.expand);
}

function jsonWords(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

/** Reads `--env NAME=VALUE`…; complaints never show the value. */
export function readEnvironment(reader: OptionReader): { name: string; value: string }[] {
  const pairs = reader.list('env').map((pair) => {
    const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(pair) ?? [];
    if (name.trim() === '') reader.complain('--env must be NAME=VALUE (one of them has no name or no "=")');
    return { name: name.trim(), value };
  });
  const names = pairs.map(({ name }) => name);
  for (const name of new Set(names.filter((one, index) => one !== '' && names.indexOf(one) < index))) {
    reader.complain(`--env ${name} was given more than once`);
  }
  return pairs;
}
