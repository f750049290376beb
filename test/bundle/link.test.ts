import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chunk, link } from '../../scripts/bundle/link.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-link-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const chunks = (files: Record<string, string>): Chunk[] =>
  Object.entries(files).map(([fileName, code]) => ({ fileName, code }));

/** What a linked program prints. */
async function run(files: Record<string, string>): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.cjs`);
  await writeFile(file, link('entry.js', chunks(files)).code);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  return stdout + stderr;
}

const exporting = (name: string, value: string): string =>
  `Object.defineProperty(exports,"${name}",{enumerable:!0,get:function(){return ${value}}});`;

describe('a program in chunks, linked into one file', () => {
  it('runs the entry; a chunk that is imported runs when something of it is first used', async () => {
    const printed = await run({
      'entry.js': 'const a=require("./a.js");console.log("entry");console.log(a.t)',
      'a.js': `console.log("a runs");${exporting('t', '"value"')}`,
    });
    expect(printed).toBe('entry\na runs\nvalue\n');
  });

  it('runs a chunk once, at its import()', async () => {
    const printed = await run({
      'entry.js':
        'Promise.resolve().then(()=>require("./a.js"));Promise.resolve().then(()=>require("./a.js")).then(()=>console.log("done"))',
      'a.js': 'console.log("a runs");',
    });
    expect(printed).toBe('a runs\ndone\n');
  });

  it('exports stay live, also between two chunks that import each other', async () => {
    const printed = await run({
      'entry.js': 'const a=require("./a.js");a.n();console.log(a.t,a.r)',
      'a.js': `const b=require("./b.js");let count=0;function up(){count++}${exporting('n', 'up')}${exporting('t', 'count')}${exporting('r', 'b.t()')}`,
      'b.js': `const a=require("./a.js");function twice(){return a.t*2}${exporting('t', 'twice')}`,
    });
    expect(printed).toBe('1 2\n');
  });

  it('what would end the comment, and what is not ASCII, comes out as it went in', async () => {
    const printed = await run({
      'entry.js': 'Promise.resolve().then(()=>require("./a.js"))',
      'a.js': 'console.log("a*/b…é".replace(/x*/g,""),`“${1}”`)',
    });
    expect(printed).toBe('a*/b…é “1”\n');
  });

  it('leaves out what nothing can ask for', () => {
    const { code, names } = link(
      'entry.js',
      chunks({ 'entry.js': 'require("./a.js")', 'a.js': '1', 'bowser.js': 'lost' }),
    );
    expect(names).toEqual(['entry.js', 'a.js']);
    expect(code).not.toContain('lost');
  });

  it('refuses an import() that stayed: a compiled function cannot make one', () => {
    expect(() => link('entry.js', chunks({ 'entry.js': 'import("node:http")' }))).toThrow('entry.js calls import()');
  });

  it('an error names the file and the chunk', async () => {
    const printed = await run({
      'entry.js': 'const a=require("./a.js");a.t()',
      'a.js': `function f(){throw new Error("x")}${exporting('t', 'f')}`,
    });
    expect(printed).toMatch(/at .*\.cjs#1:1:/);
  });
});
