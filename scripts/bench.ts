import { writeFile } from 'node:fs/promises';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { logs } from './bench/logs.ts';
import { migrations } from './bench/migrations.ts';
import { payload } from './bench/payload.ts';
import { services } from './bench/services.ts';
import { starts } from './bench/start.ts';
import { type Measured, markdown, measured, type Section } from './bench/table.ts';
import { buildBundle } from './build.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const HELP = `Measures the built program, prints the figures and writes docs/benchmarks.md.

  npm run bench [-- --only WORD] [--json FILE]

  --only WORD   prints only the sections whose title holds it, and writes no page
  --json FILE   also writes the figures as JSON
`;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { only: text, json: text, help: { type: 'boolean' } } });
  if (values.help === true) return void process.stdout.write(HELP);
  const built = await buildBundle();
  const sections: Section[] = [
    { title: 'Start', about: 'How many times as long as `node -e 0`.', measure: () => starts(built.file) },
    { title: 'Payload of the orb', about: 'What every job of the orb carries.', measure: () => payload(built) },
    {
      title: 'The end of a migration',
      about: 'Seconds between the exit of the container and the end of the program; the stop code comes 10 s late.',
      measure: migrations,
    },
    { title: 'Many services', about: 'A new deployment of each, followed to its end.', measure: services },
    {
      title: 'Logs',
      about: 'A log of so many lines, read from a pipe; the local AWS that serves it runs on the same processors.',
      measure: logs,
    },
  ];
  const results: Measured[] = [];
  for (const section of sections.filter(({ title }) => title.includes(values.only ?? ''))) {
    const result = await measured(section);
    results.push(result);
    print(result);
  }
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, sections: results }, null, 2)}\n`);
  if (values.only === undefined) await writeFile(join(root, 'docs/benchmarks.md'), markdown(machine, results));
}

function print({ title, rows, failed }: Measured): void {
  console.log(`\n${title}`);
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, ours, awsCli } of rows) {
    console.log(`  ${what.padEnd(width)}  ${ours}${awsCli === undefined ? '' : `   (AWS CLI: ${awsCli})`}`);
  }
  if (failed !== undefined) console.log(`  The rest could not be measured: ${failed}`);
}

const [cpu] = cpus();
const machine = `${type()} with ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;

await main();
