import fc from 'fast-check';
import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import type { Fault } from '../../local/aws/faults.ts';
import { echoArbitrary, faultArbitrary, mostly as often } from './faults.ts';

/** One run of run-migration-task in a schedule. */
export interface MigrationRun {
  /** Runs of one job are reruns of each other; those of another job are strangers. */
  job: 'a' | 'b';
  /** After the start of the schedule; a rerun begins when the run of the job before it has ended. */
  startAtMs: number;
  timeoutMs: number;
  pollIntervalMs: number | undefined;
  exclusive: 'wait' | 'fail' | 'ignore';
  onTimeout: 'leave' | 'stop';
  onInterrupt: 'leave' | 'stop';
  wait: boolean;
  interruptAtMs: number | undefined;
  keepsRecords: boolean;
}

/** Everything that happens in one schedule. */
export interface MigrationSchedule {
  /** What the migration container does: the first run's, the second's … */
  behaviours: ContainerBehaviour[];
  sidecar: { essential: boolean; behaviour: ContainerBehaviour } | undefined;
  isEssential: boolean;
  missingForMs: number;
  missingWindows: { fromMs: number; untilMs: number }[];
  stopCodeDelayMs: number;
  settleMs: number;
  capacityFailures: number;
  faults: Fault[];
  /** Somebody stops the newest task. */
  operatorStopsAtMs: number | undefined;
  runs: MigrationRun[];
}

const operations = ['RunTask', 'DescribeTasks', 'ListTasks', 'GetLogEvents', 'DescribeTaskDefinition', 'StopTask'];

const behaviour: fc.Arbitrary<ContainerBehaviour> = fc.record(
  {
    runMs: fc.integer({ min: 500, max: 900_000 }),
    exitCode: fc.constantFrom(0, 0, 0, 1, 137, 143, 255, 256, null),
    ignoresSigterm: fc.boolean(),
    sigtermExitCode: fc.constantFrom(0, 0, 143, 1),
    reason: fc.constantFrom('OutOfMemoryError: Container killed due to memory usage'),
    stop: fc.record({
      atMs: fc.integer({ min: 100, max: 300_000 }),
      stopCode: fc.constantFrom('SpotInterruption', 'TerminationNotice', 'UserInitiated', 'InfrastructureHealth'),
      reason: fc.constantFrom('Your Spot Task was interrupted.', 'Task stopped by user', 'something new'),
    }),
    start: fc.record({
      reason: fc.constantFrom('CannotPullContainerError: pull access denied', 'ResourceInitializationError: no'),
      afterMs: fc.integer({ min: 1_000, max: 280_000 }),
    }),
  },
  { requiredKeys: ['runMs', 'exitCode'] },
);

const run: fc.Arbitrary<MigrationRun> = fc.record({
  job: fc.constantFrom('a', 'b'),
  startAtMs: fc.integer({ min: 0, max: 300_000 }),
  timeoutMs: fc.constantFrom(30_000, 120_000, 1_800_000, 3_600_000),
  pollIntervalMs: fc.constantFrom(undefined, 5_000, 10_000),
  exclusive: often<'wait' | 'fail' | 'ignore'>('wait', fc.constantFrom('fail', 'ignore')),
  onTimeout: fc.constantFrom('leave', 'stop'),
  onInterrupt: fc.constantFrom('leave', 'stop'),
  wait: often<boolean>(true, fc.constant(false)),
  interruptAtMs: often<number | undefined>(undefined, fc.integer({ min: 0, max: 400_000 })),
  keepsRecords: fc.boolean(),
});

/** Random lifecycles, faults, people and several runs of our own. */
export const migrationSchedule: fc.Arbitrary<MigrationSchedule> = fc.record({
  behaviours: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: behaviour },
      { weight: 1, arbitrary: fc.constant({ runMs: 20_000, exitCode: 0 }) },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  sidecar: often<MigrationSchedule['sidecar']>(undefined, fc.record({ essential: fc.boolean(), behaviour })),
  isEssential: often<boolean>(true, fc.constant(false)),
  missingForMs: often<number>(0, fc.integer({ min: 0, max: 50_000 })),
  missingWindows: often<MigrationSchedule['missingWindows']>(
    [],
    fc.array(
      fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 1_000, max: 45_000 })).map(([fromMs, ms]) => ({
        fromMs,
        untilMs: fromMs + ms,
      })),
      { maxLength: 1 },
    ),
  ),
  stopCodeDelayMs: often<number>(0, fc.integer({ min: 0, max: 40_000 })),
  settleMs: fc.integer({ min: 0, max: 10_000 }),
  capacityFailures: often<number>(0, fc.integer({ min: 1, max: 2 })),
  faults: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: faultArbitrary(operations) },
      { weight: 1, arbitrary: echoArbitrary(['RunTask']) },
    ),
    { maxLength: 6 },
  ),
  operatorStopsAtMs: often<number | undefined>(undefined, fc.integer({ min: 1_000, max: 600_000 })),
  runs: fc.array(run, { minLength: 1, maxLength: 3 }),
});
