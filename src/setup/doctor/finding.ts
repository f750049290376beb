import { hasCode, TransientError, UserError } from '../../errors.ts';

/** What a check found: `ok`, a fault with its fix, or `unknown` where the credentials are not authorized to look, with what is missing. */
export interface Finding {
  area: string;
  state: 'ok' | 'fault' | 'unknown';
  text: string;
  fix?: string;
}

export const ok = (area: string, text: string): Finding => ({ area, state: 'ok', text });
export const fault = (area: string, text: string, fix: string): Finding => ({ area, state: 'fault', text, fix });

const denials = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'];

/** Runs a check; a denied read or no answer is `unknown`, any other refusal a fault. */
export async function check(area: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, ...denials)) {
      const { action = error.message } = error.details;
      // AWS names the permission, which need not be called like the operation.
      const named = /not authorized to perform: (\S+)/.exec(error.awsMessage ?? '')?.[1];
      return [{ area, state: 'unknown', text: `not permitted: ${named ?? String(action)}` }];
    }
    if (error instanceof TransientError) return [{ area, state: 'unknown', text: `no answer: ${error.message}` }];
    if (error instanceof UserError)
      return [fault(area, error.awsMessage ?? error.message, error.fix ?? 'Correct what AWS refuses.')];
    throw error;
  }
}

/** `a, b and c` for people. */
export const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
