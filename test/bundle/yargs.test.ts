import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import yargs from 'yargs';
import { bundle } from '../../scripts/bundle/bundle.ts';
import { type Swaps, swapFiles, swapsOfTheOrb } from '../../scripts/bundle/swaps.ts';
import { root } from '../orb/support.ts';

/** The face that the bundles carry in the place of yargs. */
const face = new URL('../../scripts/bundle/stand-ins/yargs.mjs', import.meta.url).href;
const { default: light } = (await import(face)) as { default: typeof yargs };

const configuration = {
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'short-option-groups': false,
  'strip-aliased': true,
};

const words = fc.array(
  fc.oneof(
    fc.constantFrom(
      '--name',
      '--name=v',
      '--name=',
      '--no-name',
      '--flag',
      '--no-flag',
      '--flag=false',
      '--alias',
      '-a',
    ),
    fc.constantFrom(
      '--list',
      '--list=1',
      '--unknown',
      '--unknown=x',
      '-u',
      '-abc',
      '--',
      '-',
      '007',
      '1e3',
      'word',
      '',
    ),
    fc.string({ maxLength: 4 }),
  ),
  { maxLength: 8 },
);

it('the bundles’ yargs reads every command line as yargs does', async () => {
  await fc.assert(
    fc.asyncProperty(words, async (typed) => {
      // These ask for a text, which yargs itself writes in both.
      fc.pre(!typed.some((word) => /^(--?)?(no-)?(help|version|h|v)\b/.test(word)));
      const read = (parser: typeof yargs): Promise<unknown> =>
        Promise.resolve(
          parser([])
            .scriptName('migrate-deploy')
            .version('1')
            .help()
            .exitProcess(false)
            .fail(false)
            .parserConfiguration(configuration)
            .option('name', { string: true, describe: 'n' })
            .option('list', { string: true, alias: 'alias', describe: 'l' })
            .option('flag', { boolean: true, describe: 'f' })
            .parseAsync([...typed], {}, () => undefined),
        );
      expect(await read(light)).toEqual(await read(yargs));
    }),
    { numRuns: 500 },
  );
});

it('the parser of the orb’s program reads every command line as the whole one does', async () => {
  const whole = await parserWith({});
  const swaps = Object.fromEntries(Object.entries(swapsOfTheOrb).filter(([file]) => file.startsWith('yargs-parser/')));
  expect(Object.keys(swaps)).toHaveLength(1);
  const trimmed = await parserWith(swaps);
  const options = {
    boolean: ['help', 'version', 'flag'],
    string: ['name', 'list'],
    alias: { list: ['alias'] },
    key: { name: true, list: true, flag: true },
    configuration,
  };
  fc.assert(
    fc.property(words, (typed) => {
      expect(trimmed.detailed([...typed], options)).toEqual(whole.detailed([...typed], options));
    }),
    { numRuns: 1_000 },
  );
});

interface Parser {
  detailed(words: string[], options: object): unknown;
}

/** yargs' parser out of a bundle with these swaps. */
async function parserWith(swaps: Swaps): Promise<Parser> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-yargs-'));
  try {
    const entry = join(folder, 'entry.mjs');
    const file = join(folder, 'program.cjs');
    await writeFile(
      entry,
      `import Parser from '${root}/node_modules/yargs-parser/build/lib/index.js';\nglobalThis.parserOfABundle = Parser;\n`,
    );
    await writeFile(file, (await bundle({ entry, define: {}, plugins: [swapFiles(swaps)] })).code);
    createRequire(import.meta.url)(file);
    return (globalThis as { parserOfABundle?: Parser }).parserOfABundle as Parser;
  } finally {
    await rm(folder, { recursive: true });
  }
}
