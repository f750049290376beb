import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { migrationFindings, migrationSchedule } from './migrations.ts';

/** Random schedules against the ground truth: `npm run chaos -- --runs 10000 --seed 1`. */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const numRuns = Number(values.runs);
console.log(`${numRuns} schedules of migrations, seed ${seed}`);
await fc.assert(
  fc.asyncProperty(migrationSchedule, async (schedule) => {
    const findings = await migrationFindings(schedule);
    if (findings.length > 0) throw new Error(findings.join('\n'));
  }),
  { seed, numRuns, ...(values.path === undefined ? {} : { path: values.path }), endOnFailure: false },
);
console.log('No finding.');
