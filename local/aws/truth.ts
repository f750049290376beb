/** One container that really ran. */
export interface ContainerRun {
  taskArn: string;
  family: string;
  revision: number;
  container: string;
  image: string;
  imageDigest: string | undefined;
  command: readonly string[];
  startedAtMs: number;
  stoppedAtMs?: number;
  exitCode?: number;
}

/** What a service really serves with. */
export interface Serving {
  taskDefinitionArns: string[];
  imageDigests: string[];
  taskArns: string[];
}

/** What really happened, whatever the API says about it. */
export class GroundTruth {
  readonly runs: ContainerRun[] = [];
  readonly #serving: (service: string) => Serving;

  constructor(serving: (service: string) => Serving) {
    this.#serving = serving;
  }

  /** The task definitions and image digests of the running tasks of a service (its name). */
  serving(service: string): Serving {
    return this.#serving(service);
  }

  /** The ARNs of the tasks that ran this container, once each. */
  tasksThatRan(container: string): string[] {
    return [...new Set(this.runs.filter((run) => run.container === container).map((run) => run.taskArn))];
  }
}
