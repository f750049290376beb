import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import type { Built } from '../build.ts';
import { orbBundle } from '../orb/bundle.ts';
import { median, type Row } from './table.ts';

const rounds = 9;
const scripts = fileURLToPath(new URL('../../orb/scripts/', import.meta.url));

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** What the orb carries, what it would be without a packer of its own, what unpacking costs, and what the bytes are: shares by
 * the size of each part's code before it is minified. */
export async function* payload({ orbFile, orbProgram }: Built): AsyncGenerator<Row> {
  const program = await readFile(orbFile);
  const files = orbBundle(program, '0.0.0', '');
  const parts = [...files].flatMap(([path, text]) => (path.endsWith('.b85') ? [text] : []));
  const total = parts.join('').length;
  yield { what: 'the orb’s program, as it travels', ours: kib(total) };
  const install = files.get('bundle/install.js') ?? '';
  yield { what: 'and what unpacks it', ours: kib(install.length) };
  yield { what: 'with brotli and base64 it would be', ours: kib((brotliCompressSync(program).length * 4) / 3) };
  const variables = Object.fromEntries(parts.map((text, index) => [`ORB_PART_${index}`, text]));
  const id = files.get('bundle/id.txt');
  const env = { PATH: process.env.PATH, ORB_PROGRAM: id, ORB_INSTALL: install, ...variables };
  yield { what: 'unpacking it, once a job, ÷ `node -e 0`', ours: `${median(times(env)).toFixed(1)} ×` };
  const sizes = new Map<string, number>();
  for (const [path, bytes] of orbProgram.modules) sizes.set(ownerOf(path), (sizes.get(ownerOf(path)) ?? 0) + bytes);
  const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const [owner, bytes] of [...sizes].sort(([, a], [, b]) => b - a)) {
    if (bytes > all / 200) yield { what: `of it ${owner}`, ours: kib((total * bytes) / all) };
  }
}

/** How many times as long as an empty program the install script takes, round after round. */
function times(env: NodeJS.ProcessEnv): number[] {
  const time = (command: string, args: readonly string[], more: NodeJS.ProcessEnv): number => {
    const fromMs = performance.now();
    const { status, stderr } = spawnSync(command, args, { env: { ...env, ...more }, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return performance.now() - fromMs;
  };
  return Array.from({ length: rounds }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'migrate-deploy-bench-'));
    const ratio = time('sh', [join(scripts, 'install.sh')], { TMPDIR: folder }) / time('node', ['-e', '0'], {});
    rmSync(folder, { recursive: true });
    return ratio;
  });
}

function ownerOf(path: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (inPackage?.startsWith('@smithy/') === true) return 'Smithy, on which the SDK stands';
  if (inPackage?.startsWith('@aws-sdk/') === true) return 'the AWS SDK';
  return inPackage ?? 'our own code';
}
