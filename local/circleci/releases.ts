import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One call of `circleci run release`. */
export interface ReleaseCall {
  job: string;
  verb: 'plan' | 'update' | 'log';
  name?: string;
  flags: Readonly<Record<string, string>>;
}

/** Where the jobs of a workflow keep what `run release` was told. */
export const releasesFile = (folder: string): string => join(folder, 'releases.jsonl');

/** What it was told, in order. */
export async function releasesIn(folder: string): Promise<ReleaseCall[]> {
  const text = await readFile(releasesFile(folder), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ReleaseCall]));
}
