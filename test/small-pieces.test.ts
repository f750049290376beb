import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../src/base/duration.ts';
import { expandVariables } from '../src/base/expand.ts';
import { suggest } from '../src/base/suggest.ts';
import { paint, wantsColour } from '../src/report/line.ts';

describe('parseDuration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['', undefined],
    ['-5', undefined],
    ['5 minutes', undefined],
    ['1d', undefined],
    ['NaN', undefined],
    ['1e3', undefined],
  ])('%j', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [86_400_000, '24h 00m'],
    [187_200_000, '2d 04h'],
    [850, '850ms'],
    [9_400, '9s'],
    [59_600, '1m 00s'],
    [271_000, '4m 31s'],
    [3_900_000, '1h 05m'],
  ])('%i ms', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe('expandVariables', () => {
  const env = { NAME: 'web', EMPTY: '', NESTED: '$NAME', MONEY: '$5' };
  it.each([
    ['$NAME', 'web'],
    ['${NAME}-1', 'web-1'],
    ['$NAME-1', 'web-1'],
    ['$NAMED', ''],
    ['${UNSET:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${UNSET:-}', ''],
    ['${NAME:-fallback}', 'web'],
    ['costs $5', 'costs $5'],
    ['$', '$'],
    ['$$NAME', '$NAME'],
    ['$$$NAME$$', '$web$'],
    ['$NESTED', '$NAME'],
    ['$MONEY', '$5'],
    ['$(touch x) `id`', '$(touch x) `id`'],
    ['${NAME', '${NAME'],
  ])('%s', (text, expected) => {
    expect(expandVariables(text, env).text).toBe(expected);
  });

  it.each([
    ['$NAMED $NAME ${OTHER} $NAMED', ['NAMED', 'OTHER']],
    ['$EMPTY is set, to nothing', []],
    ['${UNSET:-} has a default', []],
    ['$$UNSET', []],
  ])('%s: which variables are not set', (text, unset) => {
    expect(expandVariables(text, env).unset).toEqual(unset);
  });
});

describe('suggest', () => {
  it.each([
    ['clutser', 'cluster'],
    ['Cluster', 'cluster'],
    ['service', 'service'],
    ['x', undefined],
    ['something-else', undefined],
  ])('%s', (typed, expected) => {
    expect(suggest(typed, ['cluster', 'service', 'task-definition'])).toBe(expected);
  });
});

describe('colour', () => {
  it.each([
    ['a terminal', {}, true, true],
    ['a pipe', {}, false, false],
    ['CircleCI', { CIRCLECI: 'true' }, false, true],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false, false],
    ['NO_COLOR wins', { NO_COLOR: '1', FORCE_COLOR: '1', CIRCLECI: 'true' }, true, false],
  ])('%s', (_rule, env, isTty, expected) => {
    expect(wantsColour(env, isTty)).toBe(expected);
  });

  it('is put on whatever this very process would do, and only when asked for', () => {
    const line = { text: 'Deployed', tone: 'good' } as const;
    expect(paint(line, true)).toBe('\u001b[32mDeployed\u001b[39m');
    expect(paint(line, false)).toBe('Deployed');
    expect(paint({ text: 'Deployed' }, true)).toBe('Deployed');
  });
});
