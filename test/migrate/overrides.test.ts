import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../../src/base/json-fault.ts';
import { splitWords } from '../../src/base/words.ts';
import {
  overriddenContainers,
  overridesFaults,
  parseOverrides,
  withContainerOverride,
} from '../../src/migrate/overrides.ts';

describe('where a text stops being JSON', () => {
  test.each<[string, string, { line: number; column: number; expected: string }]>([
    ['an empty text', '', { line: 1, column: 1, expected: 'a value' }],
    ['a comma too many in an object', '{"a": 1,\n}', { line: 2, column: 1, expected: 'a name in double quotes' }],
    ['a comma too many in a list', '[1,\n  2,\n]', { line: 3, column: 1, expected: 'a value' }],
    ['a missing comma', '{"a": 1\n "b": 2}', { line: 2, column: 2, expected: 'a comma or }' }],
    ['a missing comma in a list', '["a" "b"]', { line: 1, column: 6, expected: 'a comma or ]' }],
    ['a missing colon', '{"a" 1}', { line: 1, column: 6, expected: 'a colon' }],
    [
      'single quotes',
      "{'a': 1}",
      { line: 1, column: 2, expected: 'a value; names and strings stand in double quotes' },
    ],
    [
      'a value in single quotes',
      '{"a": \'x\'}',
      { line: 1, column: 7, expected: 'a value; names and strings stand in double quotes' },
    ],
    [
      'a word of another language',
      '{"a": True}',
      { line: 1, column: 7, expected: 'a value; names and strings stand in double quotes' },
    ],
    ['a number that does not end', '[1.]', { line: 1, column: 2, expected: 'a number with digits at its end' }],
    [
      'a string that does not end',
      '{"a": "x\n"}',
      { line: 1, column: 7, expected: 'a string that ends in its line, with valid escapes' },
    ],
    [
      'a wrong escape',
      '["\\x"]',
      { line: 1, column: 2, expected: 'a string that ends in its line, with valid escapes' },
    ],
    ['more after the end', '{} {}', { line: 1, column: 4, expected: 'the end, but there is more' }],
    ['an end that is missing', '{"a": [1', { line: 1, column: 9, expected: 'a comma or ]' }],
    [
      'a name that was given before',
      '{"a": 1, "a": 2}',
      { line: 1, column: 10, expected: 'another name: this one was given before' },
    ],
    ['a number with a leading zero', '[01]', { line: 1, column: 3, expected: 'a comma or ]' }],
    ['a comment', '{} // x', { line: 1, column: 4, expected: 'no comment: JSON has none' }],
  ])('%s', (_rule, text, fault) => {
    expect(jsonFault(text)).toEqual(fault);
  });

  test.each(['{}', ' [ ] ', '{"a":[1,-2.5e+3,true,false,null,"\\u00e9\\n"],"b":{"c":""}}', '"x"', '0'])(
    'sound: %s',
    (text) => {
      expect(jsonFault(text)).toBeUndefined();
      expect(() => JSON.parse(text)).not.toThrow();
    },
  );

  test('whatever is found sound, JSON.parse takes, and the other way round', () => {
    const spoilt = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[],:"\\\'/ \n\r\t\u000010-+.eEtn\u2028\ufeff'))
      .map(([json, place, char]) => {
        const at = place % (json.length + 1);
        return [json, `${json.slice(0, at)}${char}${json.slice(at)}`, json.slice(0, at) + char + json.slice(at + 1)];
      });
    fc.assert(
      fc.property(spoilt, (texts) => {
        for (const text of texts) {
          const fault = jsonFault(text);
          // A name that was given twice is no fault to JSON.parse.
          if (fault?.expected.startsWith('another name') === true) continue;
          expect([text, fault === undefined]).toEqual([text, isJson(text)]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('an overrides document', () => {
  test('of the article is taken as it is', () => {
    const text = '{ "containerOverrides": [ { "name": "hoge-stg", "command": ["rails", "db:migrate"] } ] }';
    expect(parseOverrides(text)).toEqual({ overrides: JSON.parse(text), errors: [] });
  });

  test('with everything that RunTask takes', () => {
    const overrides = {
      containerOverrides: [
        {
          name: 'app',
          command: ['x'],
          environment: [{ name: 'A', value: '' }],
          environmentFiles: [{ value: 'arn:aws:s3:::b/f.env', type: 's3' }],
          cpu: 1,
          memory: 2,
          memoryReservation: 1,
          resourceRequirements: [{ type: 'GPU', value: '1' }],
        },
      ],
      cpu: '512',
      memory: '1024',
      ephemeralStorage: { sizeInGiB: 30 },
      executionRoleArn: 'arn:aws:iam::1:role/e',
      taskRoleArn: 'arn:aws:iam::1:role/t',
    };
    expect(parseOverrides(JSON.stringify(overrides))).toEqual({ overrides, errors: [] });
  });

  test.each<[string, unknown, string]>([
    ['a list', [], 'the document must be an object'],
    [
      'an unknown key, with a suggestion',
      { containerOverride: [] },
      'containerOverride is not known; did you mean containerOverrides?',
    ],
    ['an unknown key far from any', { zzz: 1 }, 'zzz is not known; there are: containerOverrides, cpu,'],
    ['an inherited name is no known key', { constructor: 1 }, 'constructor is not known'],
    ['containers that are no list', { containerOverrides: {} }, 'containerOverrides must be a list'],
    ['a container without name', { containerOverrides: [{ command: ['x'] }] }, 'containerOverrides[0].name is missing'],
    [
      'a container named twice',
      { containerOverrides: [{ name: 'a' }, { name: 'a' }] },
      'containerOverrides[1] names a container that was named before',
    ],
    [
      'a command that is a string',
      { containerOverrides: [{ name: 'a', command: 'rails db:migrate' }] },
      'containerOverrides[0].command must be a list of strings',
    ],
    [
      'a command with a number',
      { containerOverrides: [{ name: 'a', command: ['sleep', 1] }] },
      'containerOverrides[0].command[1] must be a string',
    ],
    [
      'a variable without value',
      { containerOverrides: [{ name: 'a', environment: [{ name: 'A' }] }] },
      'containerOverrides[0].environment[0].value is missing',
    ],
    [
      'a variable that is a number',
      { containerOverrides: [{ name: 'a', environment: [{ name: 'A', value: 1 }] }] },
      'containerOverrides[0].environment[0].value must be a string',
    ],
    [
      'container cpu as a string',
      { containerOverrides: [{ name: 'a', cpu: '1' }] },
      'containerOverrides[0].cpu must be a whole number, not a string',
    ],
    ['task cpu as a number', { cpu: 512 }, 'cpu must be a string, e.g. "512"'],
    [
      'storage as a string',
      { ephemeralStorage: { sizeInGiB: '30' } },
      'ephemeralStorage.sizeInGiB must be a whole number',
    ],
    [
      'an image',
      { containerOverrides: [{ name: 'a', image: 'x' }] },
      'containerOverrides[0].image cannot be overridden; use --image',
    ],
    [
      'an entry point',
      { containerOverrides: [{ name: 'a', entryPoint: ['x'] }] },
      'cannot be overridden; only command can',
    ],
  ])('%s', (_rule, document, error) => {
    const { overrides, errors } = parseOverrides(JSON.stringify(document));
    expect(errors.join('\n')).toContain(error);
    expect(overrides).toEqual({});
  });

  test('nested without end, or far too long: an error', () => {
    const place = 'line 1, column 102';
    expect(parseOverrides('['.repeat(200_000)).errors).toEqual([`is not JSON: ${place} should be less deeply nested`]);
    expect(parseOverrides(`"${'x'.repeat(20_000_000)}"`).errors.join()).toContain('8192 at most');
    expect(parseOverrides(`{"containerOverrides":[{"name":"a","command":["${'x'.repeat(900_000)}"]}]}`).errors).toEqual(
      [],
    );
  });

  test('errors name places and never values', () => {
    const secret = 's3cret';
    const broken = [
      `{"a": "${secret}`,
      JSON.stringify({ x: secret, cpu: 5, containerOverrides: [{ name: secret, cpu: secret }] }),
    ];
    for (const text of broken) expect(parseOverrides(text).errors.join()).not.toContain(secret);
  });
});

describe('overrides against the task definition', () => {
  test('a container that is not there, with the list and a suggestion', () => {
    const overrides = { containerOverrides: [{ name: 'ap' }] };
    expect(overridesFaults(overrides, ['app', 'envoy'])).toEqual([
      'the task definition has no container named ap (it has: app, envoy); did you mean app?',
    ]);
  });

  test('8192 characters are taken, one more is not', () => {
    const empty = JSON.stringify({ containerOverrides: [{ name: 'app', command: [''] }] }).length;
    const of = (length: number) => ({ containerOverrides: [{ name: 'app', command: ['x'.repeat(length - empty)] }] });
    expect(overridesFaults(of(8192), ['app'])).toEqual([]);
    expect(overridesFaults(of(8193), ['app'])).toEqual([expect.stringContaining('8193 characters long')]);
  });

  test('a container with nothing but its name is not overridden', () => {
    expect(overriddenContainers({ containerOverrides: [{ name: 'a' }, { name: 'b', cpu: 1 }] })).toEqual(['b']);
  });

  test('command and variables are put into the container’s override, others stay', () => {
    const before = {
      cpu: '256',
      containerOverrides: [
        { name: 'envoy', cpu: 1 },
        {
          name: 'app',
          environment: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      ],
    };
    const change = { command: ['x'], environment: [{ name: 'B', value: '3' }] };
    expect(withContainerOverride(before, 'app', change)).toEqual({
      cpu: '256',
      containerOverrides: [
        { name: 'envoy', cpu: 1 },
        {
          name: 'app',
          command: ['x'],
          environment: [
            { name: 'A', value: '1' },
            { name: 'B', value: '3' },
          ],
        },
      ],
    });
    expect(withContainerOverride({}, 'app', { environment: [] })).toEqual({});
  });
});

describe('a command line split into words', () => {
  test.each<[string, string[] | undefined]>([
    ['rails db:migrate', ['rails', 'db:migrate']],
    ['  rails \t db:migrate\n', ['rails', 'db:migrate']],
    ['sh -c \'echo "$HOME" && exit 1\'', ['sh', '-c', 'echo "$HOME" && exit 1']],
    ['a"b c"d', ['ab cd']],
    ['"say \\"hi\\" \\$x \\n"', ['say "hi" $x \\n']],
    ['a\\ b', ['a b']],
    ['\'\' ""', ['', '']],
    ['$(touch x); rm -rf .', ['$(touch', 'x);', 'rm', '-rf', '.']],
    ['', []],
    ["rails 'db", undefined],
    ['rails "db', undefined],
    ['rails \\', undefined],
  ])('%s', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});
