import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Parsed, valid, wrong } from '../../src/base/parsed.ts';
import { choice, duration, flag, integer, list, names, text } from '../../src/options/define.ts';
import type { ValuesOf } from '../../src/options/option.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

const describe_ = 'The thing.';
const options = {
  cluster: text({ describe: describe_ }),
  path: text({ describe: describe_, default: '.' }),
  account: text({
    describe: describe_,
    check: (id: string) => (/^\d{12}$/.test(id) ? undefined : 'must be 12 digits'),
  }),
  size: text({ describe: describe_, parse: (given): Parsed<number> => valid(given.length) }),
  verify: flag({ describe: describe_, default: true, alias: 'verify-revision-is-deployed' }),
  dryRun: flag({ describe: describe_ }),
  timeout: duration({ describe: describe_, default: '60m' }),
  grace: duration({ describe: describe_, range: ['1s', '1m'] }),
  desiredCount: integer({ describe: describe_ }),
  checkStatus: integer({ describe: describe_, default: 200, least: 100, most: 599 }),
  launchType: choice(['EC2', 'FARGATE'], { describe: describe_ }),
  onTimeout: choice(['leave', 'stop'], { describe: describe_, default: 'leave' }),
  environment: list({ name: 'env', describe: describe_, secret: true, parse: (given) => pair(given) }),
  subnets: names({ describe: describe_ }),
  commit: text({ describe: describe_, variables: ['CIRCLE_SHA1', 'GIT_COMMIT'] }),
  note: text({ describe: describe_, mayBeEmpty: true }),
};
const pair = (given: string): Parsed<[string, string]> => {
  const [, name, value] = /^(\w+)=(.*)$/.exec(given) ?? [];
  return name === undefined || value === undefined ? wrong('must be NAME=VALUE') : valid([name, value]);
};

it('the type of a value follows from its option', () => {
  type Values = ValuesOf<typeof options>;
  expectTypeOf<Values['cluster']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Values['path']>().toEqualTypeOf<string>();
  expectTypeOf<Values['size']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Values['verify']>().toEqualTypeOf<boolean>();
  expectTypeOf<Values['timeoutMs']>().toEqualTypeOf<number>();
  expectTypeOf<Values['graceMs']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Values['desiredCount']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Values['checkStatus']>().toEqualTypeOf<number>();
  expectTypeOf<Values['launchType']>().toEqualTypeOf<'EC2' | 'FARGATE' | undefined>();
  expectTypeOf<Values['onTimeout']>().toEqualTypeOf<'leave' | 'stop'>();
  expectTypeOf<Values['environment']>().toEqualTypeOf<[string, string][]>();
  expectTypeOf<Values['subnets']>().toEqualTypeOf<string[]>();
  const required = {
    a: text({ describe: describe_, required: true }),
    b: names({ describe: describe_, required: true }),
  };
  expectTypeOf<ValuesOf<typeof required>>().toEqualTypeOf<{ a: string; b: string[] }>();
  // @ts-expect-error a default must be one of the choices
  choice(['a', 'b'], { describe: describe_, default: 'c' });
});

describe('values', () => {
  it.each<[string, Record<string, unknown>, object, Record<string, string>?]>([
    ['a text', { cluster: 'prod' }, { cluster: 'prod' }],
    ['an option that was not given is undefined', {}, { cluster: undefined, launchType: undefined }],
    ['a default holds when it is not given', {}, { path: '.', timeoutMs: 3_600_000, onTimeout: 'leave', verify: true }],
    ['a flag without a default is no', {}, { dryRun: false }],
    ['a list that was not given is empty', {}, { environment: [], subnets: [] }],
    ['what a parser makes of a text', { size: 'abc' }, { size: 3 }],
    ['the environment fills in', {}, { cluster: 'stg' }, { MIGRATE_DEPLOY_CLUSTER: 'stg' }],
    ['the command line wins over the environment', { cluster: 'a' }, { cluster: 'a' }, { MIGRATE_DEPLOY_CLUSTER: 'b' }],
    ['an empty variable is not given', {}, { path: '.' }, { MIGRATE_DEPLOY_PATH: ' ' }],
    [
      'a list keeps commas and equals signs',
      { env: ['A=1,2', 'B=x=y'] },
      {
        environment: [
          ['A', '1,2'],
          ['B', 'x=y'],
        ],
      },
    ],
    [
      'a list in the environment has one a line',
      {},
      {
        environment: [
          ['A', '1'],
          ['B', '2'],
        ],
      },
      { MIGRATE_DEPLOY_ENV: 'A=1\n\nB=2\n' },
    ],
    ['names split at commas, and lose their spaces', { subnets: ['a, b', 'c '] }, { subnets: ['a', 'b', 'c'] }],
    ['a name given twice counts once', { subnets: ['a,b', 'a'] }, { subnets: ['a', 'b'] }],
    ['a flag', { 'dry-run': true, verify: false }, { dryRun: true, verify: false }],
    [
      'CircleCI writes booleans as 1 and 0',
      {},
      { verify: false, dryRun: true },
      { MIGRATE_DEPLOY_VERIFY: '0', MIGRATE_DEPLOY_DRY_RUN: '1' },
    ],
    ['an alias in the environment', {}, { verify: false }, { MIGRATE_DEPLOY_VERIFY_REVISION_IS_DEPLOYED: 'false' }],
    ['a duration', { timeout: '1h30m' }, { timeoutMs: 5_400_000 }],
    ['a bare number is seconds', { timeout: '10' }, { timeoutMs: 10_000 }],
    ['an integer', { 'desired-count': '0' }, { desiredCount: 0 }],
    [
      'an orb says "not given" by the integer below the least',
      {},
      { desiredCount: undefined },
      { MIGRATE_DEPLOY_DESIRED_COUNT: '-1' },
    ],
    ['a choice', { 'launch-type': 'EC2' }, { launchType: 'EC2' }],
    ['another variable fills in, the first that is set', {}, { commit: 'b' }, { CIRCLE_SHA1: '', GIT_COMMIT: 'b' }],
    ['the option wins over the other variable', { commit: 'a' }, { commit: 'a' }, { CIRCLE_SHA1: 'b' }],
  ])('%s', async (_rule, given, expected, env) => {
    expect(await valuesOf(options, given, env)).toMatchObject(expected);
  });
});

describe('errors', () => {
  it.each<[string, Record<string, unknown>, string[], Record<string, string>?]>([
    ['an empty text', { cluster: '' }, ['--cluster is empty']],
    ['the same option twice', { cluster: ['a', 'b'] }, ['--cluster was given more than once']],
    [
      'an option and its alias',
      {},
      ['--verify was given more than once'],
      { MIGRATE_DEPLOY_VERIFY: '1', MIGRATE_DEPLOY_VERIFY_REVISION_IS_DEPLOYED: '1' },
    ],
    [
      'a duration that is none',
      { timeout: 'soon' },
      ['--timeout must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not "soon"'],
    ],
    [
      'a duration longer than a timer of Node holds',
      { timeout: '501h' },
      ['--timeout must be at most 500h, not "501h"'],
    ],
    [
      'a duration of more digits than a number has',
      { timeout: `${'9'.repeat(400)}h` },
      [`--timeout must be at most 500h, not "${'9'.repeat(400)}h"`],
    ],
    [
      'a duration of nothing',
      { timeout: '0' },
      ['--timeout must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not "0"'],
    ],
    [
      'a duration below nothing',
      { timeout: '-5m' },
      ['--timeout must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not "-5m"'],
    ],
    ['a duration out of its range', { grace: '2m' }, ['--grace must be from 1s to 1m, not "2m"']],
    [
      'an integer below the least',
      { 'desired-count': '-1' },
      ['--desired-count must be a whole number of at least 0, not "-1"'],
    ],
    [
      'an integer out of its range',
      { 'check-status': '600' },
      ['--check-status must be a whole number from 100 to 599, not "600"'],
    ],
    ['a flag that is neither yes nor no', { verify: 'perhaps' }, ['--verify must be true or false, not "perhaps"']],
    ['a choice that is none', { 'launch-type': 'LAMBDA' }, ['--launch-type must be one of EC2, FARGATE, not "LAMBDA"']],
    ['a check of its own', { account: '12' }, ['--account must be 12 digits, not "12"']],
    ['names that come to nothing', { subnets: ' , ,' }, ['--subnets holds nothing but commas']],
    [
      'names in the environment that come to nothing',
      {},
      ['--subnets holds nothing but commas'],
      { MIGRATE_DEPLOY_SUBNETS: ',' },
    ],
    ['an empty value of a list', { env: ['A=1', ' '] }, ['--env is empty']],
    ['a secret value is not repeated', { env: 'geheim' }, ['--env must be NAME=VALUE']],
    [
      'nor which of several it is, but its number',
      { env: ['A=1', 'geheim'] },
      ['--env must be NAME=VALUE; number 2 is not (in a variable each line is one)'],
    ],
    [
      'several at once, in the order of the options',
      { timeout: 'x', verify: 'y', cluster: '' },
      [expect.stringMatching(/^--cluster/), expect.stringMatching(/^--verify/), expect.stringMatching(/^--timeout/)],
    ],
  ])('%s', async (_rule, given, errors, env) => {
    expect(await errorsOf(options, given, env)).toEqual(errors);
  });

  it.each([
    [
      'a text',
      { required: text({ describe: 'The cluster that the task runs in.', required: true }) },
      '--required is missing: the cluster that the task runs in',
    ],
    [
      'names',
      { required: names({ describe: 'The task to wait for.', required: true }) },
      '--required is missing: the task to wait for',
    ],
    [
      'with another variable',
      { required: names({ describe: 'The tag.', required: true, variables: ['SHA'] }) },
      '--required is missing: the tag (and SHA is not set)',
    ],
  ])('a required option that is missing: %s', async (_kind, table, error) => {
    expect(await errorsOf(table, {})).toEqual([error]);
  });
});
