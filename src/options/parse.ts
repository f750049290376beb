import yargs, { type Argv } from 'yargs';
import { suggest } from '../base/suggest.ts';
import { type NamedOption, namesOf } from './option.ts';

/** What was typed for a command, before it is understood. */
export interface Given {
  /** By option name, aliases included. */
  texts: ReadonlyMap<string, readonly string[]>;
  /** The words behind `--`. */
  rest: readonly string[];
  /** Errors found while splitting the words, e.g. unknown options. */
  errors: readonly string[];
}

/** What --help says of a command. */
export interface Described {
  name: string;
  describe: string;
  options: readonly NamedOption[];
  examples: readonly (readonly [string, string])[];
}

/** Where help is shown. */
export interface Screen {
  version: string;
  /** Width of the terminal, where there is one. */
  columns?: number | undefined;
}

/** Splits the words behind a command's name; a text instead where help or the version was asked for. */
export async function parseOptions(
  words: readonly string[],
  command: Described,
  screen: Screen,
): Promise<{ text: string } | Given> {
  const { options } = command;
  const { plain, flags } = takeFlagTexts(joinDashedValues(words, options), options);
  const { text, found } = await parse(commandParser(command, screen), plain);
  if (text !== '') return { text: text.startsWith('Usage') ? `${text}${exampleText(command)}` : text };
  return given(options, found, flags);
}

/** The list of commands, as --help shows it, or the version. */
export async function programText(
  words: readonly string[],
  commands: readonly { name: string; describe: string }[],
  screen: Screen,
): Promise<string> {
  const listed = commands.map(({ name, describe }) => ({ command: name, describe, handler: () => {} }));
  const parser = frame(screen).usage('Usage: $0 <command> [options]').command(listed);
  return (await parse(parser, words)).text;
}

/** Not in yargs' two columns: a command line in one piece can be copied. */
const exampleText = ({ examples }: Described): string => {
  const shown = examples.map(([example, meaning]) => `  # ${meaning}\n  ${example.replace('$0', 'migrate-deploy')}`);
  return `\n\nExamples:\n${shown.join('\n\n')}`;
};

function commandParser(command: Described, screen: Screen): Argv {
  const { name, describe, options } = command;
  const takesRest = options.some(({ option }) => option.takesRest === true);
  const takesWord = options.find(({ option }) => option.takesWord === true);
  const parser = frame(screen)
    .usage(
      `Usage: $0 ${name} ${takesWord === undefined ? '' : `[${takesWord.option.placeholder}] `}[options]${takesRest ? ' [-- command…]' : ''}\n\n${describe}`,
    )
    .epilogue(
      'Each option is also an environment variable, e.g. --record-dir is MIGRATE_DEPLOY_RECORD_DIR; the command line wins.',
    );
  for (const named of options) {
    const type = named.option.kind === 'flag' ? { boolean: true } : { string: true };
    parser.option(named.name, { ...type, describe: description(named), group: `${named.option.group ?? 'Options'}:` });
    // Not yargs' own aliases: those would widen the column of names.
    if (named.option.alias !== undefined) parser.option(named.option.alias, { ...type, hidden: true });
  }
  return parser;
}

function frame({ version, columns = 100 }: Screen): Argv {
  return yargs([])
    .scriptName('migrate-deploy')
    .version(version)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(110, columns))
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'short-option-groups': false,
      'strip-aliased': true,
    });
}

type Found = Readonly<Record<string, unknown>>;

async function parse(parser: Argv, words: readonly string[]): Promise<{ text: string; found: Found }> {
  let text = '';
  const found = await parser.parseAsync([...words], {}, (_error, _arguments, output) => {
    // Every value is text on the command line; yargs' own word for it only takes room.
    text = output.replaceAll(/\s+\[(string|boolean)\]$/gm, '');
  });
  return { text, found };
}

/** What --help says of an option. yargs' own notes on choices and defaults would hang at the right edge. */
function description({ option }: NamedOption): string {
  const { kind, placeholder, describe, alias, choices, required, takesRest, variables = [] } = option;
  const fallback = absence(option);
  return [
    ...(placeholder === undefined ? [] : [`${placeholder} `]),
    describe,
    ...(takesRest === true ? ['Words behind -- do the same.'] : []),
    ...(kind === 'list' ? ['May be repeated.'] : kind === 'names' ? ['May be repeated or hold commas.'] : []),
    ...(alias === undefined ? [] : [`Also --${alias}.`]),
    // One that another variable may hold need not be given.
    ...(required && variables.length === 0 ? ['[required]'] : []),
    ...(choices === undefined ? [] : [`[choices: ${choices.join(', ')}]`]),
    ...(fallback === undefined ? [] : [`[default: ${fallback}]`]),
  ].join(' ');
}

/** What holds when an option is not given, in words. */
export function absence({ default: own, otherwise, variables = [], kind }: NamedOption['option']): string | undefined {
  const words = [...variables.map((name) => `$${name}`), ...(otherwise === undefined ? [] : [otherwise])];
  if (kind === 'flag' && own === 'false') return undefined;
  if (own !== undefined && own !== '') return own;
  return words.length === 0 ? undefined : words.join(', else ');
}

function given(options: readonly NamedOption[], found: Found, flags: ReadonlyMap<string, string[]>): Given {
  const errors = unknownOptions(options, found);
  const texts = new Map<string, readonly string[]>();
  for (const named of options) {
    const typed = namesOf(named).flatMap((name) => (found[name] === undefined ? [] : [found[name]].flat()));
    // yargs reads `--no-cluster` as a no to --cluster; only a flag takes one.
    if (named.option.kind !== 'flag' && typed.includes(false)) {
      errors.push(`--no-${named.name} is not an option of this command`);
      continue;
    }
    const all = [...typed.map(String), ...(flags.get(named.name) ?? [])];
    if (all.length > 0) texts.set(named.name, all);
  }
  const rest = [found['--'] ?? []].flat().map(String);
  const takesRest = options.some(({ option }) => option.takesRest === true);
  if (rest.length > 0 && !takesRest) errors.push('This command takes no words behind `--`');
  // The words themselves stay unprinted: they may be the second half of a secret value that lost its quotes.
  const words = [found._ ?? []].flat().slice(1).map(String);
  const forWord = options.find(({ option }) => option.takesWord === true)?.name;
  const isTaken = words.length === 1 && forWord !== undefined && !texts.has(forWord);
  if (isTaken) texts.set(forWord, words);
  const strays = isTaken ? 0 : words.length;
  if (strays > 0) {
    const belong = strays === 1 ? 'One word belongs' : `${strays} words belong`;
    const behind = takesRest ? '; put the command of the container behind `--`' : '';
    errors.push(`${belong} to no option: quote values that hold spaces${behind}`);
  }
  return { texts, rest, errors };
}

function unknownOptions(options: readonly NamedOption[], found: Found): string[] {
  const known = options.flatMap(namesOf);
  const builtIn = ['_', '--', '$0', 'help', 'h', 'version'];
  return Object.keys(found)
    .filter((name) => !known.includes(name) && !builtIn.includes(name))
    .map((name) => {
      const near = suggest(name, known);
      const hint = near === undefined ? '' : `; did you mean --${near}?`;
      return `${name.length === 1 ? '-' : '--'}${name} is not an option of this command${hint}`;
    });
}

/**
 * Values that begin with a dash, which yargs would read as options: `-` for standard input, one with a space in it,
 * a number below 0, and any value of an option that passes arguments on.
 */
function joinDashedValues(words: readonly string[], options: readonly NamedOption[]): string[] {
  const passesOn = options.filter(({ option }) => option.takesDashes).map(({ name }) => `--${name}`);
  const joined: string[] = [];
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  for (const [index, word] of words.entries()) {
    const previous = joined.at(-1);
    const follows = index < end && previous?.startsWith('--') === true && !previous.includes('=');
    const isValue =
      word === '-' || /^-(\d|[^=]*\s)/.test(word) || (word.startsWith('-') && passesOn.includes(previous ?? ''));
    if (follows && isValue) joined[joined.length - 1] = `${previous}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** Takes `--flag=text` out of the words: yargs would take every text but `true` for a no. */
function takeFlagTexts(words: readonly string[], options: readonly NamedOption[]) {
  const flags = new Map<string, string[]>();
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const plain = words.filter((word, index) => {
    const [, name, text = ''] = /^--([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    const flag = options.find((named) => named.option.kind === 'flag' && namesOf(named).includes(name ?? ''));
    if (index >= end || flag === undefined) return true;
    flags.set(flag.name, [...(flags.get(flag.name) ?? []), text]);
    return false;
  });
  return { plain, flags };
}
