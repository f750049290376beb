import type { Parsed } from '../base/parsed.ts';
import type { Files } from '../ports.ts';

/** How the text of an option is read. `names` is a list that also splits at commas; a `list` value is never split. */
export type OptionKind = 'text' | 'flag' | 'choice' | 'duration' | 'integer' | 'list' | 'names';

/** What a parser may use beyond the text itself. */
export interface ParseContext {
  files: Files;
  /** Replaces variables where the user asked for it; one that is not set becomes an error of this option. */
  expand(text: string): string;
}

/** Reads one text. An error that begins with `must be` gets the text behind it, unless the option is secret. */
export type Parse<T> = (text: string, context: ParseContext) => Parsed<T> | Promise<Parsed<T>>;

/** One text given for an option, and what an error may call it: quotes around what was typed, never a variable's value. */
export interface GivenText {
  text: string;
  quoted: string;
}

/** What every option states of itself, whatever its kind. */
export interface Face {
  /** One sentence for --help, the orb and docs/options.md. Of a required option it also says what is missing. */
  describe: string;
  /** Name on the command line, where it is not the key of the table in kebab-case. */
  name?: string;
  alias?: string;
  /** What stands in its place in --help, e.g. `NAME=VALUE`. */
  placeholder?: string;
  /** What holds when it is not given, in words, where that is no value of its own. */
  otherwise?: string;
  /** Environment variables that it is taken from when it is not given; the first that is set counts. */
  variables?: readonly string[];
  /** No error may repeat any of its value. */
  secret?: true;
  /** Nothing but variables that are not set counts as not given, where others refuse it. */
  mayBeEmpty?: true;
  /** Its value may begin with a dash: it holds arguments for another program. */
  takesDashes?: true;
  /** It also takes the words behind `--`, handed to its parser as a JSON list. */
  takesRest?: true;
  /** A word that belongs to no option is its value. */
  takesWord?: true;
  /** Its parser replaces the variables itself, because it knows the inner form of the text. */
  expandsItself?: true;
}

/** An option as users see it: on the command line, as MIGRATE_DEPLOY_<OPTION>, and as an orb parameter. */
export interface Option<Value = unknown, Kind extends OptionKind = OptionKind> extends Face {
  kind: Kind;
  required: boolean;
  /** The value when it is not given, as a user would write it. */
  default?: string;
  choices?: readonly string[];
  /** Smallest integer that it takes; the one below stands for "not given" in the environment (see `noInteger`). */
  least?: number;
  /** Heading in --help. */
  group?: string;
  /** The value of what was given; no text at all means that it was not given. */
  read(texts: readonly GivenText[], context: ParseContext): Promise<Parsed<Value>>;
}

/** The options of a command, by the name that the code has for their values. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The values of a table of options: durations in milliseconds under a key with `Ms`. */
export type ValuesOf<Table extends OptionTable> = {
  [Key in keyof Table & string as Table[Key]['kind'] extends 'duration' ? `${Key}Ms` : Key]: Table[Key] extends Option<
    infer Value
  >
    ? Value
    : never;
};

/** An option with its name on the command line and the key of its value. */
export interface NamedOption {
  name: string;
  /** The name in the table, without the `Ms` of durations. */
  key: string;
  option: Option;
}

/** The options of a table with their names, in the table's order. */
export function namedOptions(table: OptionTable): NamedOption[] {
  return Object.entries(table).map(([key, option]) => ({
    key,
    option,
    name: option.name ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  }));
}

/** The key of an option's value. */
export const valueKey = ({ key, option }: NamedOption): string => (option.kind === 'duration' ? `${key}Ms` : key);

/** The values of these options alone, for a part of the program that is to get no other. */
export function only<Table extends OptionTable>(table: Table, values: ValuesOf<Table>): ValuesOf<Table> {
  const keys = new Set(namedOptions(table).map(valueKey));
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.has(key))) as ValuesOf<Table>;
}

/** Every name that an option goes by. */
export const namesOf = ({ name, option }: NamedOption): string[] =>
  option.alias === undefined ? [name] : [name, option.alias];

/** The environment variable that carries an option. */
export function environmentName(name: string): string {
  return `MIGRATE_DEPLOY_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The integer by which an orb says "not given": its integer parameters need a default. */
export function noInteger({ kind, default: fallback, least = 0 }: Option): number | undefined {
  return kind === 'integer' && fallback === undefined ? least - 1 : undefined;
}
