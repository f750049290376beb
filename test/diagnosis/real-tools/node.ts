import { nobody, type Place, type Planted } from './planted.ts';

const users = 'CREATE TABLE users (id int);';

/** Knex with one migration that creates the table users. */
export function knexFailures(): Planted[] {
  const files = {
    'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n",
    'migrations/20240101000000_users.js':
      "exports.up = (knex) => knex.schema.createTable('users', (table) => table.increments());\nexports.down = () => {};\n",
  };
  const command = 'knex migrate:latest';
  const tables =
    'CREATE TABLE knex_migrations (id serial PRIMARY KEY, name text, batch int, migration_time timestamptz); CREATE TABLE knex_migrations_lock ("index" serial PRIMARY KEY, is_locked int);';
  return [
    { name: 'knex-lock', files, sql: `${tables} INSERT INTO knex_migrations_lock (is_locked) VALUES (1);`, command },
    { name: 'knex-table-exists', files, sql: users, command },
    { name: 'knex-refused', files, env: { DATABASE_URL: nobody }, command },
    {
      name: 'knex-files',
      files,
      sql: `${tables} INSERT INTO knex_migrations (name, batch) VALUES ('20230101000000_gone.js', 1);`,
      command,
    },
  ];
}

/** node-pg-migrate with two migrations, both plain. */
export function nodePgMigrateFailures(): Planted[] {
  const up = (sql: string) => `exports.up = (pgm) => pgm.sql(${JSON.stringify(sql)});\n`;
  const files = {
    'migrations/1700000000000_users.js': up('CREATE TABLE users (id int, name text)'),
    'migrations/1700000000001_name.js': up('ALTER TABLE users ALTER COLUMN name SET NOT NULL'),
  };
  const command = 'node-pg-migrate up';
  const done = (name: string) =>
    `CREATE TABLE pgmigrations (id serial, name text, run_on timestamp); INSERT INTO pgmigrations (name, run_on) VALUES ('${name}', now());`;
  return [
    { name: 'node-pg-migrate-lock', files, hold: 'SELECT pg_advisory_lock(7241865325823964);', command },
    { name: 'node-pg-migrate-order', files, sql: done('1700000000001_name'), command },
    {
      name: 'node-pg-migrate-null',
      files,
      sql: `${done('1700000000000_users')} CREATE TABLE users (id int, name text); INSERT INTO users VALUES (1);`,
      command,
    },
    { name: 'node-pg-migrate-refused', files, env: { DATABASE_URL: nobody }, command },
    {
      name: 'node-pg-migrate-variable',
      files,
      command: 'unset DATABASE_URL PGHOST PGPORT PGDATABASE PGUSER; node-pg-migrate up',
    },
  ];
}

/** Sequelize's and TypeORM's own command lines. */
export function ormFailures({ port }: Place): Planted[] {
  const sequelize = {
    'config/config.js': "module.exports = { production: { use_env_variable: 'DATABASE_URL', dialect: 'postgres' } };\n",
    'migrations/20240101000000-users.js':
      "module.exports = { up: (q, S) => q.createTable('users', { id: S.INTEGER }), down: () => {} };\n",
    'migrations/20240101000001-city.js':
      "module.exports = { up: (q, S) => q.addColumn('accounts', 'city', S.STRING), down: () => {} };\n",
  };
  const env = { NODE_ENV: 'production' };
  const typeorm = {
    'data-source.js': `const { DataSource } = require('typeorm');
module.exports = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, migrations: ['migrations/*.js'] });
`,
    'migrations/1700000000000-Users.js': `class Users1700000000000 {
  async up(runner) { await runner.query('CREATE TABLE users (id int)'); }
  async down() {}
}
module.exports = { Users1700000000000 };
`,
  };
  const run = 'typeorm migration:run -d data-source.js';
  return [
    { name: 'sequelize-table-missing', files: sequelize, env, command: 'sequelize-cli db:migrate' },
    {
      name: 'sequelize-password',
      files: sequelize,
      env: { ...env, DATABASE_URL: `postgres://scram:wrong@127.0.0.1:${port}/app_production` },
      command: 'sequelize-cli db:migrate',
    },
    {
      name: 'sequelize-refused',
      files: sequelize,
      env: { ...env, DATABASE_URL: nobody },
      command: 'sequelize-cli db:migrate',
    },
    { name: 'typeorm-table-exists', files: typeorm, sql: users, command: run },
    { name: 'typeorm-dns', files: typeorm, env: { DATABASE_URL: 'postgres://app@db.invalid/app' }, command: run },
    { name: 'typeorm-no-database', files: typeorm, command: `DATABASE_URL="$DATABASE_URL"_old ${run}` },
  ];
}
