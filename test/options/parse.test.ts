import { describe, expect, it } from 'vitest';
import { chooseCommand } from '../../src/commands/choose.ts';
import { commands } from '../../src/commands/index.ts';
import { UserError } from '../../src/errors.ts';
import type { Given } from '../../src/options/parse.ts';
import { optionError, unknownVariables } from '../../src/options/read.ts';
import { wrapped } from '../../src/report/line.ts';

const choose = (...argv: string[]) => chooseCommand(argv, commands, { version: '1.2.3', columns: 80 });

async function given(...argv: string[]): Promise<Given> {
  const line = await choose(...argv);
  if (line.end) throw new Error(line.text);
  return line.given;
}

describe('the command line', () => {
  it.each([[['--cluster', 'prod', 'run-migration-task']], [['--nope']]])(
    '%j: without a command in front nothing is done, and that is not green',
    async (argv) => {
      await expect(choose(...argv)).rejects.toMatchObject({
        message: 'The command must stand first.',
        code: 'Options',
      });
    },
  );

  it('an unknown command is named, with the one that was probably meant', async () => {
    const error = await choose('run-migration-tsk').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).why).toBe('Did you mean run-migration-task?');
  });

  it.each<[string[], number, string]>([
    [['--version'], 0, '1.2.3'],
    [['--help'], 0, 'run-migration-task'],
    [['-h'], 0, 'run-migration-task'],
    [[], 2, 'run-migration-task'],
    [['help', 'wait-for-task'], 0, '--task'],
    [['notify-slack', '--help'], 0, '--webhook'],
    [['notify-slack', '-h'], 0, '--webhook'],
  ])('%j answers a text with exit code %i', async (argv, exitCode, text) => {
    const line = await choose(...argv);
    expect(line).toMatchObject({ end: true, exitCode });
    expect(line.end && line.text).toContain(text);
  });

  it('keeps what was typed, repeated options included', async () => {
    const { texts, rest } = await given('run-migration-task', '--cluster', 'a', '--cluster', 'b', '--', 'rails', '-v');
    expect(texts.get('cluster')).toEqual(['a', 'b']);
    expect(rest).toEqual(['rails', '-v']);
  });

  it.each<[string, string[], Record<string, string[]>]>([
    [
      'the article’s value with a space',
      ['--extra-build-args', '--target apps'],
      { 'extra-build-args': ['--target apps'] },
    ],
    ['one word for another program', ['--extra-build-args', '--no-cache'], { 'extra-build-args': ['--no-cache'] }],
    ['with an equals sign', ['--extra-build-args=--no-cache --pull'], { 'extra-build-args': ['--no-cache --pull'] }],
    ['options that follow stay options', ['--target', 'apps', '--no-push'], { target: ['apps'], push: ['false'] }],
    ['a number below 0', ['--request-timeout', '-5m'], { 'request-timeout': ['-5m'] }],
    ['a flag with a text', ['--dry-run=1', '--push=perhaps'], { 'dry-run': ['1'], push: ['perhaps'] }],
    ['a flag with a word behind it', ['--push', 'false'], { push: ['false'] }],
    ['an alias', ['--repo', 'x'], { repository: ['hoge', 'x'] }],
  ])('%s', async (_rule, words, expected) => {
    const { texts, errors } = await given('build-and-push-image', '--repository', 'hoge', ...words);
    expect(errors).toEqual([]);
    expect(Object.fromEntries(texts)).toEqual({ repository: ['hoge'], ...expected });
  });
});

describe('errors of the words themselves', () => {
  it.each<[string, string[], string]>([
    [
      'an unknown option, with the one that was probably meant',
      ['--clutser', 'x'],
      '--clutser is not an option of this command; did you mean --cluster?',
    ],
    ['an unknown option far from all', ['--zzzzzzzz', 'x'], '--zzzzzzzz is not an option of this command'],
    ['a no to an option that is not yes or no', ['--no-cluster'], '--no-cluster is not an option of this command'],
    [
      'a stray word is not printed',
      ['half-a-secret'],
      'One word belongs to no option: quote values that hold spaces; put the command of the container behind `--`',
    ],
    [
      'nor are several',
      ['rails', 'db:migrate'],
      '2 words belong to no option: quote values that hold spaces; put the command of the container behind `--`',
    ],
  ])('%s', async (_rule, words, error) => {
    expect((await given('run-migration-task', ...words)).errors).toEqual([error]);
  });

  it('words behind -- where a command takes none', async () => {
    expect((await given('wait-for-task', '--', 'x')).errors).toEqual(['This command takes no words behind `--`']);
  });
});

describe('--help', () => {
  it.each(commands.map(({ name }) => [name]))('%s fits a terminal of 80 columns', async (name) => {
    const line = await choose(name, '--help');
    const lines = wrapped(line.end ? line.text : '', 80).split('\n');
    // cliui breaks a word only where it is longer than its column.
    expect(lines.filter((text) => text.length > 80)).toEqual([]);
    expect(
      lines.filter((text) => /^\s*\[(string|boolean|required|default|choices)/.test(text) && !/^ {10}/.test(text)),
    ).toEqual([]);
  });

  it('marks required options, and shows defaults, choices and aliases', async () => {
    const line = await choose('update-service-and-verify', '--help');
    const text = (line.end ? line.text : '').replaceAll(/\s+/g, ' ');
    expect(text).toContain('The cluster of the services. Also --cluster-name. [required]');
    expect(text).toContain('[choices: deployed, drained, paused] [default: deployed]');
    expect(text).toContain('[default: 30m, or --max-poll-attempts times --poll-interval]');
  });
});

describe('one error for all', () => {
  it('its first line is the error itself', () => {
    expect(optionError(['--cluster is missing: the cluster'], 'x')).toMatchObject({
      message: '--cluster is missing: the cluster.',
      why: undefined,
      code: 'Options',
    });
  });

  it('several: the first, how many more, and which', () => {
    expect(optionError(['--a is empty', '--b is empty', '--c is not an option; did you mean --d?'], 'x')).toMatchObject(
      {
        message: '--a is empty (and 2 more):',
        why: '\n- --b is empty.\n- --c is not an option; did you mean --d?',
        fix: expect.stringContaining('`migrate-deploy x --help`'),
      },
    );
  });
});

describe('MIGRATE_DEPLOY_… variables', () => {
  it('that no option has are told, with the one that was probably meant', async () => {
    const all = await Promise.all(commands.map(({ load }) => load()));
    const env = {
      MIGRATE_DEPLOY_CLUSTR: 'x',
      MIGRATE_DEPLOY_WEBHOOK: 'x',
      MIGRATE_DEPLOY_CLUSTER_NAME: 'x',
      MIGRATE_DEPLOY_TEST_NODES: 'x',
      OTHER: 'x',
    };
    expect(
      unknownVariables(
        env,
        all.flatMap(({ options }) => options),
      ),
    ).toEqual(['MIGRATE_DEPLOY_CLUSTR belongs to no option and does nothing; did you mean MIGRATE_DEPLOY_CLUSTER?']);
  });
});
