import { deploymentOutcome } from '../../src/notify/deployment-outcome.ts';
import type { Outcome } from '../../src/outcome.ts';
import { htmlPage } from '../../src/report/page.ts';
import type { Deployment } from '../../src/report/story.ts';
import { built, ci, deployed, migrated, migrationFailed, pipelines, rolledBack } from './outcomes.ts';

const long = `${'very-long-name-'.repeat(9)}end`;
/** Text that would break out of a page that does not escape it. */
export const hostile = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">'--><svg onload=alert(1)>`;

const deploymentOf = (records: readonly Outcome[]): Deployment => {
  const deployment = deploymentOutcome(records, undefined);
  if (deployment === undefined) throw new Error('no records');
  return deployment;
};

const at = (ms: number): string => new Date(Date.parse(deployed.startedAt) + ms).toISOString();
const names = [
  'web',
  'api',
  'worker',
  'mailer',
  'search',
  'admin',
  'billing',
  'images',
  'auth',
  'cron',
  'events',
  'edge',
];

/** Records by what they show, for pages that are looked at and checked. */
export const shown: Record<string, Outcome[]> = {
  ...pipelines,
  twelveServices: [
    built,
    migrated,
    ...names.map((name, index): Outcome => {
      const timingsMs = {
        tasksRunning: 60_000 + index * 9_000,
        deployed: 190_000 + index * 8_000,
        judged: 200_000 + index * 9_000,
      };
      const one = { ...deployed, service: `shop-${name}`, timingsMs, finishedAt: at(timingsMs.judged) };
      if (name !== 'billing') return one;
      return { ...rolledBack, service: 'shop-billing', finishedAt: at(250_000), timingsMs: { judged: 250_000 } };
    }),
  ],
  hostile: [
    { ...built, repository: `registry/${hostile}`, tags: [hostile] },
    {
      ...migrationFailed,
      cluster: long,
      family: long,
      container: hostile,
      explanation: { code: 'X', cause: hostile, said: hostile, fix: hostile },
      logFinding: { container: hostile, line: `${hostile} ${'x'.repeat(400)}`, framework: hostile },
      logTail: [{ container: hostile, lines: Array.from({ length: 1_000 }, (_, index) => `${index} ${hostile}`) }],
      notes: [hostile],
      resume: `migrate-deploy wait-for-task --task ${long}`,
    },
    { ...rolledBack, service: `${long}${hostile}`, notes: [hostile], servesNow: long },
  ],
};

/** The page for these records. */
export const pageOf = (records: readonly Outcome[], facts: Record<string, string> = ci): string =>
  htmlPage(deploymentOf(records), facts, '1.0.0');
