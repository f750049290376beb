import { describe, expect, it } from 'vitest';
import { redact, secretValues, withoutValues } from '../../src/base/redact.ts';

it('keeps names and drops every value that may be secret, however deep', () => {
  const request = {
    cluster: 'prod',
    overrides: {
      containerOverrides: [
        { name: 'app', command: ['rails'], environment: [{ name: 'DB', value: 'canary-1' }, 'canary-2'] },
      ],
    },
    containerDefinitions: [
      {
        environment: [{ name: 'EMPTY', value: '' }],
        secrets: [{ name: 'KEY', valueFrom: 'arn:aws:secretsmanager:x' }],
        dockerLabels: { token: 'canary-3' },
        logConfiguration: { logDriver: 'splunk', options: { 'splunk-token': 'canary-4', 'awslogs-group': '/ecs/app' } },
      },
    ],
    volumes: [{ name: 'share', dockerVolumeConfiguration: { driver: 'cifs', driverOpts: { o: 'password=canary-5' } } }],
  };
  const printed = JSON.stringify(redact(request));
  expect(printed).not.toContain('canary');
  for (const kept of ['prod', 'DB', 'rails', 'EMPTY', 'arn:aws:secretsmanager:x', '/ecs/app', 'splunk-token', 'cifs'])
    expect(printed).toContain(kept);
});

it('leaves the original alone', () => {
  const request = { environment: [{ name: 'A', value: 'b' }] };
  redact(request);
  expect(request.environment[0]?.value).toBe('b');
});

it('the values that are hidden are known', () => {
  const request = {
    cluster: 'prod',
    environment: [{ name: 'A', value: 'one' }, { name: 'EMPTY', value: '' }, 'two'],
    dockerLabels: { token: 'three' },
    logConfiguration: { options: { 'awslogs-group': '/ecs/app', 'splunk-token': 'four' } },
  };
  expect(secretValues(request)).toEqual(['one', 'two', 'three', 'four']);
});

describe('a text of AWS without values', () => {
  it.each([
    [
      'as they are',
      "Value 'hunter22' at 'environment' is wrong",
      ['hunter22'],
      "Value '(hidden)' at 'environment' is wrong",
    ],
    ['as JSON', 'got {"value":"a\\nb\\"c"}', ['a\nb"c'], 'got {"value":"(hidden)"}'],
    ['line by line', 'line: second-line!', ['first-line\nsecond-line'], 'line: (hidden)!'],
    ['the longer one first', 'secret-long', ['secret', 'secret-long'], '(hidden)'],
    ['short ones only where they are quoted', '1 error: \'1\' and "1"', ['1'], '1 error: \'(hidden)\' and "(hidden)"'],
    ['nothing where there is none', 'text', ['', 'x'], 'text'],
    ['as they stand, not as patterns', 'a.*b $& axxb', ['a.*b'], '(hidden) $& axxb'],
  ])('%s', (_rule, text, values, expected) => {
    expect(withoutValues(text, values)).toBe(expected);
  });
});
