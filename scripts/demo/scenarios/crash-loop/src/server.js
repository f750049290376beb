import './settings.js';
import { createServer } from 'node:http';
import { describeSchema } from './schema.js';
import { version } from './version.js';

const server = createServer((request, response) => {
  answer(request.url).then(
    (body) => send(response, 200, body),
    (error) => {
      console.error(`GET ${request.url}: ${error.message}`);
      send(response, 500, { error: error.message });
    },
  );
});

async function answer(url) {
  if (url === '/health') return { status: 'ok' };
  return { version, ...(await describeSchema()) };
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`hoge ${version} listening on port ${server.address().port}`);
});

process.once('SIGTERM', () => {
  console.log(`hoge ${version} stopping`);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
