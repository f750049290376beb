import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { migrationFindings, migrationSchedule } from './migrations.ts';
import { rolloutSchedule } from './rollout-schedule.ts';
import { rolloutFindings } from './rollouts.ts';

/** Random schedules against the ground truth; the options are those of scripts/chaos.ts. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const numRuns = Number(values.runs);

async function live<T>(
  name: string,
  schedule: fc.Arbitrary<T>,
  findingsOf: (schedule: T) => Promise<string[]>,
): Promise<void> {
  if (values.only !== undefined && values.only !== name) return;
  const startMs = process.cpuUsage().user / 1_000;
  await fc.assert(
    fc.asyncProperty(schedule, async (one) => {
      const findings = await findingsOf(one);
      if (findings.length > 0) throw new Error(findings.join('\n'));
    }),
    { seed, numRuns, ...(values.path === undefined ? {} : { path: values.path }) },
  );
  const spentMs = (process.cpuUsage().user / 1_000 - startMs) / numRuns;
  console.log(`${numRuns} schedules of ${name}, seed ${seed}: no finding, ${spentMs.toFixed(0)} ms each`);
}

await live('migrations', migrationSchedule, migrationFindings);
await live('rollouts', rolloutSchedule, rolloutFindings);
