declare const MIGRATE_DEPLOY_VERSION: string;

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--version' && typeof MIGRATE_DEPLOY_VERSION === 'string') {
  // Answered before anything is loaded.
  process.stdout.write(`${MIGRATE_DEPLOY_VERSION}\n`);
} else {
  // Holds until the end is known: a program that ends without one is not green.
  process.exitCode = 70;
  void import('./main.ts');
}
