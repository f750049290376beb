import { secretValues, withoutValues } from '../base/redact.ts';
import { reworded, TransientError, UserError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { explain } from './explain.ts';
import { type Attempt, createLimits, type Kind, type Limits } from './limits.ts';
import { isCertificateFault } from './network-faults.ts';
import { createPace } from './pace.ts';

/** One request as --debug shows it: never its values. */
export interface RequestNote {
  type: 'aws-request';
  action: string;
  durationMs: number;
  outcome: string;
  requestId?: string;
}

export interface SendOptions extends Limits {
  clock: Clock;
  onRequest?: (note: RequestNote) => void;
  /** 0 up to 1, for jitter. */
  random?: () => number;
}

export type Send = <T extends { $metadata: { requestId?: string | undefined } }>(
  action: string,
  kind: Kind,
  request: (attempt: Attempt) => Promise<T>,
  /** What went out with it, where AWS may quote values of it that are secret. */
  input?: unknown,
) => Promise<T>;

const attempts = 3;
const throttledAttempts = 8;
/** Whoever waits longer than this must say so: the caller does, and this file cannot. */
const longestSilenceMs = 60_000;

/**
 * Sends requests and repeats them within bounds; its waits run on the given clock, so they cost tests nothing.
 * Neither a request nor a wait between two outlasts the limits, whatever Retry-After asks for.
 */
export function createSend({ clock, onRequest, random = Math.random, ...given }: SendOptions): Send {
  const limits = createLimits(given, clock);
  const waitFor = createPace(clock);
  let answered = false;
  return async (action, kind, request, input) => {
    const limit = limits.begin(kind);
    const waitMs = waitFor(action);
    // A wait that the deadline or an interrupt cuts short leaves it to AWS to answer.
    if (waitMs > 0) await limit.pause(waitMs);
    const startMs = clock.now();
    let unanswered = false;
    for (let attempt = 1; ; attempt++) {
      const sentMs = clock.now();
      const note = (outcome: string, requestId: string | undefined): void =>
        onRequest?.({
          type: 'aws-request',
          action,
          durationMs: clock.now() - sentMs,
          outcome,
          ...(requestId === undefined ? {} : { requestId }),
        });
      try {
        const answer = await limit.attempt(action, request);
        // Signing in by a profile may ask nobody.
        answered ||= answer.$metadata.requestId !== undefined;
        note('ok', answer.$metadata.requestId);
        return answer;
      } catch (thrown) {
        if (input !== undefined && thrown instanceof Error)
          thrown.message = withoutValues(thrown.message, secretValues(input));
        const error = explain(thrown, action);
        note(
          error instanceof TransientError || error instanceof UserError ? (error.code ?? error.name) : 'bug',
          requestIdOf(error),
        );
        if (!(error instanceof TransientError)) {
          answered ||= requestIdOf(error) !== undefined;
          throw unanswered ? afterUnanswered(error) : error;
        }
        // No waiting makes a certificate trusted; once AWS has answered, it is a fault on the way that may pass.
        if (isCertificateFault(error.code) && !answered) throw untrusted(error);
        unanswered ||= !error.throttled && !error.unsent;
        const mayRepeat = error.throttled || kind !== 'change' || error.unsent;
        if (!mayRepeat || attempt >= (error.throttled ? throttledAttempts : attempts)) throw error;
        const backoffMs = Math.min(20_000, (error.throttled ? 1_000 : 100) * 2 ** (attempt - 1)) * (0.5 + random() / 2);
        const pauseMs = Math.max(backoffMs, error.retryAfterMs ?? 0);
        if (clock.now() + pauseMs - startMs > longestSilenceMs || !(await limit.pause(pauseMs))) throw error;
      }
    }
  };
}

/** A refusal says nothing about the request before it, which may have been carried out. */
function afterUnanswered(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  return reworded(error, error.message, { details: { ...error.details, unanswered: true } });
}

function untrusted({ message, code, cause }: TransientError): UserError {
  return new UserError('The TLS certificate of the AWS endpoint is not trusted.', {
    code,
    why: message.includes(code) ? message : `${message} (${code})`,
    fix: 'Where a proxy signs with a certificate authority of its own, name its file in NODE_EXTRA_CA_CERTS; else check AWS_ENDPOINT_URL and the clock of this machine.',
    cause,
  });
}

function requestIdOf(error: unknown): string | undefined {
  return error instanceof TransientError || error instanceof UserError ? error.requestId : undefined;
}
