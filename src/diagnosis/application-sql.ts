import type { LogPattern } from './application.ts';

const twice =
  'An earlier attempt may have done half of the work, or two migrations do the same: compare schema and history, then undo by hand or make it IF NOT EXISTS.';
const order =
  'Check that the migration which creates it ran before, on this database and schema (search_path), and the spelling.';

/** What PostgreSQL and MySQL say of a statement; see test/diagnosis/logs and the error references of both. */
export const sqlPatterns: readonly LogPattern[] = [
  {
    pattern: /deadlock detected|Deadlock found when trying to get lock/,
    code: 'DEADLOCK',
    cause: 'Two sessions waited for each other, and the database ended this one.',
    fix: 'Run it again in a quiet moment; let all code lock tables in the same order, and keep migrations small.',
  },
  {
    pattern: /canceling statement due to lock timeout|could not obtain lock on|Lock wait timeout exceeded/,
    code: 'LOCK_TIMEOUT',
    cause: 'Another session holds a lock on the table for longer than this one waits.',
    fix: 'Find it (pg_stat_activity, pg_blocking_pids; in MySQL: SHOW PROCESSLIST), wait or end it; then run it again.',
  },
  {
    pattern: /canceling statement due to (?:statement timeout|user request)|maximum statement execution time exceeded/,
    code: 'STATEMENT_TIMEOUT',
    cause: 'A statement ran longer than the database allows it to.',
    fix: 'Raise statement_timeout for migrations alone, or do the work in smaller steps.',
  },
  {
    pattern: /cannot run inside a transaction block/,
    code: 'NEEDS_NO_TRANSACTION',
    cause: 'The statement (often CREATE INDEX CONCURRENTLY) cannot run in a transaction, and the tool opens one.',
    fix: 'Turn the transaction off for this migration (Rails: disable_ddl_transaction!, Django: atomic = False, others alike).',
  },
  {
    pattern:
      /cannot execute .{1,100} in a read-only transaction|--read-only option|--super-read-only|READ ONLY transaction/,
    code: 'READ_ONLY',
    cause: 'The database is read-only: a replica, the reader endpoint, or a server that is set so.',
    fix: 'Connect to the writer endpoint of the cluster; after a failover the old address may point to a reader.',
  },
  {
    pattern:
      /permission denied for|must be (?:owner|superuser|member) of?|must have \w{1,30} privilege|\b\w{1,40} command denied to user|permission denied to (?:create|set|alter)/,
    code: 'PERMISSION_DENIED',
    cause: 'The database user lacks a right that the migration needs.',
    fix: 'Migrate as the owner of the tables, or grant the right (since PostgreSQL 15 also CREATE on schema public).',
  },
  {
    pattern: /column "[^"]{1,200}" of relation "[^"]{1,200}" already exists|Duplicate column name '/,
    code: 'COLUMN_EXISTS',
    cause: 'The column that the migration adds exists already.',
    fix: twice,
  },
  {
    pattern:
      /(?:relation|type|schema|index|constraint|trigger|function|extension|database) "[^"]{1,200}"(?: for relation "[^"]{1,200}")? already exists|Table '[^']{1,200}' already exists|Duplicate key name '|DuplicateTable/,
    code: 'RELATION_EXISTS',
    cause: 'The table, index or other object that the migration creates exists already.',
    fix: twice,
  },
  {
    pattern:
      /column "?[^"]{1,200}"? (?:of relation "[^"]{1,200}" )?does not exist|Unknown column '|UndefinedColumn|Can't DROP (?:COLUMN )?'/,
    code: 'COLUMN_MISSING',
    cause: 'A statement names a column that is not there.',
    fix: order,
  },
  {
    pattern:
      /(?:relation|table|schema|type|index|constraint|sequence|view|extension) "[^"]{1,200}"(?: of relation "[^"]{1,200}")? does not exist|Table '[^']{1,200}' doesn't exist|Unknown table '|no such table|UndefinedTable/,
    code: 'RELATION_MISSING',
    cause: 'A statement names a table or another object that is not there.',
    fix: order,
  },
  {
    pattern: /function \S{1,200}\(.{0,200}\) does not exist|extension "[^"]{1,200}" is not available/,
    code: 'FUNCTION_MISSING',
    cause: 'A statement uses a function or an extension that the database does not have.',
    fix: 'Create the extension first (on RDS: one of the supported ones), or correct the call.',
  },
  {
    pattern:
      /contains null values|null value in column .{1,300} violates not-null constraint|Column '[^']{1,200}' cannot be null|Invalid use of NULL value/,
    code: 'NULL_VALUES',
    cause: 'A column becomes or is NOT NULL, and there are rows without a value for it.',
    fix: 'Fill the column first (a default, or an UPDATE in an earlier migration), then add NOT NULL.',
  },
  {
    pattern: /could not create unique index|duplicate key value violates unique constraint|Duplicate entry '/,
    code: 'NOT_UNIQUE',
    cause: 'Rows have the same value where it must be unique.',
    fix: 'Find the doubles (the DETAIL line names one), merge or delete them in an earlier migration; then run it again.',
  },
  {
    pattern:
      /violates foreign key constraint|[Cc]annot (?:add or update a child|delete or update a parent) row|Cannot add foreign key constraint|errno: 150/,
    code: 'FOREIGN_KEY',
    cause: 'A row or a column refers to a row that is not there, or is still referred to.',
    fix: 'Correct or delete such rows in an earlier migration; then run it again.',
  },
  {
    pattern: /violates check constraint|is violated by some row/,
    code: 'CHECK_VIOLATED',
    cause: 'Rows do not keep a check that the schema asks for.',
    fix: 'Correct such rows in an earlier migration, or add the constraint NOT VALID first.',
  },
  {
    pattern: /cannot (?:drop|alter) .{1,300} because other objects depend on it|cannot alter type of a column used by/,
    code: 'DEPENDENT_OBJECTS',
    cause: 'Views or other objects depend on what the migration drops or alters.',
    fix: 'Drop and create them again in the same migration; CASCADE deletes them without a word.',
  },
  {
    pattern:
      /cannot be cast automatically to type|value too long for type|out of range for type|numeric field overflow|invalid input (?:syntax for type|value for enum)|Data too long for column|Data truncated for column|Out of range value for column|Incorrect \w{1,20} value: /,
    code: 'VALUE_DOES_NOT_FIT',
    cause: 'A value does not fit the type of its column (in MySQL also NULL where it becomes NOT NULL).',
    fix: 'Convert the values first, or say how (ALTER … TYPE … USING …).',
  },
  {
    pattern: /syntax error at or near|You have an error in your SQL syntax|syntax error at end of input/,
    code: 'SQL_SYNTAX',
    cause: 'The database does not understand a statement.',
    fix: 'Correct the SQL; check that it is meant for this kind and version of database.',
  },
  {
    pattern:
      /could not (?:extend|write to|write) (?:file|block)\b|The table '[^']{1,200}' is full|could not write .{0,100}: No space left/,
    code: 'DATABASE_FULL',
    cause: 'The disk of the database is full.',
    fix: 'Raise the storage of the database (RDS: storage autoscaling) and look for unused replication slots and logs.',
  },
];
