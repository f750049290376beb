import { describe, expect, test } from 'vitest';
import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { pollIntervalMs } from '../../src/task/follow.ts';
import type { WaitingOptions } from '../../src/task/options.ts';
import { waitForTasks } from '../../src/task/wait.ts';
import { options } from '../migrate/migrate-options.ts';
import { inProcess } from '../support/in-process.ts';

type Container = { name: string; essential?: boolean };

/** Tasks of the family `app` that are followed from their start, each with the behaviours of its containers. */
async function followed(
  behaviours: readonly Record<string, ContainerBehaviour>[],
  { waiting = {}, app = {}, more = [] }: { waiting?: Partial<WaitingOptions>; app?: object; more?: Container[] } = {},
  prepare: (model: LocalAws) => void = () => undefined,
) {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  const definition = fargateDefinition('app', app);
  definition.containerDefinitions.push(...more.map((one) => ({ image: 'envoy:1', ...one })));
  const taskDefinition = model.taskDefinitions.register(definition);
  const startMs = model.clock.now();
  const arns = behaviours.map((containers) => {
    for (const [container, behaviour] of Object.entries(containers))
      model.behaviours.script({ container, times: 1 }, behaviour);
    return model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'family:app', launchType: 'FARGATE' }).arn;
  });
  prepare(model);
  const deps = await inProcess(model);
  const told: { type: string; afterMs: number; message?: string; taskArn?: string; container?: string }[] = [];
  const outcomes = await waitForTasks(
    { cluster: 'prod', tasks: arns, container: 'app', waiting: { ...options.waiting, ...waiting } },
    { ...deps, emit: (event) => told.push({ ...event, afterMs: model.clock.now() - startMs }) },
  );
  const [task] = model.tasks.tasks.values();
  const endedMs = (task?.executionStoppedAtMs ?? 0) - startMs;
  return { model, told, outcomes, arns, endedMs, lagMs: model.clock.now() - startMs - endedMs };
}

const minutes = (count: number): number => count * 60_000;
const line = (atMs: number, message: string) => ({ atMs, message });

describe('two polls are', () => {
  test.each([
    [0, 2_000],
    [minutes(3), 2_000],
    [minutes(6), 4_000],
    [minutes(15), 10_000],
    [minutes(60), 10_000],
  ])('after %i ms this many ms apart: %i', (elapsedMs, expected) => {
    expect(pollIntervalMs(elapsedMs)).toBe(expected);
  });
});

describe('how long after the end of its container a task is judged', () => {
  test.each([1, 10])('green as soon as seen, where no log can come: after a migration of %i minutes', async (long) => {
    const { lagMs, outcomes } = await followed([{ app: { runMs: minutes(long), exitCode: 0 } }], {
      waiting: { logs: false },
    });
    expect(outcomes).toMatchObject([{ verdict: 'succeeded' }]);
    expect(outcomes[0]).not.toHaveProperty('stopCode');
    expect(lagMs).toBeLessThanOrEqual(pollIntervalMs(minutes(long) + 28_000));
  });

  test('green: its log has 5 s, counted from the moment at which the container ended', async () => {
    const lines = [line(1_000, 'begins'), line(7_000, 'migrated')];
    const { lagMs, outcomes } = await followed([{ app: { runMs: minutes(10), exitCode: 0, logs: lines } }]);
    expect(outcomes).toMatchObject([{ verdict: 'succeeded' }]);
    expect(lagMs).toBeGreaterThanOrEqual(5_000);
    expect(lagMs).toBeLessThanOrEqual(7_100);
  });

  test('an end that is seen late leaves no grace: only a moment for lines that were read just now', async () => {
    const { lagMs } = await followed([{ app: { runMs: 60_000, exitCode: 0, logs: [line(500, 'x')] } }], {
      waiting: { pollIntervalMs: 60_000 },
    });
    // It ended 87.4 s after its creation and was seen so at 120 s.
    expect(lagMs).toBeGreaterThanOrEqual(32_600);
    expect(lagMs).toBeLessThanOrEqual(35_000);
  });

  test('red: 10 s', async () => {
    const { lagMs, outcomes } = await followed([{ app: { runMs: minutes(10), exitCode: 1, logs: [line(500, 'no')] } }]);
    expect(outcomes).toMatchObject([{ verdict: 'failed', exitCode: 1 }]);
    expect(lagMs).toBeGreaterThanOrEqual(10_000);
    expect(lagMs).toBeLessThanOrEqual(12_000);
  });

  test('--log-grace counts from the verdict', async () => {
    const waiting = { logGraceMs: 30_000 };
    const { lagMs } = await followed([{ app: { runMs: 10_000, exitCode: 0, logs: [line(500, 'x')] } }], { waiting });
    expect(lagMs).toBeGreaterThanOrEqual(30_000);
    expect(lagMs).toBeLessThanOrEqual(33_000);
  });

  test('lines that go on coming are waited for, a minute at most', async () => {
    const many = Array.from({ length: 500 }, (_, index) => line(5_000 + index, `line ${index}`));
    const behaviour = { runMs: 10_000, exitCode: 0, logs: many };
    const slow = await followed([{ app: { ...behaviour, logDelayMs: 9_000 } }]);
    expect(slow.told.filter(({ type }) => type === 'log-line')).toHaveLength(500);
    const late = Array.from({ length: 200 }, (_, index) => index * 1_000);
    const flood = await followed([{ app: { runMs: 10_000, exitCode: 0 } }], {}, (model) => {
      const stream = `app/app/${[...model.tasks.tasks.values()][0]?.id}`;
      for (const ms of late)
        model.clock.at(model.clock.now() + 30_000 + ms, () => model.logs.write('/ecs/app', stream, 'more'));
    });
    expect(flood.lagMs).toBeGreaterThan(55_000);
    expect(flood.lagMs).toBeLessThan(65_000);
  });

  test('of two essential containers the order is seen: two seconds between polls, however long it takes', async () => {
    const { outcomes, lagMs } = await followed(
      [{ app: { runMs: minutes(20), exitCode: 0 }, proxy: { sigtermExitCode: 0, ignoresSigterm: true } }],
      { more: [{ name: 'proxy' }], waiting: { logs: false } },
    );
    expect(outcomes).toMatchObject([{ verdict: 'succeeded' }]);
    expect(lagMs).toBeLessThanOrEqual(2_100);
  });
});

describe('the log before the verdict', () => {
  test('that the container ended comes after its last line', async () => {
    const lines = [line(1_000, 'begins'), line(9_900, 'the last word')];
    const { told } = await followed([{ app: { runMs: 10_000, exitCode: 1, logs: lines, logDelayMs: 4_000 } }]);
    const words = told.map(({ type, message }) => message ?? type);
    expect(words.slice(-3)).toEqual(['begins', 'the last word', 'container-ended']);
  });

  test('a container that is only watched is told at once', async () => {
    const { told } = await followed([{ app: { runMs: 60_000, exitCode: 0 }, helper: { runMs: 5_000, exitCode: 0 } }], {
      more: [{ name: 'helper', essential: false }],
    });
    const ends = told.filter(({ type }) => type === 'container-ended');
    expect(ends).toMatchObject([
      { container: 'helper', counts: false },
      { container: 'app', counts: true },
    ]);
    expect(ends[0]?.afterMs).toBeLessThan(35_000);
  });

  test('of several tasks each is told as soon as its own log is there', async () => {
    const { told, arns } = await followed([
      { app: { runMs: minutes(5), exitCode: 0, logs: [line(0, 'slow')] } },
      { app: { runMs: 10_000, exitCode: 0, logs: [line(9_000, 'quick')], logDelayMs: 3_000 } },
    ]);
    const ends = told.filter(({ type }) => type === 'container-ended');
    expect(ends.map(({ taskArn }) => taskArn)).toEqual(arns.toReversed());
    expect(ends[0]?.afterMs).toBeLessThan(50_000);
    expect(told.findIndex(({ message }) => message === 'quick')).toBeLessThan(
      told.findIndex(({ type }) => type === 'container-ended'),
    );
  });

  test('a task that is left is told of once, where its container has ended', async () => {
    const stop = { atMs: 5_000, stopCode: 'UserInitiated', reason: 'x' };
    const { told, outcomes } = await followed(
      [{ app: { runMs: 5_100, exitCode: 0, stop } }],
      { waiting: { timeoutMs: minutes(2) } },
      (model) => {
        model.settings.stopCodeDelayMs = minutes(60);
        model.settings.timings.deprovisionMs = minutes(60);
      },
    );
    expect(outcomes).toMatchObject([{ verdict: 'timed-out' }]);
    expect(told.filter(({ type }) => type === 'container-ended')).toHaveLength(1);
    const beats = told.filter(({ type }) => type === 'heartbeat');
    expect(beats).toMatchObject([{ waitsFor: 'Amazon ECS to say why the task stops (DEPROVISIONING)' }]);
  });
});

describe('an essential sidecar', () => {
  const more = [{ name: 'proxy' }];

  test('it crashes, the migration heeds SIGTERM with 0, and both are seen in one look: not green', async () => {
    const { model, outcomes } = await followed([{ app: { sigtermExitCode: 0 }, proxy: { runMs: 700, exitCode: 1 } }], {
      more,
    });
    expect(outcomes).toMatchObject([{ verdict: 'failed', explanation: { code: 'CUT_SHORT' } }]);
    expect(model.truth.succeeded({ container: 'app' })).toEqual([]);
  });

  test('the same in a task that had stopped long before', async () => {
    const { outcomes } = await followed(
      [{ app: { sigtermExitCode: 0 }, proxy: { runMs: 700, exitCode: 1 } }],
      { more },
      (model) => model.clock.advance(minutes(10)),
    );
    expect(outcomes).toMatchObject([{ verdict: 'failed', explanation: { code: 'CUT_SHORT' } }]);
  });

  test('it ends with 0 and so does the migration, seen in one look: which was first is not known', async () => {
    const { outcomes } = await followed(
      [{ app: { sigtermExitCode: 0 }, proxy: { runMs: 700, exitCode: 0 } }],
      { more },
      (model) => model.clock.advance(minutes(10)),
    );
    expect(outcomes).toMatchObject([{ verdict: 'failed', explanation: { code: 'ORDER_UNKNOWN' } }]);
  });

  test('the migration ends alone and is seen so, the sidecar heeds SIGTERM with 0 later: green', async () => {
    const { outcomes } = await followed(
      [{ app: { runMs: 20_000, exitCode: 0 }, proxy: { sigtermExitCode: 0 } }],
      { more },
      (model) => {
        model.settings.timings.sigtermMs = 3_000;
      },
    );
    expect(outcomes).toMatchObject([{ verdict: 'succeeded' }]);
  });
});

describe('a migration container that is not essential', () => {
  const sidecar = { app: { essential: false }, more: [{ name: 'web' }] };

  test('its task was told to stop, and it exits 0 before the stop code is there: not green', async () => {
    const stop = { atMs: 5_000, stopCode: 'UserInitiated', reason: 'Task stopped by user' };
    const { model, outcomes } = await followed(
      [{ app: { sigtermExitCode: 0, stop }, web: { ignoresSigterm: true } }],
      sidecar,
      (world) => {
        world.settings.stopCodeDelayMs = 20_000;
      },
    );
    expect(outcomes).toMatchObject([{ verdict: 'failed', exitCode: 0 }]);
    expect(model.truth.succeeded({ container: 'app' })).toEqual([]);
  });

  test('it exits 0 and the task goes on: green at once', async () => {
    const { model, outcomes, told } = await followed([{ app: { runMs: 5_000, exitCode: 0 }, web: {} }], sidecar);
    expect(outcomes).toMatchObject([{ verdict: 'succeeded', exitCode: 0 }]);
    expect(told.at(-1)?.afterMs).toBeLessThan(45_000);
    expect([...model.tasks.tasks.values()][0]?.lastStatus).toBe('RUNNING');
  });
});

describe('MISSING', () => {
  test('three times in a row is a stale read', async () => {
    const { outcomes } = await followed(
      [{ app: { runMs: 60_000, exitCode: 0 } }],
      { waiting: { pollIntervalMs: 1_000 } },
      (model) => {
        model.settings.missingWindows = [{ fromMs: 40_000, untilMs: 44_000 }];
      },
    );
    expect(outcomes).toMatchObject([{ verdict: 'succeeded' }]);
  });

  test('for a minute is lost, and it says whether the task was seen', async () => {
    const { outcomes, model } = await followed([{ app: { runMs: minutes(10), exitCode: 0 } }], {}, (model) => {
      model.settings.missingWindows = [{ fromMs: 40_000, untilMs: minutes(60) }];
    });
    expect(outcomes).toMatchObject([{ verdict: 'failed', explanation: { code: 'TASK_LOST' } }]);
    const [task] = model.tasks.tasks.values();
    expect(model.clock.now() - (task?.createdAtMs ?? 0)).toBeGreaterThanOrEqual(100_000);
  });
});
