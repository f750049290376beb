/** One file, folder or link of an archive. */
export interface TarEntry {
  name: string;
  type: 'file' | 'directory' | 'symlink' | 'link';
  mode: number;
  linkName: string;
  content: Uint8Array;
}

const BLOCK = 512;
const types: Record<string, TarEntry['type']> = {
  '0': 'file',
  '\0': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'directory',
};

/** Reads an archive in the ustar, PAX or GNU format; devices and the like are left out. */
export function* readTar(archive: Uint8Array): Generator<TarEntry> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  let long: { path?: string; linkpath?: string; size?: string } = {};
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = long.size === undefined ? octal(header, 124, 12) : Number(long.size);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const flag = String.fromCharCode(header[156] ?? 0);
    if (flag === 'x') long = { ...long, ...paxRecords(content) };
    else if (flag === 'L') long.path = text(content, 0, content.length);
    else if (flag === 'K') long.linkpath = text(content, 0, content.length);
    if (!(flag in types)) continue;
    yield {
      name: long.path ?? nameOf(header),
      type: types[flag] ?? 'file',
      mode: octal(header, 100, 8),
      linkName: long.linkpath ?? text(header, 157, 100),
      content,
    };
    long = {};
  }
}

function nameOf(header: Buffer): string {
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
  return `${prefix === '' ? '' : `${prefix}/`}${text(header, 0, 100)}`;
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

function octal(bytes: Buffer, start: number, length: number): number {
  return Number.parseInt(text(bytes, start, length).trim() || '0', 8);
}

/** `27 path=some/long/name\n`, the number being the record's own length in bytes. */
function paxRecords(content: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString('latin1', at, at + 20), 10);
    const [, key = '', value = ''] = /^\d+ ([^=]+)=(.*)\n$/s.exec(content.toString('utf8', at, at + length)) ?? [];
    records[key] = value;
    at += length;
  }
  return records;
}
