import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { orbBundle } from './orb/bundle.ts';
import { packFolder } from './orb/pack.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export interface PackOptions {
  /** The program that the orb carries, with THIRD_PARTY_LICENSES.txt beside it; dist/orb/migrate-deploy.cjs by default. */
  bundleFile?: string;
  outFile?: string;
  orbFolder?: string;
  /** Also writes what is included as bundle/… into the orb's folder, for `circleci orb pack`. */
  writeBundle?: boolean;
}

/** Writes dist/orb.yml: the orb in one file, with the program inside it. */
export async function packOrb(options: PackOptions = {}): Promise<{ file: string; text: string; bytes: number }> {
  const orbFolder = options.orbFolder ?? join(root, 'orb');
  const file = options.outFile ?? join(root, 'dist/orb.yml');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const bundleFile = options.bundleFile ?? join(root, 'dist/orb/migrate-deploy.cjs');
  const licenses = await readFile(join(dirname(bundleFile), 'THIRD_PARTY_LICENSES.txt'), 'utf8');
  const bundle = orbBundle(await readFile(bundleFile), version, licenses);
  if (options.writeBundle === true) {
    await mkdir(join(orbFolder, 'bundle'), { recursive: true });
    for (const [path, text] of bundle) await writeFile(join(orbFolder, path), text);
  }
  const packed = await packFolder(orbFolder, bundle);
  // YAML 1.1, so that text such as "on" or "1:30" is quoted for the reader that would take it for something else.
  const text = stringify(packed, { version: '1.1', indent: 4, lineWidth: 0, aliasDuplicateObjects: false });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return { file, text, bytes: Buffer.byteLength(text) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes } = await packOrb({ writeBundle: process.argv.includes('--write-bundle') });
  console.log(`dist/orb.yml: ${Math.round(bytes / 1024)} KiB`);
}
