import { suggest } from '../base/suggest.ts';
import { UserError } from '../errors.ts';
import { type Given, parseOptions, programText, type Screen } from '../options/parse.ts';
import { exitCode } from '../outcome.ts';
import type { AnyCommand } from './command.ts';

/** Either a text to print and an exit code (help, version), or a command with what was typed for it. */
export type CommandLine =
  | { end: true; text: string; exitCode: number }
  | { end: false; name: string; command: AnyCommand; given: Given };

interface Listed {
  name: string;
  describe: string;
  load: () => Promise<AnyCommand>;
}

/** Finds the command that a command line begins with; one that does not exist is a UserError. */
export async function chooseCommand(
  argv: readonly string[],
  commands: readonly Listed[],
  screen: Screen,
): Promise<CommandLine> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const [first] = words;
  const listed = commands.find(({ name }) => name === first);
  if (listed === undefined) return withoutCommand(words, commands, screen);
  const command = await listed.load();
  const given = await parseOptions(words, { ...listed, ...command }, screen);
  if ('text' in given) return { end: true, text: given.text, exitCode: exitCode.done };
  return { end: false, name: listed.name, command, given };
}

async function withoutCommand(
  words: readonly string[],
  commands: readonly Listed[],
  screen: Screen,
): Promise<CommandLine> {
  const [first] = words;
  const names = commands.map(({ name }) => name);
  if (first !== undefined && !first.startsWith('-')) {
    const near = suggest(first, names);
    throw new UserError(`There is no command ${JSON.stringify(first)}.`, {
      code: 'Options',
      why: near === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${near}?`,
      fix: '`migrate-deploy --help` lists the commands.',
    });
  }
  const text = await programText(words.length === 0 ? ['--help'] : words, commands, screen);
  if (text === '') {
    throw new UserError('The command must stand first.', {
      code: 'Options',
      why: 'The command line begins with an option, so nothing was done.',
      fix: 'Put the command in front of its options: `migrate-deploy <command> [options]`.',
    });
  }
  return { end: true, text, exitCode: words.length === 0 ? exitCode.userError : exitCode.done };
}
