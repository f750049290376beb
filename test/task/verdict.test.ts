import { describe, expect, test } from 'vitest';
import { endedBefore, type TaskSnapshot, taskVerdict } from '../../src/task/verdict.ts';

const judged = { name: 'app', essential: true };
const exited = 'Essential container in task exited';

/** A stopped container `app`; the task is on its way down unless it says otherwise. */
function snapshot(task: Partial<TaskSnapshot>, app: object): TaskSnapshot {
  return { lastStatus: 'DEPROVISIONING', ...task, containers: [{ name: 'app', lastStatus: 'STOPPED', ...app }] };
}

describe('still going', () => {
  test.each<[string, TaskSnapshot]>([
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
      'exit code 0 without a stop code yet: the stop code decides',
      snapshot({ lastStatus: 'RUNNING' }, { exitCode: 0 }),
    ],
    ['a stopped container without code, reason and stop code yet', snapshot({ lastStatus: 'RUNNING' }, {})],
    ['an answer without containers', { lastStatus: 'PROVISIONING' }],
  ])('%s', (_rule, task) => {
    expect(taskVerdict(task, judged)).toEqual({ verdict: 'going' });
  });
});

describe('succeeded', () => {
  test('exit code 0 and EssentialContainerExited, as soon as seen', () => {
    const task = snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, { exitCode: 0 });
    expect(taskVerdict(task, judged)).toEqual({ verdict: 'succeeded' });
  });

  test('exit code 0 of a container that is not essential, while the task goes on without it', () => {
    const task = snapshot({ lastStatus: 'RUNNING' }, { exitCode: 0 });
    expect(taskVerdict(task, { name: 'app', essential: false })).toEqual({ verdict: 'succeeded' });
  });

  test('exit code 0 of a stopped task whose stop code is absent but whose reason says it ended by itself', () => {
    expect(taskVerdict(snapshot({ lastStatus: 'STOPPED', stoppedReason: exited }, { exitCode: 0 }), judged)).toEqual({
      verdict: 'succeeded',
    });
  });

  test('containers that the definition does not define, and sidecars, do not count', () => {
    const task: TaskSnapshot = {
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      containers: [
        { name: 'aws-guardduty-agent-x', lastStatus: 'STOPPED', reason: 'CannotPullContainerError: no' },
        { name: 'ecs-service-connect-x', lastStatus: 'STOPPED', exitCode: 1 },
        { name: 'envoy', lastStatus: 'STOPPED', exitCode: 143 },
        { name: 'app', lastStatus: 'STOPPED', exitCode: 0 },
      ],
    };
    expect(taskVerdict(task, judged)).toEqual({ verdict: 'succeeded' });
  });
});

describe('failed', () => {
  test.each<[string, TaskSnapshot, object]>([
    [
      'an exit code other than 0, at once',
      snapshot({ lastStatus: 'RUNNING' }, { exitCode: 1 }),
      { exitCode: 1, code: 'EXIT_CODE' },
    ],
    [
      '137 with OutOfMemoryError is memory',
      snapshot(
        { stopCode: 'EssentialContainerExited', stoppedReason: exited },
        { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      ),
      { exitCode: 137, code: 'OUT_OF_MEMORY' },
    ],
    [
      '137 alone is a kill',
      snapshot({ stopCode: 'EssentialContainerExited', stoppedReason: exited }, { exitCode: 137 }),
      { exitCode: 137, code: 'KILLED', reason: exited },
    ],
    [
      'no exit code: the container’s reason',
      snapshot({ stopCode: 'TaskFailedToStart' }, { reason: 'CannotPullContainerError: pull access denied for x' }),
      { code: 'PULL_DENIED', stopCode: 'TaskFailedToStart' },
    ],
    [
      'no exit code: else the task’s reason',
      snapshot({ stopCode: 'TaskFailedToStart', stoppedReason: 'RESOURCE:CPU' }, {}),
      { code: 'NO_RESOURCES', reason: 'RESOURCE:CPU' },
    ],
    ['no exit code and no reason at all', snapshot({ lastStatus: 'STOPPED' }, {}), { code: 'NO_EXIT_CODE' }],
    [
      'an unknown text is kept verbatim',
      snapshot({ stopCode: 'TaskFailedToStart', stoppedReason: 'Quantum flux' }, {}),
      { code: 'NO_EXIT_CODE', reason: 'Quantum flux' },
    ],
    [
      'a stopped task without the container',
      { lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', containers: [] },
      { code: 'NO_EXIT_CODE' },
    ],
    ['a deleted task', { lastStatus: 'DELETED', containers: [] }, { code: 'NO_EXIT_CODE' }],
    [
      'exit code 0, stopped by Spot',
      snapshot({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }, { exitCode: 0 }),
      { code: 'SPOT_INTERRUPTION' },
    ],
    [
      'exit code 0, stopped by somebody',
      snapshot({ stopCode: 'UserInitiated', stoppedReason: 'too slow' }, { exitCode: 0 }),
      { code: 'STOPPED_BY_USER', reason: 'too slow' },
    ],
    [
      'exit code 0, stopped by a service',
      snapshot({ stopCode: 'ServiceSchedulerInitiated' }, { exitCode: 0 }),
      { code: 'STOPPED_BY_SERVICE' },
    ],
    [
      'exit code 0 after a termination notice',
      snapshot({ stopCode: 'TerminationNotice' }, { exitCode: 0 }),
      { code: 'TERMINATION_NOTICE' },
    ],
    [
      'exit code 0, stopped for its host’s health',
      snapshot({ stopCode: 'InfrastructureHealth' }, { exitCode: 0 }),
      { code: 'INFRASTRUCTURE_HEALTH' },
    ],
    [
      'exit code 0 in a task that failed to start',
      snapshot({ stopCode: 'TaskFailedToStart' }, { exitCode: 0 }),
      { code: 'TASK_FAILED_TO_START' },
    ],
    [
      'exit code 0 with a stop code nobody knows yet',
      snapshot({ stopCode: 'SolarStorm' }, { exitCode: 0 }),
      { code: 'STOPPED', stopCode: 'SolarStorm' },
    ],
    [
      'exit code 0, stopped without stop code and reason',
      snapshot({ lastStatus: 'STOPPED' }, { exitCode: 0 }),
      { code: 'STOPPED' },
    ],
  ])('%s', (_rule, task, expected) => {
    expect(taskVerdict(task, judged)).toMatchObject({ verdict: 'failed', ...expected });
  });
});

describe('another essential container ended first: ECS was stopping the task', () => {
  const ended = { stopCode: 'EssentialContainerExited', stoppedReason: exited };

  test.each([0, 137, 143])('exit code %i is only how the container took SIGTERM', (exitCode) => {
    expect(taskVerdict(snapshot(ended, { exitCode }), judged, 'db-proxy')).toMatchObject({
      verdict: 'failed',
      code: 'CUT_SHORT',
      exitCode,
      cause: expect.stringContaining('db-proxy'),
    });
  });

  test('its own exit code counts as ever', () => {
    expect(taskVerdict(snapshot(ended, { exitCode: 3 }), judged, 'db-proxy')).toMatchObject({ code: 'EXIT_CODE' });
  });

  test('a known reason explains more', () => {
    const container = { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' };
    expect(taskVerdict(snapshot(ended, container), judged, 'db-proxy')).toMatchObject({ code: 'OUT_OF_MEMORY' });
  });

  test.each<[string, string, string, string[] | undefined, string | undefined]>([
    ['it has ended and ours has not', 'STOPPED', 'RUNNING', ['db-proxy'], 'db-proxy'],
    ['both have ended: nobody knows which was first', 'STOPPED', 'STOPPED', ['db-proxy'], undefined],
    ['both run', 'RUNNING', 'RUNNING', ['db-proxy'], undefined],
    ['it is not essential', 'STOPPED', 'RUNNING', [], undefined],
    ['the definition is not known', 'STOPPED', 'RUNNING', undefined, undefined],
  ])('seen only in a snapshot where %s', (_rule, other, own, otherEssential, expected) => {
    const containers = [
      { name: 'db-proxy', lastStatus: other },
      { name: 'app', lastStatus: own },
    ];
    const container = { ...judged, ...(otherEssential === undefined ? {} : { otherEssential }) };
    expect(endedBefore({ containers }, container)).toBe(expected);
  });
});
