import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../src/commands/index.ts';
import { createWorkbench } from './orb/support.ts';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const readme = readFileSync(path('README.md'), 'utf8');

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench.close());

describe('the README', () => {
  it('shows samples of real runs; UPDATE_SAMPLES=1 takes them over', () => {
    const fresh = withSamples(readme);
    if (process.env.UPDATE_SAMPLES === '1') writeFileSync(path('README.md'), fresh);
    else expect(fresh).toBe(readme);
  });

  it('names every command, and no other', () => {
    const named = [...readme.matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, name]) => name).sort();
    expect(named).toEqual(commands.map(({ name }) => name).sort());
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([a-z-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('has an orb of ten lines that expands', () => {
    const [, block = ''] = /## The orb in ten lines\n\n```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const { workflows } = bench.expand(parse(block));
    expect(workflows[0]?.jobs.map(({ name }) => name)).toEqual([
      'migrate-deploy/build_image_and_push',
      'migrate-deploy/db_migrate_on_task_run',
      'migrate-deploy/service_update_and_notify',
    ]);
  });
});

/** Fills each `<!-- sample FILE "from" … "to" -->` block with those lines of docs/samples/FILE.txt. */
function withSamples(text: string): string {
  return text.replaceAll(
    /(<!-- sample (\S+) "([^"]+)" "([^"]+)" -->\n)[\s\S]*?(<!-- \/sample -->)/g,
    (_block, open: string, file: string, from: string, to: string, close: string) => {
      const lines = readFileSync(path(`docs/samples/${file}.txt`), 'utf8').split('\n');
      const first = lines.findIndex((line) => line.includes(from));
      const last = lines.findIndex((line, index) => index >= first && line.includes(to));
      expect(first, `${from} in ${file}`).toBeGreaterThanOrEqual(0);
      expect(last, `${to} in ${file}`).toBeGreaterThanOrEqual(first);
      const shown = lines.slice(first, last + 1).map((line) => line.replace(/^ {2}│ ?/, '').trimEnd());
      return `${open}\n\`\`\`text\n${shown.join('\n')}\n\`\`\`\n\n${close}`;
    },
  );
}
