import { hasCode, UserError } from '../errors.ts';
import type { ParseContext } from '../options/option.ts';
import { type Parsed, valid, wrong } from './parsed.ts';

/** A document that an option gave, and what errors call the place it came from. */
export interface Source {
  text: string;
  name: string;
}

/** Whether a text is JSON itself, as opposed to the name of a file. */
const isInline = (text: string): boolean => /^\s*[[{]/.test(text);

/**
 * Replaces the variables of a text that may be JSON as it was typed. Within its strings a value stays one string, whatever
 * is in it; anywhere else it is taken as it is, e.g. as a number.
 */
export function expandJson(given: string, expand: (text: string) => string): string {
  if (!isInline(given)) return expand(given);
  return given.replaceAll(/"(?:[^"\\]|\\[\s\S])*"(\s*:)?|[^"]+/g, (part, colon: string | undefined) => {
    if (!part.startsWith('"')) return expand(part);
    // The name of a member means what it says.
    const typed = colon === undefined ? stringOf(part) : undefined;
    const expanded = typed === undefined ? undefined : expand(typed);
    return expanded === typed ? part : JSON.stringify(expanded);
  });
}

function stringOf(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}

/**
 * Finds a document: inline JSON, `-` for standard input, a path or a `file://` path. Variables in `given` are replaced
 * first. No error repeats what may be the document itself, or what a variable holds.
 */
export async function findSource(given: string, { files, expand }: ParseContext): Promise<Parsed<Source>> {
  const text = expandJson(given, expand);
  if (isInline(text)) return valid({ text, name: 'the text given' });
  if (/^\s*['"]\s*[[{'"]/.test(text)) return wrong(': there are quotes around the JSON; leave the outer ones out');
  if (text.trim() === '-') return valid({ text: await files.readStdin(), name: 'standard input' });
  const path = text.trim().replace(/^file:\/\//, '');
  const source = await readNamedFile(path, files, text === given);
  if ('value' in source) return source;
  return wrong(...source.errors.map((error) => `${error}; JSON itself must begin with {`));
}

/** Reads the file that an option names; its name is part of an error only if it may be shown and looks like one. */
export async function readNamedFile(
  path: string,
  files: ParseContext['files'],
  mayBeShown = true,
): Promise<Parsed<Source>> {
  // A name is short and has no quotes, braces or line ends; whatever else was given stays unprinted.
  const isName = mayBeShown && /^[\w.@~+ /\\:-]{1,255}$/.test(path);
  const name = isName ? path : 'the file';
  try {
    const text = await files.read(path);
    // Windows editors begin a file with a byte order mark, which is no JSON.
    if (text !== undefined) return valid({ text: text.replace(/^\uFEFF/, ''), name });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return wrong(hasCode(error, 'EISDIR') ? `: ${name} is a folder, not a file` : `: ${name} cannot be read`);
  }
  return wrong(isName ? `: there is no file ${path} (looked for ${files.absolute(path)})` : ': there is no such file');
}
