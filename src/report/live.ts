import { taskId } from '../base/arn.ts';
import { formatDuration } from '../base/duration.ts';
import type { BuildEvent } from '../build/build.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { harmless, type Line } from './line.ts';

/** What a terminal shows below the log while something is waited for: how far it is, and the last lines of the container. */
export interface LiveView {
  /** Takes a fact in; returns those of its lines, and of earlier ones, that belong to the log by now. */
  take(event: { type: string }, lines: readonly Line[]): Line[];
  /** The lines that are still below, once the wait is over. */
  rest(): Line[];
  /** Plain rows, none longer than the terminal is wide; none at all before there is something to wait for. */
  rows(elapsedMs: number, columns: number): string[];
}

const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const turnMs = 100;

/** A view whose tail holds so many lines of the containers' logs. */
export function liveView(tailLines: number): LiveView {
  const states = new Map<string, string>();
  const tail: Line[] = [];
  return {
    take: (event, lines) => {
      const [of, state] = stateAfter(event as BuildEvent | MigrationEvent | RolloutEvent) ?? [];
      if (of !== undefined && state !== undefined) states.set(of, state);
      // The rows say how long it takes so far.
      if (event.type === 'heartbeat') return [];
      if (event.type !== 'log-line') return [...tail.splice(0), ...lines];
      tail.push(...lines);
      return tail.splice(0, Math.max(0, tail.length - tailLines));
    },
    rest: () => tail.splice(0),
    rows: (elapsedMs, columns) => {
      if (states.size === 0) return [];
      const turn = spinner.charAt(Math.floor(elapsedMs / turnMs) % spinner.length);
      const rows = [
        `${turn} ${formatDuration(Math.floor(elapsedMs / 1_000) * 1_000)}  ${[...states.values()].filter((state) => state !== '').join(', ')}`,
      ];
      for (const { text } of tail)
        rows.push(
          ...harmless(text)
            .split('\n')
            .slice(0, 1)
            .map((first) => `  ${first}`),
        );
      return rows.map((row) => (row.length < columns ? row : `${row.slice(0, columns - 2)}…`).replaceAll('\t', ' '));
    },
  };
}

/** Whose state a fact tells, and in how few words. */
function stateAfter(event: BuildEvent | MigrationEvent | RolloutEvent): [of: string, state: string] | undefined {
  switch (event.type) {
    case 'build-started':
      return ['docker', 'docker is at work'];
    case 'task-started':
    case 'task-adopted':
      return [event.taskArn, `task ${taskId(event.taskArn).slice(0, 8)}`];
    case 'task-state':
      return [event.taskArn, `task ${taskId(event.taskArn).slice(0, 8)} ${event.status}`];
    case 'waiting-for-others':
      return ['others', 'another migration runs'];
    case 'others-done':
      return ['others', ''];
    case 'deployment-started':
    case 'deployment-adopted':
      return [event.service, event.service];
    case 'progress': {
      const { running, desired, failed, stage } = event.progress;
      const more = [...(failed === 0 ? [] : [`${failed} failed`]), ...(stage === undefined ? [] : [stage])];
      return [
        event.service,
        `${event.service} ${running}/${desired} running${more.map((text) => ` ${text}`).join('')}`,
      ];
    }
    case 'paused':
      return [event.service, `${event.service} waits for an answer`];
    case 'service-judged':
      return [event.service, `${event.service} ${event.verdict}`];
    default:
      return undefined;
  }
}
