import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const db = await PGlite.create();
const server = new PGLiteSocketServer({ db, port: 0, maxConnections: 20 });
await server.start();
process.send?.({ address: server.getServerConn() });

process.on('message', (sql: string) => {
  void db.query(sql).then(({ rows }) => process.send?.({ rows }));
});
process.on('disconnect', () => process.exit());
