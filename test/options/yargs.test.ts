import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { UserError } from '../../src/errors.ts';
import { parseCommandLine } from '../../src/options/yargs.ts';

const parse = (...argv: string[]) => parseCommandLine(argv, commands, { version: '1.2.3' });

describe('the command line', () => {
  it.each([[['--cluster', 'prod', 'run-migration-task']], [['--nope']]])(
    '%j: without a command in front nothing is done, and that is not green',
    async (argv) => {
      await expect(parse(...argv)).rejects.toMatchObject({ message: 'The command must stand first.', code: 'Options' });
    },
  );

  it('an unknown command is named, with the one that was probably meant', async () => {
    const error = await parse('run-migration-tsk').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).why).toBe('Did you mean run-migration-task?');
  });

  it.each<[string[], number, string]>([
    [['--version'], 0, '1.2.3'],
    [['--help'], 0, 'run-migration-task'],
    [[], 2, 'run-migration-task'],
    [['help', 'wait-for-task'], 0, '--task'],
    [['notify-slack', '--help'], 0, '--webhook'],
  ])('%j answers a text with exit code %i', async (argv, exitCode, text) => {
    const line = await parse(...argv);
    expect(line).toMatchObject({ end: true, exitCode });
    expect(line.end && line.text).toContain(text);
  });

  it('keeps what was typed, repeated options included', async () => {
    const line = await parse('run-migration-task', '--cluster', 'a', '--cluster', 'b', '--', 'rails', '-v');
    expect(line).toMatchObject({
      name: 'run-migration-task',
      arguments: { cluster: ['a', 'b'], '--': ['rails', '-v'] },
    });
  });
});
