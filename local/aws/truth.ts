/** One container that really ran. */
export interface ContainerRun {
  taskArn: string;
  startedBy: string | undefined;
  /** Absent for one-off tasks. */
  serviceName: string | undefined;
  family: string;
  revision: number;
  container: string;
  image: string;
  imageDigest: string | undefined;
  command: readonly string[];
  startedAtMs: number;
  stoppedAtMs?: number;
  exitCode?: number;
  /** Whether it ended of its own accord, or had been sent a stop signal before. Absent while it runs. */
  ended?: 'by itself' | 'told to stop';
}

/** What a service really serves with. */
export interface Serving {
  taskDefinitionArns: string[];
  imageDigests: string[];
  taskArns: string[];
}

/** One deployment of a service and what really became of it. */
export interface Rollout {
  /** `ecs-svc/…`, as in `deployments[]`. */
  id: string;
  serviceDeploymentArn: string;
  taskDefinitionArn: string;
  createdAtMs: number;
  end: 'in progress' | 'deployed' | 'failed' | 'rolled back' | 'superseded';
}

/** Which one-off containers are meant; every member given must fit. */
export interface RunFilter {
  family?: string;
  container?: string;
  startedBy?: string;
}

/** What really happened, whatever the API says about it. */
export class GroundTruth {
  readonly runs: ContainerRun[] = [];
  readonly #serving: (service: string) => Serving;
  readonly #rollouts: (service: string) => Rollout[];

  constructor(serving: (service: string) => Serving, rollouts: (service: string) => Rollout[] = () => []) {
    this.#serving = serving;
    this.#rollouts = rollouts;
  }

  /** The task definitions and image digests of the running tasks of a service (its name). */
  serving(service: string): Serving {
    return this.#serving(service);
  }

  /** Every deployment that a service (its name) ever had, newest first. */
  rollouts(service: string): Rollout[] {
    return this.#rollouts(service);
  }

  /** The ARNs of the tasks that ran this container, once each. */
  tasksThatRan(container: string): string[] {
    return [...new Set(this.runs.filter((run) => run.container === container).map((run) => run.taskArn))];
  }

  /** The containers of one-off tasks that ran. */
  migrations(filter: RunFilter = {}): ContainerRun[] {
    const { family, container, startedBy } = filter;
    return this.runs.filter(
      (run) =>
        run.serviceName === undefined &&
        (family === undefined || run.family === family) &&
        (container === undefined || run.container === container) &&
        (startedBy === undefined || run.startedBy === startedBy),
    );
  }

  /** The ARNs of the tasks whose container exited 0 of its own accord. */
  succeeded(filter: RunFilter = {}): string[] {
    return this.migrations(filter)
      .filter(({ exitCode, ended }) => exitCode === 0 && ended === 'by itself')
      .map(({ taskArn }) => taskArn);
  }

  /** How many tasks ran one of these containers at the same time, at most. */
  mostAtOnce(filter: RunFilter = {}): number {
    const runs = this.migrations(filter);
    const atStart = runs.map(({ startedAtMs }) => {
      const running = runs.filter(
        (other) => other.startedAtMs <= startedAtMs && (other.stoppedAtMs ?? Number.POSITIVE_INFINITY) > startedAtMs,
      );
      return new Set(running.map(({ taskArn }) => taskArn)).size;
    });
    return Math.max(0, ...atStart);
  }
}
