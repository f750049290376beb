import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle } from './build.ts';
import { packOrb } from './pack-orb.ts';
import { sbom } from './release/sbom.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Writes the files of a release into a folder of its own: program, orb, SBOM, licences and their sha256. */
export async function writeRelease(folder: string): Promise<string[]> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const work = join(folder, 'work');
  const { file, orbFile, packages } = await buildBundle(work);
  await copyFile(file, join(folder, `migrate-deploy-${version}.cjs`));
  await copyFile(join(work, 'THIRD_PARTY_LICENSES.txt'), join(folder, 'THIRD_PARTY_LICENSES.txt'));
  await packOrb({ bundleFile: orbFile, outFile: join(folder, `orb-${version}.yml`) });
  await writeFile(join(folder, `migrate-deploy-${version}.cdx.json`), sbom(version, await readFile(file), packages));
  await rm(work, { recursive: true });
  const names = (await readdir(folder)).sort();
  const sums = await Promise.all(names.map(async (name) => `${await sha256(join(folder, name))}  ${name}\n`));
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''));
  return [...names, 'SHA256SUMS'];
}

/** The checksum of a file. */
export const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(root, 'dist/release');
  for (const name of await writeRelease(folder)) console.log(`dist/release/${name}`);
}
