/** What `within` answers where the work was not done in time. */
export const late: unique symbol = Symbol('late');

/**
 * Waits for work that must not hold up what matters, at most `ms` milliseconds of real time. The work itself goes on
 * behind; an error that comes late is nobody's any more.
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | typeof late> {
  const signal = AbortSignal.timeout(ms);
  let give = (): void => undefined;
  const out = new Promise<typeof late>((resolve) => {
    give = () => resolve(late);
    signal.addEventListener('abort', give, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, out]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
