import { createHash } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';

/** How many `bundle/N.b64` files the orb's install command includes. */
export const partCount = 8;
/** The longest value that CircleCI documents for one variable. */
export const partLimitBytes = 32_000;
/** What the orb's program may weigh as it travels; a feature that needs more has to be worth it. */
export const payloadLimitBytes = 215 * 1_024;

/** The files that `<<include(bundle/…)>>` stands for: the program in parts, and its version with its sha256. */
export function orbBundle(program: Buffer, version: string): Map<string, string> {
  const packed = brotliCompressSync(program, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: program.length,
    },
  }).toString('base64');
  const size = Math.ceil(packed.length / partCount);
  if (size > partLimitBytes) {
    throw new Error(
      `The program needs ${Math.ceil(packed.length / partLimitBytes)} parts of ${partLimitBytes} bytes; orb/commands/install.yml includes ${partCount}.`,
    );
  }
  const sha256 = createHash('sha256').update(program).digest('hex');
  const parts = Array.from({ length: partCount }, (_, index): [string, string] => [
    `bundle/${index}.b64`,
    packed.slice(index * size, (index + 1) * size),
  ]);
  return new Map([...parts, ['bundle/id.txt', `${version}-${sha256}`]]);
}
