import type { Core } from '../core.ts';
import { ApiError, type Json } from '../wire.ts';
import type { TaskRecord } from './records.ts';
import { taskView } from './task-view.ts';

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;

interface Kept {
  request: string;
  atMs: number;
  tasks: TaskRecord[];
  /** A request that placed nothing is remembered as well, for the shortest life there is. */
  failures: Json[];
}

/** The idempotency table of RunTask: per cluster, for min(24 h, the tasks' lifetime + 1 h). */
export function clientTokens(core: Core): {
  replay(cluster: string, input: Json): Json | undefined;
  keep(cluster: string, input: Json, tasks: TaskRecord[], failures: Json[]): void;
} {
  const table = new Map<string, Kept>();
  const nowMs = () => core.world.clock.now();
  const alive = ({ atMs, tasks }: Kept): boolean => {
    const endsMs = tasks.map(({ stoppedAtMs }) => (stoppedAtMs ?? Number.POSITIVE_INFINITY) + hourMs);
    return nowMs() < Math.min(atMs + dayMs, tasks.length === 0 ? atMs + hourMs : Math.max(...endsMs));
  };
  return {
    replay(cluster, input) {
      if (input.clientToken === undefined) return undefined;
      const kept = table.get(`${cluster} ${input.clientToken}`);
      if (kept === undefined || !alive(kept)) return undefined;
      if (kept.request !== canonical(input)) {
        throw new ApiError(
          'ConflictException',
          'A RunTask request with the same client token but different parameters was made before.',
          { extra: { resourceIds: kept.tasks.map(({ arn }) => arn) } },
        );
      }
      return { tasks: kept.tasks.map((task) => replayView(task, core)), failures: kept.failures };
    },
    keep(cluster, input, tasks, failures) {
      if (input.clientToken === undefined) return;
      table.set(`${cluster} ${input.clientToken}`, { request: canonical(input), atMs: nowMs(), tasks, failures });
    },
  };
}

/** Of a task that has stopped, a replay shows no more than this. */
function replayView(task: TaskRecord, core: Core): Json {
  if (task.lastStatus !== 'STOPPED') return taskView(task, core, ['TAGS']);
  return { taskArn: task.arn, lastStatus: task.lastStatus, desiredStatus: task.desiredStatus };
}

function canonical(input: Json): string {
  const sorted = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(sorted);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, sorted(value[key])]),
    );
  };
  return JSON.stringify(sorted({ ...input, clientToken: undefined }));
}
