import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Place, Planted } from './planted.ts';
import type { Postgres } from './postgres.ts';

const database = 'app_production';

/** Makes one tool fail in a folder and a database of its own, and gives what it printed, as it would stand in a log anywhere. */
export async function runPlanted(planted: Planted, postgres: Postgres, { port, tools }: Place): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'diagnosis-tool-'));
  let release: (() => void) | undefined;
  try {
    postgres.sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE);`);
    postgres.sql('postgres', `CREATE DATABASE ${database} OWNER app;`);
    if (planted.sql !== undefined) postgres.sql(database, `SET ROLE app;\n${planted.sql}`);
    if (planted.hold !== undefined) release = await postgres.hold(database, planted.hold);
    for (const [name, text] of Object.entries(planted.files ?? {})) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    symlinkSync(join(tools, 'node/node_modules'), join(folder, 'node_modules'));

    const bins = ['node/node_modules/.bin', 'python/bin', 'go'].map((bin) => join(tools, bin));
    const { status, stdout } = spawnSync('sh', ['-c', `exec 2>&1\n${planted.command}`], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 150_000,
      env: {
        PATH: [...bins, process.env.PATH].join(':'),
        HOME: folder,
        LANG: 'C.UTF-8',
        DATABASE_URL: `postgres://app@127.0.0.1:${port}/${database}`,
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: 'app',
        PGDATABASE: database,
        ...planted.env,
      },
    });
    if (status === 0) throw new Error(`${planted.name} did not fail:\n${stdout}`);
    return anywhere(stdout, folder, tools, port).split('\n');
  } finally {
    release?.();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text without what only this machine and this run have. */
function anywhere(text: string, folder: string, tools: string, port: number): string {
  return text
    .trimEnd()
    .replaceAll(`/private${folder}`, '/app')
    .replaceAll(folder, '/app')
    .replaceAll(tools, '/opt/tools')
    .replaceAll(new RegExp(`\\b${port}\\b`, 'g'), '5432')
    .replaceAll(/\/[^\s:'"(]*\/\.pyenv\/versions\/[^/]+\//g, '/usr/local/');
}
