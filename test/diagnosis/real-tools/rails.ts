import { nobody, type Planted } from './planted.ts';

const app = {
  Rakefile: "require_relative 'config/application'\nRails.application.load_tasks\n",
  'config/application.rb': `require 'rails'
require 'active_record/railtie'
class App < Rails::Application
  config.root = File.expand_path('..', __dir__)
  config.eager_load = false
end
`,
  'config/environment.rb': "require_relative 'application'\nRails.application.initialize!\n",
  'config/database.yml': 'production:\n  url: <%= ENV.fetch("DATABASE_URL") %>\n',
  'db/migrate/20240101000000_create_users.rb':
    'class CreateUsers < ActiveRecord::Migration[6.1]\n  def change\n    create_table(:users) { |t| t.string :email }\n  end\nend\n',
};
const env = { RAILS_ENV: 'production', SECRET_KEY_BASE: 'x' };
const command = 'rake db:migrate';
const row = "CREATE TABLE users (id bigserial, email text); INSERT INTO users (email) VALUES ('a');";

/** A Rails application: one migration that creates the table users. */
export function railsFailures(): Planted[] {
  const name = (failure: string) => `rails-${failure}`;
  return [
    { name: name('table-exists'), files: app, env, sql: 'CREATE TABLE users (id int);', command },
    {
      name: name('lock'),
      files: app,
      env,
      hold: `SELECT pg_advisory_lock(4615154450383096620);`,
      command,
    },
    { name: name('refused'), files: app, env: { ...env, DATABASE_URL: nobody }, command },
    { name: name('no-database'), files: app, env, command: 'DATABASE_URL="$DATABASE_URL"_old rake db:migrate' },
    { name: name('variable'), files: app, env, command: 'unset DATABASE_URL; rake db:migrate' },
    { name: name('pending'), files: app, env, command: 'rake db:abort_if_pending_migrations' },
    {
      name: name('gem'),
      files: { ...app, 'config/application.rb': `require 'sidekiq'\n${app['config/application.rb']}` },
      env,
      command,
    },
    {
      name: name('null'),
      files: {
        ...app,
        'db/migrate/20240101000000_create_users.rb':
          'class CreateUsers < ActiveRecord::Migration[6.1]\n  def change\n    add_column :users, :name, :string, null: false\n  end\nend\n',
      },
      env,
      sql: row,
      command: 'rake db:migrate --trace',
    },
    {
      name: name('unknown'),
      files: {
        ...app,
        'db/migrate/20240101000000_create_users.rb':
          "class CreateUsers < ActiveRecord::Migration[6.1]\n  def change\n    raise 'ledger does not balance'\n  end\nend\n",
      },
      env,
      command,
    },
    {
      name: name('irreversible'),
      files: {
        ...app,
        'db/migrate/20240101000000_create_users.rb':
          'class CreateUsers < ActiveRecord::Migration[6.1]\n  def down\n    raise ActiveRecord::IrreversibleMigration\n  end\nend\n',
      },
      env,
      command: 'rake db:migrate >/dev/null; rake db:rollback',
    },
  ];
}
