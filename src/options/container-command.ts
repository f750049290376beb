import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { expandJson } from '../base/source.ts';
import { splitWords } from '../base/words.ts';
import type { ParseContext } from './option.ts';

/** Reads a container's command: words with quotes as in a shell, or a JSON list of strings. No shell runs it. */
export function containerCommand(given: string, { expand }: ParseContext): Parsed<string[]> {
  const text = given.trimStart().startsWith('[') ? expandJson(given, expand) : expand(given);
  const isJson = text.trimStart().startsWith('[');
  // Words are split before their variables are replaced: a value never becomes two of them.
  const words = isJson ? jsonWords(text) : splitWords(given)?.map(expand);
  if (words === undefined || words.length === 0) {
    return wrong('must be words with their quotes closed, or a JSON list of strings');
  }
  const operator = shellOperator(words, isJson);
  return operator === undefined ? valid(words) : wrong(noShell(operator));
}

function jsonWords(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

/** The first word that only a shell would understand, where no shell is called. */
function shellOperator(words: readonly string[], areSeparate: boolean): string | undefined {
  const shell = words.findIndex((word) => /^(\S*\/)?(ba|da|a|z|k)?sh$/.test(word));
  if (shell !== -1 && words.slice(shell + 1).some((word) => /^-[a-z]*c$/.test(word))) return undefined;
  // `find … -exec … ;` is a command of its own.
  const operators = words.includes('-exec') ? /^(&&|\|\|?|&)$/ : /^(&&|\|\|?|&|;)$/;
  for (const [index, word] of words.entries()) {
    if (operators.test(word)) return word;
    const [, redirection] = /^(\d?>>?|<<?<?)(?:&\d|[\w./-]+)?$/.exec(word) ?? [];
    if (redirection !== undefined) return redirection;
    const [, glued] = /^[\w:./-]+(&&|\|\|)[\w:./-]+$/.exec(word) ?? [];
    if (!areSeparate && glued !== undefined) return glued;
    // Words that were separate already may well end so, e.g. an SQL statement.
    if (!areSeparate && index < words.length - 1 && /^\S+;$/.test(word)) return ';';
  }
  return undefined;
}

const noShell = (operator: string): string =>
  `holds the word ${operator}, and no shell would read it: the container would get it as an argument. Call a shell, e.g. sh -c '…', or leave it out`;
