import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package that something of a bundle came from. */
export interface BundledPackage {
  name: string;
  version: string;
  license: string;
  /** Its licence's text, or that it carries none. */
  text: string;
}

/** The packages that these files are of, by name and version. */
export async function packagesOf(files: readonly string[]): Promise<BundledPackage[]> {
  const folders = new Set(files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const all = await Promise.all([...folders].map(read));
  const label = ({ name, version }: BundledPackage): string => `${name}@${version}`;
  const unique = new Map(all.map((one) => [label(one), one]));
  return [...unique.values()].sort((a, b) => (label(a) < label(b) ? -1 : 1));
}

async function read(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const { name = folder, version = '', license = 'unknown' } = manifest;
  const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text =
    file === undefined
      ? `(${license}; the package carries no licence file)`
      : (await readFile(join(folder, file), 'utf8')).trim();
  return { name, version, license, text };
}
