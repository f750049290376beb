/** A config that CircleCI would refuse, in CircleCI's words: the calls that led there, then the fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Runs `work`; a fault in it is reported as being inside the call of `what`, as CircleCI nests its messages. */
export function calling<T>(what: 'workflow' | 'job' | 'command' | 'executor', name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Error calling ${what}: '${name}'\n${error.message}`);
  }
}
