import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../local/aws/clock.ts';
import { watchSilence } from '../../src/base/heartbeat.ts';
import { adaptiveIntervalMs, poll, troubleText } from '../../src/base/poll.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import type { Interrupt } from '../../src/ports.ts';
import { clockOf } from '../support/in-process.ts';

const never: Interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' };

function setUp() {
  const model = new VirtualClock(0);
  const looksAtMs: number[] = [];
  return { model, clock: clockOf(model), looksAtMs };
}

describe('poll', () => {
  it('answers at once when the first look answers', async () => {
    const { clock, model } = setUp();
    expect(await poll(async () => 'yes', { clock, interrupt: never, timeoutMs: 1_000 })).toEqual({
      end: 'answered',
      answer: 'yes',
    });
    expect(model.now()).toBe(0);
  });

  it('takes its last look on the deadline, not past it', async () => {
    const { clock, model, looksAtMs } = setUp();
    const look = async () => void looksAtMs.push(model.now());
    expect(await poll(look, { clock, interrupt: never, timeoutMs: 25_000, intervalMs: 10_000 })).toEqual({
      end: 'timed-out',
    });
    expect(looksAtMs).toEqual([0, 10_000, 20_000, 25_000]);
  });

  it('stops after the looks it was given', async () => {
    const { clock, model, looksAtMs } = setUp();
    const look = async () => void looksAtMs.push(model.now());
    await poll(look, { clock, interrupt: never, timeoutMs: Number.POSITIVE_INFINITY, intervalMs: 10_000, maxLooks: 3 });
    expect(looksAtMs).toEqual([0, 10_000, 20_000]);
  });

  it('a look that AWS did not answer is none of the looks it was given', async () => {
    const { clock, looksAtMs, model } = setUp();
    const look = async () => {
      looksAtMs.push(model.now());
      if (looksAtMs.length <= 5) throw new TransientError('Rate exceeded', { code: 'Throttling', throttled: true });
    };
    await poll(look, { clock, interrupt: never, timeoutMs: 600_000, intervalMs: 10_000, maxLooks: 2 });
    expect(looksAtMs).toHaveLength(7);
  });

  it('backs off while AWS does not answer, and goes on', async () => {
    const { clock, model, looksAtMs } = setUp();
    const look = async () => {
      looksAtMs.push(model.now());
      if (looksAtMs.length <= 3)
        throw new TransientError('Rate exceeded', { code: 'ThrottlingException', throttled: true });
      return 'done';
    };
    expect(await poll(look, { clock, interrupt: never, timeoutMs: 60_000 })).toEqual({
      end: 'answered',
      answer: 'done',
    });
    expect(looksAtMs).toEqual([0, 2_000, 6_000, 14_000]);
  });

  it('honours the wish of AWS for the next attempt', async () => {
    const { clock, model, looksAtMs } = setUp();
    const look = async () => {
      looksAtMs.push(model.now());
      if (looksAtMs.length === 1)
        throw new TransientError('later', { code: 'SlowDown', throttled: true, retryAfterMs: 20_000 });
      return true;
    };
    await poll(look, { clock, interrupt: never, timeoutMs: 60_000 });
    expect(looksAtMs).toEqual([0, 20_000]);
  });

  it.each([
    [86_400_000, [0, 60_000, 120_000, 150_000]],
    [70_000, [0, 60_000, 120_000, 150_000]],
  ])('a wish for %i ms does not outlast a minute nor the deadline', async (retryAfterMs, expected) => {
    const { clock, model, looksAtMs } = setUp();
    const look = async () => {
      looksAtMs.push(model.now());
      throw new TransientError('later', { code: 'SlowDown', throttled: true, retryAfterMs });
    };
    await poll(look, { clock, interrupt: never, timeoutMs: 150_000 });
    expect(looksAtMs).toEqual(expected);
  });

  it('a time-out knows since when AWS has not answered, and what the last trouble was', async () => {
    const { clock, model } = setUp();
    const look = async () => {
      if (model.now() < 10_000) return undefined;
      throw new TransientError(`trouble at ${model.now()}`, { code: 'ECONNRESET', throttled: false });
    };
    const ended = await poll(look, { clock, interrupt: never, timeoutMs: 20_000, intervalMs: 5_000 });
    expect(ended).toEqual({ end: 'timed-out', trouble: { message: 'trouble at 20000', inARow: 3, sinceMs: 10_000 } });
    expect(ended.end === 'timed-out' && ended.trouble && troubleText(ended.trouble)).toBe(
      'AWS did not answer since 00:00:10 UTC (3 times): trouble at 20000',
    );
  });

  it('a time-out after an answer knows of no trouble', async () => {
    const { clock, model } = setUp();
    const look = async () => {
      if (model.now() === 0) throw new TransientError('reset', { code: 'ECONNRESET', throttled: false });
      return undefined;
    };
    expect(await poll(look, { clock, interrupt: never, timeoutMs: 9_000 })).toEqual({ end: 'timed-out' });
  });

  it('a look that the interrupt cut off is no trouble of AWS', async () => {
    const { clock } = setUp();
    const stop = new AbortController();
    const troubles: string[] = [];
    const look = async () => {
      stop.abort();
      throw new TransientError('interrupted', { code: 'Interrupted', throttled: false });
    };
    const interrupt: Interrupt = { signal: stop.signal, name: () => 'SIGTERM' };
    const onTrouble = ({ message }: TransientError) => void troubles.push(message);
    expect(await poll(look, { clock, interrupt, timeoutMs: 60_000, onTrouble })).toEqual({ end: 'interrupted' });
    expect(troubles).toEqual([]);
  });

  it('never turns silence of AWS into an answer', async () => {
    const { clock } = setUp();
    const look = async () => {
      throw new TransientError('reset', { code: 'ECONNRESET', throttled: false });
    };
    expect(await poll(look, { clock, interrupt: never, timeoutMs: 60_000 })).toMatchObject({ end: 'timed-out' });
  });

  it('lets what the user must fix through', async () => {
    const { clock } = setUp();
    const look = async () => {
      throw new UserError('AWS refused ecs:DescribeTasks.');
    };
    await expect(poll(look, { clock, interrupt: never, timeoutMs: 60_000 })).rejects.toThrow('AWS refused');
  });

  it('ends when the user interrupts', async () => {
    const { clock } = setUp();
    const stop = new AbortController();
    const look = async () => stop.abort();
    expect(
      await poll(look, { clock, interrupt: { signal: stop.signal, name: () => 'SIGTERM' }, timeoutMs: 60_000 }),
    ).toEqual({ end: 'interrupted' });
  });

  it.each([
    [0, 1_000],
    [10_000, 2_000],
    [60_000, 5_000],
    [600_000, 10_000],
  ])('after %i ms looks every %i ms', (elapsedMs, everyMs) => {
    expect(adaptiveIntervalMs(elapsedMs)).toBe(everyMs);
  });
});

describe('watchSilence', () => {
  it('speaks once a minute of silence, and not while others speak', () => {
    const { model, clock } = setUp();
    const said: [number, string][] = [];
    const { emit, breakSilence } = watchSilence(
      (event: { type: string }) => said.push([model.now() / 1_000, event.type]),
      clock,
    );
    for (let second = 1; second <= 200; second++) {
      model.advance(1_000);
      if (second === 90) emit({ type: 'fact' });
      breakSilence(() => ({ type: 'heartbeat' }));
    }
    expect(said).toEqual([
      [60, 'heartbeat'],
      [90, 'fact'],
      [150, 'heartbeat'],
    ]);
  });
});
