import { expandVariables } from '../base/expand.ts';
import { suggest } from '../base/suggest.ts';
import { UserError } from '../errors.ts';
import type { Files } from '../ports.ts';
import {
  environmentName,
  type GivenText,
  type NamedOption,
  namedOptions,
  namesOf,
  noInteger,
  type Option,
  type OptionTable,
  type ValuesOf,
  valueKey,
} from './option.ts';
import type { Given } from './parse.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Options as they could be understood. */
export interface Read<Table extends OptionTable> {
  errors: readonly string[];
  /** The values of those without an error. */
  known: Partial<ValuesOf<Table>>;
  /** All values; undefined where there is any error. */
  values: ValuesOf<Table> | undefined;
}

/** Whether the user gave an option, by its key in the table. An orb always gives those that have a default. */
export type IsGiven<Table extends OptionTable> = (key: keyof Table & string) => boolean;

export interface ReadDeps {
  env: Env;
  files: Files;
}

/**
 * Reads a command's options from the command line, then MIGRATE_DEPLOY_<OPTION>, and answers every error there is.
 * `together` judges options that depend on each other; it sees what could be understood.
 */
export async function readOptions<Table extends OptionTable>(
  table: Table,
  given: Given,
  together: (known: Partial<ValuesOf<Table>>, isGiven: IsGiven<Table>) => readonly string[],
  { env, files }: ReadDeps,
): Promise<Read<Table>> {
  const options = namedOptions(table);
  const expands = isOn(options, given, env, 'expand-env');
  const errors = [...given.errors];
  const known: Record<string, unknown> = {};
  const givenKeys = new Set<string>();
  for (const named of options) {
    const source = sourceOf(named, given, env);
    if (source.texts.length > 0) givenKeys.add(named.key);
    const answer = await readOption(named, source, { env, files, expands: expands && source.expands });
    errors.push(...answer.errors.map((error) => labelled(source.label, error)));
    if ('value' in answer) known[valueKey(named)] = answer.value;
    if (source.clash !== undefined) errors.push(source.clash);
  }
  // By the way it was just made, `known` has the keys of the table and the types of its options.
  const understood = known as Partial<ValuesOf<Table>>;
  errors.push(...together(understood, (key) => givenKeys.has(key)));
  const values = errors.length === 0 ? (known as ValuesOf<Table>) : undefined;
  return { errors: [...new Set(errors)], known: understood, values };
}

/** One error for all that is wrong; its first line is the first of them. */
export function optionError(errors: readonly string[], command: string): UserError {
  const [first = '', ...more] = errors;
  const sentence = (error: string): string => (/[.?]$/.test(error) ? error : `${error}.`);
  const fix = `Correct ${more.length === 0 ? 'it' : 'them'} and run the command again; \`migrate-deploy ${command} --help\` lists every option.`;
  if (more.length === 0) return new UserError(sentence(first), { code: 'Options', fix });
  return new UserError(`${first} (and ${more.length} more):`, {
    code: 'Options',
    why: more.map((error) => `\n- ${sentence(error)}`).join(''),
    fix,
  });
}

/** What to say of MIGRATE_DEPLOY_… variables that belong to no option of any command. */
export function unknownVariables(env: Env, options: readonly NamedOption[]): string[] {
  const known = [...new Set(options.flatMap(namesOf))].map(environmentName);
  return Object.keys(env)
    .filter((name) => /^MIGRATE_DEPLOY_(?!TEST_)/.test(name) && !known.includes(name))
    .map((name) => {
      const near = suggest(name, known);
      return `${name} belongs to no option and does nothing${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}

interface Source {
  texts: readonly string[];
  /** How errors call it. */
  label: string;
  /** Whether variables in it may be replaced. */
  expands: boolean;
  /** What was given twice in different ways. */
  clash?: string;
}

/** Where an option's texts come from: the words behind `--`, the command line, or its environment variable. */
function sourceOf(named: NamedOption, { texts, rest }: Given, env: Env): Source {
  const { name, option } = named;
  const label = `--${name}`;
  const typed = texts.get(name) ?? fromEnvironment(named, env);
  if (option.takesRest !== true || rest.length === 0) return { texts: typed, label, expands: true };
  const clash = typed.length === 0 ? {} : { clash: `${label} and words behind \`--\` exclude each other` };
  // The user's shell has replaced what there was to replace.
  return { texts: [JSON.stringify(rest)], label: 'The command behind `--`', expands: false, ...clash };
}

function fromEnvironment(named: NamedOption, env: Env): string[] {
  const { option } = named;
  const values = namesOf(named).map((name) => env[environmentName(name)] ?? '');
  const set = values.filter((value) => value.trim() !== '' && value.trim() !== String(noInteger(option)));
  if (option.kind !== 'list' && option.kind !== 'names') return set;
  return set.flatMap((value) => value.split('\n').filter((line) => line.trim() !== ''));
}

interface Answer {
  errors: readonly string[];
  value?: unknown;
}

async function readOption(
  { option }: NamedOption,
  source: Source,
  { env, files, expands }: ReadDeps & { expands: boolean },
): Promise<Answer> {
  const unset = new Set<string>();
  const expand = (text: string): string => {
    if (!expands) return text;
    const expanded = expandVariables(text, env);
    if (option.mayBeEmpty !== true) for (const name of expanded.unset) unset.add(name);
    return expanded.text;
  };
  const missing = (): Answer => ({ errors: [`needs ${variables([...unset])} not set`] });
  const { given, errors } = givenTexts(option, source.texts, option.expandsItself === true ? (text) => text : expand);
  if (unset.size > 0) return missing();
  if (errors.length > 0) return { errors };
  const other = given.length > 0 ? [] : otherVariable(option, env);
  const parsed = await option.read([...given, ...other], { files, expand });
  // Only now is it known which variables an option wants that replaces them itself.
  if (unset.size > 0) return missing();
  return 'value' in parsed ? { errors: [], value: parsed.value } : { errors: parsed.errors };
}

/** The texts with their variables replaced, names taken apart; what comes to nothing is an error. */
function givenTexts(option: Option, texts: readonly string[], expand: (text: string) => string) {
  const given: GivenText[] = [];
  const errors: string[] = [];
  for (const raw of texts) {
    const text = expand(raw);
    const quote = (part: string): string =>
      text === raw ? JSON.stringify(part) : `what ${JSON.stringify(raw)} stands for`;
    const parts = option.kind === 'names' ? [...new Set(splitNames(text))] : [text];
    if (raw.trim() === '') errors.push('is empty');
    else if (text.trim() === '') errors.push(`is empty once its variables are replaced (${raw})`);
    else given.push(...parts.map((part) => ({ text: part, quoted: quote(part) })));
  }
  if (option.mayBeEmpty === true) return { given, errors: [] };
  if (texts.length > 0 && given.length === 0 && errors.length === 0) errors.push('holds nothing but commas');
  return { given: option.kind === 'names' ? given.filter(isFirst) : given, errors };
}

const isFirst = ({ text }: GivenText, index: number, all: readonly GivenText[]): boolean =>
  all.findIndex((one) => one.text === text) === index;

function otherVariable({ variables: names = [] }: Option, env: Env): GivenText[] {
  const name = names.find((one) => (env[one] ?? '').trim() !== '');
  return name === undefined ? [] : [{ text: env[name]?.trim() ?? '', quoted: `what ${name} holds` }];
}

function variables(names: readonly string[]): string {
  return names.length === 1 ? `the variable ${names[0]}, which is` : `the variables ${names.join(', ')}, which are`;
}

const splitNames = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const labelled = (label: string, error: string): string => `${label}${error.startsWith(':') ? '' : ' '}${error}`;

function isOn(options: readonly NamedOption[], given: Given, env: Env, name: string): boolean {
  const named = options.find((one) => one.name === name);
  if (named === undefined) return false;
  const text = given.texts.get(name)?.at(-1) ?? fromEnvironment(named, env).at(-1);
  return ['true', '1'].includes(text?.trim().toLowerCase() ?? '');
}
