const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;
const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** What stands for such a number: an object whose only member no API has. */
const written = /\{\s*"\\u0000number":\s*"(-?[0-9.eE+-]+)"\s*\}/g;

/**
 * JSON.parse that keeps each number's text where JavaScript would write another one (9007199254740993, 1.0): such a number
 * becomes an object that copies and compares like any other and that only `jsonText` writes as the number again.
 * Throws JSON.parse's SyntaxError. (Node 20 has neither JSON.rawJSON nor a reviver that sees the source.)
 */
export function parseJson(text: string): unknown {
  const carried = text.replaceAll(tokens, (token) =>
    token.startsWith('"') || String(Number(token)) === token || !jsonNumber.test(token)
      ? token
      : `{"\\u0000number":"${token}"}`,
  );
  if (carried === text) return JSON.parse(text);
  try {
    return JSON.parse(carried);
  } catch {
    // The same fault, told in the positions of the text.
    return JSON.parse(text);
  }
}

/** JSON.stringify for what `parseJson` answered: the numbers stand as they stood. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, null, indent).replaceAll(written, (_object, number: string) => number);
}
