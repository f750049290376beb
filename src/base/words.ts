/** Splits a command line into words as a shell would, with quotes and backslashes but without expanding anything; undefined when a quote is not closed. */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let rest = text;
  while (rest !== '') {
    const [found = '', plain, escaped, single, double] =
      /^(?:([^\s'"\\]+)|\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\s+)/.exec(rest) ?? [];
    if (found === '') return undefined;
    rest = rest.slice(found.length);
    const part = plain ?? escaped ?? single ?? double?.replaceAll(/\\(["\\$`])/g, '$1');
    if (part !== undefined) word = (word ?? '') + part;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
