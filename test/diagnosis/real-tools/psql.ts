import { nobody, type Place, type Planted } from './planted.ts';

const psql = 'psql -X -v ON_ERROR_STOP=1 "$DATABASE_URL" -f migrate.sql';
const users = 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);';

function migration(name: string, text: string, sql = users): Planted {
  return { name: `psql-${name}`, files: { 'migrate.sql': `SELECT 1;\n${text}\n` }, sql, command: psql };
}

/** psql alone: what PostgreSQL itself says. */
export function psqlFailures({ port }: Place): Planted[] {
  const at = (user: string, database = 'app_production') => ({
    DATABASE_URL: `postgres://${user}@127.0.0.1:${port}/${database}`,
  });
  return [
    { ...migration('refused', ''), env: { DATABASE_URL: nobody } },
    { ...migration('dns', ''), env: { DATABASE_URL: 'postgres://app@db.invalid/app_production' } },
    { ...migration('password', ''), env: at('scram:wrong') },
    { ...migration('no-password', ''), env: at('scram') },
    {
      ...migration('role-missing', ''),
      env: at('postgres', 'app_production'),
      command: `psql -X "$DATABASE_URL" -c 'SET ROLE nobody'`,
    },
    { ...migration('no-database', ''), env: at('app', 'nowhere') },
    { ...migration('tls-required', ''), env: { ...at('tls_only'), PGSSLMODE: 'disable' } },
    {
      ...migration('tls-untrusted', ''),
      env: { ...at('app'), PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/nonexistent/ca.pem' },
    },
    { ...migration('too-many', '', 'ALTER DATABASE app_production CONNECTION LIMIT 0;'), env: at('app') },
    migration('table-exists', 'CREATE TABLE IF NOT EXISTS users (id int);\nCREATE TABLE users (id int);'),
    migration('table-missing', 'ALTER TABLE accounts ADD COLUMN name text;'),
    migration('column-exists', 'ALTER TABLE users ADD COLUMN email text;'),
    migration('column-missing', 'CREATE INDEX ON users (nickname);'),
    migration(
      'null',
      'ALTER TABLE users ADD COLUMN name text NOT NULL;',
      `${users} INSERT INTO users VALUES (1, 'a');`,
    ),
    migration(
      'unique',
      'CREATE UNIQUE INDEX ON users (email);',
      `${users} INSERT INTO users VALUES (1, 'a'), (2, 'a');`,
    ),
    migration('duplicate-key', "INSERT INTO users VALUES (1, 'b');", `${users} INSERT INTO users VALUES (1, 'a');`),
    migration('foreign-key', 'CREATE TABLE notes (user_id int REFERENCES users);\nINSERT INTO notes VALUES (7);'),
    { ...migration('denied', 'ALTER TABLE users ADD COLUMN name text;'), env: at('guest') },
    { ...migration('denied-schema', 'CREATE TABLE notes (id int);'), env: at('guest') },
    migration(
      'read-only',
      'CREATE TABLE notes (id int);',
      `${users} ALTER DATABASE app_production SET default_transaction_read_only = on;`,
    ),
    {
      ...migration('lock', "SET lock_timeout = '200ms';\nALTER TABLE users ADD COLUMN name text;"),
      hold: 'BEGIN; LOCK TABLE users;',
    },
    { ...migration('statement-timeout', "SET statement_timeout = '200ms';\nSELECT pg_sleep(9);") },
    {
      ...migration(
        'deadlock',
        'BEGIN;\nLOCK TABLE b;\nSELECT pg_sleep(0.6);\nLOCK TABLE a;',
        'CREATE TABLE a (); CREATE TABLE b ();',
      ),
      command: `psql -qX "$DATABASE_URL" -c 'BEGIN' -c 'LOCK TABLE a' -c 'SELECT pg_sleep(0.3)' -c 'LOCK TABLE b' >/dev/null 2>&1 & ${psql}; status=$?; wait; exit $status`,
    },
    {
      ...migration('aborted', 'BEGIN;\nCREATE TABLE users (id int);\nCREATE TABLE notes (id int);\nCOMMIT;'),
      command: 'psql -X "$DATABASE_URL" -f migrate.sql; exit 1',
    },
    migration('syntax', 'CREATE TABEL notes (id int);'),
    { ...migration('no-file', ''), files: {} },
  ];
}
