/** The entry of the orb's program: the same program, without what no job calls. */
import { begin } from '../../src/begin.ts';

declare const MIGRATE_DEPLOY_VERSION: string;
/** Commands that are not in the orb. */
declare const MIGRATE_DEPLOY_LEFT_OUT: readonly string[];

const words = process.argv.slice(2);
const [first = ''] = words;

if (first === '--version' && words.length === 1) {
  process.stdout.write(`${MIGRATE_DEPLOY_VERSION}\n`);
} else if (MIGRATE_DEPLOY_LEFT_OUT.includes(first)) {
  process.stderr.write(
    `Error: The program of the orb has no command ${first}.\n  Why: No job calls it.\n  Fix: Run \`npx migrate-deploy@${MIGRATE_DEPLOY_VERSION} ${first}\`.\n`,
  );
  process.exitCode = 2;
} else begin();
