import type { VirtualClock } from './clock.ts';
import { connectionErrors } from './faults.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** What the harness needs of a model: local AWS, or anything that answers the wire. */
export interface WireModel {
  clock: VirtualClock;
  handle(request: WireRequest): Promise<WireResponse>;
}

/** How long a request that hangs takes on the model's clock until the client gives up, in milliseconds. */
export const requestTimeoutMs = 15_000;

interface SdkRequest {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** A request handler for the SDK's clients that delivers to the model, spoiling the delivery where the model says so. */
export function requestHandler(model: WireModel): unknown {
  return {
    metadata: { handlerProtocol: 'in-process' },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => undefined,
    handle: async (request: SdkRequest, attempt: { requestTimeout?: number } = {}) => {
      const timeoutMs = Math.min(requestTimeoutMs, attempt.requestTimeout ?? requestTimeoutMs);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const query = new URLSearchParams(request.query ?? {}).toString();
      const answer = await model.handle({
        method: request.method,
        path: query === '' ? request.path : `${request.path}?${query}`,
        headers,
        body: typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? new Uint8Array()),
      });
      if (answer.sabotage === 'hang') {
        model.clock.advance(timeoutMs);
        throw Object.assign(new Error(`Request did not complete within ${timeoutMs} ms`), {
          name: 'TimeoutError',
        });
      }
      if (answer.sabotage === 'no-connection') {
        const { code = '' } = answer;
        throw Object.assign(new Error(connectionErrors[code] ?? code), { code });
      }
      if (answer.delayMs !== undefined) model.clock.advance(answer.delayMs);
      if (answer.sabotage === 'reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      if (answer.sabotage === 'truncate') throw new Error('aborted');
      const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
      return { response: { statusCode: answer.status, headers: answer.headers, body } };
    },
  };
}
