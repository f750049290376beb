import type { WaitingOptions } from '../task/options.ts';
import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';

const group = 'Waiting and logs';

/** How run-migration-task and wait-for-task wait. */
export const waitingOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'timeout',
    kind: 'duration',
    group,
    placeholder: 'DURATION',
    describe: 'Longest time for everything together; the task itself is not limited by it.',
    default: '60m',
  },
  {
    name: 'poll-interval',
    kind: 'duration',
    group,
    placeholder: 'DURATION',
    describe: 'Fixed distance between two looks.',
    default: 'adaptive, 1s to 10s',
  },
  {
    name: 'logs',
    kind: 'boolean',
    group,
    describe: 'Prints the log of the container while it runs; --no-logs does not.',
    default: 'true',
  },
  {
    name: 'log-grace',
    kind: 'duration',
    group,
    placeholder: 'DURATION',
    describe: 'How long to go on reading the log once the verdict stands.',
    default: '5s, and 15s after a failure',
  },
  {
    name: 'on-timeout',
    kind: 'choice',
    choices: ['leave', 'stop'],
    group,
    describe: 'What happens to the task when time runs out.',
    default: 'leave',
  },
  {
    name: 'on-interrupt',
    kind: 'choice',
    choices: ['leave', 'stop'],
    group,
    describe: 'What happens to the task on SIGINT or SIGTERM.',
    default: 'leave',
  },
  {
    name: 'pass-exit-code',
    kind: 'boolean',
    group,
    describe: 'Exits with the container’s own code instead of 1 when it failed with one.',
    default: 'false',
  },
];

/** Reads `waitingOptionSpecs`. */
export function readWaitingOptions(reader: OptionReader): WaitingOptions {
  return {
    timeoutMs: reader.durationMs('timeout') ?? 3_600_000,
    pollIntervalMs: reader.durationMs('poll-interval'),
    logs: reader.boolean('logs', true),
    logGraceMs: reader.durationMs('log-grace'),
    onTimeout: reader.choice('on-timeout', ['leave', 'stop']) ?? 'leave',
    onInterrupt: reader.choice('on-interrupt', ['leave', 'stop']) ?? 'leave',
    passExitCode: reader.boolean('pass-exit-code', false),
  };
}
