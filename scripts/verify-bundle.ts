import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeRelease } from './release.ts';

/** Makes the release twice, in two folders, and answers the checksums of each; equal ones mean that it is reproducible. */
export async function twoReleases(): Promise<[string, string]> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-twice-'));
  try {
    const sums: string[] = [];
    for (const name of ['first', 'a-second-one-with-another-name']) {
      await writeRelease(join(folder, name));
      sums.push(await readFile(join(folder, name, 'SHA256SUMS'), 'utf8'));
    }
    const [first = '', second = ''] = sums;
    return [first, second];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, second] = await twoReleases();
  process.stdout.write(first);
  if (first !== second) {
    process.stderr.write(`The second build differs:\n${second}`);
    process.exitCode = 1;
  }
}
