import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Puts an executable `docker` into `folder`, to be placed first on PATH. */
export async function installStandInDocker(folder: string): Promise<void> {
  const program = join(folder, 'stand-in-docker.mjs');
  await mkdir(folder, { recursive: true });
  // In one file: it is called many times, and compiling it on each call would take longer than what it does.
  await build({
    entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  const path = join(folder, 'docker');
  await writeFile(path, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(program)} "$@"\n`);
  await chmod(path, 0o755);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
