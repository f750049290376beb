// yargs' parser behind as much of yargs' face as is used where no help is printed.
import Parser from 'yargs-parser';

export default () => {
  const options = { boolean: ['help', 'version'], string: [], alias: {}, key: {}, configuration: {} };
  let version = '';
  const face = {
    version: (text) => {
      version = text;
      return face;
    },
    parserConfiguration: (configuration) => {
      options.configuration = { 'parse-positional-numbers': false, ...configuration };
      return face;
    },
    alias: (name, short) => {
      options.alias[name] = [short].flat();
      return face;
    },
    option: (name, { boolean, string, alias }) => {
      options.key[name] = true;
      if (boolean === true) options.boolean.push(name);
      if (string === true) options.string.push(name);
      if (alias !== undefined) options.alias[name] = [alias].flat();
      return face;
    },
    parseAsync: async (words, _context, print) => {
      const { argv } = Parser.detailed(words, options);
      if (argv.version === true) print(null, argv, version);
      return { ...argv, $0: 'migrate-deploy' };
    },
  };
  for (const forHelp of [
    'scriptName',
    'usage',
    'epilogue',
    'example',
    'command',
    'help',
    'wrap',
    'exitProcess',
    'fail',
  ]) {
    face[forHelp] = () => face;
  }
  return face;
};
