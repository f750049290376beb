import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { line } from '../../src/report/line.ts';
import { liveView } from '../../src/report/live.ts';
import { live } from '../../src/tools.ts';

const progress = { running: 1, pending: 1, desired: 2, failed: 0, old: 2 };
const logLine = (message: string) => ({
  type: 'log-line',
  taskArn: 'arn:aws:ecs:r:1:task/c/a',
  container: 'app',
  message,
});

test('there are no rows before there is something to wait for', () => {
  expect(liveView(5).rows(1_000, 80)).toEqual([]);
});

test('the row says how long, of each service how many tasks run, and what it waits for', () => {
  const view = liveView(5);
  view.take({ type: 'progress', service: 'web', progress } as never, []);
  view.take(
    { type: 'progress', service: 'api', progress: { ...progress, failed: 1, stage: 'BAKE_TIME' } } as never,
    [],
  );
  expect(view.rows(65_400, 80)[0]?.slice(2)).toBe('1m 05s  web 1/2 running, api 1/2 running 1 failed BAKE_TIME');
  view.take({ type: 'service-judged', service: 'web', verdict: 'deployed' } as never, []);
  expect(view.rows(66_000, 80)[0]?.slice(2)).toBe('1m 06s  web deployed, api 1/2 running 1 failed BAKE_TIME');
  expect(view.rows(1_000, 80)[0]?.charAt(0)).not.toBe(view.rows(1_100, 80)[0]?.charAt(0));
});

test('the last lines of the container stand below, each goes into the log once and in order', () => {
  const view = liveView(2);
  view.take(
    { type: 'task-state', taskArn: 'arn:aws:ecs:r:1:task/c/0123456789ab', status: 'RUNNING', elapsedMs: 0 } as never,
    [],
  );
  const log: string[] = [];
  const take = (...given: Parameters<typeof view.take>) => log.push(...view.take(...given).map(({ text }) => text));
  for (const text of ['one', 'two', 'three']) take(logLine(text), [line(`[app] ${text}`)]);
  expect(log).toEqual(['[app] one']);
  expect(view.rows(0, 80)).toEqual(['⠋ 0s  task 01234567 RUNNING', '  [app] two', '  [app] three']);
  take({ type: 'heartbeat' }, [line('Still waiting')]);
  take({ type: 'container-ended' }, [line('Container app ended')]);
  expect(log).toEqual(['[app] one', '[app] two', '[app] three', 'Container app ended']);
  take(logLine('late'), [line('[app] late')]);
  expect(view.rest().map(({ text }) => text)).toEqual(['[app] late']);
});

test('hostile and endless text stays harmless and within the terminal', () => {
  const view = liveView(5);
  view.take({ type: 'progress', service: 'w'.repeat(200), progress } as never, []);
  view.take(logLine('x'), [line(`[app] \u001b[2J\u001b[H${'x'.repeat(1_000)}\nsecond\trow`)]);
  for (const row of view.rows(0, 80)) {
    expect(row.length).toBeLessThan(80);
    expect(row).not.toMatch(/[\u0000-\u001f]/);
  }
  expect(view.rows(0, 80)).toHaveLength(2);
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('drawn ten times a second, taken away for a line of the log and in the end', async () => {
  const written: string[] = [];
  const screen = { write: (text: string) => written.push(text), columns: 40, rows: 10 };
  let elapsedMs = 0;
  const shown = await live(screen, { elapsedMs: () => elapsedMs, tailLines: 5 });
  vi.advanceTimersByTime(300);
  expect(written).toEqual([]);
  shown?.take({ type: 'progress', service: 'web', progress } as never, []);
  for (; elapsedMs < 300; elapsedMs += 100) vi.advanceTimersByTime(100);
  expect(written).toHaveLength(3);
  expect(written[0]).toContain('⠋ 0s  web 1/2 running\n');
  shown?.clear();
  shown?.clear();
  expect(written).toHaveLength(4);
  expect(written[3]).toContain('\u001b[2K');
  shown?.end();
  vi.advanceTimersByTime(1_000);
  expect(written).toHaveLength(4);
});
