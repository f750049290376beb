/** The three parts of an error that a user can act on. */
export interface ErrorParts {
  /** What the other side or the parser said, verbatim. */
  why?: string | undefined;
  /** AWS's own sentence, without the exception name that stands before it in `why`. */
  awsMessage?: string | undefined;
  /** One thing to do, as a command where possible. */
  fix?: string | undefined;
  /** AWS's exception name, or a short code of our own, for callers that must branch. */
  code?: string | undefined;
  requestId?: string | undefined;
  /** Further members of the AWS error, e.g. `resourceIds` of a ConflictException. */
  details?: Readonly<Record<string, unknown>> | undefined;
  cause?: unknown;
}

/** Something that the user must fix: exit code 2, printed as what / Why / Fix, never with a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly why: string | undefined;
  readonly awsMessage: string | undefined;
  readonly fix: string | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(what: string, parts: ErrorParts = {}) {
    super(what, { cause: parts.cause });
    this.why = parts.why;
    this.awsMessage = parts.awsMessage;
    this.fix = parts.fix;
    this.code = parts.code;
    this.requestId = parts.requestId;
    this.details = parts.details ?? {};
  }
}

/** The same error in other words: what `parts` does not name stays as it was. */
export function reworded(error: UserError, what: string, parts: ErrorParts = {}): UserError {
  const { why, awsMessage, fix, code, requestId, details } = error;
  return new UserError(what, { why, awsMessage, fix, code, requestId, details, cause: error, ...parts });
}

/** AWS did not answer, or asked to come back later; says nothing about the thing that was asked. Never a verdict. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** e.g. `ThrottlingException`, `ECONNRESET`, `TimeoutError`. */
  readonly code: string;
  /** AWS refused for load: the request was surely not carried out. */
  readonly throttled: boolean;
  /** The request did not leave this machine: it was surely not carried out. */
  readonly unsent: boolean;
  /** AWS's own wish for the next attempt. */
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;

  constructor(
    message: string,
    parts: {
      code: string;
      throttled: boolean;
      unsent?: boolean;
      retryAfterMs?: number | undefined;
      requestId?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: parts.cause });
    this.code = parts.code;
    this.throttled = parts.throttled;
    this.unsent = parts.unsent ?? false;
    this.retryAfterMs = parts.retryAfterMs;
    this.requestId = parts.requestId;
  }
}

/** Whether an error is a UserError with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): error is UserError {
  return error instanceof UserError && error.code !== undefined && codes.includes(error.code);
}
