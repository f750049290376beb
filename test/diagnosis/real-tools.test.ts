import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnoseLog } from '../../src/diagnosis/application.ts';
import { hasTool } from '../support/needs-tool.ts';
import { picks } from './picks.ts';
import { allFailures } from './real-tools/all.ts';
import { type Postgres, postgresPrograms, startPostgres } from './real-tools/postgres.ts';
import { runPlanted } from './real-tools/run.ts';

const tools = process.env.MIGRATE_DEPLOY_TEST_MIGRATION_TOOLS ?? '/nonexistent';
const hasTools = hasTool({
  name: 'a set of migration tools with a PostgreSQL server',
  probe: [
    'sh',
    '-c',
    `test -d "${tools}/java/lib" && ls /usr/lib/postgresql/*/bin/initdb && rake --version && openssl version`,
  ],
  install: 'test/diagnosis/real-tools/install.sh FOLDER, then MIGRATE_DEPLOY_TEST_MIGRATION_TOOLS=FOLDER',
});
const keepLogs = process.env.MIGRATE_DEPLOY_TEST_KEEP_LOGS === '1';
const names = allFailures({ port: 0, tools }).map(({ name }) => name);

// The logs in ./logs are what these printed (MIGRATE_DEPLOY_TEST_KEEP_LOGS=1 writes them anew); MariaDB's were captured by hand. Prisma, Laravel and
// Ecto cannot be installed from the registries alone: their texts are those in reports by their users (prisma issues 8038, 12856 and 12999,
// umami 1842 and 2999, langfuse 3676, moonguard 95, blockscout 6528). Here the installed versions must still say what is known of them.
describe.runIf(hasTools)('migration tools that really fail against a real PostgreSQL', () => {
  let postgres: Postgres;

  beforeAll(async () => {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('no PostgreSQL server on this machine');
    postgres = await startPostgres(programs);
  }, 60_000);
  afterAll(() => postgres?.close());

  test.each(names)(
    '%s',
    async (name) => {
      const place = { port: postgres.port, tools };
      const planted = allFailures(place).find((failure) => failure.name === name);
      const pick = picks.find(([log]) => log === name);
      if (planted === undefined || pick === undefined) throw new Error(`${name} has no pick`);
      const lines = await runPlanted(planted, postgres, place);
      if (keepLogs) writeFileSync(new URL(`logs/${name}.txt`, import.meta.url), `${lines.join('\n')}\n`);
      const [, line, code, framework] = pick;
      expect(diagnoseLog(lines)).toMatchObject({
        line: expect.stringContaining(line),
        code,
        ...(framework && { framework }),
      });
    },
    90_000,
  );
});
