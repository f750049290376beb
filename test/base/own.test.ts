import { expect, it } from 'vitest';
import { own } from '../../src/base/own.ts';

it.each([
  ['known', 1],
  ['unknown', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
])('a table holds under %s: %j', (word, found) => {
  expect(own({ known: 1 }, word)).toBe(found);
});
