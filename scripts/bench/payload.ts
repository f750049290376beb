import { readFile } from 'node:fs/promises';
import type { Built } from '../build.ts';
import { orbBundle } from '../orb/bundle.ts';
import type { Row } from './table.ts';

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** What the orb carries, and what the bytes are: shares by the size of each part's code before it is minified. */
export async function* payload({ orbFile, orbProgram }: Built): AsyncGenerator<Row> {
  const parts = orbBundle(await readFile(orbFile), '0.0.0');
  const total = [...parts].reduce((sum, [path, text]) => sum + (path.endsWith('.b64') ? text.length : 0), 0);
  yield { what: 'the orb’s program, brotli and base64', ours: kib(total) };
  const sizes = new Map<string, number>();
  for (const [path, bytes] of orbProgram.modules) sizes.set(ownerOf(path), (sizes.get(ownerOf(path)) ?? 0) + bytes);
  const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const [owner, bytes] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (bytes > all / 200) yield { what: `of it ${owner}`, ours: kib((total * bytes) / all) };
  }
}

function ownerOf(path: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (inPackage?.startsWith('@smithy/') === true) return 'Smithy, on which the SDK stands';
  if (inPackage?.startsWith('@aws-sdk/') === true) return 'the AWS SDK';
  return inPackage ?? 'our own code';
}
