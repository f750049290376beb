import type { LocalAws } from './local-aws.ts';

/** What an SDK client's `requestHandler` gets. */
interface SdkRequest {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body?: unknown;
}

/** A requestHandler for SDK clients that asks the model in the same process; sabotage looks as it does over a socket. */
export function inProcessHandler(model: LocalAws, options: { hangMs?: number } = {}) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest) {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const query = new URLSearchParams(request.query ?? {}).toString();
      const response = await model.handle({
        method: request.method,
        path: query === '' ? request.path : `${request.path}?${query}`,
        headers,
        body: toBytes(request.body),
      });
      if (response.sabotage === 'reset') throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      if (response.sabotage === 'hang') {
        if (options.hangMs !== undefined) model.clock.advance(options.hangMs);
        throw Object.assign(new Error('the request timed out'), { name: 'TimeoutError' });
      }
      if (response.sabotage === 'truncate') throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      const body = typeof response.body === 'string' ? new TextEncoder().encode(response.body) : response.body;
      return { response: { statusCode: response.status, headers: response.headers, body } };
    },
    updateHttpClientConfig(): void {},
    httpHandlerConfigs: () => ({}),
  };
}

function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : '');
}
