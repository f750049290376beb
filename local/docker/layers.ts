import { createHash } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';

/** Every path below a folder with what would show that it has changed. */
export type Snapshot = Map<string, string>;

/** `sha256:…` of these bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Looks at a root file system, to be compared with a later look. */
export function snapshotOf(root: string): Snapshot {
  const snapshot: Snapshot = new Map();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const { mode, size, mtimeMs, ino } = lstatSync(join(root, name));
    snapshot.set(name, [mode, size, mtimeMs, ino].join(' '));
  }
  return snapshot;
}

/** What changed between two looks, as an image layer: the same files always give the same bytes. */
export async function layerBetween(root: string, before: Snapshot, after: Snapshot): Promise<Buffer> {
  const tar = pack();
  const gone = [...before.keys()].filter((name) => !after.has(name) && !isBelow(name, before, after));
  const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
  for (const name of [...changed, ...gone].sort()) {
    if (after.has(name)) addEntry(tar, root, name);
    else tar.entry({ name: whiteoutOf(name), mtime: EPOCH }, '');
  }
  tar.finalize();
  return buffer(tar);
}

const EPOCH = new Date(0);

function isBelow(name: string, before: Snapshot, after: Snapshot): boolean {
  const parent = dirname(name);
  return parent !== '.' && before.has(parent) && !after.has(parent);
}

function whiteoutOf(name: string): string {
  const folder = dirname(name);
  const hidden = `.wh.${name.slice(folder === '.' ? 0 : folder.length + 1)}`;
  return folder === '.' ? hidden : `${folder}/${hidden}`;
}

function addEntry(tar: ReturnType<typeof pack>, root: string, name: string): void {
  const path = join(root, name);
  const found = lstatSync(path);
  const header = { name, mtime: EPOCH, mode: found.mode & 0o7777, uid: 0, gid: 0 };
  if (found.isDirectory()) tar.entry({ ...header, type: 'directory' });
  else if (found.isSymbolicLink()) tar.entry({ ...header, type: 'symlink', linkname: readlinkSync(path) });
  else if (found.isFile()) tar.entry(header, readFileSync(path));
}

/** Applies a layer (gzipped or not) to a root file system, whiteouts included; nothing may leave the root. */
export async function applyLayer(layer: Uint8Array, root: string): Promise<void> {
  const tar = extract();
  tar.end(isGzipped(layer) ? gunzipSync(layer) : Buffer.from(layer));
  for await (const entry of tar) {
    const { name, type, mode = 0o755, linkname } = entry.header;
    const content = await buffer(entry);
    const path = insideOf(root, name);
    const [, folder = '', hidden] = /^(.*\/)?\.wh\.([^/]+)$/.exec(name) ?? [];
    if (hidden !== undefined) {
      const isOpaque = hidden === '.wh..opq';
      rmSync(insideOf(root, isOpaque ? folder : `${folder}${hidden}`), { recursive: true, force: true });
    } else if (type === 'directory') {
      mkdirSync(path, { recursive: true, mode });
    } else if (type === 'file' || type === 'symlink' || type === 'link') {
      mkdirSync(dirname(path), { recursive: true });
      rmSync(path, { recursive: true, force: true });
      if (type === 'symlink') symlinkSync(linkname ?? '', path);
      else if (type === 'link') linkSync(insideOf(root, linkname ?? ''), path);
      else writeFileSync(path, content, { mode });
    }
  }
}

function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function insideOf(root: string, name: string): string {
  const path = resolve(root, name.replace(/^\/+/, ''));
  if (path !== resolve(root) && !path.startsWith(resolve(root) + sep)) {
    throw new Error(`the layer's entry ${name} points outside of the image`);
  }
  return path;
}
