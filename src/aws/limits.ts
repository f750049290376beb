import { formatDuration } from '../base/duration.ts';
import { TransientError } from '../errors.ts';
import type { Clock } from '../ports.ts';

/**
 * What a request does and when it may be sent again: `read`, always; `repeatable`, a change that AWS carries out once
 * however often it arrives (an idempotency token, a stop), always; `change`, only if AWS surely did nothing.
 */
export type Kind = 'read' | 'repeatable' | 'change';

/** What bounds all requests of a command. */
export interface Limits {
  /** Aborted when the user interrupts. */
  interrupt?: AbortSignal | undefined;
  /** Milliseconds since the epoch at which the command's time is over. */
  deadlineMs?: number | undefined;
  /** Longest wait for the first byte of an answer. */
  requestTimeoutMs?: number | undefined;
}

/** Options of one attempt, as the SDK's `client.send` takes them. */
export interface Attempt {
  abortSignal: AbortSignal;
  requestTimeout: number;
}

/** The limits of one request with its repeats. */
export interface Limit {
  /** One attempt; rejects with a TransientError when it is cut short. */
  attempt<T>(action: string, request: (attempt: Attempt) => Promise<T>): Promise<T>;
  /** Waits; false where there is no time or no wish for another attempt. */
  pause(ms: number): Promise<boolean>;
}

const defaultTimeoutMs = 15_000;
/** Also the last look, on the deadline itself, can be answered, and a change is not torn away by it. */
const leastMs: Readonly<Record<Kind, number>> = { read: 2_000, repeatable: 5_000, change: 5_000 };
/** When time is over or the user interrupted, each request that still tells or stops something has so long, repeats included. */
const afterwardsMs: Readonly<Record<Kind, number>> = { read: 5_000, repeatable: 15_000, change: 15_000 };
/** An interrupt does not tear a change away at once: an answer within this time says what was started. */
const patienceMs: Readonly<Record<Kind, number>> = { read: 0, repeatable: 3_000, change: 3_000 };
/** The body may take longer than its first byte, but not for ever. */
const bodyFactor = 4;
/** A timer of Node that is longer ends at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Requests under way end with an interrupt, and none outlasts the deadline. What is sent after either, to stop, roll back
 * or look once more, goes through, with a little time of its own.
 */
export function createLimits(limits: Limits, clock: Clock): { begin(kind: Kind): Limit } {
  const { interrupt, deadlineMs = Number.POSITIVE_INFINITY, requestTimeoutMs = defaultTimeoutMs } = limits;
  const isAborted = (): boolean => interrupt?.aborted === true;
  const underWay = new Set<() => void>();
  const endAll = (): void => {
    for (const end of underWay) end();
  };
  interrupt?.addEventListener('abort', endAll, { once: true });
  return {
    begin: (kind) => {
      const wasInterrupted = isAborted();
      const isOver = wasInterrupted || clock.now() >= deadlineMs;
      const untilMs = isOver ? clock.now() + afterwardsMs[kind] : deadlineMs;
      const isInterrupted = (): boolean => !wasInterrupted && isAborted();
      return {
        attempt: async (action, request) => {
          const leftMs = Math.max(leastMs[kind], untilMs - clock.now());
          const requestTimeout = Math.min(requestTimeoutMs, leftMs);
          const longestMs = Math.ceil(Math.min(leftMs, bodyFactor * requestTimeoutMs, longestTimerMs));
          const whole = new AbortController();
          const isCut = (): TransientError => cutShort(action, longestMs, isInterrupted());
          const cut = new Promise<never>((_resolve, reject) => {
            whole.signal.addEventListener('abort', () => reject(isCut()));
          });
          cut.catch(() => undefined);
          const abort = (): void => whole.abort();
          const time = AbortSignal.timeout(longestMs);
          time.addEventListener('abort', abort);
          const interrupted = (): void => {
            if (patienceMs[kind] === 0) abort();
            else AbortSignal.timeout(patienceMs[kind]).addEventListener('abort', abort);
          };
          if (!wasInterrupted) underWay.add(interrupted);
          try {
            // The SDK looks at its signal only while it talks to the endpoint itself, not while it looks for credentials.
            return await Promise.race([request({ abortSignal: whole.signal, requestTimeout }), cut]);
          } catch (error) {
            throw whole.signal.aborted ? isCut() : error;
          } finally {
            underWay.delete(interrupted);
            time.removeEventListener('abort', abort);
          }
        },
        pause: async (ms) => {
          if (isInterrupted() || clock.now() + ms >= untilMs) return false;
          await clock.sleep(ms, wasInterrupted ? undefined : interrupt);
          return !isInterrupted();
        },
      };
    },
  };
}

function cutShort(action: string, afterMs: number, interrupted: boolean): TransientError {
  return interrupted
    ? new TransientError(`${action}: interrupted before AWS answered`, { code: 'Interrupted', throttled: false })
    : new TransientError(`${action}: no whole answer within ${formatDuration(afterMs)}`, {
        code: 'TimeoutError',
        throttled: false,
      });
}
