import type { DeploymentConfiguration } from '@aws-sdk/client-ecs';
import { formatDuration } from '../base/duration.ts';

const minuteMs = 60_000;

/**
 * What a traffic-shifting deployment waits for at least, in milliseconds, from its bake times and steps; defaults as in
 * the API reference (LinearConfiguration, CanaryConfiguration). After the last step only `bakeTimeInMinutes` counts.
 */
function leastDuration(configuration: DeploymentConfiguration | undefined): { ms: number; text: string } {
  const { strategy, bakeTimeInMinutes: bake = 0, linearConfiguration, canaryConfiguration } = configuration ?? {};
  const bakeMs = bake * minuteMs;
  const baking = bake === 0 ? [] : [`${formatDuration(bakeMs)} of bake time`];
  switch (strategy) {
    case 'LINEAR': {
      const { stepPercent = 10, stepBakeTimeInMinutes: wait = 6 } = linearConfiguration ?? {};
      const steps = Math.ceil(100 / stepPercent);
      const waits = `${steps} steps with ${formatDuration(wait * minuteMs)} between them`;
      return { ms: (steps - 1) * wait * minuteMs + bakeMs, text: [waits, ...baking].join(' and ') };
    }
    case 'CANARY': {
      const wait = canaryConfiguration?.canaryBakeTimeInMinutes ?? 10;
      const canary = `${formatDuration(wait * minuteMs)} of canary bake time`;
      return { ms: wait * minuteMs + bakeMs, text: [canary, ...baking].join(' and ') };
    }
    case 'BLUE_GREEN':
      return { ms: bakeMs, text: baking.join('') };
    default:
      return { ms: 0, text: '' };
  }
}

/** Why a deployment cannot end within the time-out; undefined where it can. */
export function tooShort(
  service: string,
  configuration: DeploymentConfiguration | undefined,
  timeoutMs: number,
): string | undefined {
  const { ms, text } = leastDuration(configuration);
  if (ms < timeoutMs) return undefined;
  return (
    `A deployment of ${service} takes at least ${formatDuration(ms)} (${configuration?.strategy}: ${text}), ` +
    `but --timeout is ${formatDuration(timeoutMs)}: this run will end with exit code 3 before the deployment does.`
  );
}
