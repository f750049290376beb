/** The word that is at fault, and the words that may stand in its place. */
interface Fault {
  word: string;
  near: readonly string[];
}

/** A config that CircleCI would refuse, in CircleCI's words: the calls that led there, then the fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly fault: Fault | undefined;
  constructor(message: string, fault?: Fault) {
    super(message);
    this.fault = fault;
  }
}

/**
 * Runs `work`; a fault in it is reported as being inside the call of `what`, as CircleCI nests its messages, with the name that
 * the call gives it.
 */
export function calling<T>(
  what: 'workflow' | 'job' | 'command' | 'executor',
  name: string,
  work: () => T,
  alias?: string,
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const named = alias === undefined ? '' : `, named '${alias}'`;
    throw new ConfigError(`Error calling ${what}: '${name}'${named}\n${error.message}`, error.fault);
  }
}
