import { jsonText, parseJson } from '../base/lossless-json.ts';
import type { JsonObject } from '../ports.ts';

/** The part of an SDK command that this file touches; every command has it. */
interface Stackable {
  middlewareStack: { add(middleware: never, options: never): void };
}
interface Exchange {
  response: { body?: unknown };
}
type Next<A, R> = (args: A) => Promise<R>;

/**
 * Lets the caller see the answer's JSON as it stood on the wire, also members that this SDK does not know
 * (the SDK drops those when it reads), each number as it was written. The returned function is valid once the command was sent.
 */
export function captureJson(command: Stackable): () => JsonObject {
  let text = '{}';
  const middleware = (next: Next<unknown, Exchange>) => async (args: unknown) => {
    const result = await next(args);
    const bytes = await collect(result.response.body);
    text = Buffer.from(bytes).toString('utf8');
    result.response.body = bytes;
    return result;
  };
  command.middlewareStack.add(
    middleware as never,
    { step: 'deserialize', priority: 'low', name: 'captureJson' } as never,
  );
  return () => parseJson(text) as JsonObject;
}

/** Sends `document` as the request's body in place of what the SDK would write (it drops members it does not know). */
export function sendJson(command: Stackable, document: JsonObject): void {
  const middleware =
    (next: Next<{ request: { body?: unknown } }, unknown>) => (args: { request: { body?: unknown } }) => {
      args.request.body = jsonText(document);
      return next(args);
    };
  command.middlewareStack.add(middleware as never, { step: 'build', priority: 'high', name: 'sendJson' } as never);
}

async function collect(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
