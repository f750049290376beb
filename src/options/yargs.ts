import yargs, { type Argv, type Options } from 'yargs';
import { suggest } from '../base/suggest.ts';
import type { AnyCommand } from '../commands/command.ts';
import { UserError } from '../errors.ts';
import { exitCode } from '../outcome.ts';
import type { ParsedArguments } from './raw.ts';
import type { OptionSpec } from './spec.ts';

/** Either a text to print and an exit code (help, version), or a command with what was typed for it. */
export type CommandLine =
  | { end: true; text: string; exitCode: number }
  | { end: false; name: string; command: AnyCommand; arguments: ParsedArguments };

interface Named {
  name: string;
  describe: string;
  load: () => Promise<AnyCommand>;
}

/** Splits the command line with yargs; a command that does not exist is a UserError. */
export async function parseCommandLine(
  argv: readonly string[],
  commands: readonly Named[],
  { version }: { version: string },
): Promise<CommandLine> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const first = words[0];
  const named = commands.find(({ name }) => name === first);
  if (named === undefined) {
    if (first !== undefined && !first.startsWith('-')) {
      const near = suggest(
        first,
        commands.map(({ name }) => name),
      );
      throw new UserError(`There is no command ${JSON.stringify(first)}.`, {
        code: 'Options',
        why:
          near === undefined ? `There are: ${commands.map(({ name }) => name).join(', ')}.` : `Did you mean ${near}?`,
        fix: '`migrate-deploy --help` lists the commands.',
      });
    }
    const { text } = await parse(
      frame(version)
        .usage('Usage: $0 <command> [options]')
        .command(
          commands
            .map((c) => [c.name, c.describe])
            .map(([command = '', describe = '']) => ({ command, describe, handler: () => {} })),
        ),
      words.length === 0 ? ['--help'] : words,
    );
    if (text === '') {
      throw new UserError('The command must stand first.', {
        code: 'Options',
        why: 'The command line begins with an option, so nothing was done.',
        fix: 'Put the command in front of its options: `migrate-deploy <command> [options]`.',
      });
    }
    return { end: true, text, exitCode: words.length === 0 ? exitCode.userError : exitCode.done };
  }
  const command = await named.load();
  const withOptions = frame(version)
    .usage(`Usage: $0 ${named.name} [options]${command.takesRest ? ' [-- command…]' : ''}\n\n${named.describe}`)
    .epilogue(
      'Every option can also be given as an environment variable, e.g. --record-dir as MIGRATE_DEPLOY_RECORD_DIR; the command line wins.',
    );
  for (const spec of command.options) withOptions.option(spec.name, yargsOption(spec));
  for (const [example, meaning] of command.examples) withOptions.example(example, meaning);
  const { text, found } = await parse(withOptions, joinDashedValues(words, command.options));
  return text === ''
    ? { end: false, name: named.name, command, arguments: found }
    : { end: true, text, exitCode: exitCode.done };
}

function frame(version: string): Argv {
  return yargs([])
    .scriptName('migrate-deploy')
    .version(version)
    .help()
    .wrap(110)
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

async function parse(parser: Argv, words: readonly string[]): Promise<{ text: string; found: ParsedArguments }> {
  let text = '';
  const found = await parser.parseAsync([...words], {}, (_error, _arguments, output) => {
    // Every value is text on the command line; yargs' own word for it only takes room.
    text = output.replaceAll(/\s+\[(string|boolean)\]$/gm, '');
  });
  return { text, found };
}

function yargsOption(spec: OptionSpec): Options {
  const defaultText = spec.default === undefined ? '' : ` [default: ${spec.default}]`;
  const repeat =
    spec.kind === 'list' ? ' May be repeated.' : spec.kind === 'names' ? ' May be repeated or hold commas.' : '';
  const choices = spec.choices === undefined ? '' : ` One of: ${spec.choices.join(', ')}.`;
  return {
    ...(spec.kind === 'boolean' ? { boolean: true } : { string: true }),
    ...(spec.alias === undefined ? {} : { alias: spec.alias }),
    describe: `${spec.placeholder === undefined ? '' : `${spec.placeholder}  `}${spec.describe}${choices}${repeat}${defaultText}`,
    group: `${spec.group}:`,
  };
}

/**
 * Values that begin with a dash, which yargs would read as options: `-` for standard input, one with a space in it,
 * and any value of an option that passes arguments on.
 */
function joinDashedValues(words: readonly string[], options: readonly OptionSpec[]): string[] {
  const passesOn = options.filter(({ takesDashes }) => takesDashes).map(({ name }) => `--${name}`);
  const joined: string[] = [];
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  for (const [index, word] of words.entries()) {
    const previous = joined.at(-1);
    const follows = index < end && previous?.startsWith('--') === true && !previous.includes('=');
    const isValue =
      word === '-' || /^-[^=]*\s/.test(word) || (word.startsWith('-') && passesOn.includes(previous ?? ''));
    if (follows && isValue) joined[joined.length - 1] = `${previous}=${word}`;
    else joined.push(word);
  }
  return joined;
}
