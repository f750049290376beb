import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Slack is told to do with the next message instead of looking at it. */
export type SlackFault =
  | { kind: 'rate-limited'; retryAfterS: number }
  | { kind: 'error'; status: number; body: string }
  | { kind: 'hang' }
  /** This one it looks at as usual. */
  | { kind: 'none' }
  | { kind: 'reset' };

/** One message that arrived, whatever became of it. */
export interface SlackDelivery {
  via: 'webhook' | 'bot';
  body: Record<string, unknown>;
  authorization: string | undefined;
  status: number;
  answer: string;
}

/** A Slack that checks what it gets against Slack's documented limits. */
export interface FakeSlack {
  /** An incoming webhook; its last part is the secret. */
  webhookUrl: string;
  /** The base of the Web API. */
  apiUrl: string;
  botToken: string;
  deliveries: SlackDelivery[];
  /** The messages that were accepted. */
  messages(): Record<string, unknown>[];
  /** What a channel shows of the bot's messages: each as it was last changed, with the answers in its thread. */
  shown(): { ts: string; body: Record<string, unknown>; thread: Record<string, unknown>[] }[];
  /** Takes a message away, as a person may. */
  remove(ts: string): void;
  /** Faults for the next messages, one each. */
  faults: SlackFault[];
  close(): Promise<void>;
}

const webhookPath = '/services/T0CANARY/B0CANARY/webhookCanary0123456789';
const botToken = 'xoxb-canary-0123456789-botTokenCanary';
const channels = new Set(['C0DEPLOYS', '#deploys']);

/** Starts the fake on a port of the loopback interface. */
export async function startFakeSlack(): Promise<FakeSlack> {
  const deliveries: SlackDelivery[] = [];
  const faults: SlackFault[] = [];
  const board: Board = new Map();
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = parse(await textOf(incoming));
    const via = incoming.url?.startsWith('/api/') === true ? 'bot' : 'webhook';
    const fault = faults.shift();
    const judged = fault === undefined || fault.kind === 'none' ? judge(via, incoming, body, board) : faulty(fault);
    const { authorization } = incoming.headers;
    deliveries.push({ via, body: body ?? {}, authorization, status: judged.status, answer: judged.body });
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    outgoing.writeHead(judged.status, judged.headers);
    outgoing.end(judged.body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    webhookUrl: `${url}${webhookPath}`,
    apiUrl: `${url}/api`,
    botToken,
    deliveries,
    messages: () =>
      deliveries.filter(({ status, answer: text }) => status === 200 && isOk(text)).map(({ body }) => body),
    shown: () => [...board].map(([ts, one]) => ({ ts, ...one })),
    remove: (ts) => void board.delete(ts),
    faults,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Judged {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const isOk = (answer: string): boolean => answer === 'ok' || answer.startsWith('{"ok":true');
const plain = (status: number, body: string, headers = {}): Judged => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body,
});
const json = (document: object): Judged => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(document),
});

function faulty(fault: SlackFault): Judged {
  if (fault.kind === 'rate-limited') return plain(429, 'rate_limited', { 'retry-after': String(fault.retryAfterS) });
  return fault.kind === 'error' ? plain(fault.status, fault.body) : plain(0, '');
}

/** The bot's messages by their `ts`. */
type Board = Map<string, { body: Body; thread: Body[] }>;

function judge(
  via: 'webhook' | 'bot',
  { url, headers, method }: IncomingMessage,
  body: Body | undefined,
  board: Board,
): Judged {
  if (method !== 'POST') return plain(405, 'method_not_allowed');
  const typed = (headers['content-type'] ?? '').startsWith('application/json');
  if (via === 'webhook') {
    if (url !== webhookPath) return plain(404, 'no_service');
    if (body === undefined || !typed) return plain(400, 'invalid_payload');
    const fault = faultOf(body);
    return fault === undefined ? plain(200, 'ok') : plain(400, fault);
  }
  if (headers.authorization !== `Bearer ${botToken}`) return json({ ok: false, error: 'invalid_auth' });
  if (body === undefined || !typed) return json({ ok: false, error: 'invalid_json' });
  if (url !== '/api/chat.postMessage' && url !== '/api/chat.update')
    return json({ ok: false, error: 'unknown_method' });
  if (!channels.has(String(body.channel))) return json({ ok: false, error: 'channel_not_found' });
  const fault = faultOf(body);
  if (fault !== undefined) return json({ ok: false, error: fault === 'text_too_long' ? 'msg_too_long' : fault });
  return url === '/api/chat.update' ? update(body, board) : post(body, board);
}

function post(body: Body, board: Board): Judged {
  const thread = board.get(String(body.thread_ts));
  const answers = [...board.values()].reduce((sum, one) => sum + one.thread.length, 0);
  const ts = `1700000000.${String(board.size + answers + 1).padStart(6, '0')}`;
  if (thread === undefined) board.set(ts, { body, thread: [] });
  else thread.thread.push(body);
  return json({ ok: true, channel: 'C0DEPLOYS', ts });
}

/** Takes the channel by its id alone, and a message that is there (docs.slack.dev: chat.update). */
function update(body: Body, board: Board): Judged {
  const found = board.get(String(body.ts));
  if (body.channel !== 'C0DEPLOYS') return json({ ok: false, error: 'channel_not_found' });
  if (found === undefined) return json({ ok: false, error: 'message_not_found' });
  found.body = body;
  return json({ ok: true, channel: 'C0DEPLOYS', ts: body.ts });
}

type Body = Record<string, unknown>;

/** The first limit that a message breaks (docs.slack.dev: chat.postMessage, Block Kit reference). */
export function faultOf(body: Body): string | undefined {
  const { text, blocks } = body;
  if (text !== undefined && typeof text !== 'string') return 'invalid_payload';
  if ((text === undefined || text === '') && blocks === undefined) return 'no_text';
  if (typeof text === 'string' && text.length > 40_000) return 'text_too_long';
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks';
  return blocks.every((block: Body) => goodBlock(block)) ? undefined : 'invalid_blocks';
}

function goodBlock(block: Body): boolean {
  switch (block.type) {
    case 'section': {
      const fields = block.fields as Body[] | undefined;
      if (block.text === undefined && fields === undefined) return false;
      if (block.text !== undefined && !goodText(block.text as Body, 3_000)) return false;
      return (
        fields === undefined || (fields.length <= 10 && fields.length > 0 && fields.every((f) => goodText(f, 2_000)))
      );
    }
    case 'context': {
      const elements = block.elements as Body[] | undefined;
      return (
        elements !== undefined &&
        elements.length > 0 &&
        elements.length <= 10 &&
        elements.every((e) => goodText(e, 3_000))
      );
    }
    case 'header':
      return (block.text as Body | undefined)?.type === 'plain_text' && goodText(block.text as Body, 150);
    case 'divider':
      return true;
    default:
      return false;
  }
}

function goodText({ type, text }: Body, limit: number): boolean {
  if (type !== 'mrkdwn' && type !== 'plain_text') return false;
  return typeof text === 'string' && text.length > 0 && text.length <= limit;
}

function parse(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
