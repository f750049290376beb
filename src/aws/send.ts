import { TransientError, UserError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { explain } from './explain.ts';

/** One request as --debug shows it: never its values. */
export interface RequestNote {
  type: 'aws-request';
  action: string;
  durationMs: number;
  outcome: string;
  requestId?: string;
}

export interface SendOptions {
  clock: Clock;
  onRequest?: (note: RequestNote) => void;
  /** 0 up to 1, for jitter. */
  random?: () => number;
  /** Ends the repeats of a request that was under way when the user interrupted; later requests are repeated as ever. */
  interrupt?: AbortSignal | undefined;
}

/**
 * When a request may be sent again: `always` for reads and for requests that carry an idempotency token,
 * `when-refused` for changes, which are repeated only if AWS surely did nothing.
 */
export type Repeat = 'always' | 'when-refused';

export type Send = <T extends { $metadata: { requestId?: string | undefined } }>(
  action: string,
  repeat: Repeat,
  request: () => Promise<T>,
) => Promise<T>;

const attempts = 3;
const throttledAttempts = 8;

/** Sends requests and repeats them within bounds; its waits run on the given clock, so they cost tests nothing. */
export function createSend({ clock, onRequest, random = Math.random, interrupt }: SendOptions): Send {
  return async (action, repeat, request) => {
    const signal = interrupt?.aborted === false ? interrupt : undefined;
    let unanswered = false;
    for (let attempt = 1; ; attempt++) {
      const startMs = clock.now();
      const note = (outcome: string, requestId: string | undefined): void =>
        onRequest?.({
          type: 'aws-request',
          action,
          durationMs: clock.now() - startMs,
          outcome,
          ...(requestId === undefined ? {} : { requestId }),
        });
      try {
        const answer = await request();
        note('ok', answer.$metadata.requestId);
        return answer;
      } catch (thrown) {
        const error = explain(thrown, action);
        note(
          error instanceof TransientError || error instanceof UserError ? (error.code ?? error.name) : 'bug',
          requestIdOf(error),
        );
        if (!(error instanceof TransientError)) throw unanswered ? afterUnanswered(error) : error;
        unanswered ||= !error.throttled && !neverSent(error);
        const mayRepeat = error.throttled || repeat === 'always' || neverSent(error);
        if (!mayRepeat || attempt >= (error.throttled ? throttledAttempts : attempts)) throw error;
        const backoffMs = Math.min(20_000, (error.throttled ? 1_000 : 100) * 2 ** (attempt - 1)) * (0.5 + random() / 2);
        await clock.sleep(Math.max(backoffMs, error.retryAfterMs ?? 0), signal);
        if (signal?.aborted === true) throw error;
      }
    }
  };
}

/** A refusal says nothing about the request before it, which may have been carried out. */
function afterUnanswered(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const { message, why, fix, code, requestId, details } = error;
  return new UserError(message, { why, fix, code, requestId, details: { ...details, unanswered: true }, cause: error });
}

/** The connection was refused or the name not resolved: the request cannot have arrived. */
function neverSent(error: TransientError): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(error.code);
}

function requestIdOf(error: unknown): string | undefined {
  return error instanceof TransientError || error instanceof UserError ? error.requestId : undefined;
}
