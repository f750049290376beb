import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Puts an executable `docker` into `folder`, to be placed first on PATH. */
export async function installStandInDocker(folder: string): Promise<void> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const path = join(folder, 'docker');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path,
    `#!/bin/sh\nexec ${quoted(process.execPath)} --import ${import.meta.resolve('tsx')} ${quoted(main)} "$@"\n`,
  );
  await chmod(path, 0o755);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
