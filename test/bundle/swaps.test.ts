import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle/bundle.ts';
import { type Swaps, swapFiles } from '../../scripts/bundle/swaps.ts';
import { root } from '../orb/support.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-swaps-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bundles a program that uses one package, with these swaps. */
async function build(swaps: Swaps): Promise<string> {
  const entry = join(folder, 'entry.mjs');
  await writeFile(
    entry,
    `import width from '${join(root, 'node_modules/string-width/index.js')}';\nconsole.log(width('x'));\n`,
  );
  return (await bundle({ entry, define: {}, plugins: [swapFiles(swaps)] })).code;
}

describe('the list of swaps', () => {
  it('puts a stand-in in the place of a file', async () => {
    expect((await build({ 'string-width/index.js': 'string-width.mjs' })).length).toBeLessThan(
      (await build({})).length / 2,
    );
  });

  it('a file that nothing asks for any more fails the build', async () => {
    const swaps = { 'string-width/index.js': 'string-width.mjs', 'string-width/moved.js': 'string-width.mjs' };
    await expect(build(swaps)).rejects.toThrow('Nothing asks for string-width/moved.js any more');
  });

  it('cuts what is named, and edits what is left', async () => {
    const source = await build({
      'string-width/index.js': [[/^const segmenter = .*$/, 'const segmenter = undefined;']],
    });
    expect(source).not.toContain('Segmenter');
    expect(await build({})).toContain('Segmenter');
    const orb = await readFile(join(root, 'dist/orb/migrate-deploy.cjs'), 'utf8');
    const commandLine = await readFile(join(root, 'dist/migrate-deploy.cjs'), 'utf8');
    for (const name of ['presign', 'getEventStreamMarshaller']) {
      expect(commandLine).toContain(name);
      expect(orb).not.toContain(`${name}(`);
    }
  });

  it('a text that a file does not hold any more fails the build', async () => {
    await expect(build({ 'string-width/index.js': [[/no such text/, '']] })).rejects.toThrow(
      'holds no /no such text/ any more',
    );
  });
});
