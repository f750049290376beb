/** One HTTP request as the model sees it, whether it came over a socket or from an SDK client in the same process. */
export interface WireRequest {
  method: string;
  /** Path with query string. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What goes back. `sabotage` tells the HTTP face (and the in-process one) to spoil the delivery after the fact. */
export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  sabotage?: 'hang' | 'reset' | 'truncate' | 'no-connection';
  /** For `no-connection`: Node's error code. */
  code?: string;
  /** The answer takes so long on the model's clock. */
  delayMs?: number;
}

/** Who signed a request, as STS would name it. */
export interface Principal {
  accountId: string;
  arn: string;
  userId: string;
  accessKeyId: string;
}

export type AwsServiceName =
  | 'ecs'
  | 'ecr'
  | 'logs'
  | 'sts'
  | 'ec2'
  | 'rds'
  | 'iam'
  | 'secretsmanager'
  | 'ssm'
  | 'cloudwatch';

/** A JSON document from the wire; operations check it themselves, as AWS does. */
// biome-ignore lint/suspicious/noExplicitAny: the wire carries whatever a client sends
export type Json = any;

/** One API call on its way to an operation. */
export interface Call {
  service: AwsServiceName;
  operation: string;
  input: Json;
  principal: Principal | undefined;
  region: string;
  /** Model time of arrival. */
  atMs: number;
}

/** An operation answers the output document or throws an ApiError. */
export type Operation = (input: Json, call: Call) => Json | Promise<Json>;
export type Operations = Record<string, Operation>;

/** An error as AWS puts it on the wire: `__type`, `message`, further members. */
export class ApiError extends Error {
  readonly type: string;
  readonly status: number;
  readonly extra: Record<string, unknown>;

  constructor(type: string, message: string, options: { status?: number; extra?: Record<string, unknown> } = {}) {
    super(message);
    this.type = type;
    this.status = options.status ?? 400;
    this.extra = options.extra ?? {};
  }
}

/** A request that arrived, with what became of it: what tests assert beside the printed lines. */
export interface RecordedRequest extends Call {
  requestId: string;
  status: number;
  errorType?: string;
  headers: Record<string, string>;
}
