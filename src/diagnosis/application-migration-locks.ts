import type { LogPattern } from './application.ts';

const running = 'Another migration holds the lock, or one that died left it behind.';
const wait = 'Wait for the other migration, or end its database session; then run this one again.';

/** What migration tools say of a lock that is held, and of an earlier migration that failed half-way; texts from the tools, see test/diagnosis/logs. */
export const migrationLockPatterns: readonly LogPattern[] = [
  {
    pattern: /Cannot run migrations because another migration process is currently running/,
    framework: 'Rails',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: `${wait} Behind a pooler in transaction mode, advisory locks stay taken: migrate over a direct connection.`,
  },
  {
    pattern: /Timed out trying to acquire a \w{1,20} advisory lock/,
    framework: 'Prisma',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: `${wait} Behind a pooler in transaction mode, set directUrl.`,
  },
  {
    pattern: /Can't reach database server at/,
    framework: 'Prisma',
    code: 'DATABASE_UNREACHABLE',
    cause: 'The database server did not answer at the address that the line names.',
    fix: 'Check host and port of the datasource, and that the security group of the database allows the task on that port.',
  },
  {
    pattern: /The database server .{0,200}was reached but timed out/,
    framework: 'Prisma',
    sign: true,
    code: 'DATABASE_TIMEOUT',
    cause: 'The database server was reached but did not answer in time.',
    fix: 'Check the load and the locks of the database; then run the migration again.',
  },
  {
    pattern: /migrate found failed migrations in the target database/,
    framework: 'Prisma',
    code: 'MIGRATION_FAILED_BEFORE',
    cause: 'An earlier migration failed half-way; nothing is applied until that is resolved.',
    fix: 'Repair the schema, then mark that migration: prisma migrate resolve --applied NAME, or --rolled-back NAME.',
  },
  {
    pattern: /Detected failed migration to version|contains a failed migration/,
    framework: 'Flyway',
    code: 'MIGRATION_FAILED_BEFORE',
    cause: 'An earlier migration failed half-way and is marked as failed.',
    fix: 'Undo by hand what it left in the schema, run flyway repair, then migrate again.',
  },
  {
    pattern: /attempting to acquire .{0,40}(?:advisory )?lock|Unable to (?:obtain|acquire) .{0,60}lock.{0,80}[Ff]lyway/,
    framework: 'Flyway',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: `${wait} More patience: lockRetryCount.`,
  },
  {
    pattern: /Could not acquire change log lock/,
    framework: 'Liquibase',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: 'Wait for the other migration; if none runs, liquibase release-locks frees the row of DATABASECHANGELOGLOCK.',
  },
  {
    pattern: /MigrationLocked|Migration table is already locked/,
    framework: 'Knex',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: 'Wait for the other migration; if none runs, knex migrate:unlock frees the lock.',
  },
  {
    pattern: /Dirty database version \d+/,
    framework: 'golang-migrate',
    code: 'MIGRATION_FAILED_BEFORE',
    cause: 'An earlier migration failed half-way and is marked as dirty.',
    fix: 'Repair the schema by hand, then migrate force VERSION with the version that it is at.',
  },
  {
    pattern: /can't acquire (?:database )?lock|timeout: can't acquire/,
    framework: 'golang-migrate',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: wait,
  },
  {
    pattern: /Another migration is already running/,
    framework: 'node-pg-migrate',
    code: 'MIGRATION_LOCKED',
    cause: running,
    fix: wait,
  },
];
