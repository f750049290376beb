import { parseSync, Visitor } from 'rolldown/utils';

/** A part of a source, by places in it, and what takes its place. */
export interface Cut {
  start: number;
  end: number;
  text: string;
}

/** The source with each of these parts replaced. */
export const applyCuts = (source: string, cuts: readonly Cut[]): string =>
  [...cuts]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: instead }) => text.slice(0, start) + instead + text.slice(end), source);

/** A member of an object literal with the comma behind it, as a cut. */
export const memberCut = (source: string, { start, end }: { start: number; end: number }): Cut => ({
  start,
  end: end + (/^\s*,/.exec(source.slice(end))?.[0].length ?? 0),
  text: '',
});

const builtIns = globalThis as unknown as Record<string, { prototype?: object } | undefined>;

/**
 * Where a module declares these functions and members of classes and objects: a function becomes undefined and a member is
 * not there, so that whoever does call one fails at once. Throws when a name is not met, and when a class extends one of
 * JavaScript's own that has a member of that name: it would answer in its place, and wrongly.
 */
export function cutsOf(path: string, source: string, names: readonly string[]): Cut[] {
  const met = new Set<string>();
  const cuts: Cut[] = [];
  const isNamed = (key: object | null): boolean => {
    const { name } = (key ?? {}) as { name?: unknown };
    if (typeof name !== 'string' || !names.includes(name)) return false;
    met.add(name);
    return true;
  };
  new Visitor({
    ClassDeclaration: ({ superClass, body }) => {
      const parent = superClass?.type === 'Identifier' ? builtIns[superClass.name]?.prototype : undefined;
      for (const key of body.body.flatMap((member) => (member.type === 'MethodDefinition' ? [member.key] : []))) {
        if (key.type !== 'Identifier' || !names.includes(key.name) || !(key.name in (parent ?? {}))) continue;
        throw new Error(`${path}: without ${key.name} of its own, the class answers by the one that it inherits.`);
      }
    },
    MethodDefinition: ({ key, start, end }) => {
      if (isNamed(key)) cuts.push({ start, end, text: '' });
    },
    PropertyDefinition: ({ key, start, end }) => {
      if (isNamed(key)) cuts.push({ start, end, text: '' });
    },
    ObjectExpression: ({ properties }) => {
      for (const property of properties) {
        if (property.type === 'Property' && isNamed(property.key)) cuts.push(memberCut(source, property));
      }
    },
    FunctionDeclaration: ({ id, start, end }) => {
      if (isNamed(id)) cuts.push({ start, end, text: `const ${id?.name ?? ''} = undefined;` });
    },
    VariableDeclarator: ({ id, init }) => {
      if (init?.type === 'ArrowFunctionExpression' && isNamed(id)) {
        cuts.push({ start: init.start, end: init.end, text: 'undefined' });
      }
    },
  }).visit(parseSync(path, source).program);
  const missed = names.filter((name) => !met.has(name));
  if (missed.length > 0)
    throw new Error(`${path} declares no ${missed.join(', ')} any more; correct the list of swaps.`);
  return cuts;
}
