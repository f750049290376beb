import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../local/aws/http.ts';
import { bundlePath } from '../run-bundle.ts';
import { migrationArgs, migrationModel } from './migrations.ts';
import type { Row } from './table.ts';

const preload = new URL('../../local/aws/time/virtual-time.mjs', import.meta.url).href;
/** Leaves the most memory that the process ever held, in KiB (getrusage would begin with its parent's). */
const measuring = `
const { readFileSync, writeFileSync } = require('node:fs');
process.on('exit', () => writeFileSync(process.env.BENCH_PEAK, /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));
`;
/** As many as one answer of CloudWatch Logs holds. */
const pageLines = 10_000;

/** How fast a long log goes through the program into a pipe, and what memory that takes. */
export async function* logs(): AsyncGenerator<Row> {
  for (const lines of [100_000, 1_000_000]) {
    const { seconds, peakMiB } = await logOf(lines);
    yield {
      what: `${lines.toLocaleString('en')} lines`,
      ours: `${Math.round(lines / seconds).toLocaleString('en')} lines/s, at most ${Math.round(peakMiB)} MiB`,
    };
  }
}

async function logOf(lines: number): Promise<{ seconds: number; peakMiB: number }> {
  const model = migrationModel();
  model.behaviours.script({}, { runMs: 30_000, exitCode: 0 });
  const pages = lines / pageLines;
  model.operations.logs.GetLogEvents = ({ nextToken }) => {
    const page = Number(/\d+/.exec(String(nextToken ?? 0))?.[0]);
    const events = Array.from({ length: page < pages ? pageLines : 0 }, (_, index) => ({
      timestamp: model.clock.now(),
      message: `2026-01-01 00:00:00 INFO migrating row ${page * pageLines + index}`,
    }));
    return { events, nextForwardToken: `f/${Math.min(page + 1, pages)}` };
  };
  const served = await serve(model);
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-bench-'));
  try {
    await writeFile(join(folder, 'measure.cjs'), measuring);
    const child = spawn(
      process.execPath,
      ['--require', join(folder, 'measure.cjs'), '--import', preload, bundlePath, ...migrationArgs],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env.PATH ?? '',
          HOME: folder,
          LOCAL_AWS_CONTROL: served.url,
          BENCH_PEAK: join(folder, 'peak'),
          ...served.env,
        },
      },
    );
    let seen = 0;
    let firstMs: number | undefined;
    let lastMs = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) seen += 1;
      lastMs = performance.now();
      if (seen > 20) firstMs ??= lastMs;
    });
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0 || seen < lines) throw new Error(`${seen} of ${lines} lines came, exit code ${code}`);
    const peakKiB = Number(await readFile(join(folder, 'peak'), 'utf8'));
    return { seconds: (lastMs - (firstMs ?? 0)) / 1_000, peakMiB: peakKiB / 1_024 };
  } finally {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  }
}
