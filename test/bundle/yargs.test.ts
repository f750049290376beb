import fc from 'fast-check';
import { expect, it } from 'vitest';
import yargs from 'yargs';

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
