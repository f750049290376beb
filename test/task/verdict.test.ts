import type { Task, TaskStopCode } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { type CountingContainer, endedAtMs, observed, type TaskObservation, unseen } from '../../src/task/observe.ts';
import { type TaskVerdict, taskVerdict } from '../../src/task/verdict.ts';

const app: CountingContainer = { name: 'app', essential: true, otherEssential: [] };
const exited = 'Essential container in task exited';
const stoppingAt = new Date('2026-01-05T09:00:47.000Z');

/** A stopped container `app`; the task is on its way down unless it says otherwise. */
function snapshot(task: Partial<Task>, container: object): Task {
  const end = { lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED', stoppingAt };
  return { ...end, ...task, containers: [{ name: 'app', lastStatus: 'STOPPED', ...container }] };
}

/** What several answers of DescribeTasks show together, one every two seconds; undefined is MISSING. */
function sightings(answers: readonly (Task | undefined)[], container: CountingContainer = app): TaskObservation {
  return answers.reduce(
    (seen: TaskObservation, task, look) => observed(seen, task, container, look * 2_000),
    unseen('arn:aws:ecs:eu-west-1:123456789012:task/prod/0123'),
  );
}

/** A task that nobody has asked to stop (reference §1.2b: a stop that is asked for sets both members first). */
const untouched = { lastStatus: 'RUNNING', desiredStatus: 'RUNNING', stoppingAt: undefined };

/** The verdict when these answers were all that was seen. */
const verdictOf = (
  answers: readonly (Task | undefined)[],
  container: CountingContainer = app,
  afterMs = answers.length * 2_000,
): TaskVerdict => taskVerdict(sightings(answers, container), container, afterMs);

/** A minute and more after the last answer: what has not come by then never comes. */
const muchLater = 120_000;

describe('still going', () => {
  test.each<[string, Task]>([
    ['before it runs', { lastStatus: 'PROVISIONING', containers: [{ name: 'app', lastStatus: 'PENDING' }] }],
    ['while it waits', { lastStatus: 'PENDING', containers: [{ name: 'app', lastStatus: 'PENDING' }] }],
    [
      'in a state nobody knows yet',
      { lastStatus: 'HIBERNATING', containers: [{ name: 'app', lastStatus: 'PENDING' }] },
    ],
    ['while its container runs', { lastStatus: 'RUNNING', containers: [{ name: 'app', lastStatus: 'RUNNING' }] }],
    [
      'while it is being stopped and its container still runs',
      { lastStatus: 'STOPPING', stopCode: 'UserInitiated', containers: [{ name: 'app', lastStatus: 'RUNNING' }] },
    ],
    [
      'exit code 0 of a task that is told to stop, without a stop code yet: the stop code decides',
      snapshot({ lastStatus: 'RUNNING' }, { exitCode: 0 }),
    ],
    [
      'exit code 0 of a task that is to stop, though no stoppingAt is there yet: the stop code decides',
      snapshot({ lastStatus: 'RUNNING', stoppingAt: undefined }, { exitCode: 0 }),
    ],
    [
      'exit code 0 with stoppingAt, whatever is desired: the stop code decides',
      snapshot({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' }, { exitCode: 0 }),
    ],
    ['a stopped container without code, reason and stop code yet', snapshot({ lastStatus: 'RUNNING' }, {})],
    ['an answer without containers', { lastStatus: 'PROVISIONING' }],
  ])('%s', (_rule, task) => {
    expect(verdictOf([task])).toEqual({ verdict: 'going' });
  });
});

describe('succeeded', () => {
  test('exit code 0 and EssentialContainerExited, as soon as seen', () => {
    const task = snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, { exitCode: 0 });
    expect(verdictOf([task])).toEqual({ verdict: 'succeeded' });
  });

  test('exit code 0 while nobody has asked for a stop: as soon as seen, long before the stop code', () => {
    expect(verdictOf([snapshot(untouched, { exitCode: 0 })])).toEqual({ verdict: 'succeeded' });
  });

  test('exit code 0 of a container that is not essential, while the task goes on without it', () => {
    const task = snapshot(untouched, { exitCode: 0 });
    expect(verdictOf([task], { ...app, essential: false })).toEqual({ verdict: 'succeeded' });
  });

  test('exit code 0 of a stopped task whose stop code is absent but whose reason says it ended by itself', () => {
    const task = snapshot({ lastStatus: 'STOPPED', stoppedReason: exited }, { exitCode: 0 });
    expect(verdictOf([task])).toEqual({ verdict: 'succeeded' });
  });

  test('containers that the definition does not define, and sidecars, do not count', () => {
    const task: Task = {
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      containers: [
        { name: 'aws-guardduty-agent-x', lastStatus: 'STOPPED', reason: 'CannotPullContainerError: no' },
        { name: 'ecs-service-connect-x', lastStatus: 'STOPPED', exitCode: 1 },
        { name: 'envoy', lastStatus: 'STOPPED', exitCode: 143 },
        { name: 'app', lastStatus: 'STOPPED', exitCode: 0 },
      ],
    };
    expect(verdictOf([task])).toEqual({ verdict: 'succeeded' });
  });
});

describe('failed', () => {
  test.each<[string, Task, object]>([
    [
      'an exit code other than 0, at once',
      snapshot({ lastStatus: 'RUNNING' }, { exitCode: 1 }),
      { exitCode: 1, explanation: { code: 'EXIT_CODE' } },
    ],
    [
      '137 with OutOfMemoryError is memory',
      snapshot(
        { stopCode: 'EssentialContainerExited', stoppedReason: exited },
        { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      ),
      { exitCode: 137, explanation: { code: 'OUT_OF_MEMORY' } },
    ],
    [
      '137 alone is a kill',
      snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, { exitCode: 137 }),
      { exitCode: 137, explanation: { code: 'KILLED' } },
    ],
    [
      'no exit code: the container’s reason',
      snapshot({ stopCode: 'TaskFailedToStart' }, { reason: 'CannotPullContainerError: pull access denied for x' }),
      { explanation: { code: 'PULL_DENIED' }, stopCode: 'TaskFailedToStart' },
    ],
    [
      'no exit code: else the task’s reason',
      snapshot({ stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:CPU' }, {}),
      { explanation: { code: 'NO_RESOURCES', said: 'RESOURCE:CPU' } },
    ],
    [
      'no exit code and no reason at all',
      snapshot({ lastStatus: 'STOPPED' }, {}),
      { explanation: { code: 'NO_EXIT_CODE' } },
    ],
    [
      'an unknown text is kept verbatim',
      snapshot({ stopCode: 'TaskFailedToStart', stoppedReason: 'Quantum flux' }, {}),
      { explanation: { code: 'NO_EXIT_CODE', said: 'Quantum flux' } },
    ],
    [
      'a stopped task without the container',
      { lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', containers: [] },
      { explanation: { code: 'NO_EXIT_CODE' } },
    ],
    ['a deleted task', { lastStatus: 'DELETED', containers: [] }, { explanation: { code: 'NO_EXIT_CODE' } }],
    [
      'exit code 0, stopped by Spot',
      snapshot({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }, { exitCode: 0 }),
      { explanation: { code: 'SPOT_INTERRUPTION' } },
    ],
    [
      'exit code 0, stopped by somebody',
      snapshot({ stopCode: 'UserInitiated', stoppedReason: 'too slow' }, { exitCode: 0 }),
      { explanation: { code: 'STOPPED_BY_USER', said: 'too slow' } },
    ],
    [
      'exit code 0, stopped by a service',
      snapshot({ stopCode: 'ServiceSchedulerInitiated' }, { exitCode: 0 }),
      { explanation: { code: 'STOPPED_BY_SERVICE' } },
    ],
    [
      'exit code 0 after a termination notice',
      snapshot({ stopCode: 'TerminationNotice' }, { exitCode: 0 }),
      { explanation: { code: 'TERMINATION_NOTICE' } },
    ],
    [
      'exit code 0, stopped for its host’s health',
      snapshot({ stopCode: 'InfrastructureHealth' }, { exitCode: 0 }),
      { explanation: { code: 'INFRASTRUCTURE_HEALTH' } },
    ],
    [
      'exit code 0 in a task that failed to start',
      snapshot({ stopCode: 'TaskFailedToStart' }, { exitCode: 0 }),
      { explanation: { code: 'TASK_FAILED_TO_START' } },
    ],
    [
      'exit code 0 with a stop code nobody knows yet',
      snapshot({ stopCode: 'SolarStorm' as TaskStopCode }, { exitCode: 0 }),
      { explanation: { code: 'STOPPED' }, stopCode: 'SolarStorm' },
    ],
    [
      'exit code 0, stopped without stop code and reason',
      snapshot({ lastStatus: 'STOPPED' }, { exitCode: 0 }),
      { explanation: { code: 'STOPPED' } },
    ],
  ])('%s', (_rule, task, expected) => {
    expect(verdictOf([task], app, muchLater)).toMatchObject({ verdict: 'failed', ...expected });
  });
});

const ended: Partial<Task> = { stopCode: 'EssentialContainerExited', stoppedReason: exited };

/** A task with the essential containers `app` and `db-proxy`. */
function pair(own: object, proxy: object, task: Partial<Task> = {}): Task {
  const containers = [
    { name: 'db-proxy', lastStatus: 'RUNNING', ...proxy },
    { name: 'app', lastStatus: 'RUNNING', ...own },
  ];
  return { ...untouched, ...task, containers };
}
const stopped = (exitCode: number, more: object = {}): object => ({ lastStatus: 'STOPPED', exitCode, ...more });
const stopping: Partial<Task> = { lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED', stoppingAt, ...ended };
const withProxy: CountingContainer = { name: 'app', essential: true, otherEssential: ['db-proxy'] };
const memory = 'OutOfMemoryError: Container killed due to memory usage';

describe('with another essential container', () => {
  test.each<[string, Task[]]>([
    ['the migration ended while the other still ran', [pair(stopped(0), {})]],
    ['and after that the other ended, too', [pair(stopped(0), {}), pair(stopped(0), stopped(0), stopping)]],
    ['the other was only taken along, in the same look: 143', [pair(stopped(0), stopped(143), stopping)]],
    ['the other was only taken along, in the same look: 137', [pair(stopped(0), stopped(137), stopping)]],
    ['the same by the STOPSIGNAL of its image: SIGINT', [pair(stopped(0), stopped(130), stopping)]],
    ['the same by the STOPSIGNAL of its image: SIGQUIT', [pair(stopped(0), stopped(131), stopping)]],
    [
      'the other failed after the migration had been seen to end',
      [pair(stopped(0), {}), pair(stopped(0), stopped(1), stopping)],
    ],
  ])('succeeded: %s', (_rule, answers) => {
    expect(verdictOf(answers, withProxy)).toEqual({ verdict: 'succeeded' });
  });

  test.each<[string, Task[], string]>([
    [
      'the other was seen to end first, and the migration heeded SIGTERM with 0',
      [pair({}, stopped(0)), pair(stopped(0), stopped(0), stopping)],
      'CUT_SHORT',
    ],
    [
      'the other crashed and the migration heeded SIGTERM with 0, both in one look',
      [pair(stopped(0), stopped(1))],
      'CUT_SHORT',
    ],
    [
      'the same in a finished task that is adopted',
      [pair(stopped(0), stopped(1), { ...stopping, lastStatus: 'STOPPED' })],
      'CUT_SHORT',
    ],
    ['the other ran out of memory', [pair(stopped(0), stopped(137, { reason: memory }), stopping)], 'CUT_SHORT'],
    [
      'the other ended without an exit code but with a reason',
      [pair(stopped(0), { lastStatus: 'STOPPED', reason: 'CannotStartContainerError: no' }, stopping)],
      'CUT_SHORT',
    ],
    ['both ended with 0 in one look: which was first is not known', [pair(stopped(0), stopped(0))], 'ORDER_UNKNOWN'],
    [
      'the same with the stop code',
      [pair(stopped(0), stopped(0), { ...stopping, lastStatus: 'STOPPED' })],
      'ORDER_UNKNOWN',
    ],
    [
      'the other ended first, and the migration was killed',
      [pair({}, stopped(1)), pair(stopped(137), stopped(1), stopping)],
      'CUT_SHORT',
    ],
    [
      'the other ended first, and the migration did not heed SIGTERM',
      [pair({}, stopped(1)), pair(stopped(143), stopped(1), stopping)],
      'CUT_SHORT',
    ],
    [
      'the other ended first, and the migration did not heed the STOPSIGNAL of its image',
      [pair({}, stopped(1)), pair(stopped(130), stopped(1), stopping)],
      'CUT_SHORT',
    ],
    ['the other crashed in the same look: SIGABRT is no stop', [pair(stopped(0), stopped(134), stopping)], 'CUT_SHORT'],
    [
      'the other ended first, and the migration failed by itself',
      [pair({}, stopped(1)), pair(stopped(3), stopped(1), stopping)],
      'EXIT_CODE',
    ],
    [
      'a known reason explains more',
      [pair({}, stopped(1)), pair(stopped(137, { reason: memory }), stopped(1), stopping)],
      'OUT_OF_MEMORY',
    ],
  ])('failed: %s', (_rule, answers, code) => {
    expect(verdictOf(answers, withProxy)).toMatchObject({ verdict: 'failed', explanation: { code } });
  });

  test('the one that ended first is named', () => {
    expect(verdictOf([pair(stopped(0), stopped(1))], withProxy)).toMatchObject({
      exitCode: 0,
      explanation: { cause: expect.stringContaining('The essential container db-proxy ended first') },
    });
  });

  test.each([
    ['is not essential', { ...app, otherEssential: [] }],
    ['is not known to be essential: the definition cannot be read', { ...app, otherEssential: [] }],
  ])('its end does not matter where it %s', (_rule, container) => {
    const answers = [pair({}, stopped(1)), pair(stopped(0), stopped(1), stopping)];
    expect(verdictOf(answers, container)).toEqual({ verdict: 'succeeded' });
  });
});

describe('a migration container that is not essential', () => {
  const sidecar: CountingContainer = { name: 'app', essential: false, otherEssential: ['db-proxy'] };
  const told: Partial<Task> = { desiredStatus: 'STOPPED', stoppingAt };

  test('told to stop before its exit code 0 was seen: not green before the stop code is there, nor after', () => {
    const before = pair(stopped(0), {}, told);
    expect(verdictOf([before], sidecar)).toEqual({ verdict: 'going' });
    for (const stopCode of ['UserInitiated', 'EssentialContainerExited', undefined] as const) {
      const now = pair(stopped(0), stopped(143), { ...told, lastStatus: 'STOPPED', stopCode });
      expect(verdictOf([before, now], sidecar, muchLater)).toMatchObject({ verdict: 'failed', exitCode: 0 });
    }
  });

  test('exit code 0 while the essential one goes on: green', () => {
    expect(verdictOf([pair(stopped(0), {})], sidecar)).toEqual({ verdict: 'succeeded' });
  });

  test('no exit code while the essential one goes on: red after a minute, not when the task ends some day', () => {
    const ended = pair({ lastStatus: 'STOPPED' }, {});
    expect(verdictOf([ended], sidecar, 59_000)).toEqual({ verdict: 'going' });
    const late = { verdict: 'failed', explanation: { code: 'NO_EXIT_CODE' } };
    expect(verdictOf([ended], sidecar, 60_000)).toMatchObject(late);
  });
});

describe('MISSING is judged by time, not by looks', () => {
  const running: Task = { ...untouched, containers: [{ name: 'app', lastStatus: 'RUNNING' }] };
  const since = (seen: TaskObservation, ms: number): TaskVerdict =>
    taskVerdict(seen, app, (seen.missingSinceMs ?? 0) + ms);
  const looks = (many: number): undefined[] => Array(many).fill(undefined);

  test.each<[string, (Task | undefined)[], number, object]>([
    ['three of them in three seconds are not lost', looks(3), 3_000, { verdict: 'going' }],
    ['forty of them in 59 s are not lost', looks(40), 59_999, { verdict: 'going' }],
    ['one and another one 60 s later: never seen', looks(2), 60_000, { verdict: 'lost', seen: false }],
    ['after it was seen: not before 60 s', [running, ...looks(3)], 59_999, { verdict: 'going' }],
    ['after it was seen: lost', [running, ...looks(3)], 60_000, { verdict: 'lost', seen: true }],
  ])('%s', (_rule, answers, ms, verdict) => {
    expect(since(sightings(answers), ms)).toEqual(verdict);
  });

  test('what may still come is waited for while the task is not in sight: STOPPED without a stop code is no verdict then', () => {
    const over: Task = { ...untouched, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppingAt: new Date(0) };
    const ended: Task = { ...over, containers: [{ name: 'app', lastStatus: 'STOPPED', exitCode: 0 }] };
    const seen = { ...sightings([ended, undefined]), overSeenMs: 0, missingSinceMs: 30_000 };
    expect(taskVerdict(seen, app, 61_000)).toEqual({ verdict: 'going' });
    expect(taskVerdict({ ...seen, missingSinceMs: undefined }, app, 61_000)).toMatchObject({ verdict: 'failed' });
  });

  test('seen again, the time begins anew', () => {
    const seen = sightings([undefined, running, undefined]);
    expect(seen.missingSinceMs).toBe(4_000);
    expect(taskVerdict(seen, app, 63_000)).toEqual({ verdict: 'going' });
  });
});

describe('when the container ended, by our clock', () => {
  const at = (executionStoppedAt?: number): (Task | undefined)[] => [
    { ...untouched, containers: [{ name: 'app', lastStatus: 'RUNNING' }] },
    snapshot(executionStoppedAt === undefined ? {} : { executionStoppedAt: new Date(executionStoppedAt) }, {
      exitCode: 0,
    }),
  ];
  test.each([
    ['what ECS says', 1_200, 1_200],
    ['not before it was last seen to run, whatever a clock that is off says', -90_000, 0],
    ['not after it was seen to have ended', 90_000, 2_000],
    ['when it was seen, where ECS says nothing', undefined, 2_000],
  ])('%s', (_rule, said, expected) => {
    expect(endedAtMs(sightings(at(said)))).toBe(expected);
  });
});

describe('a stop code that comes late is waited for, by time', () => {
  const over = snapshot({ lastStatus: 'STOPPED' }, { exitCode: 0 });

  test('a minute long nothing is said of a stopped task whose stop code is absent', () => {
    expect(verdictOf([over], app, 59_000)).toEqual({ verdict: 'going' });
    expect(verdictOf([over], app, 61_000)).toMatchObject({ verdict: 'failed', explanation: { code: 'STOPPED' } });
  });

  test('when it comes, it decides', () => {
    const coded = snapshot({ lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' }, { exitCode: 0 });
    expect(verdictOf([over, coded])).toEqual({ verdict: 'succeeded' });
  });
});

describe('what a failure says', () => {
  const red = (task: Task, container: CountingContainer = app, afterMs?: number) =>
    verdictOf([task], container, afterMs);

  test('without an exit code, a reason of the container or of the task is enough: nothing more is waited for', () => {
    for (const [task, container] of [
      [{ stopCode: undefined, stoppedReason: 'CannotPullContainerError: gone' }, {}],
      [{ stopCode: undefined }, { reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    ] as const) {
      expect(red(snapshot({ lastStatus: 'RUNNING', ...task }, container)).verdict).toBe('failed');
    }
    expect(red(snapshot({ lastStatus: 'RUNNING', stoppedReason: '' }, {}))).toEqual({ verdict: 'going' });
  });

  test('it carries what is known, and no member for what is not', () => {
    const known = red(snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, { exitCode: 3 }));
    expect(known).toMatchObject({ verdict: 'failed', exitCode: 3, stopCode: 'EssentialContainerExited' });
    expect(known).toMatchObject({
      explanation: { code: 'EXIT_CODE', cause: expect.stringMatching(/./), fix: expect.stringMatching(/./) },
    });
    const bare = red(snapshot({ lastStatus: 'STOPPED' }, {}), app, muchLater);
    expect(Object.keys(bare).sort()).toEqual(['explanation', 'verdict']);
    expect(bare).not.toHaveProperty('explanation.said');
  });

  test('an exit code 0 explains nothing: what stopped the task does', () => {
    const task = snapshot({ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' }, { exitCode: 0 });
    expect(red(task)).toMatchObject({ verdict: 'failed', exitCode: 0, explanation: { said: 'Task stopped by user' } });
    const spot = red(
      snapshot({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }, { exitCode: 0 }),
    );
    expect(spot).toMatchObject({ explanation: { code: 'SPOT_INTERRUPTION' } });
  });

  test('not essential, told to stop, and no stop code ever: the order is unknown', () => {
    const task = snapshot({ lastStatus: 'STOPPED', stopCode: undefined }, { exitCode: 0 });
    expect(red(task, { ...app, essential: false }, muchLater)).toMatchObject({
      verdict: 'failed',
      explanation: { code: 'ORDER_UNKNOWN', fix: expect.stringContaining('essential: true') },
    });
  });

  test('an essential container that ended quietly too is named; one that still runs is not', () => {
    const beside = { ...app, otherEssential: ['proxy'] };
    const task = (lastStatus: string): Task => ({
      ...snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, {}),
      containers: [
        { name: 'app', lastStatus: 'STOPPED', exitCode: 0 },
        { name: 'proxy', lastStatus, ...(lastStatus === 'STOPPED' ? { exitCode: 0 } : {}) },
      ],
    });
    expect(red(task('STOPPED'), beside)).toMatchObject({
      explanation: { code: 'ORDER_UNKNOWN', cause: expect.stringContaining('container proxy ended too') },
    });
    expect(red(task('RUNNING'), beside)).toEqual({ verdict: 'succeeded' });
  });
});
