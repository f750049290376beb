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
const names = allFailures({ port: 0, tools }).map(({ name }) => name);

// The logs in ./logs were captured by these; here the installed versions must still say what is known of them.
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
