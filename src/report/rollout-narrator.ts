import { taskId } from '../base/arn.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { bad, type Line, line } from './line.ts';
import { failureText, rolloutEventLines } from './rollout-text.ts';
import { shortener } from './shorten.ts';

/**
 * The lines of one rollout to many services. What was said in full is not said in full again: digests and ARNs are short
 * from their second mention on, the same changes of another service and the same failure of another task are one line.
 */
export function rolloutNarrator(): (event: { type: string }) => Line[] {
  const tell = teller();
  return (event) => tell(event as RolloutEvent);
}

function teller(): (event: RolloutEvent) => Line[] {
  const shorten = shortener();
  const changes = new Map<string, string>();
  const failures = new Map<string, number>();
  let consoleOf: string | undefined;
  return (event) => {
    switch (event.type) {
      case 'image-pinned':
        // With the first service in full; the changes of each service name the image too.
        return changes.size > 0 ? [] : short(rolloutEventLines(event), shorten);
      case 'differences': {
        const same = JSON.stringify(event.differences);
        const other = changes.get(same);
        changes.set(same, other ?? event.service);
        if (other === undefined) return short(rolloutEventLines(event), shorten);
        return [line(`${event.service}: the same changes from ${event.from} as ${other}`)];
      }
      case 'deployment-started': {
        const [began, ...more] = rolloutEventLines(event);
        // The address of the others differs in the name alone.
        consoleOf ??= event.service;
        return [...(began === undefined ? [] : [began]), ...(consoleOf === event.service ? more : [])];
      }
      case 'service-deployment-found':
        // A short ARN says itself what it is of.
        return short(rolloutEventLines(event), (text) =>
          shorten(text).replace('service deployment service-deployment/', 'service-deployment/'),
        );
      case 'task-failed': {
        const text = failureText(event.task);
        const key = `${event.service} ${text}`;
        const count = (failures.get(key) ?? 0) + 1;
        failures.set(key, count);
        if (count === 1) return rolloutEventLines(event);
        return [bad(`${event.service}: task ${taskId(event.task.taskArn)} failed too, as before (${count} so far)`)];
      }
      default:
        return rolloutEventLines(event);
    }
  };
}

const short = (lines: readonly Line[], shorten: (text: string) => string): Line[] =>
  lines.map((one) => ({ ...one, text: shorten(one.text) }));
