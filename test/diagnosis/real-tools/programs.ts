import type { Planted } from './planted.ts';

const node = (name: string, program: string, command = 'node migrate.js'): Planted => ({
  name: `node-${name}`,
  files: { 'migrate.js': program },
  command,
});

/** Node, Python, Java and the shell without any framework: what the runtime itself says. */
export function programFailures(): Planted[] {
  return [
    node(
      'heap',
      'const all = []; for (;;) all.push(new Array(1000).fill(Math.random()));',
      'node --max-old-space-size=20 migrate.js',
    ),
    node('module', "require('./config/database.js');"),
    node('file', "require('node:fs').readFileSync('config/database.yml');"),
    node(
      'denied',
      "if (process.getuid() === 0) process.setuid(65534);\nrequire('node:fs').writeFileSync('/etc/migrated', '');",
    ),
    node(
      'unknown',
      "console.log('migrating 7 of 9');\nconst cause = new Error('ledger does not balance');\nthrow new Error('migration 7 failed', { cause });",
    ),
    node(
      'self-signed',
      "const { Client } = require('pg');\nnew Client({ connectionString: process.env.DATABASE_URL, ssl: true }).connect();",
    ),
    node(
      'dns',
      "const { Client } = require('pg');\nnew Client({ host: 'db.invalid' }).connect().catch((error) => { console.error(error); process.exit(1); });",
    ),
    {
      name: 'npm-refused',
      files: {
        'package.json': '{"scripts":{"migrate":"node migrate.js"}}',
        'migrate.js': "require('node:net').connect(1, '127.0.0.1');",
      },
      command: 'npm run migrate',
    },
    { name: 'shell-command', command: 'set -e; rake-of-old db:migrate' },
    { name: 'shell-full', command: 'echo "dumping"; cat /etc/services > /dev/full' },
    { name: 'shell-killed', command: 'bash -c \'bash -c "kill -9 \\$\\$"; echo done with $?\'; exit 137' },
    {
      name: 'shell-architecture',
      files: { program: '' },
      command: String.raw`printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000' > program; head -c 200 /dev/zero >> program; chmod +x program; bash -c ./program`,
    },
    { name: 'shell-variable', command: 'set -u; psql "$DATABASE_URI" -c "select 1"' },
    {
      name: 'python-variable',
      files: { 'm.py': "import os\nprint('migrating')\nos.environ['DATABASE_URI']\n" },
      command: 'python3 m.py',
    },
    { name: 'python-memory', files: { 'm.py': 'x = bytearray(1 << 62)\n' }, command: 'python3 m.py' },
    { name: 'python-module', files: { 'm.py': 'import yaml_of_old\n' }, command: 'python3 m.py' },
    {
      name: 'java-unknown',
      files: {
        'M.java':
          'public class M { public static void main(String[] a) { try { b(); } catch (Exception e) { throw new IllegalStateException("migration failed", e); } }\n static void b() { throw new UnsupportedOperationException("ledger does not balance"); } }\n',
      },
      command: 'java M.java',
    },
    {
      name: 'java-heap',
      files: {
        'M.java':
          'public class M { public static void main(String[] a) { var l = new java.util.ArrayList<long[]>(); for (;;) l.add(new long[1 << 20]); } }\n',
      },
      command: 'java -Xmx32m M.java',
    },
  ];
}
