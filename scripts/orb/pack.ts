import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readYaml } from '../../local/circleci/yaml.ts';

const sections = ['commands', 'examples', 'executors', 'jobs'];
/** Only here does `circleci orb pack` look for include statements. */
const sectionsWithIncludes = ['commands', 'executors', 'jobs'];
const includePattern = /<<\s*include\(([-\w/.]+)\)?\s*>>/g;

/** Puts an orb's folder together as `circleci orb pack` does; `extra` holds files that are not in the folder. */
export async function packFolder(
  folder: string,
  extra: ReadonlyMap<string, string> = new Map(),
): Promise<Record<string, unknown>> {
  const orb = readYaml(await readFile(join(folder, '@orb.yml'), 'utf8')) as Record<string, unknown>;
  await checkFolders(folder);
  const packed: Record<string, unknown> = { ...orb };
  for (const section of sections) {
    const elements: Record<string, unknown> = {};
    for (const file of await yamlFiles(join(folder, section))) {
      const element = readYaml(await readFile(join(folder, section, file), 'utf8'));
      elements[basename(file).replace(/\.ya?ml$/, '')] = sectionsWithIncludes.includes(section)
        ? await withIncludes(element, (path) => includedText(folder, path, extra))
        : element;
    }
    if (Object.keys(elements).length > 0) packed[section] = elements;
  }
  return packed;
}

/** The two generations of the CLI disagree on nested folders and on YAML elsewhere, so there may be none. */
async function checkFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((item) => item.isFile() && /\.ya?ml$/.test(item.name))) {
    const inside = entry.parentPath.slice(folder.length).replace(/^[/\\]/, '');
    if (inside !== '' && !sections.includes(inside)) {
      throw new Error(`${join(inside, entry.name)}: orb pack does not read YAML there the same way in all versions`);
    }
  }
}

async function yamlFiles(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.filter((file) => /\.ya?ml$/.test(file)).sort();
}

async function withIncludes(value: unknown, read: (path: string) => Promise<string>): Promise<unknown> {
  if (typeof value === 'string') {
    const [include, ...more] = [...value.matchAll(includePattern)];
    if (include === undefined) return value;
    if (more.length > 0) throw new Error(`multiple include statements: '${value}'`);
    if (include[0] !== value) throw new Error(`entire string must be include statement: '${value}'`);
    // The compiler would take `<<` in the file for a parameter of its own.
    return (await read(include[1] ?? '')).replaceAll('<<', '\\<<');
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => withIncludes(item, read)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await withIncludes(item, read)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function includedText(folder: string, path: string, extra: ReadonlyMap<string, string>): Promise<string> {
  const text = extra.get(path) ?? (await readFile(join(folder, path), 'utf8'));
  if (text.includes('\\<<')) throw new Error(`${path} holds \\<<, which packing and compiling would turn into <<`);
  return text;
}
