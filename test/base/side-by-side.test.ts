import { expect, test } from 'vitest';
import { inGroups, sideBySide } from '../../src/base/side-by-side.ts';

test('eight at a time, and the answers in the order of the items', async () => {
  let underWay = 0;
  let most = 0;
  const items = Array.from({ length: 30 }, (_, index) => index);
  const answers = await sideBySide(items, async (item) => {
    most = Math.max(most, ++underWay);
    for (let turns = 0; turns < 30 - item; turns++) await Promise.resolve();
    underWay--;
    return item * 2;
  });
  expect(answers).toEqual(items.map((item) => item * 2));
  expect(most).toBe(8);
});

test('the first error ends it', async () => {
  const failing = sideBySide([1, 2, 3], (item) => (item === 2 ? Promise.reject(new Error('two')) : Promise.resolve()));
  await expect(failing).rejects.toThrow('two');
});

test('groups hold what they may at most', () => {
  expect(inGroups([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(inGroups([], 2)).toEqual([]);
});
