import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { BehaviourMatch, ContainerBehaviour } from './behaviour.ts';
import { VirtualClock } from './clock.ts';
import type { Fault } from './faults.ts';
import type { LocalAws } from './local-aws.ts';
import { registryRoute } from './registry/index.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** Handles paths of its own before AWS does; answers undefined for those it does not know. */
export type Route = (request: WireRequest) => Promise<WireResponse | undefined>;

/** A running local AWS. */
export interface Served {
  url: string;
  port: number;
  /** What any AWS client needs to use it. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** Serves the model on a port of the loopback interface. */
export async function serve(model: LocalAws, options: { port?: number; routes?: Route[] } = {}): Promise<Served> {
  const sockets = new Set<Socket>();
  const routes = [...(options.routes ?? []), registryRoute(model)];
  const server = createServer((incoming, outgoing) => {
    void answer(model, routes, incoming, outgoing);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  model.ecr.store.registryHost = `127.0.0.1:${port}`;
  return {
    url,
    port,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: model.world.region,
      AWS_DEFAULT_REGION: model.world.region,
      AWS_ACCESS_KEY_ID: 'AKIALOCALAWS00000000',
      AWS_SECRET_ACCESS_KEY: 'local-aws',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  model: LocalAws,
  routes: Route[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await readRequest(incoming);
  for (const route of [(one: WireRequest) => control(model, one), ...routes]) {
    const response = await route(request);
    if (response !== undefined) {
      deliver(response, outgoing);
      return;
    }
  }
  const response = await model.handle(request);
  // Whoever shares the model's clock must not take it for a skewed one; see the README about the Date header.
  const date = livesByModel(request, model) ? { date: new Date(model.world.clock.now()).toUTCString() } : {};
  const reply = () => deliver({ ...response, headers: { ...response.headers, ...date } }, outgoing);
  if (response.delayMs === undefined) reply();
  else model.world.clock.at(model.world.clock.now() + response.delayMs, reply);
}

/** Whether the client's own time, by which it signed, is nearer to the model's than to that of the wall clock. */
function livesByModel({ headers }: WireRequest, { world: { clock } }: LocalAws): boolean {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '') ?? [];
  if (parts.length === 0) return clock instanceof VirtualClock;
  const [year = 0, month = 1, ...rest] = parts.map(Number);
  const signedMs = Date.UTC(year, month - 1, ...rest);
  return Math.abs(signedMs - clock.now()) < Math.abs(signedMs - Date.now());
}

async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return { method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers, body: Buffer.concat(chunks) };
}

function deliver(response: WireResponse, outgoing: ServerResponse): void {
  const { status, headers, body, sabotage } = response;
  if (sabotage === 'hang') return;
  // Without TLS there is no TLS error: whoever connects sees the connection end.
  if (sabotage === 'reset' || sabotage === 'no-connection') {
    outgoing.socket?.resetAndDestroy();
    return;
  }
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (sabotage !== 'truncate') {
    outgoing.end(bytes);
    return;
  }
  outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => outgoing.socket?.destroy());
}

/** The paths under `/_local/`: for harnesses in another process than the model. */
async function control(model: LocalAws, { method, path, body }: WireRequest): Promise<WireResponse | undefined> {
  if (!path.startsWith('/_local/')) return undefined;
  const input = body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
  const { clock } = model.world;
  switch (`${method} ${path.split('?')[0]}`) {
    case 'GET /_local/clock':
      return json({ nowMs: clock.now() });
    case 'POST /_local/clock/advance':
      if (!(clock instanceof VirtualClock)) return json({ message: 'the clock is not virtual' }, 409);
      clock.advance(Number(input.ms));
      return json({ nowMs: clock.now() });
    case 'GET /_local/truth':
      return json({ runs: model.truth.runs });
    case 'GET /_local/requests':
      return json(model.requests.map(({ headers: _headers, ...rest }) => rest));
    case 'POST /_local/script':
      model.behaviours.script(input.match as BehaviourMatch, input.behaviour as ContainerBehaviour);
      return json({});
    case 'POST /_local/fault':
      model.faults.script(input as Fault);
      return json({});
    default:
      return json({ message: `nothing at ${method} ${path}` }, 404);
  }
}

const json = (value: unknown, status = 200): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
