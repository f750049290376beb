/** Where the log lines of a container are. */
export type LogPlace =
  | { kind: 'awslogs'; group: string; stream: string; region: string }
  /** The stream is named after the runtime, which is not known yet. */
  | { kind: 'awslogs-unnamed'; group: string; region: string }
  | { kind: 'elsewhere'; driver: string; where: string }
  | { kind: 'none' }
  /** The task definition could not be read. */
  | { kind: 'unknown' };

/** A container and what its definition says about its log. */
export interface LoggedContainer {
  name: string;
  /** null: not known; undefined: none. */
  logConfiguration?: unknown;
  /** Values of its environment, which no quote of its log may show. */
  hidden?: readonly string[];
}

/** Derives the stream `prefix/container/task-id` (see "awslogs log driver" in the Amazon ECS developer guide). */
export function logPlace(
  container: LoggedContainer,
  task: { id: string; region: string; runtimeId?: string | undefined },
): LogPlace {
  if (container.logConfiguration === null) return { kind: 'unknown' };
  const { logDriver, options: given } = (container.logConfiguration ?? {}) as {
    logDriver?: string;
    options?: Record<string, string> | null;
  };
  const options = given ?? {};
  if (logDriver === undefined || logDriver === 'none') return { kind: 'none' };
  if (logDriver !== 'awslogs') return { kind: 'elsewhere', driver: logDriver, where: whereabouts(logDriver, options) };
  const group = options['awslogs-group'] ?? '';
  const region = options['awslogs-region'] ?? task.region;
  const prefix = options['awslogs-stream-prefix'];
  if (prefix !== undefined) return { kind: 'awslogs', group, region, stream: `${prefix}/${container.name}/${task.id}` };
  // On EC2 without a prefix, Docker names the stream after the container.
  if (task.runtimeId === undefined) return { kind: 'awslogs-unnamed', group, region };
  return { kind: 'awslogs', group, region, stream: task.runtimeId };
}

/** Option names that say where lines go and hold no secret. */
const addresses = [
  'Name',
  'log_group_name',
  'delivery_stream',
  'Host',
  'host',
  'splunk-url',
  'syslog-address',
  'gelf-address',
  'fluentd-address',
];

function whereabouts(driver: string, options: Readonly<Record<string, string>>): string {
  const found = addresses.flatMap((name) => (options[name] === undefined ? [] : [`${name} ${options[name]}`]));
  if (driver === 'awsfirelens') {
    return found.length === 0
      ? 'the FireLens router of the task decides'
      : `FireLens sends them on (${found.join(', ')})`;
  }
  if (found.length > 0) return found.join(', ');
  return ['json-file', 'local', 'journald'].includes(driver) ? 'on the container instance' : 'see logConfiguration';
}
