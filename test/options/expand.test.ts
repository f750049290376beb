import { describe, expect, it } from 'vitest';
import { runMigrationTaskOptions } from '../../src/commands/run-migration-task.ts';
import { updateServiceOptions } from '../../src/commands/update-service-and-verify.ts';
import { waitForTaskOptions } from '../../src/commands/wait-for-task.ts';
import { systemFiles } from '../../src/node.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

const needed = { cluster: 'c', 'task-definition': 't', 'expand-env': true };
const overrides = { containerOverrides: [{ name: 'app', command: ['rails', 'db:migrate'] }] };
const env = {
  ENV: 'stg',
  EMPTY: '',
  TWO: 'a,b',
  QUOTE: 'db:migrate", "x',
  CPU: '256',
  JSON: JSON.stringify(overrides),
  FILE: 'o.json',
};
const read = (given: object, files = memoryFiles({ 'o.json': JSON.stringify(overrides), 'o-stg.json': '{}' })) =>
  valuesOf(runMigrationTaskOptions, { ...needed, ...given }, env, files);
const wrong = (given: object) => errorsOf(runMigrationTaskOptions, { ...needed, ...given }, env, memoryFiles());

describe('--expand-env', () => {
  it.each<[string, object, object]>([
    ['$VAR and ${VAR}', { cluster: 'app-$ENV', group: '${ENV}-x' }, { cluster: 'app-stg', group: 'stg-x' }],
    ['a default', { cluster: '${NONE:-prod}', group: '${EMPTY:-g}' }, { cluster: 'prod', group: 'g' }],
    ['$$ is a dollar sign', { cluster: 'a$$ENV' }, { cluster: 'a$ENV' }],
    [
      'a value with a comma stays one value of a list',
      { env: ['A=$TWO'] },
      { environment: [{ name: 'A', value: 'a,b' }] },
    ],
    ['a list of values may hold an empty variable', { env: ['A=$EMPTY'] }, { environment: [{ name: 'A', value: '' }] }],
    [
      'a command is split before: a value stays one word',
      { command: 'rails $QUOTE' },
      { command: ['rails', 'db:migrate", "x'] },
    ],
    ['a command that is a JSON list', { command: '["rails","$QUOTE"]' }, { command: ['rails', 'db:migrate", "x'] }],
    ['overrides that a variable holds', { overrides: '$JSON' }, { overrides }],
    ['a file that a variable names', { overrides: 'file://$FILE' }, { overrides }],
    ['a file whose name has a variable', { overrides: 'o-$ENV.json' }, { overrides: {} }],
    [
      'a value within inline JSON never breaks it',
      { overrides: '{"containerOverrides":[{"name":"app","command":["$QUOTE"]}]}' },
      { overrides: { containerOverrides: [{ name: 'app', command: ['db:migrate", "x'] }] } },
    ],
    [
      'what is not JSON as it was given is JSON once it is expanded',
      { overrides: '{"containerOverrides":[{"name":"app","cpu":$CPU,"command":["$QUOTE"]}]}' },
      { overrides: { containerOverrides: [{ name: 'app', cpu: 256, command: ['db:migrate", "x'] }] } },
    ],
  ])('%s', async (_rule, given, expected) => {
    expect(await read(given)).toMatchObject(expected);
  });

  it('the names of members mean what they say', async () => {
    expect(await wrong({ overrides: '{"$ENV": "x"}' })).toEqual([expect.stringContaining('$ENV is not known')]);
  });

  it('without it nothing is replaced', async () => {
    expect(await read({ 'expand-env': false, cluster: 'a-$ENV', command: 'x $ENV $$' })).toMatchObject({
      cluster: 'a-$ENV',
      command: ['x', '$ENV', '$$'],
    });
  });

  it('values are not expanded again', async () => {
    expect((await valuesOf(runMigrationTaskOptions, { ...needed, cluster: '$A' }, { A: '$B', B: 'b' })).cluster).toBe(
      '$B',
    );
  });
});

describe('a variable that is not set', () => {
  it.each<[string, object, string[]]>([
    ['is named', { cluster: 'a-$NONE' }, ['--cluster needs the variable NONE, which is not set']],
    [
      'with all others of the option',
      { cluster: '$A-$B-$A' },
      ['--cluster needs the variables A, B, which are not set'],
    ],
    [
      'of all options at once',
      { cluster: '$A', group: '$B' },
      ['--cluster needs the variable A, which is not set', '--group needs the variable B, which is not set'],
    ],
    ['in a command', { command: 'rails $NONE' }, ['--command needs the variable NONE, which is not set']],
    [
      'in inline overrides',
      { overrides: '{"cpu":"$NONE"}' },
      ['--overrides needs the variable NONE, which is not set'],
    ],
    ['as overrides', { overrides: '$NONE' }, ['--overrides needs the variable NONE, which is not set']],
    ['in one value of many', { env: ['A=1', 'B=$NONE'] }, ['--env needs the variable NONE, which is not set']],
  ])('%s', async (_rule, given, errors) => {
    expect(await wrong(given)).toEqual(errors);
  });
});

describe('what comes to nothing', () => {
  it.each<[string, typeof waitForTaskOptions | typeof updateServiceOptions, object, string]>([
    [
      'services of empty variables',
      updateServiceOptions,
      { cluster: 'c', service: '$A,$B', 'expand-env': true },
      '--service holds nothing but commas',
    ],
    ['a task that is a comma', waitForTaskOptions, { cluster: 'c', task: ',' }, '--task holds nothing but commas'],
    [
      'one empty variable',
      waitForTaskOptions,
      { cluster: 'c', task: '$A', 'expand-env': true },
      '--task is empty once its variables are replaced ($A)',
    ],
  ])('%s', async (_rule, table, given, error) => {
    expect(await errorsOf(table, { ...given }, { A: '', B: '' })).toContain(error);
  });
});

describe('no error repeats a value', () => {
  const canary = 'canary-7f3a';
  it.each<[string, object]>([
    ['overrides in a variable that are no JSON', { overrides: '$S' }],
    ['overrides in stray quotes', { overrides: `'{"a":"${canary}"}'` }],
    ['overrides in stray double quotes', { overrides: `"{'a':'${canary}'}"` }],
    ['overrides that begin in the middle', { overrides: `"a":"${canary}"}` }],
    ['overrides with a fault', { overrides: `{"cpu": ${canary}}` }],
    ['overrides with an unknown member', { overrides: `{"taskRoleArn": ["${canary}"]}` }],
    ['a command with an open quote', { command: `a '${canary}` }],
    ['a variable without a name', { env: canary }],
    ['a tag without a key', { tag: `=${canary}` }],
    ['an account that a variable holds', { 'expect-account': '$S' }],
    ['a choice that a variable holds', { exclusive: '$S' }],
    ['a subnet that a variable holds', { subnets: 'subnet-1,$S' }],
  ])('%s', async (_rule, given) => {
    const errors = await errorsOf(runMigrationTaskOptions, { ...needed, ...given }, { S: canary }, memoryFiles());
    expect(errors).toHaveLength(1);
    expect(errors.join()).not.toContain(canary);
  });

  it('says what is wrong with quotes around JSON', async () => {
    expect(await wrong({ overrides: `'{"cpu":"1"}'` })).toEqual([
      '--overrides: there are quotes around the JSON; leave the outer ones out',
    ]);
  });
});

describe('a file', () => {
  it('that is not there: which, and where it was looked for', async () => {
    expect(await wrong({ overrides: 'file://docker/x.json' })).toEqual([
      '--overrides: there is no file docker/x.json (looked for /project/docker/x.json); JSON itself must begin with {',
    ]);
  });
});

it('a folder in the place of a file is called so', async () => {
  const files = { ...memoryFiles(), read: systemFiles.read };
  expect(await errorsOf(runMigrationTaskOptions, { ...needed, overrides: 'src' }, env, files)).toEqual([
    '--overrides: src is a folder, not a file; JSON itself must begin with {',
  ]);
});

describe('words that only a shell understands', () => {
  it.each<[string, string]>([
    ['echo x && exit 1', '&&'],
    ['rake a || true', '||'],
    ['rake a&&rake b', '&&'],
    ['rake a||true', '||'],
    ['rake a | tee log', '|'],
    ['rake a > /dev/null', '>'],
    ['rake a 2>&1', '2>'],
    ['rake a >log', '>'],
    ['mysql < dump.sql', '<'],
    ['rake a ; rake b', ';'],
    ['rake a; rake b', ';'],
    ['rake a &', '&'],
    ['["echo","x","&&","exit","1"]', '&&'],
  ])('%s', async (command, word) => {
    expect(await wrong({ command })).toEqual([
      expect.stringContaining(`--command holds the word ${word}, and no shell would read it`),
    ]);
  });

  it.each([
    `sh -c 'echo x && exit 1'`,
    `/bin/bash -euc "a | b"`,
    `bundle exec sh -c 'a; b'`,
    'psql -c "SELECT 1; SELECT 2;"',
    'psql -c VACUUM;',
    '["psql","-c","VACUUM;","db"]',
    "grep -E 'a|b' x",
    "find . -exec rm {} ';'",
    'pip install "x>=3"',
    'curl https://x/?a=1&b=2',
  ])('%s has a shell, or needs none', async (command) => {
    expect(await wrong({ command })).toEqual([]);
  });
});
