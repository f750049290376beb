import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { collectRaw } from '../../src/options/raw.ts';
import { createReader, type OptionReader } from '../../src/options/reader.ts';
import type { OptionSpec } from '../../src/options/spec.ts';

const group = 'Test';
const specs: OptionSpec[] = [
  { name: 'cluster', kind: 'string', describe: 'c', group },
  { name: 'env', kind: 'list', describe: 'e', group },
  { name: 'subnets', kind: 'names', describe: 's', group },
  { name: 'verify', kind: 'boolean', describe: 'v', group, alias: 'verify-revision-is-deployed' },
  { name: 'timeout', kind: 'duration', describe: 't', group },
  { name: 'desired-count', kind: 'integer', describe: 'd', group },
  { name: 'launch-type', kind: 'choice', choices: ['EC2', 'FARGATE'], describe: 'l', group },
];

function read<T>(
  typed: Record<string, unknown>,
  use: (reader: OptionReader) => T,
  env: Record<string, string> = {},
  expand = false,
): T {
  const reader = createReader(collectRaw(specs, { _: ['command'], ...typed }, env), env, expand);
  const value = use(reader);
  reader.finish();
  return value;
}

function complaints(
  typed: Record<string, unknown>,
  use: (reader: OptionReader) => unknown,
  env: Record<string, string> = {},
  expand = false,
): string {
  try {
    read(typed, use, env, expand);
  } catch (error) {
    if (error instanceof UserError) return error.why ?? '';
    throw error;
  }
  return '';
}

describe('values', () => {
  it.each<
    [string, Record<string, unknown>, (reader: OptionReader) => unknown, unknown, Record<string, string>?, boolean?]
  >([
    ['a string', { cluster: 'prod' }, (r) => r.string('cluster'), 'prod'],
    ['an option that was not given is undefined', {}, (r) => r.string('cluster'), undefined],
    ['the environment fills in', {}, (r) => r.string('cluster'), 'stg', { MIGRATE_DEPLOY_CLUSTER: 'stg' }],
    [
      'the command line wins over the environment',
      { cluster: 'prod' },
      (r) => r.string('cluster'),
      'prod',
      { MIGRATE_DEPLOY_CLUSTER: 'stg' },
    ],
    ['an empty variable is not given', {}, (r) => r.string('cluster'), undefined, { MIGRATE_DEPLOY_CLUSTER: ' ' }],
    ['a list keeps commas and equals signs', { env: ['A=1,2', 'B=x=y'] }, (r) => r.list('env'), ['A=1,2', 'B=x=y']],
    [
      'a list from the environment is one per line',
      {},
      (r) => r.list('env'),
      ['A=1', 'B=2'],
      { MIGRATE_DEPLOY_ENV: 'A=1\nB=2\n' },
    ],
    ['names split at commas', { subnets: ['a,b', 'c'] }, (r) => r.names('subnets'), ['a', 'b', 'c']],
    ['a boolean flag', { verify: true }, (r) => r.boolean('verify', false), true],
    ['a negated flag', { verify: false }, (r) => r.boolean('verify', true), false],
    ['an alias', { 'verify-revision-is-deployed': 'false' }, (r) => r.boolean('verify', true), false],
    [
      'an alias from the environment',
      {},
      (r) => r.boolean('verify', true),
      false,
      { MIGRATE_DEPLOY_VERIFY_REVISION_IS_DEPLOYED: '0' },
    ],
    [
      'CircleCI writes booleans as 1 and 0',
      {},
      (r) => r.boolean('verify', true),
      false,
      { MIGRATE_DEPLOY_VERIFY: '0' },
    ],
    ['a duration', { timeout: '1h30m' }, (r) => r.durationMs('timeout'), 5_400_000],
    ['a bare number is seconds', { timeout: '10' }, (r) => r.durationMs('timeout'), 10_000],
    ['an integer', { 'desired-count': '0' }, (r) => r.integer('desired-count'), 0],
    ['a choice', { 'launch-type': 'EC2' }, (r) => r.choice('launch-type', ['EC2', 'FARGATE']), 'EC2'],
    [
      'variables are replaced when asked for',
      { cluster: 'app-$ENV' },
      (r) => r.string('cluster'),
      'app-stg',
      { ENV: 'stg' },
      true,
    ],
    [
      'variables stay when not asked for',
      { cluster: 'app-$ENV' },
      (r) => r.string('cluster'),
      'app-$ENV',
      { ENV: 'stg' },
    ],
    [
      'a replaced value with a comma stays one list value',
      { env: ['A=$V'] },
      (r) => r.list('env'),
      ['A=x,y'],
      { V: 'x,y' },
      true,
    ],
  ])('%s', (_rule, typed, use, expected, env, expand) => {
    expect(read(typed, use, env, expand)).toEqual(expected);
  });
});

describe('complaints', () => {
  it.each<
    [string, Record<string, unknown>, (reader: OptionReader) => unknown, string, Record<string, string>?, boolean?]
  >([
    [
      'a required option that is missing',
      {},
      (r) => r.required('cluster', 'the ECS cluster'),
      '--cluster is missing: the ECS cluster.',
    ],
    ['an empty string', { cluster: '' }, (r) => r.required('cluster'), '--cluster is empty.'],
    [
      'the same option twice',
      { cluster: ['a', 'b'] },
      (r) => r.string('cluster'),
      '--cluster was given more than once.',
    ],
    [
      'a variable that is not set',
      { cluster: '$NOPE' },
      (r) => r.string('cluster'),
      '--cluster is empty once its variables are replaced ($NOPE).',
      {},
      true,
    ],
    [
      'a duration that is none',
      { timeout: 'soon' },
      (r) => r.durationMs('timeout'),
      '--timeout must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not "soon".',
    ],
    [
      'a duration of nothing',
      { timeout: '0' },
      (r) => r.durationMs('timeout'),
      '--timeout must be a duration above 0 such as 90s, 30m, 1h30m or a number of seconds, not "0".',
    ],
    [
      'an integer out of range',
      { 'desired-count': '-1' },
      (r) => r.integer('desired-count'),
      '--desired-count must be a whole number of at least 0, not "-1".',
    ],
    [
      'a boolean that is none',
      { verify: 'perhaps' },
      (r) => r.boolean('verify', true),
      '--verify must be true or false, not "perhaps".',
    ],
    [
      'a choice that is none',
      { 'launch-type': 'LAMBDA' },
      (r) => r.choice('launch-type', ['EC2', 'FARGATE']),
      '--launch-type must be one of EC2, FARGATE, not "LAMBDA".',
    ],
    [
      'an unknown option with a suggestion',
      { clutser: 'x' },
      () => undefined,
      '--clutser is not an option of this command; did you mean --cluster?',
    ],
    [
      'an unknown option far from all',
      { zzzzzzzz: 'x' },
      () => undefined,
      '--zzzzzzzz is not an option of this command.',
    ],
    [
      'a no to an option that is not yes or no',
      { cluster: false },
      () => undefined,
      '--no-cluster is not an option of this command.',
    ],
    [
      'a stray word is not printed',
      { _: ['command', 'half-a-secret'] },
      () => undefined,
      'one word belongs to no option; quote values that hold spaces.',
    ],
  ])('%s', (_rule, typed, use, expected, env, expand) => {
    expect(complaints(typed, use, env, expand).replace(/\?\.$/, '?')).toBe(expected);
  });

  it('come all at once', () => {
    const all = complaints({ timeout: 'x', verify: 'y', clutser: 'z' }, (r) => [
      r.required('cluster'),
      r.durationMs('timeout'),
      r.boolean('verify', true),
    ]);
    expect(all.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(4);
  });
});
