import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One fixed address in front of a service's tasks, as a load balancer gives it. */
export interface Front {
  url: string;
  close(): Promise<void>;
}

/** Forwards every request to one of the ports in turn; 503 while none answers. */
export async function serveFront(ports: () => number[], options: { port?: number } = {}): Promise<Front> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const targets = ports();
    const start = turn++;
    const inTurn = targets.map((_, index) => targets[(start + index) % targets.length] ?? 0);
    forward(incoming, outgoing, inTurn);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, [port, ...others]: number[]): void {
  if (port === undefined) {
    outgoing.writeHead(503, { 'content-type': 'text/plain' }).end('503 Service Temporarily Unavailable\n');
    return;
  }
  const { method, url: path, headers } = incoming;
  const upstream = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else forward(incoming, outgoing, others);
  });
  incoming.pipe(upstream);
}
