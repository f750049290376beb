import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The program's commands that the steps of the orb call. */
export async function commandsOfTheOrb(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.yml'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/^\s*ORB_SUBCOMMAND: *([\w-]+)$/gm)].map(([, name = '']) => name));
}
