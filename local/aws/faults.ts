import { ApiError, type AwsServiceName, type WireResponse } from './wire.ts';

/** The ways in which a request can go wrong on its way there or back. */
export type FaultKind =
  | 'throttle'
  | '500-json'
  | '503-html'
  | 'empty-500'
  | 'truncate'
  | 'broken-json-200'
  | 'empty-json-200'
  | 'reset-before'
  | 'reset-after'
  | 'hang'
  | 'hang-after'
  | 'error'
  | 'expired-token'
  | 'no-connection'
  | 'slow'
  | 'false-date'
  | 'stale'
  | 'twice';

/** A scripted fault; without `service` and `operation` it hits every request. */
export interface Fault {
  kind: FaultKind;
  service?: AwsServiceName;
  operation?: string;
  /** How many requests it hits (default 1, without end when `forMs` is given). */
  times?: number;
  /** From the first `skip` fitting requests on. */
  skip?: number;
  /** Only until so long after it was scripted. */
  forMs?: number;
  /** For `error`. */
  type?: string;
  message?: string;
  status?: number;
  extra?: Record<string, unknown>;
  /** For `no-connection`: Node's error code, ECONNREFUSED unless given; `connectionErrors` lists some. */
  code?: string;
  /** For `slow`: the answer takes so long. For `false-date`: its Date header is so far ahead. */
  ms?: number;
  /** For `stale`: the answer is the one that the same request got so long ago. */
  ageMs?: number;
  /** For `throttle` and `5…`: the Retry-After header. */
  retryAfterSeconds?: number;
}

/** Node's words for connections that do not come about: TLS, names, ports, files. */
export const connectionErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect ECONNREFUSED 127.0.0.1:443',
  ENOTFOUND: 'getaddrinfo ENOTFOUND ecs.eu-west-1.amazonaws.com',
  EAI_AGAIN: 'getaddrinfo EAI_AGAIN ecs.eu-west-1.amazonaws.com',
  EPIPE: 'write EPIPE',
  EMFILE: 'connect EMFILE 127.0.0.1:443',
  EPROTO: 'write EPROTO 0:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  CERT_HAS_EXPIRED: 'certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: "Hostname/IP does not match certificate's altnames",
};

/** Whether the operation is carried out although the client hears nothing good of it. */
export const executes = (kind: FaultKind): boolean =>
  [
    ...['reset-after', 'hang-after', 'truncate', 'broken-json-200', 'empty-json-200'],
    ...['slow', 'false-date', 'stale', 'twice'],
  ].includes(kind);

/** The faults in force, first scripted first served. */
export class Faults {
  readonly #faults: { fault: Fault; left: number; skip: number; untilMs: number }[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  script(fault: Fault): this {
    const endless = fault.times === undefined && fault.forMs !== undefined;
    this.#faults.push({
      fault,
      left: endless ? Number.POSITIVE_INFINITY : (fault.times ?? 1),
      skip: fault.skip ?? 0,
      untilMs: this.#nowMs() + (fault.forMs ?? Number.POSITIVE_INFINITY),
    });
    return this;
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** The fault that hits this request, used up by one. */
  take(service: AwsServiceName, operation: string): Fault | undefined {
    for (const scripted of this.#faults) {
      const { fault } = scripted;
      if (scripted.left <= 0 || this.#nowMs() > scripted.untilMs) continue;
      if (fault.service !== undefined && fault.service !== service) continue;
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      if (scripted.skip > 0) {
        scripted.skip--;
        continue;
      }
      scripted.left--;
      return fault;
    }
    return undefined;
  }
}

/** The error that a fault puts in place of the answer, for the kinds that do. */
export function faultError(fault: Fault): ApiError | undefined {
  switch (fault.kind) {
    case 'throttle':
      return new ApiError('ThrottlingException', 'Rate exceeded');
    case '500-json':
      return new ApiError('ServerException', 'Service Unavailable. Please try again later.', { status: 500 });
    case 'expired-token':
      return new ApiError('ExpiredTokenException', 'The security token included in the request is expired');
    case 'error':
      return new ApiError(fault.type ?? 'ClientException', fault.message ?? '', {
        status: fault.status ?? 400,
        extra: fault.extra ?? {},
      });
    case '503-html':
    case 'empty-500':
    case 'truncate':
    case 'broken-json-200':
    case 'empty-json-200':
    case 'reset-before':
    case 'reset-after':
    case 'hang':
    case 'hang-after':
    case 'no-connection':
    case 'slow':
    case 'false-date':
    case 'stale':
    case 'twice':
      return undefined;
  }
}

/** Spoils a response (or stands in for one) as the fault says. */
export function spoil(fault: Fault, response: WireResponse): WireResponse {
  const retryAfter = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  const headers = { ...response.headers, ...retryAfter };
  switch (fault.kind) {
    case '503-html': {
      const body = '<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>';
      return { status: 503, headers: { ...headers, 'content-type': 'text/html' }, body };
    }
    case 'empty-500':
      return { status: 500, headers, body: '' };
    case 'broken-json-200':
      return { status: 200, headers, body: String(response.body).slice(0, -2) };
    case 'empty-json-200':
      return { status: 200, headers, body: '{}' };
    case 'truncate':
      return { ...response, sabotage: 'truncate' };
    case 'reset-before':
    case 'reset-after':
      return { ...response, sabotage: 'reset' };
    case 'hang':
    case 'hang-after':
      return { ...response, sabotage: 'hang' };
    case 'no-connection':
      return { ...response, sabotage: 'no-connection', code: fault.code ?? 'ECONNREFUSED' };
    case 'slow':
      return { ...response, delayMs: fault.ms ?? 5_000 };
    case 'false-date': {
      const date = new Date(Date.now() + (fault.ms ?? 3_600_000)).toUTCString();
      return { ...response, headers: { ...headers, date } };
    }
    case 'throttle':
    case '500-json':
    case 'error':
    case 'expired-token':
    case 'stale':
    case 'twice':
      return { ...response, headers };
  }
}
