// yargs' parser, behind as much of yargs' face as is used. Only for help, which it writes, is all of yargs loaded.
import Parser from 'yargs-parser';

const calls = ['scriptName', 'version', 'help', 'alias', 'wrap', 'exitProcess', 'fail', 'parserConfiguration', 'usage'];
const more = ['epilogue', 'option', 'example', 'command'];

export default () => {
  const asked = [];
  const face = {
    parseAsync: async (words, context, print) => {
      const { argv } = Parser.detailed(words, parserOptions(asked));
      const isText = argv.help === true || argv.version === true || argv._.at(-1) === 'help';
      if (!isText) return { ...argv, $0: 'migrate-deploy' };
      const yargs = await wholeYargs();
      for (const [name, values] of asked) yargs[name](...values);
      return yargs.parseAsync(words, context, print);
    },
  };
  for (const name of [...calls, ...more]) {
    face[name] = (...values) => {
      asked.push([name, values]);
      return face;
    };
  }
  return face;
};

/** What yargs would tell its parser after the same calls. */
function parserOptions(asked) {
  const options = { boolean: ['help', 'version'], string: [], alias: {}, key: {}, configuration: {} };
  for (const [call, [first, second]] of asked) {
    if (call === 'parserConfiguration') options.configuration = { 'parse-positional-numbers': false, ...first };
    if (call === 'alias') options.alias[first] = [second].flat();
    if (call !== 'option') continue;
    options.key[first] = true;
    if (second.boolean === true) options.boolean.push(first);
    if (second.string === true) options.string.push(first);
    if (second.alias !== undefined) options.alias[first] = [second.alias].flat();
  }
  return options;
}

async function wholeYargs() {
  const [{ YargsFactory }, { default: platform }] = await Promise.all([
    import('./build/lib/yargs-factory.js'),
    import('./lib/platform-shims/esm.mjs'),
  ]);
  return YargsFactory(platform)([]);
}
