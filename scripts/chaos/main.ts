import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { migrationSchedule } from './migration-schedule.ts';
import { migrationFindings } from './migrations.ts';
import { rolloutSchedule } from './rollout-schedule.ts';
import { rolloutFindings } from './rollouts.ts';

/** Random schedules against the ground truth: those of one seed, for scripts/chaos.ts. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    only: { type: 'string' },
    /** The first finding as it is, without the search for a smaller schedule that shows it. */
    quick: { type: 'boolean', default: false },
  },
});
const { path, only, quick: endOnFailure } = values;
const seed = Number(values.seed);
const numRuns = Number(values.runs);

async function live<T>(
  name: string,
  schedule: fc.Arbitrary<T>,
  findingsOf: (schedule: T) => Promise<string[]>,
): Promise<void> {
  if (only !== undefined && only !== name) return;
  // The SDK reads its files with the first request, which takes real time: only what comes later is the same each time.
  for (const one of fc.sample(schedule, { seed: 1, numRuns: 3 })) await findingsOf(one);
  const startUs = process.cpuUsage().user;
  const property = fc.asyncProperty(schedule, async (one) => {
    const findings = await findingsOf(one);
    if (findings.length > 0) throw new Error(findings.join('\n'));
  });
  const options = { seed, numRuns, endOnFailure, ...(path === undefined ? {} : { path }) };
  const details = await fc.check(property, options);
  const ms = Math.round((process.cpuUsage().user - startUs) / 1_000 / details.numRuns);
  const head = `${details.numRuns} schedules of ${name}, seed ${seed}`;
  if (!details.failed) {
    console.log(`${head}: no finding (${ms} ms each)`);
    return;
  }
  process.exitCode = 1;
  const { counterexamplePath = '', counterexample, errorInstance } = details;
  console.log(`${head}: ${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`);
  console.log(`again with: --only ${name} --seed ${seed} --path ${counterexamplePath}`);
  console.log(JSON.stringify(counterexample?.[0]));
}

await live('migrations', migrationSchedule, migrationFindings);
await live('rollouts', rolloutSchedule, rolloutFindings);
