import type { Files } from '../../src/ports.ts';

/** Files that live in a map, for tests; `stdin` is what standard input would hold. */
export function memoryFiles(
  initial: Record<string, string> = {},
  stdin = '',
): Files & { contents: Map<string, string> } {
  const contents = new Map(Object.entries(initial));
  return {
    contents,
    absolute: (path) => `/project/${path}`,
    read: async (path) => contents.get(path),
    readStdin: async () => stdin,
    write: async (path, text) => {
      contents.set(path, text);
    },
    append: async (path, text) => {
      contents.set(path, (contents.get(path) ?? '') + text);
    },
    list: async (folder) =>
      [...contents.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .filter((name) => !name.includes('/'))
        .sort(),
    inPrivateFolder: async (_links, use) => {
      const folder = '/private';
      try {
        return await use(folder);
      } finally {
        for (const path of [...contents.keys()]) if (path.startsWith(`${folder}/`)) contents.delete(path);
      }
    },
  };
}
