import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minifySync } from 'rolldown/utils';

/** How many `bundle/N.b85` files the orb's install command includes. */
export const partCount = 8;
/** The longest value that CircleCI documents for one variable. */
export const partLimitBytes = 32_000;
/** What the orb's program may weigh as it travels; a feature that needs more has to be worth it. */
export const payloadLimitBytes = 175 * 1_024;

/** All that ASCII prints, but what means something in YAML's plain text, in double quotes of a shell or to CircleCI. */
const digits = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
  (character) => !/[!"#$':<\\`]/.test(character),
);

/** Where a packer goes, as orb/scripts/ppmd.cjs tells it. */
interface Range {
  threshold(total: number): undefined;
  take(low: number, size: number): void;
  bit(chance: number, bit: number): number;
}
const scripts = fileURLToPath(new URL('../../orb/scripts/', import.meta.url));
const { ppmd } = createRequire(import.meta.url)(join(scripts, 'ppmd.cjs')) as {
  ppmd: (bytes: Buffer, range: Range) => Buffer;
};

/** Bytes as orb/scripts/install.cjs unpacks them: their length in four bytes, and what 7-Zip's PPMd of order 16 would write. */
export function pack(bytes: Buffer): Buffer {
  const packed: number[] = [];
  let low = 0;
  let range = 2 ** 32 - 1;
  let waiting = 1;
  let first = 0;
  let total = 1;
  // A byte waits, and those of 255 behind it, for as long as a carry may still reach it.
  const shift = (): void => {
    if (low < 0xff_00_00_00 || low >= 2 ** 32) {
      const carry = Math.floor(low / 2 ** 32);
      for (; waiting > 0; waiting--) {
        packed.push((first + carry) % 256);
        first = 255;
      }
      first = Math.floor(low / 2 ** 24) % 256;
    }
    waiting++;
    low = (low % 2 ** 24) * 256;
  };
  const go = (from: number, size: number): void => {
    low += from;
    range = size;
    for (; range < 2 ** 24; range *= 256) shift();
  };
  ppmd(Buffer.from(bytes), {
    threshold: (sum) => {
      total = sum;
      return undefined;
    },
    take: (from, size) => {
      const part = Math.floor(range / total);
      go(from * part, size * part);
    },
    bit: (chance, bit) => {
      const bound = (range >>> 14) * chance;
      go(bit * bound, bit === 0 ? bound : range - bound);
      return bit;
    },
  });
  for (let index = 0; index < 5; index++) shift();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, Buffer.from(packed)]);
}

/** What a step gives Node to unpack: ppmd.cjs and install.cjs, without what only readers need. */
export function installer(): string {
  const source = ['ppmd.cjs', 'install.cjs'].map((name) => readFileSync(join(scripts, name), 'utf8')).join('');
  // Also an older Node reads it, so that it can say that it is too old.
  const { code, errors } = minifySync('install.cjs', source, {
    compress: { target: 'es2018' },
    mangle: { toplevel: true },
  });
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return code;
}

/** Bytes in base 85, four of them in five digits (base64 needs five and a third); orb/scripts/install.cjs reads them again. */
function base85(bytes: Buffer): string {
  const groups = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, index) => {
    const group = Buffer.alloc(4);
    const length = bytes.copy(group, 0, index * 4);
    let rest = group.readUInt32BE();
    let text = '';
    for (let digit = 0; digit < 5; digit++) {
      text = `${digits[rest % 85]}${text}`;
      rest = Math.floor(rest / 85);
    }
    return text.slice(0, length + 1);
  });
  return groups.join('');
}

/**
 * The files that `<<include(bundle/…)>>` stands for: the program in parts, what unpacks it, its version with its
 * sha256, and a step's command that prints the licences of what is in it.
 */
export function orbBundle(program: Buffer, version: string, licenses: string): Map<string, string> {
  const packed = base85(pack(program));
  const size = Math.ceil(packed.length / partCount);
  if (size > partLimitBytes) {
    throw new Error(
      `The program needs ${Math.ceil(packed.length / partLimitBytes)} parts of ${partLimitBytes} bytes; orb/commands/install.yml includes ${partCount}.`,
    );
  }
  const sha256 = createHash('sha256').update(program).digest('hex');
  const parts = Array.from({ length: partCount }, (_, index): [string, string] => [
    `bundle/${index}.b85`,
    packed.slice(index * size, (index + 1) * size),
  ]);
  const print = `printf '%s' '${licenses.replaceAll("'", "'\\''")}'\n`;
  return new Map([
    ...parts,
    ['bundle/install.js', installer()],
    ['bundle/id.txt', `${version}-${sha256}`],
    ['bundle/licenses.sh', print],
  ]);
}
