import { parseDuration } from '../base/duration.ts';
import { expandVariables } from '../base/expand.ts';
import { UserError } from '../errors.ts';
import type { RawOptions } from './spec.ts';

/** Reads checked values out of what was given and collects every complaint; `finish` throws them together. */
export interface OptionReader {
  env: Readonly<Record<string, string | undefined>>;
  rest: readonly string[];
  has(name: string): boolean;
  string(name: string): string | undefined;
  /** The value as it was given, empty or not. */
  given(name: string): string | undefined;
  /** The value as it was given; `expand` is left to the caller, who knows its inner form. */
  unexpanded(name: string): string | undefined;
  /** Replaces variables where the user asked for it. */
  expand(text: string): string;
  /** The value, or undefined without a complaint when nothing is left of it once its variables are replaced. */
  optional(name: string): string | undefined;
  /** The same for a repeatable option: values of which nothing is left are left out. */
  optionalNames(name: string): string[];
  required(name: string, meaning?: string): string;
  /** The values of a repeatable option, never split. */
  list(name: string): string[];
  /** The values of a repeatable option whose values are also split at commas. */
  names(name: string): string[];
  boolean(name: string, fallback: boolean): boolean;
  durationMs(name: string): number | undefined;
  integer(name: string, range?: { least?: number; most?: number }): number | undefined;
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined;
  complain(complaint: string): void;
  /** Throws one UserError with all complaints, if there are any. */
  finish(): void;
}

/** A reader over `raw`; with `expand`, `$VAR` is replaced in every string, list and names value. */
export function createReader(
  raw: RawOptions,
  env: Readonly<Record<string, string | undefined>>,
  expand: boolean,
): OptionReader {
  const complaints = [...raw.complaints];
  const complain = (complaint: string): void => {
    if (!complaints.includes(complaint)) complaints.push(complaint);
  };
  const text = (value: string): string => (expand ? expandVariables(value, env) : value);
  const values = (name: string): string[] => {
    const given = raw.given.get(name);
    const all = (given?.values ?? []).map((value) => ({ value, expanded: text(value) }));
    for (const { value, expanded } of all) {
      if (value.trim() === '') complain(`--${name} is empty`);
      else if (expanded.trim() === '') complain(`--${name} is empty once its variables are replaced (${value})`);
    }
    return all.map(({ expanded }) => expanded).filter((value) => value.trim() !== '');
  };
  const single = (name: string): string | undefined => {
    const all = values(name);
    if ((raw.given.get(name)?.values.length ?? 0) > 1) complain(`--${name} was given more than once`);
    return all[0];
  };
  const reader: OptionReader = {
    env,
    rest: raw.rest,
    has: (name) => raw.given.has(name),
    string: single,
    given: (name) => {
      const given = raw.given.get(name)?.values ?? [];
      if (given.length > 1) complain(`--${name} was given more than once`);
      return given[0];
    },
    unexpanded: (name) => {
      single(name);
      const value = raw.given.get(name)?.values[0];
      return value === undefined || value.trim() === '' ? undefined : value;
    },
    expand: text,
    optional: (name) => {
      const value = text(reader.given(name) ?? '').trim();
      return value === '' ? undefined : value;
    },
    optionalNames: (name) =>
      (raw.given.get(name)?.values ?? [])
        .flatMap((value) => text(value).split(','))
        .map((value) => value.trim())
        .filter((value) => value !== ''),
    required: (name, meaning) => {
      const value = single(name);
      if (value === undefined && !raw.given.has(name)) {
        complain(`--${name} is missing${meaning === undefined ? '' : `: ${meaning}`}`);
      }
      return value ?? '';
    },
    list: values,
    names: (name) =>
      values(name)
        .flatMap((value) => value.split(','))
        .map((value) => value.trim())
        .filter((value) => value !== ''),
    boolean: (name, fallback) => {
      const value = single(name)?.toLowerCase();
      if (value === undefined) return fallback;
      if (['true', '1'].includes(value)) return true;
      if (['false', '0'].includes(value)) return false;
      complain(`--${name} must be true or false, not ${quote(value)}`);
      return fallback;
    },
    durationMs: (name) => {
      const value = single(name);
      if (value === undefined) return undefined;
      const ms = parseDuration(value);
      if (ms !== undefined && ms > 0) return ms;
      complain(
        `--${name} must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not ${quote(value)}`,
      );
      return undefined;
    },
    integer: (name, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}) => {
      const value = single(name);
      if (value === undefined) return undefined;
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= least && number <= most) return number;
      const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
      complain(`--${name} must be a whole number ${range}, not ${quote(value)}`);
      return undefined;
    },
    choice: (name, choices) => {
      const value = single(name);
      const found = choices.find((choice) => choice === value);
      if (value !== undefined && found === undefined) {
        complain(`--${name} must be one of ${choices.join(', ')}, not ${quote(value)}`);
      }
      return found;
    },
    complain,
    finish: () => {
      if (complaints.length === 0) return;
      throw new UserError('The options are not usable.', {
        code: 'Options',
        why: complaints.length === 1 ? `${complaints[0]}.` : complaints.map((complaint) => `\n- ${complaint}`).join(''),
        fix: 'Correct them and run the command again; `--help` lists every option.',
      });
    },
  };
  return reader;
}

const quote = (value: string): string => JSON.stringify(value);
