import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A PostgreSQL of its own, in a process of its own. */
export interface Database {
  /** `postgres://…`, for any client. */
  url: string;
  /** The names of the tables in `public`, sorted. */
  tables(): Promise<string[]>;
  close(): void;
}

/** Starts PGlite behind a socket on this machine and waits until it answers. */
export async function startDatabase(): Promise<Database> {
  const path = fileURLToPath(new URL('./database-process.ts', import.meta.url));
  const child = fork(path, { execArgv: ['--import', import.meta.resolve('tsx')] });
  const [{ address }] = (await once(child, 'message')) as [{ address: string }];
  return {
    url: `postgres://postgres:postgres@${address}/postgres`,
    async tables() {
      child.send("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1");
      const [{ rows }] = (await once(child, 'message')) as [{ rows: { table_name: string }[] }];
      return rows.map(({ table_name }) => table_name);
    },
    close: () => {
      child.disconnect();
    },
  };
}
