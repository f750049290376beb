import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Document, isMap, isSeq, visit } from 'yaml';
import { commands } from '../../src/commands/index.ts';
import type { NamedOption } from '../../src/options/option.ts';
import { optionsPage } from './options-page.ts';
import { type Parameter, parametersOf } from './parameters.ts';
import { schemaFiles } from './schemas.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A command of the program with its options. */
export interface LoadedCommand {
  name: string;
  describe: string;
  options: readonly NamedOption[];
}

/** Every file that is made from the tables of options, as it should be: the orb's commands and jobs, docs/options.md and docs/schemas. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const loaded = await Promise.all(
    commands.map(async ({ name, describe, load }) => ({ name, describe, options: (await load()).options })),
  );
  const files = new Map<string, string>([['docs/options.md', optionsPage(loaded)], ...schemaFiles()]);
  for (const folder of ['orb/commands', 'orb/jobs']) {
    for (const file of await readdir(join(root, folder))) {
      const path = `${folder}/${file}`;
      files.set(path, withBlocks(await readFile(join(root, path), 'utf8'), loaded));
    }
  }
  return files;
}

/**
 * Fills each block between `# generated: WHAT of COMMAND [without NAMES]` and `# end of generated`. WHAT is `parameters`
 * (their declarations), `environment` (the variables of a step) or `arguments` (what a job hands on to a command).
 */
export function withBlocks(text: string, loaded: readonly LoadedCommand[]): string {
  const block =
    /^( *)# generated: (parameters|environment|arguments) of ([a-z-]+)(?: without ([\w, ]+))?\n[\s\S]*?^ *# end of generated$/gm;
  return text.replaceAll(block, (whole: string, indent: string, what: string, name: string, without = '') => {
    const command = loaded.find((one) => one.name === name);
    if (command === undefined) throw new Error(`There is no command ${name}: ${whole.split('\n')[0]}`);
    const left = without.split(', ');
    const parameters = parametersOf(command.options).filter((one) => !left.includes(one.name));
    const lines = yaml(entries(what, parameters)).map((line) => `${indent}${line}`);
    return [whole.split('\n')[0], ...lines, `${indent}# end of generated`].join('\n');
  });
}

function entries(what: string, parameters: readonly Parameter[]): object {
  const handed = ({ name }: Parameter): string => `<< parameters.${name} >>`;
  return Object.fromEntries(
    parameters.map((parameter): [string, unknown] => {
      if (what === 'parameters') return [parameter.name, parameter.declaration];
      return [what === 'environment' ? parameter.variable : parameter.name, handed(parameter)];
    }),
  );
}

/** YAML 1.1, as CircleCI reads it; the values of an enum stand in one line. */
function yaml(value: object): string[] {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_key, { value: node }) => {
      if (isSeq(node) && !node.items.some(isMap)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, singleQuote: true, flowCollectionPadding: false }).trimEnd().split('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedFiles()) await writeFile(join(root, path), text);
  console.log('orb/commands, orb/jobs, docs/options.md and docs/schemas are written.');
}
