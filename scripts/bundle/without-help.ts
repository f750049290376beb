import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'rolldown';
import { parseSync, Visitor } from 'rolldown/utils';
import { applyCuts, type Cut, memberCut } from './cuts.ts';

/**
 * Leaves out what only --help prints: examples, placeholders, defaults in words, and the description of every option that can
 * be missing without an error (a required one is described in that error). Commands in `leftOut` lose all but their names.
 */
export function withoutHelp(leftOut: readonly string[]): Plugin {
  return {
    name: 'without-help',
    load: {
      filter: { id: /[/\\]src[/\\](tools|(options|commands)[/\\][\w-]+)\.ts$/ },
      handler: async (path) => {
        // Only commands that are left out ask for these tools.
        if (basename(path) === 'tools.ts')
          return 'export const select = undefined, expand = undefined, live = () => undefined;';
        const source = await readFile(path, 'utf8');
        const isLeftOut = /[/\\]commands[/\\]/.test(path) && leftOut.includes(basename(path, '.ts'));
        return isLeftOut ? hollow(source) : cutHelp(path, source);
      },
    },
  };
}

/** Whoever asks all commands for their options still gets an answer. */
function hollow(source: string): string {
  const names = [...source.matchAll(/^export const (\w+Command)\b/gm)].map(([, name]) => name);
  return names.map((name) => `export const ${name} = { options: [], examples: [] };`).join('\n');
}

/** The same file without the texts that only --help prints. */
export function cutHelp(path: string, source: string): string {
  const cuts: Cut[] = [];
  new Visitor({
    ObjectExpression: ({ properties }) => {
      const own = properties.flatMap((property) =>
        property.type === 'Property' && property.key.type === 'Identifier'
          ? [{ name: property.key.name, value: property.value, property }]
          : [],
      );
      const isRequired = own.some(({ name }) => name === 'required');
      for (const { name, value, property } of own) {
        const isForHelp = ['placeholder', 'otherwise'].includes(name) || (name === 'describe' && !isRequired);
        if (isForHelp && isText(value.type)) cuts.push(memberCut(source, property));
        if (name === 'examples' && value.type === 'ArrayExpression') cuts.push({ ...value, text: '[]' });
      }
    },
  }).visit(parseSync(path, source).program);
  return applyCuts(source, cuts);
}

const isText = (type: string): boolean => ['Literal', 'TemplateLiteral', 'BinaryExpression'].includes(type);
