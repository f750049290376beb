import { nobody, type Place, type Planted } from './planted.ts';

/** golang-migrate's command line. */
export function golangMigrateFailures(): Planted[] {
  const files = {
    'db/1_users.up.sql': 'CREATE TABLE users (id int);',
    'db/2_city.up.sql': 'ALTER TABLE accounts ADD COLUMN city text;',
  };
  const command = 'migrate -path db -database "$DATABASE_URL?sslmode=disable" up';
  const version = (number: number, dirty: boolean) =>
    `CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (${number}, ${dirty});`;
  return [
    { name: 'golang-migrate-dirty', files, sql: version(1, true), command },
    { name: 'golang-migrate-table-missing', files, command },
    { name: 'golang-migrate-refused', files, env: { DATABASE_URL: nobody }, command },
    { name: 'golang-migrate-version', files, sql: version(9, false), command },
    { name: 'golang-migrate-tls', files, command: 'migrate -path db -database "$DATABASE_URL?sslmode=verify-full" up' },
  ];
}

const program = `import org.flywaydb.core.Flyway;
public class Migrate {
  public static void main(String[] args) {
    String url = "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/app_production?user=app";
    Flyway.configure().dataSource(url, null, null).locations("filesystem:sql").lockRetryCount(2).load().migrate();
  }
}
`;

/** Flyway as a library, which is how Spring Boot runs it; its command line is no jar of the registry. */
export function flywayFailures({ tools }: Place): Planted[] {
  const files = {
    'Migrate.java': program,
    'sql/V1__users.sql': 'CREATE TABLE users (id int);\n',
    'sql/V2__city.sql': 'SELECT 1;\n',
  };
  const run = `java -XX:TieredStopAtLevel=1 -cp "${tools}/java/lib/*" Migrate.java`;
  return [
    { name: 'flyway-refused', files, env: { PGPORT: '1' }, command: run },
    { name: 'flyway-checksum', files, command: `${run} >/dev/null 2>&1; echo '-- more' >> sql/V1__users.sql; ${run}` },
    { name: 'flyway-missing', files, command: `${run} >/dev/null 2>&1; rm sql/V1__users.sql; ${run}` },
    {
      name: 'flyway-table-missing',
      files: { ...files, 'sql/V2__city.sql': 'ALTER TABLE accounts ADD COLUMN city text;\n' },
      command: run,
    },
    {
      name: 'flyway-failed',
      files,
      command: `${run} >/dev/null 2>&1; psql -qX -c "UPDATE flyway_schema_history SET success = false WHERE version = '2'"; ${run}`,
    },
    { name: 'flyway-not-empty', files, sql: 'CREATE TABLE old (id int);', command: run },
    { name: 'flyway-lock', files, hold: 'SELECT pg_advisory_lock(77433833903597);', command: run },
  ];
}

/** Liquibase's command line with one changelog in SQL. */
export function liquibaseFailures({ tools }: Place): Planted[] {
  const files = { 'changelog.sql': '--liquibase formatted sql\n--changeset app:1\nCREATE TABLE users (id int);\n' };
  const run = `java -XX:TieredStopAtLevel=1 -cp "${tools}/java/lib/*" liquibase.integration.commandline.LiquibaseCommandLine --changelog-file=changelog.sql --url="jdbc:postgresql://127.0.0.1:$PGPORT/app_production" --username=app --password=x update`;
  return [
    { name: 'liquibase-table-exists', files, sql: 'CREATE TABLE users (id int);', command: run },
    { name: 'liquibase-refused', files, env: { PGPORT: '1' }, command: run },
    {
      name: 'liquibase-checksum',
      files,
      command: `${run} >/dev/null 2>&1; sed -i s/int/bigint/ changelog.sql; ${run}`,
    },
    {
      name: 'liquibase-lock',
      files,
      sql: "CREATE TABLE databasechangeloglock (id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby text); INSERT INTO databasechangeloglock VALUES (1, true, '2024-01-01 10:00:00', 'ip-10-0-0-7 (10.0.0.7)');",
      env: { LIQUIBASE_CHANGELOGLOCK_WAIT_TIME_IN_MINUTES: '0', LIQUIBASE_CHANGELOG_LOCK_WAIT_TIME_IN_MINUTES: '0' },
      command: run,
    },
  ];
}
