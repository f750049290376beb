import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), 'utf8');
const contributing = read('CONTRIBUTING.md');
const [, whereIsWhat = ''] = /## Where is what\n([\s\S]*?)\n## /.exec(contributing) ?? [];
const named = [...whereIsWhat.matchAll(/`((?:src|local)\/[^`]+)`/g)].map(([, path = '']) => path);

test.each(named)('CONTRIBUTING sends a newcomer to %s, and it is there', (path) => {
  expect(existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url)))).toBe(true);
});

test.each([
  ['src/migrate/start.ts', /\.runTask\(/],
  ['src/migrate/exclusive.ts', /Another migration of /],
  ['src/outcome.ts', /failed: 1,/],
  ['src/task/verdict.ts', /function taskVerdict\(|migrationVerdict/],
  ['src/rollout/verdict.ts', /'rolled-back'/],
])('%s holds what CONTRIBUTING says', (path, text) => {
  expect(named).toContain(path);
  expect(read(path)).toMatch(text);
});

test('CONTRIBUTING names only npm scripts that exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const runs = [...contributing.matchAll(/npm run ([a-z-]+)/g)].map(([, name = '']) => name);
  expect(runs.filter((name) => scripts[name] === undefined)).toEqual([]);
});
