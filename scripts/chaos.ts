import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Bundled first: a dynamic import takes real time, which a virtual clock does not know of; in one file it takes none. */
const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-chaos-'));
const outfile = join(folder, 'chaos.mjs');
try {
  await build({
    entryPoints: [fileURLToPath(new URL('./chaos/main.ts', import.meta.url))],
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
  });
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
