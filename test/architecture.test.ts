import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** Who may import VALUES from whom; types may cross. The first pattern that fits a file counts. */
const mayImport: readonly [file: RegExp, imports: RegExp][] = [
  [/^main\.ts$/, /^(cli|edge|exit-code|aws\/connect)\.ts$/],
  [/^edge\.ts$/, /^(errors\.ts$|node:)/],
  [/^cli\.ts$/, /^(commands\/|options\/|report\/|record\.ts|errors\.ts|exit-code\.ts)/],
  [/^options\/yargs\.ts$/, /^(yargs$|domain\/|errors\.ts|exit-code\.ts|options\/)/],
  [/^options\//, /^(options\/|domain\/|errors\.ts|expand\.ts|duration\.ts)/],
  [
    /^commands\//,
    /^(commands\/|options\/|report\/|domain\/|errors\.ts|exit-code\.ts|duration\.ts|expand\.ts|record\.ts|[a-z-]+\.ts$|[a-z-]+\/[a-z-]+\.ts$)/,
  ],
  [/^aws\//, /^(aws\/|@aws-sdk\/|errors\.ts|domain\/|duration\.ts|node:)/],
  [/^report\//, /^(report\/|domain\/|errors\.ts|duration\.ts|exit-code\.ts)/],
  [/^domain\//, /^(domain\/|errors\.ts)/],
  [/^record\.ts$/, /^(valibot$|errors\.ts)/],
  [/^(poll|silence|expand|duration|exit-code|errors|ports)\.ts$/, /^(errors\.ts)$/],
  // What is left are the use-cases.
  [
    /./,
    /^(domain\/|poll\.ts|silence\.ts|errors\.ts|duration\.ts|expand\.ts|record\.ts|exit-code\.ts|node:crypto$|[a-z-]+\.ts$|(migrate|rollout|build|notify)\/)/,
  ],
];

const edges = sourceFiles(src).flatMap((file) =>
  valueImports(readFileSync(join(src, file), 'utf8')).map((specifier) => ({
    file,
    target: specifier.startsWith('.')
      ? normalize(join(dirname(file), specifier))
          .split(sep)
          .join('/')
      : specifier,
  })),
);

describe('the import table', () => {
  it.each(sourceFiles(src))('%s imports only what its place allows', (file) => {
    const allowed = mayImport.find(([pattern]) => pattern.test(file))?.[1] ?? /$^/;
    const wrong = edges.filter((edge) => edge.file === file && !allowed.test(edge.target)).map(({ target }) => target);
    expect(wrong, `${file} must not import ${wrong.join(', ')}`).toEqual([]);
  });

  it('only src/aws imports values of the AWS SDK', () => {
    expect(edges.filter(({ file, target }) => target.startsWith('@aws-sdk/') && !file.startsWith('aws/'))).toEqual([]);
  });

  it('use-cases never import the command line, the adapters or the renderers', () => {
    const useCases = edges.filter(
      ({ file }) => !/^(main|cli|edge)\.ts$|^(commands|options|report|aws|domain)\//.test(file),
    );
    expect(
      useCases.filter(({ target }) => /^(cli|main|edge)\.ts$|^(commands|options|report|aws)\//.test(target)),
    ).toEqual([]);
  });

  it('src never imports from test or scripts', () => {
    expect(edges.filter(({ target }) => target.startsWith('..'))).toEqual([]);
  });

  it('has no cycles among values', () => {
    expect(cycles(edges)).toEqual([]);
  });

  it('sees the imports it judges', () => {
    expect(
      valueImports(
        "import type { A } from './a.ts';\nimport { b } from './b.ts';\nawait import('./c.ts');\nexport { d } from './d.ts';",
      ),
    ).toEqual(['./b.ts', './c.ts', './d.ts']);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Specifiers of static, re-exporting and dynamic imports that survive type stripping. */
function valueImports(source: string): string[] {
  const statements = [...source.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)\s*from\s*'([^']+)'/gm)]
    .filter(([, names = '']) => !/^\{(\s*type\s+[\w\s]+,?)+\s*\}$/.test(names))
    .map(([, , specifier = '']) => specifier);
  const dynamic = [...source.matchAll(/(?<!typeof )\bimport\('([^']+)'\)/g)].map(([, specifier = '']) => specifier);
  const order = (specifier: string): number => source.indexOf(`'${specifier}'`);
  return [...new Set([...statements, ...dynamic])].sort((a, b) => order(a) - order(b));
}

function cycles(all: readonly { file: string; target: string }[]): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.add([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const { target } of all.filter((edge) => edge.file === file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of new Set(all.map((edge) => edge.file))) visit(file, []);
  return [...found];
}
