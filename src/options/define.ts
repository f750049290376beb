import { parseDuration } from '../base/duration.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import type { Face, GivenText, Option, OptionKind, OptionTable, Parse, ParseContext } from './option.ts';

interface Need<Default> {
  required?: true;
  default?: Default;
}
type Present<Needs, Value> = Needs extends { required: true } | { default: string | number }
  ? Value
  : Value | undefined;

/** Answers what is wrong with a value, if anything. */
type Check<T> = (value: T) => string | undefined;

/** A text, or whatever its `parse` makes of it. */
export function text<const Needs extends Need<string> = Need<string>>(
  config: Face & Needs & { parse?: undefined; check?: Check<string> },
): Option<Present<Needs, string>, 'text'>;
export function text<T, const Needs extends Need<string> = Need<string>>(
  config: Face & Needs & { parse: Parse<T>; check?: Check<T> },
): Option<Present<Needs, T>, 'text'>;
export function text<T>(
  config: Face & Need<string> & { parse?: Parse<T> | undefined; check?: Check<T> },
): Option<T | undefined, 'text'> {
  return one('text', config, checked(config.parse ?? (valid as Parse<T>), config.check));
}

/** Yes or no; `--no-NAME` is a no. Not given means no, unless its default says otherwise. */
export function flag(config: Face & { default?: boolean }): Option<boolean, 'flag'> {
  return one('flag', { ...config, default: String(config.default ?? false) }, (given) => {
    const answer = given.trim().toLowerCase();
    if (['true', '1'].includes(answer)) return valid(true);
    return ['false', '0'].includes(answer) ? valid(false) : wrong('must be true or false');
  });
}

/** One of a few words. */
export function choice<const Word extends string, const Needs extends Need<Word> = Need<Word>>(
  choices: readonly Word[],
  config: Face & Needs,
): Option<Present<Needs, Word>, 'choice'> {
  const parse: Parse<Word> = (given) => {
    const found = choices.find((word) => word === given.trim());
    return found === undefined ? wrong(`must be one of ${choices.join(', ')}`) : valid(found);
  };
  return { ...one<Present<Needs, Word>, 'choice'>('choice', config, parse), choices };
}

/** Timers of Node end at once beyond 24.8 days; a deployment may be paused for 14. */
const longestMs = 500 * 3_600_000;

/** A span of time such as 90s, 30m, 1h30m, or a number of seconds; its value is in milliseconds. */
export function duration<const Needs extends Need<string> = Need<string>>(
  config: Face & Needs & { range?: readonly [least: string, most: string] },
): Option<Present<Needs, number>, 'duration'> {
  const { range = [] } = config;
  return one('duration', config, (given) => {
    const ms = parseDuration(given.trim());
    if (ms === undefined || ms <= 0) {
      return wrong('must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds');
    }
    const [least = 0, most = longestMs] = range.map(parseDuration);
    if (ms >= least && ms <= most) return valid(ms);
    return wrong(range.length === 0 ? 'must be at most 500h' : `must be from ${range.join(' to ')}`);
  });
}

/** A whole number. */
export function integer<const Needs extends Need<number> = Need<number>>(
  config: Face & Needs & { least?: number; most?: number; check?: (value: number) => string | undefined },
): Option<Present<Needs, number>, 'integer'> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = config;
  const parse: Parse<number> = (given) => {
    const value = /^\d+$/.test(given.trim()) ? Number(given) : Number.NaN;
    const fault = config.check?.(value);
    if (fault !== undefined) return wrong(fault);
    if (value >= least && value <= most) return valid(value);
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    return wrong(`must be a whole number ${range}`);
  };
  return { ...one<Present<Needs, number>, 'integer'>('integer', config, parse), least };
}

type ListConfig<T, Parser> = Face & {
  required?: true;
  /** Reads one of its values. */
  parse?: Parser;
  /** Judges all of its values together. */
  check?: Check<readonly T[]>;
};

/** Values that may be repeated, or come one a line; none when it is not given. */
export function list(config: ListConfig<string, undefined>): Option<string[], 'list'>;
export function list<T>(config: ListConfig<T, Parse<T>> & { parse: Parse<T> }): Option<T[], 'list'>;
export function list<T>(config: ListConfig<T, Parse<T> | undefined>): Option<T[], 'list'> {
  return many('list', config);
}

/** The same for names and ids, which commas may separate too; a name given twice counts once. */
export function names(config: ListConfig<string, undefined>): Option<string[], 'names'>;
export function names<T>(config: ListConfig<T, Parse<T>> & { parse: Parse<T> }): Option<T[], 'names'>;
export function names<T>(config: ListConfig<T, Parse<T> | undefined>): Option<T[], 'names'> {
  return many('names', config);
}

/** The options of a table under one heading of --help. */
export function group<Table extends OptionTable>(heading: string, table: Table): Table {
  const entries = Object.entries(table).map(([key, option]) => [key, { ...option, group: heading }]);
  return Object.fromEntries(entries) as Table;
}

function one<Value, Kind extends OptionKind>(
  kind: Kind,
  config: Face & Need<string | number>,
  parse: Parse<unknown>,
): Option<Value, Kind> {
  const { default: own, ...face } = config;
  const required = config.required === true;
  const fallback = own === undefined ? undefined : String(own);
  const read = async (texts: readonly GivenText[], context: ParseContext): Promise<Parsed<unknown>> => {
    const [first, ...more] = texts;
    if (more.length > 0) return wrong('was given more than once');
    if (first !== undefined) return told(await parse(first.text, context), first, face.secret === true);
    if (fallback !== undefined) return parse(fallback, context);
    return required ? wrong(missing(face)) : valid(undefined);
  };
  // `Present` leaves room for undefined in the type of every option that may be absent.
  const typed = read as Option<Value, Kind>['read'];
  return { ...face, ...(fallback === undefined ? {} : { default: fallback }), kind, required, read: typed };
}

function many<T, Kind extends 'list' | 'names'>(
  kind: Kind,
  config: ListConfig<T, Parse<T> | undefined>,
): Option<T[], Kind> {
  const { parse = valid as Parse<T>, check, required = false, ...face } = config;
  const read: Option<T[], Kind>['read'] = async (texts, context) => {
    if (texts.length === 0 && required) return wrong(missing(face));
    const read = await Promise.all(
      texts.map(async (given, index) =>
        told(await parse(given.text, context), given, face.secret === true, texts.length > 1 ? index + 1 : undefined),
      ),
    );
    const value = read.flatMap((parsed) => ('value' in parsed ? [parsed.value] : []));
    const errors = read.flatMap((parsed) => ('errors' in parsed ? parsed.errors : []));
    const together = check?.(value);
    const all = together === undefined ? errors : [...errors, together];
    return all.length === 0 ? valid(value) : wrong(...all);
  };
  return { ...face, kind, required, read };
}

function checked<T>(parse: Parse<T>, check: Check<T> | undefined): Parse<T> {
  return async (given, context) => {
    const parsed = await parse(given, context);
    const error = 'value' in parsed ? check?.(parsed.value) : undefined;
    return error === undefined ? parsed : wrong(error);
  };
}

/** Adds what was given to an error that says what it must be; of secret values only their position. */
function told<T>(parsed: Parsed<T>, { quoted }: GivenText, isSecret: boolean, position?: number): Parsed<T> {
  if ('value' in parsed) return parsed;
  const nth = position === undefined ? '' : `; number ${position} is not (in a variable each line is one)`;
  const behind = isSecret ? nth : `, not ${quoted}`;
  return wrong(...parsed.errors.map((error) => (error.startsWith('must be') ? error + behind : error)));
}

function missing({ describe, variables = [] }: Face): string {
  const what = `${describe.charAt(0).toLowerCase()}${describe.slice(1)}`.replace(/\.$/, '');
  const unset = variables.length === 0 ? '' : ` (and ${variables.join(', ')} is not set)`;
  return `is missing: ${what}${unset}`;
}
