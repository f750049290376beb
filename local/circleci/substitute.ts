import { ConfigError } from './config-error.ts';
import { evaluate, isTruthy, type Scope } from './expression.ts';
import { isMap, type Yaml } from './yaml.ts';

/** A value that was made, not written: expanded steps or a resolved executor. It passes through as it is. */
export interface Made {
  readonly made: 'steps' | 'executor';
}
export const isMade = (value: unknown): value is Made =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'made');

const whole = /^<<((?:(?!>>|<<)[\s\S])*)>>$/;
const section = /<<\s*([#^])\s*([\w.-]+)\s*>>([\s\S]*?)<<\s*\/\s*\2\s*>>/g;

/** Replaces every `<< … >>` below `value`; text that is one template alone keeps the type of what it names. */
export function substitute(value: unknown, scope: Scope): unknown {
  if (isMade(value)) return value;
  if (typeof value === 'string') return substituteText(value, scope);
  if (Array.isArray(value)) return value.map((item) => substitute(item, scope));
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, scope)]));
  }
  return value;
}

/** Turns the escape `\<<` into `<<` everywhere: the very last pass over a config. */
export function unescapeAll<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('\\<<', '<<') as T;
  if (Array.isArray(value)) return value.map((item: unknown) => unescapeAll(item)) as T;
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescapeAll(item)])) as T;
  }
  return value;
}

function substituteText(text: string, scope: Scope): unknown {
  const alone = whole.exec(text.trim());
  if (alone !== null) return evaluate(alone[1] ?? '', scope);
  const flat = text.replaceAll(section, (_all, mark: string, path: string, inner: string) =>
    isTruthy(evaluate(path, scope)) === (mark === '#') ? inner : '',
  );
  let result = '';
  let at = 0;
  for (;;) {
    const open = flat.indexOf('<<', at);
    if (open < 0) return result + flat.slice(at);
    const backslashes = /\\*$/.exec(flat.slice(at, open))?.[0].length ?? 0;
    if (backslashes === 1) {
      result += flat.slice(at, open + 2);
      at = open + 2;
      continue;
    }
    const close = flat.indexOf('>>', open);
    if (close < 0) throw unclosed(text);
    // `\\<<` is one backslash and then a template.
    result += flat.slice(at, backslashes === 2 ? open - 1 : open);
    result += asText(evaluate(flat.slice(open + 2, close), scope));
    at = close + 2;
  }
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (isMade(value) || typeof value === 'object') throw new ConfigError('A list cannot stand inside text');
  return String(value);
}

function unclosed(text: string): ConfigError {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return new ConfigError(`Unclosed '<<' tag in string: '${short}' ('<<' must be escaped as '\\<<' in config v2.1+)`);
}

/** A substituted value where plain YAML is expected. */
export function plain(value: unknown, what: string): Yaml {
  if (isMade(value)) throw new ConfigError(`${what}: a list of steps or an executor cannot stand here`);
  return value as Yaml;
}
