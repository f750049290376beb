/** Where a text stops being JSON and what should stand there. It never quotes the text, which may hold secrets. */
export interface JsonFault {
  line: number;
  column: number;
  expected: string;
}

/** The first fault of a JSON text, or undefined for a sound one. Finds also what JSON.parse lets pass: a member given twice. */
export function jsonFault(text: string): JsonFault | undefined {
  const scan: Scan = { text, at: 0, depth: 0 };
  try {
    value(scan);
    space(scan);
    if (scan.at < text.length) fail(scan, 'the end, but there is more');
    return undefined;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const before = text.slice(0, fault.at).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: fault.expected };
  }
}

interface Scan {
  text: string;
  at: number;
  depth: number;
}

/** More than any document of AWS has, and less than the stack bears. */
const deepest = 100;

class Fault extends Error {
  readonly at: number;
  readonly expected: string;

  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}

function fail(scan: Scan, expected: string, at = scan.at): never {
  throw new Fault(at, expected);
}

function space(scan: Scan): void {
  while (/[ \t\r\n]/.test(scan.text[scan.at] ?? '')) scan.at++;
}

function take(scan: Scan, pattern: RegExp): string | undefined {
  const sticky = new RegExp(pattern.source, 'y');
  sticky.lastIndex = scan.at;
  const found = sticky.exec(scan.text)?.[0];
  if (found !== undefined) scan.at += found.length;
  return found;
}

function value(scan: Scan): void {
  space(scan);
  const char = scan.text[scan.at];
  if (scan.depth++ > deepest) fail(scan, 'less deeply nested');
  if (char === '{') object(scan);
  else if (char === '[') list(scan);
  else if (char === '"') string(scan);
  else if (take(scan, /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/) === undefined) {
    if (take(scan, /true|false|null/) === undefined) {
      fail(scan, char === "'" ? 'a value; strings stand in double quotes' : 'a value');
    }
  }
  scan.depth--;
}

function string(scan: Scan): string {
  const from = scan.at;
  const found = take(scan, /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/);
  if (found === undefined) fail(scan, 'a string that ends in its line, with valid escapes', from);
  return JSON.parse(found) as string;
}

function object(scan: Scan): void {
  scan.at++;
  space(scan);
  if (take(scan, /\}/) !== undefined) return;
  const names = new Set<string>();
  for (;;) {
    space(scan);
    const at = scan.at;
    if (scan.text[at] !== '"')
      fail(scan, names.size === 0 ? 'a name in double quotes or }' : 'a name in double quotes');
    const name = string(scan);
    if (names.has(name)) fail(scan, 'another name: this one was given before', at);
    names.add(name);
    space(scan);
    if (take(scan, /:/) === undefined) fail(scan, 'a colon');
    value(scan);
    space(scan);
    if (take(scan, /,/) !== undefined) continue;
    if (take(scan, /\}/) !== undefined) return;
    fail(scan, 'a comma or }');
  }
}

function list(scan: Scan): void {
  scan.at++;
  space(scan);
  if (take(scan, /\]/) !== undefined) return;
  for (;;) {
    value(scan);
    space(scan);
    if (take(scan, /,/) !== undefined) continue;
    if (take(scan, /\]/) !== undefined) return;
    fail(scan, 'a comma or ]');
  }
}
