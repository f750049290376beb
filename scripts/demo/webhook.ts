import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A Slack webhook on this machine that keeps what it receives. */
export interface Webhook {
  url: string;
  messages: SlackMessage[];
  close(): void;
}

/** What the demo shows of a message. */
export interface SlackMessage {
  text?: string;
  blocks?: { text?: { text: string }; fields?: { text: string }[]; elements?: { text?: string }[] }[];
  attachments?: { blocks?: SlackMessage['blocks'] }[];
}

/** Starts the webhook. */
export async function startWebhook(): Promise<Webhook> {
  const messages: SlackMessage[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      messages.push(JSON.parse(body) as SlackMessage);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/services/T000/B000/demo`, messages, close: () => server.close() };
}

/** A message as lines of text: what a reader of the channel sees. */
export function messageLines(message: SlackMessage): string[] {
  const blocks = [
    ...(message.blocks ?? []),
    ...(message.attachments ?? []).flatMap((attachment) => attachment.blocks ?? []),
  ];
  const shown = blocks.flatMap(({ text: main, fields = [], elements = [] }) => [
    ...(main === undefined ? [] : [main.text]),
    ...fields.map((field) => field.text.replace('\n', ' ')),
    ...elements.flatMap((element) => (typeof element.text === 'string' ? [element.text] : [])),
  ]);
  return (shown.length > 0 ? shown : [message.text ?? '']).flatMap((part) => part.split('\n'));
}
