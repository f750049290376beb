import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, parseJson } from '../../src/base/lossless-json.ts';
import { redact } from '../../src/base/redact.ts';

const numbers = [
  '9007199254740993',
  '18446744073709551615',
  '-9223372036854775809',
  '1.0',
  '0.10',
  '1e3',
  '1E400',
  '-0',
  '0.1',
];

describe('JSON keeps its numbers', () => {
  it.each(numbers)('%s', (number) => {
    for (const text of [number, `[${number},${number}]`, `{"a":{"b":[1,${number},"x"]}}`]) {
      expect(jsonText(parseJson(text))).toBe(text);
    }
  });

  it('numbers that JavaScript has are numbers', () => {
    expect(parseJson('{"cpu":256,"ratio":0.25,"neg":-1}')).toEqual({ cpu: 256, ratio: 0.25, neg: -1 });
  });

  it('digits in strings stay strings, whatever stands around them', () => {
    const text = JSON.stringify({
      a: '9007199254740993',
      b: '{"\u0000number":"1.0"}',
      c: 'x\\',
      d: '"1.0"',
      '1.0': null,
    });
    expect(jsonText(parseJson(text))).toBe(text);
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('copies, comparisons and redaction keep them', () => {
    const document = parseJson(
      '{"linuxParameters":{"sharedMemorySize":9007199254740993},"environment":[{"name":"A","value":"s"}]}',
    );
    const copy = redact(structuredClone(document));
    expect(jsonText(copy, 2)).toContain('"sharedMemorySize": 9007199254740993');
    expect(JSON.stringify(parseJson('[1.0]'))).not.toBe(JSON.stringify(parseJson('[1.00]')));
  });

  it.each(['', '{', '[01]', '{"a":1.}', '[1.0,]', 'nonsense'])(
    'what is no JSON fails as with JSON.parse: %s',
    (text) => {
      const told = (parse: (given: string) => unknown): string => {
        try {
          return JSON.stringify(parse(text));
        } catch (error) {
          return String(error);
        }
      };
      expect(told(parseJson)).toBe(told(JSON.parse));
    },
  );

  it('any document comes back as it was', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(parseJson(jsonText(parseJson(text)))).toEqual(parseJson(text));
        expect(JSON.parse(jsonText(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});
