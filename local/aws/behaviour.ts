/** Which containers a script is for; every member given must fit. */
export interface BehaviourMatch {
  family?: string;
  /** `family:revision`. */
  taskDefinition?: string;
  container?: string;
  /** Part of the image reference or of its digest. */
  image?: string;
  /** Part of the command as it runs, words joined by spaces. */
  command?: string;
  /** Only tasks of services, or only one-off tasks. */
  kind?: 'service' | 'one-off';
  serviceName?: string;
  /** The script is for the first so many containers it fits. */
  times?: number;
}

/** What a container does once its task is launched. Nothing given: see `defaultBehaviour`. */
export interface ContainerBehaviour {
  /** The task never starts (TaskFailedToStart), after this long (default 12.5 s; a network black hole takes 4.5 minutes). */
  start?: { reason: string; afterMs?: number; on?: 'container' | 'task' };
  /** It stays in PENDING at least this long. */
  pendingMs?: number;
  /** It exits by itself after so long; absent: it runs until it is stopped. */
  runMs?: number;
  /** Its exit code; null: the agent never reported one. */
  exitCode?: number | null;
  /** Its reason, e.g. `OutOfMemoryError: Container killed due to memory usage`. */
  reason?: string;
  logs?: { atMs: number; message: string }[];
  /** Its lines become readable this long after they were written (default: the model's setting). */
  logDelayMs?: number;
  /** What its health check finds. */
  healthy?: boolean;
  /** ELB targets of this container never become healthy, for this reason. */
  targetUnhealthy?: { reason: string };
  ignoresSigterm?: boolean;
  /** Its exit code after SIGTERM (default 143). */
  sigtermExitCode?: number;
  /** The whole task is stopped from outside, so long after it began to run. */
  stop?: { atMs: number; stopCode: string; reason: string };
}

/** The facts about a container that scripts are matched against. */
export interface ContainerFacts {
  family: string;
  revision: number;
  container: string;
  image: string;
  imageDigest: string | undefined;
  command: readonly string[];
  serviceName: string | undefined;
}

/** One-off containers exit 0 after ten seconds; containers of a service run for ever. */
function defaultBehaviour(facts: ContainerFacts): ContainerBehaviour {
  return facts.serviceName === undefined ? { runMs: 10_000, exitCode: 0 } : {};
}

/** The scripts in force; the latest that fits a container wins. */
export class Behaviours {
  readonly #scripts: { match: BehaviourMatch; behaviour: ContainerBehaviour; left: number }[] = [];

  script(match: BehaviourMatch, behaviour: ContainerBehaviour): this {
    this.#scripts.unshift({ match, behaviour, left: match.times ?? Number.POSITIVE_INFINITY });
    return this;
  }

  /** Forgets every script. */
  clear(): void {
    this.#scripts.length = 0;
  }

  /** The behaviour of a container, and one use of a script with `times`. */
  take(facts: ContainerFacts): ContainerBehaviour {
    const script = this.find(facts);
    if (script !== undefined) script.left -= 1;
    return script?.behaviour ?? defaultBehaviour(facts);
  }

  private find(facts: ContainerFacts): { behaviour: ContainerBehaviour; left: number } | undefined {
    return this.#scripts.find(({ match, left }) => left > 0 && fits(match, facts));
  }
}

function fits(match: BehaviourMatch, facts: ContainerFacts): boolean {
  const { family, taskDefinition, container, image, command, kind, serviceName } = match;
  return (
    (family === undefined || family === facts.family) &&
    (taskDefinition === undefined || taskDefinition === `${facts.family}:${facts.revision}`) &&
    (container === undefined || container === facts.container) &&
    (image === undefined || facts.image.includes(image) || (facts.imageDigest ?? '').includes(image)) &&
    (command === undefined || facts.command.join(' ').includes(command)) &&
    (kind === undefined || kind === (facts.serviceName === undefined ? 'one-off' : 'service')) &&
    (serviceName === undefined || serviceName === facts.serviceName)
  );
}
