import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { link } from './link.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Recipe {
  entry: string;
  /** Names that are replaced by values, as JSON. */
  define: Readonly<Record<string, unknown>>;
  plugins: Plugin[];
}

/** A program in one file, and the files that something of it came from, with how much of it. */
export interface Bundle {
  code: string;
  /** By path from the project's folder: bytes before minifying, 0 for what was shaken off. */
  modules: ReadonlyMap<string, number>;
}

/** Bundles a program in chunks, minifies them and links them into one file; the same files give the same bytes. */
export async function bundle({ entry, define, plugins }: Recipe): Promise<Bundle> {
  const build = await rolldown({
    input: entry,
    cwd: root,
    platform: 'node',
    // The module builds shake; the CommonJS ones do not.
    resolve: { mainFields: ['module', 'main'] },
    transform: {
      target: 'node20.19',
      define: {
        'import.meta.url': '__filename',
        'import.meta.filename': '__filename',
        ...Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])),
      },
    },
    plugins,
    onLog: (level, log, print) => {
      // yargs asks for this where a config file extends another one, which ours has none of.
      if (log.code !== 'EMPTY_IMPORT_META') print(level, log);
    },
  });
  const { output } = await build.generate({
    format: 'cjs',
    dynamicImportInCjs: false,
    minify: true,
    comments: false,
    chunkFileNames: '[name]-[hash].js',
    entryFileNames: 'entry.js',
  });
  await build.close();
  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk');
  const { code, names } = link('entry.js', chunks);
  const modules = chunks
    .filter(({ fileName }) => names.includes(fileName))
    .flatMap((chunk) => Object.entries(chunk.modules).map(([id, { renderedLength }]) => [id, renderedLength] as const));
  return { code, modules: new Map(modules) };
}
