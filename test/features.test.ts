import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const page = readFileSync(path('docs/features.md'), 'utf8');
const [matrix = '', lacks = ''] = page.split('## What we lack');
const rows = matrix.split('\n').filter((line) => /^\| (?!\|)/.test(line) && !line.startsWith('|---'));

test.each(rows)('the test that shows it is there: %s', (row) => {
  const [, file = '', title = ''] = /`(test\/[^`]+)` “([^”]+)”/.exec(row) ?? [];
  expect(file, 'each of our cells names a test').not.toBe('');
  expect(existsSync(path(file)), file).toBe(true);
  expect(readFileSync(path(file), 'utf8')).toContain(title);
});

test('every row has a cell for each of the four others, and every claim of ours is a yes', () => {
  for (const row of rows) {
    const cells = row.split(' | ').length;
    expect([row, cells]).toEqual([row, 7]);
    expect(row.split(' | ')[1]).toBe('**yes**');
  }
});

test('what we lack is listed, each with who has it', () => {
  expect(lacks.split('\n').filter((line) => /^\| [^|]+ \| [^|]+ \|$/.test(line)).length).toBeGreaterThan(5);
});
