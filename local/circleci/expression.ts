import { ConfigError } from './config-error.ts';

/** What `<< … >>` may name: `parameters`, `matrix`, `pipeline`, each only where it is in scope. */
export type Scope = Readonly<Record<string, unknown>>;

/** In a scope, a function that is told of a pipeline value which the model does not know, so that it need not be refused. */
export const unknownValue = '?';

type Token = { kind: 'word' | 'string' | 'number' | 'regex' | 'operator'; text: string };

const tokenPattern =
  /\s*(?:(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<regex>\/(?:[^/\\]|\\.)+\/)|(?<number>-?\d+(?:\.\d+)?)(?![\w-])|(?<operator>==|!=|<=|>=|<|>|\(|\))|(?<word>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))/y;

/** Evaluates the body of `<< … >>`: a variable, a literal, or and/or/not/comparisons of them. */
export function evaluate(body: string, scope: Scope): unknown {
  const tokens = tokenize(body);
  const parser = createParser(tokens, body, scope);
  const value = parser.or();
  parser.end();
  return value;
}

/** False, null, 0, NaN and the empty string are false; everything else is true. */
export function isTruthy(value: unknown): boolean {
  return Boolean(value);
}

/** Whether the whole text fits a Java-style pattern. */
export function matchesWhole(pattern: string, text: unknown): boolean {
  return new RegExp(`^(?:${pattern})$`, 'u').test(String(text ?? ''));
}

function tokenize(body: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < body.trimEnd().length) {
    const at = tokenPattern.lastIndex;
    const groups = tokenPattern.exec(body)?.groups;
    const found = Object.entries(groups ?? {}).find(([, text]) => text !== undefined);
    if (found === undefined) throw new ConfigError(`Unable to parse expression '${body.trim()}' at ${at}`);
    tokens.push({ kind: found[0] as Token['kind'], text: found[1] as string });
  }
  return tokens;
}

function createParser(tokens: Token[], body: string, scope: Scope) {
  let at = 0;
  const fail = (): never => {
    throw new ConfigError(`Unable to parse expression '${body.trim()}'`);
  };
  const take = (...texts: string[]): string | undefined => {
    const token = tokens[at];
    if (token === undefined || token.kind === 'string' || !texts.includes(token.text)) return undefined;
    at += 1;
    return token.text;
  };
  const or = (): unknown => {
    let left = and();
    while (take('or')) {
      const right = and();
      left = isTruthy(left) ? left : right;
    }
    return left;
  };
  const and = (): unknown => {
    let left = not();
    while (take('and')) {
      const right = not();
      left = isTruthy(left) ? right : left;
    }
    return left;
  };
  const not = (): unknown => (take('not') ? !isTruthy(not()) : comparison());
  const comparison = (): unknown => {
    const left = primary();
    const operator = take('==', '!=', '<', '<=', '>', '>=', 'starts-with', 'matches');
    if (operator === undefined) return left;
    const right = primary();
    switch (operator) {
      case '==':
        return left === right;
      case '!=':
        return left !== right;
      case 'starts-with':
        return String(left ?? '').startsWith(String(right));
      case 'matches':
        return right instanceof RegExp ? matchesWhole(right.source, left) : fail();
      default:
        return compare(operator, Number(left), Number(right));
    }
  };
  const primary = (): unknown => {
    if (take('(')) {
      const value = or();
      if (take(')') === undefined) fail();
      return value;
    }
    const token = tokens[at];
    at += 1;
    switch (token?.kind) {
      case 'string':
        return token.text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
      case 'number':
        return Number(token.text);
      case 'regex':
        return new RegExp(token.text.slice(1, -1), 'u');
      case 'word':
        return token.text === 'true' ? true : token.text === 'false' ? false : lookUp(token.text, scope);
      case 'operator':
      case undefined:
        return fail();
    }
  };
  return { or, end: () => (at === tokens.length ? undefined : fail()) };
}

function compare(operator: string, left: number, right: number): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

function lookUp(path: string, scope: Scope): unknown {
  // A value may lie below another one, as pipeline.git.branch.is_default below pipeline.git.branch.
  if (Object.hasOwn(scope, path)) return scope[path];
  const parts = path.split('.');
  const [root = '', ...rest] = parts;
  if (!Object.hasOwn(scope, root)) throw new ConfigError(`Unknown variable(s): ${rest.join('.') || root}`);
  let value: unknown = scope[root];
  for (const part of rest) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
      const tell = scope[unknownValue];
      if (root === 'pipeline' && rest[0] !== 'parameters' && typeof tell === 'function') {
        tell(path);
        return '';
      }
      throw new ConfigError(
        root === 'parameters'
          ? `Arguments referenced without declared parameters: ${rest.join('.')}`
          : `Unknown variable(s): ${path}`,
      );
    }
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
