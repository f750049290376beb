import fc from 'fast-check';
import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import type { Fault } from '../../local/aws/faults.ts';
import { echoArbitrary, faultArbitrary, mostly, staleArbitrary } from './faults.ts';

/** The images that a schedule can deploy: v1 serves when it begins. */
export type Tag = 'v1' | 'v2' | 'v3';

/** One run of update-service-and-verify in a schedule. */
export interface RolloutRun {
  /** Runs of one job follow each other in one workflow; those of the other job go on at the same time. */
  job: 'a' | 'b';
  /** After the start of the schedule; the second run of a job begins when the first has ended. */
  startAtMs: number;
  /** What is asked for; `record`: the revision that a migration left in the records. */
  asks: { image: Tag } | 'record' | 'nothing new';
  force: boolean;
  desiredCount: number | undefined;
  verify: boolean;
  until: 'deployed' | 'drained';
  timeoutMs: number;
  pollIntervalMs: number | undefined;
  maxFailedTasks: number | undefined;
  onFailure: 'leave' | 'rollback';
  onInterrupt: 'leave' | 'rollback';
  interruptAtMs: number | undefined;
}

/** What somebody else does, so long after the start. */
export type Deed = { atMs: number } & (
  | { do: 'scale'; desiredCount: number }
  | { do: 'update'; image: Tag }
  | { do: 'force' | 'roll back' | 'stop a task' | 'ring the alarm' | 'answer the hook' | 'refuse the hook' }
);

/** What the tasks of a new image do; `times`: only the first so many of them. */
export interface Revision {
  behaviour: ContainerBehaviour;
  times?: number;
}

/** Everything that happens in one schedule. */
export interface RolloutSchedule {
  desiredCount: number;
  /** `deploymentConfiguration` of the service. */
  configuration: object;
  loadBalancer: boolean;
  revisions: Record<'v2' | 'v3', Revision>;
  /** Knobs of the model (`ServiceSettings`). */
  knobs: { serviceDeploymentDelayMs: number; staleReadMs: number };
  /** Service deployments cannot be read: refused, or never answered. */
  denied: 'no' | 'AccessDenied' | '5xx';
  /** Tasks cannot be listed. */
  tasks: 'listed' | 'throttled' | 'hanging';
  faults: Fault[];
  deeds: Deed[];
  runs: RolloutRun[];
}

const operations = [
  ...['DescribeServices', 'DescribeServices', 'UpdateService', 'UpdateService', 'ListServiceDeployments'],
  ...['DescribeServiceDeployments', 'DescribeServiceRevisions', 'RegisterTaskDefinition', 'DescribeTaskDefinition'],
  ...['ListTasks', 'DescribeTasks', 'StopServiceDeployment', 'GetLogEvents', 'DescribeImages'],
];
const stales = ['DescribeServices', 'ListServiceDeployments', 'DescribeServiceDeployments'];

const revision: fc.Arbitrary<Revision> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ behaviour: {} }) },
  {
    weight: 2,
    arbitrary: fc.record({
      behaviour: fc.record({
        runMs: fc.constantFrom(500, 20_000, 50_000, 120_000),
        exitCode: fc.constantFrom(0, 1, 137, null),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      behaviour: fc.record({
        start: fc.record({
          reason: fc.constantFrom('CannotPullContainerError: pull access denied', 'ResourceInitializationError: no'),
          afterMs: fc.constantFrom(1_000, 12_500, 270_000),
        }),
      }),
    }),
  },
  {
    // It limps: some tasks fail, the next ones run.
    weight: 3,
    arbitrary: fc.record({
      behaviour: fc.record({ runMs: fc.constantFrom(500, 30_000), exitCode: fc.constant(1) }),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ behaviour: { targetUnhealthy: { reason: 'Request timed out' } } }) },
);

const breaker = fc.oneof(
  fc.constant({}),
  fc.record({
    deploymentCircuitBreaker: fc.record(
      {
        enable: fc.constant(true),
        rollback: fc.boolean(),
        resetOnHealthyTask: fc.boolean(),
        thresholdConfiguration: fc.record({
          type: fc.constantFrom('COUNT', 'BOUNDED_PERCENT', 'UNBOUNDED_PERCENT'),
          value: fc.integer({ min: 1, max: 100 }),
        }),
      },
      { requiredKeys: ['enable', 'rollback'] },
    ),
  }),
);

const alarms = fc.constantFrom(
  {},
  {},
  { alarms: { enable: true, rollback: true, alarmNames: ['5xx'] }, bakeTimeInMinutes: 2 },
  { alarms: { enable: true, rollback: false, alarmNames: ['5xx'] }, bakeTimeInMinutes: 1 },
);

const pauseAt = (stage: string, minutes: number, action: string) => ({
  lifecycleHooks: [
    { targetType: 'PAUSE', lifecycleStages: [stage], timeoutConfiguration: { timeoutInMinutes: minutes, action } },
  ],
});

const hooks = (stages: readonly string[]): fc.Arbitrary<object> =>
  mostly<object>(
    {},
    fc
      .tuple(fc.constantFrom(...stages), fc.constantFrom(1, 30, 120), fc.constantFrom('CONTINUE', 'ROLLBACK'))
      .map(([stage, minutes, action]) => pauseAt(stage, minutes, action)),
  );

const rolling = fc
  .tuple(
    fc.constantFrom([100, 200], [50, 100], [0, 100], [100, 150], [50, 200]),
    breaker,
    alarms,
    hooks(['PRE_SCALE_UP', 'POST_SCALE_UP']),
    mostly<object>(
      {},
      fc
        .tuple(fc.constantFrom(0, 50, 100), fc.constantFrom('BLOCKING', 'DEFERRED'))
        .map(([healthyPercent, sourceServiceRevisionCleanup]) => ({
          earlySuccessCriteria: { enable: true, healthyPercent, sourceServiceRevisionCleanup },
        })),
    ),
  )
  .map(([[minimumHealthyPercent = 0, maximumPercent], ...parts]) => {
    const merged: Record<string, unknown> = Object.assign({ minimumHealthyPercent, maximumPercent }, ...parts);
    const early = merged.earlySuccessCriteria as { healthyPercent: number } | undefined;
    // The least that ECS takes.
    if (early !== undefined)
      merged.earlySuccessCriteria = { ...early, healthyPercent: Math.max(early.healthyPercent, minimumHealthyPercent) };
    return merged;
  });

const shifting = fc
  .tuple(
    fc.constantFrom(
      { strategy: 'BLUE_GREEN' },
      { strategy: 'LINEAR', linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 } },
      { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 1 } },
    ),
    breaker,
    hooks(['PRE_SCALE_UP', 'POST_SCALE_UP', 'POST_TEST_TRAFFIC_SHIFT', 'PRE_PRODUCTION_TRAFFIC_SHIFT']),
    fc.constantFrom(0, 1, 3),
  )
  .map(([strategy, ends, pauses, bakeTimeInMinutes]) => ({ ...strategy, ...ends, ...pauses, bakeTimeInMinutes }));

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    atMs: fc.integer({ min: 0, max: 900_000 }),
    do: fc.constant('update' as const),
    image: fc.constantFrom('v1', 'v2', 'v3'),
  }),
  fc.record({
    atMs: fc.integer({ min: 0, max: 900_000 }),
    do: fc.constant('scale' as const),
    desiredCount: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({
    atMs: fc.integer({ min: 0, max: 900_000 }),
    do: fc.constantFrom('force', 'roll back', 'stop a task', 'ring the alarm', 'answer the hook', 'refuse the hook'),
  }),
);

const run: fc.Arbitrary<RolloutRun> = fc.record({
  job: fc.constantFrom('a', 'b'),
  startAtMs: fc.integer({ min: 0, max: 300_000 }),
  asks: fc.oneof(
    { weight: 5, arbitrary: fc.record({ image: fc.constantFrom<Tag>('v2', 'v2', 'v2', 'v3', 'v1') }) },
    { weight: 1, arbitrary: fc.constantFrom('record' as const, 'nothing new' as const) },
  ),
  force: mostly<boolean>(false, fc.constant(true)),
  desiredCount: mostly<number | undefined>(undefined, fc.integer({ min: 0, max: 6 })),
  verify: mostly<boolean>(true, mostly(true, fc.constant(false))),
  until: mostly<'deployed' | 'drained'>('deployed', fc.constant('drained')),
  timeoutMs: fc.constantFrom(60_000, 300_000, 900_000, 900_000, 1_800_000),
  pollIntervalMs: fc.constantFrom(undefined, 10_000, 10_000, 20_000),
  maxFailedTasks: mostly<number | undefined>(undefined, fc.integer({ min: 1, max: 5 })),
  onFailure: mostly<'leave' | 'rollback'>('leave', fc.constant('rollback')),
  onInterrupt: fc.constantFrom('leave', 'rollback'),
  interruptAtMs: mostly<number | undefined>(undefined, mostly(undefined, fc.integer({ min: 0, max: 400_000 }))),
});

/** Random services, revisions, faults, people and runs of our own. */
export const rolloutSchedule: fc.Arbitrary<RolloutSchedule> = fc.record({
  desiredCount: fc.integer({ min: 1, max: 6 }),
  configuration: fc.oneof({ weight: 3, arbitrary: rolling }, { weight: 1, arbitrary: shifting }),
  loadBalancer: fc.boolean(),
  revisions: fc.record({ v2: revision, v3: revision }),
  knobs: fc.record({
    serviceDeploymentDelayMs: fc.constantFrom(0, 2_000, 30_000, 120_000),
    breakerDelayMs: fc.constantFrom(0, 5_000, 44_000, 300_000, Number.POSITIVE_INFINITY),
    failedStateDelayMs: fc.constantFrom(0, 20_000, 106_000),
    lingerMs: fc.constantFrom(0, 30_000, 300_000),
    staleReadMs: fc.constantFrom(0, 0, 1_000, 10_000),
    staleAnswer: mostly<boolean>(false, fc.constant(true)),
    deregistrationDelayMs: fc.constantFrom(5_000, 300_000),
  }),
  denied: mostly<RolloutSchedule['denied']>('no', fc.constantFrom('AccessDenied', '5xx')),
  tasks: mostly<RolloutSchedule['tasks']>('listed', fc.constantFrom('throttled', 'hanging')),
  faults: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: faultArbitrary(operations) },
      { weight: 1, arbitrary: staleArbitrary(stales) },
      { weight: 1, arbitrary: echoArbitrary(['RegisterTaskDefinition']) },
    ),
    { maxLength: 5 },
  ),
  deeds: fc.array(deed, { maxLength: 3 }),
  runs: fc.array(run, { minLength: 1, maxLength: 3 }),
});
