import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const python = join(process.env.MIGRATE_DEPLOY_TEST_MIGRATION_TOOLS ?? '/nonexistent', 'python/bin');

/** Whether Django itself runs; else a script of this name stands in for Python, and says what Django would. */
const hasDjango = existsSync(join(python, 'django-admin'));

const files: Readonly<Record<string, string>> = {
  'manage.py': `import os, sys
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
  'settings.py': `import os
from urllib.parse import urlsplit
database = urlsplit(os.environ['DATABASE_URL'])
SECRET_KEY = 'x'
ROOT_URLCONF = 'urls'
ALLOWED_HOSTS = ['*']
USE_TZ = True
INSTALLED_APPS = ['shop']
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': database.path[1:],
    'USER': database.username, 'PASSWORD': database.password, 'HOST': database.hostname, 'PORT': database.port}}
`,
  'urls.py': `from django.http import HttpResponse
from django.urls import path
urlpatterns = [path('', lambda request: HttpResponse('shop'))]
`,
  'shop/__init__.py': '',
  'shop/models.py': `from django.db import models
class Item(models.Model):
    name = models.TextField()
`,
  'shop/migrations/__init__.py': '',
  'shop/migrations/0001_initial.py': `from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.CreateModel('Item', [
        ('id', models.BigAutoField(primary_key=True)), ('name', models.TextField())])]
`,
  // Every task of this machine has a port of its own.
  Dockerfile: `FROM scratch
WORKDIR /srv
ENV PATH=${hasDjango ? `${python}:` : ''}/usr/local/bin:/usr/bin:/bin
${hasDjango ? '' : 'COPY python /usr/local/bin/python\n'}COPY . .
CMD ["sh", "-c", "exec python manage.py runserver --noreload 127.0.0.1:$PORT"]
`,
};

const instead = `#!/bin/sh
if [ "$2" = migrate ]; then echo '  Applying shop.0001_initial... OK'; exit 0; fi
while :; do sleep 1; done
`;

/** A Django application with one migration, in a fresh folder, as a newcomer has it. */
export async function writeDjangoProject(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  if (hasDjango) return;
  await writeFile(join(folder, 'python'), instead);
  await chmod(join(folder, 'python'), 0o755);
}
