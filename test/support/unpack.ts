import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installer } from '../../scripts/orb/bundle.ts';

/**
 * The program that the orb's install script makes of these parts, in this folder, with this Node, after these commands of a
 * shell; throws what it prints when it refuses them.
 */
export function unpack(
  id: string,
  parts: readonly string[],
  folder = tmpdir(),
  { node = process.execPath, before = '' } = {},
): Buffer {
  const variables = Object.fromEntries(parts.map((part, index) => [`ORB_PART_${index}`, part]));
  const script = fileURLToPath(new URL('../../orb/scripts/install.sh', import.meta.url));
  execFileSync('sh', ['-c', `${before}\nexec sh "$0"`, script], {
    env: {
      PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
      TMPDIR: folder,
      ORB_PROGRAM: id,
      ORB_INSTALL: installer(),
      ...variables,
    },
    stdio: 'pipe',
  });
  return readFileSync(join(folder, `migrate-deploy-${userInfo().uid}`, `${id}.cjs`));
}
