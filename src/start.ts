import { begin } from './begin.ts';

declare const MIGRATE_DEPLOY_VERSION: string;

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--version' && typeof MIGRATE_DEPLOY_VERSION === 'string') {
  // Answered before anything is loaded.
  process.stdout.write(`${MIGRATE_DEPLOY_VERSION}\n`);
} else begin();
