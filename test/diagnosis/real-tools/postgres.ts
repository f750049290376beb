import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of our own, on loopback, with the roles that the planted failures need. */
export interface Postgres {
  port: number;
  /** Runs SQL as the superuser. */
  sql: (database: string, statements: string) => void;
  /** Runs SQL in a session that stays open until the returned function is called; its locks stay held. */
  hold: (database: string, statements: string) => Promise<() => void>;
  close: () => void;
}

/** Where Debian keeps the server's programs, newest version last; undefined without the package `postgresql`. */
export function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root)
      .map((version) => join(root, version, 'bin'))
      .filter((folder) => readdirSync(folder).includes('initdb'))
      .at(-1);
  } catch {
    return undefined;
  }
}

/** Who may connect how: `scram` needs a password, `tls_only` needs TLS, as every user does where RDS has rds.force_ssl. */
const access = `local all all trust
host all scram 127.0.0.1/32 scram-sha-256
hostssl all tls_only 127.0.0.1/32 trust
host all postgres,app,guest 127.0.0.1/32 trust
`;

const settings = `listen_addresses = '127.0.0.1'
ssl = on
fsync = off
deadlock_timeout = 200ms
log_min_messages = fatal
`;

const roles = `CREATE ROLE app LOGIN; CREATE ROLE guest LOGIN; CREATE ROLE tls_only LOGIN; CREATE ROLE scram LOGIN PASSWORD 'right';`;

/** Starts a server in a folder of its own; it never runs as root, which PostgreSQL refuses. */
export async function startPostgres(programs: string): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? { uid: numberOf('-u'), gid: numberOf('-g') } : {};
  const folder = mkdtempSync(join(tmpdir(), 'diagnosis-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const run = (program: string, args: string[]) =>
    execFileSync(join(programs, program), args, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });

  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']);
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=db.internal'].concat([
      '-keyout',
      join(data, 'server.key'),
      '-out',
      join(data, 'server.crt'),
    ]),
    { ...user, stdio: 'ignore' },
  );
  writeFileSync(join(data, 'pg_hba.conf'), access);
  appendFileSync(join(data, 'postgresql.conf'), `${settings}port = ${port}\nunix_socket_directories = '${folder}'\n`);
  run('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'server.txt'), 'start']);

  const psql = (database: string) => [
    '-h',
    folder,
    '-p',
    String(port),
    '-U',
    'postgres',
    '-v',
    'ON_ERROR_STOP=1',
    database,
  ];
  const sql = (database: string, statements: string) => {
    execFileSync('psql', ['-qX', ...psql(database)], { input: statements, stdio: ['pipe', 'ignore', 'pipe'] });
  };
  sql('postgres', roles);
  return {
    port,
    sql,
    hold: async (database, statements) => {
      const session = spawn('psql', ['-qXAt', ...psql(database)], { stdio: ['pipe', 'pipe', 'inherit'] });
      session.stdin.write(`${statements}\n\\echo held\n`);
      await said(session, 'held');
      return () => session.kill();
    },
    close: () => {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function numberOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

function said(session: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    session.stdout?.on('data', (chunk) => String(chunk).includes(word) && resolve());
    session.once('exit', () => reject(new Error('the session that holds a lock has ended')));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}
