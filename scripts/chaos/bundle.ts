import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plant } from './planted.ts';

/**
 * The schedules and all they run in one file, so that a dynamic import takes no real time, which a virtual clock does
 * not know of. With a plant, one of our rules is wrong in it.
 */
export async function bundleSchedules(outfile: string, plant?: Plant): Promise<void> {
  const planted = new Set<string>();
  await build({
    entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
    plugins: [
      {
        name: 'plant',
        setup: ({ onLoad }) => {
          if (plant === undefined) return;
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            if (!path.endsWith(plant.file)) return undefined;
            const text = await readFile(path, 'utf8');
            if (text.includes(plant.rule)) planted.add(path);
            return { contents: text.replace(plant.rule, plant.bug), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (plant !== undefined && planted.size !== 1) throw new Error(`${plant.file} does not say ${plant.rule} (any more)`);
}
