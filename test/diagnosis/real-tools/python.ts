import { nobody, type Planted } from './planted.ts';

const settings = `import os
SECRET_KEY = 'x'
USE_TZ = True
INSTALLED_APPS = ['shop']
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ['PGDATABASE'],
    'USER': 'app', 'HOST': '127.0.0.1', 'PORT': os.environ['PGPORT']}}
`;
const migration = (dependency: string, operations: string) =>
  `from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [${dependency}]
    operations = [${operations}]
`;
const create = "migrations.CreateModel('User', [('id', models.BigAutoField(primary_key=True))])";
const site = {
  'settings.py': settings,
  'shop/__init__.py': '',
  'shop/models.py': 'from django.db import models\nclass User(models.Model):\n    pass\n',
  'shop/migrations/__init__.py': '',
  'shop/migrations/0001_initial.py': migration('', create),
};
const second = { 'shop/migrations/0002_name.py': migration("('shop', '0001_initial')", '') };
const django = 'python3 -m django migrate --noinput --settings=settings --pythonpath=.';

/** A Django site with one application, shop, whose first migration creates the table shop_user. */
export function djangoFailures(): Planted[] {
  const at = (name: string, files: Record<string, string> = site, more: Partial<Planted> = {}): Planted => ({
    name: `django-${name}`,
    files,
    command: django,
    ...more,
  });
  return [
    at('table-exists', site, { sql: 'CREATE TABLE shop_user (id int);' }),
    at('refused', site, { env: { PGPORT: '1' } }),
    at('conflict', { ...site, ...second, 'shop/migrations/0002_city.py': migration("('shop', '0001_initial')", '') }),
    at(
      'history',
      { ...site, ...second },
      {
        sql: "CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app text, name text, applied timestamptz); INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_name', now());",
      },
    ),
    at('parent', { ...site, 'shop/migrations/0002_name.py': migration("('shop', '0001_gone')", '') }),
    at('variable', site, { command: `unset PGDATABASE; ${django}` }),
    at('module', { ...site, 'settings.py': settings.replace("'shop'", "'shop', 'rest_framework'") }),
  ];
}

const revision = (id: string, down: string, body: string) =>
  `import sqlalchemy as sa
from alembic import op
revision = '${id}'
down_revision = ${down}
def upgrade():
    ${body}
`;
const users = "op.create_table('users', sa.Column('id', sa.Integer))";
const folder = {
  'alembic.ini': '[alembic]\nscript_location = migrations\n',
  'migrations/env.py': `import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ['SQLALCHEMY_URL']).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
`,
  'migrations/versions/a1.py': revision('a1', 'None', users),
};

/** An Alembic folder whose first revision creates the table users. */
export function alembicFailures(): Planted[] {
  const at = (name: string, files: Record<string, string> = folder, more: Partial<Planted> = {}): Planted => ({
    name: `alembic-${name}`,
    files,
    command:
      'export SQLALCHEMY_URL="$(echo "$DATABASE_URL" | sed s/postgres:/postgresql+psycopg:/)"; alembic upgrade head',
    ...more,
  });
  return [
    at('table-exists', folder, { sql: 'CREATE TABLE users (id int);' }),
    at('refused', folder, { env: { DATABASE_URL: nobody } }),
    at('heads', { ...folder, 'migrations/versions/b2.py': revision('b2', 'None', users) }),
    at('revision', folder, {
      sql: "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('f00');",
    }),
    at('variable', folder, { command: 'alembic upgrade head' }),
    at(
      'unique',
      {
        ...folder,
        'migrations/versions/a1.py': revision('a1', 'None', "op.execute('CREATE UNIQUE INDEX ON users (email)')"),
      },
      {
        sql: "CREATE TABLE users (email text); INSERT INTO users VALUES ('a'), ('a');",
      },
    ),
  ];
}
