import type { NamedOption } from '../options/option.ts';
import { pattern, patternsOf } from './patterns.ts';
import type { Settings } from './resolve.ts';

/** Names that AWS has, by what they are and by environment. */
export type Found = Readonly<Partial<Record<FoundKey, ReadonlyMap<string, string>>>>;
export type FoundKey =
  | 'clusters'
  | 'services'
  | 'serviceFamilies'
  | 'taskDefinitions'
  | 'containers'
  | 'repositories'
  | 'networkFromServices';

/** The settings with what was found in AWS, as if it had been typed. */
export function withFound<S extends Settings>(settings: S, found: Found): S {
  const typed = Object.entries(found).flatMap(([key, names]) => {
    const texts = patternsOf(names);
    const patterns = texts.flatMap((text) => {
      const parsed = pattern(text);
      return 'value' in parsed ? [parsed.value] : [];
    });
    return patterns.length === 0 ? [] : [[key, patterns]];
  });
  return { ...settings, ...Object.fromEntries(typed) };
}

/** Options that say how to run, not what the config is. */
const notOfTheConfig = ['from-aws', 'write', 'force', 'output', 'debug', 'profile', 'request-timeout', 'file'];

/** The command line that makes the same config again, without asking AWS: the command, then each option with its value. */
export function commandLine(options: readonly NamedOption[], values: Readonly<Record<string, unknown>>): string[] {
  const words = options.flatMap(({ name, key, option }) => {
    if (notOfTheConfig.includes(name)) return [];
    const texts = [values[key] ?? []].flat().map(textOf);
    return texts.filter((text) => text !== option.default).map((text) => `--${name} ${shellWord(text)}`);
  });
  return ['migrate-deploy generate-config', ...words];
}

/** A command line in lines of 120 characters, which a shell reads as one; only an option that is longer makes a longer one. */
export function wrapped([command = '', ...options]: readonly string[]): string {
  const lines = [command];
  for (const option of options) {
    const line = `${lines.at(-1)} ${option}`;
    if (line.length <= 116) lines[lines.length - 1] = line;
    else lines.push(`    ${option}`);
  }
  return lines.join(' \\\n');
}

/** A value as it is typed: of environments, patterns and commands, which are no plain texts. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, branch, environment, text } = value as Partial<
    Record<'name' | 'branch' | 'environment' | 'text', string>
  >;
  if (text === undefined) return `${name}=${branch}`;
  return environment === undefined ? text : `${environment}=${text}`;
}

/** A text as one word of a POSIX shell, in one line. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!/[\n\r]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${text.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
