import { describe, expect, it, vi } from 'vitest';
import { ScaledClock, VirtualClock } from './clock.ts';

describe('VirtualClock', () => {
  it('runs what falls due in order, each at its own moment, also what is scheduled on the way', () => {
    const clock = new VirtualClock(0);
    const seen: [string, number][] = [];
    const note = (name: string) => () => seen.push([name, clock.now()]);
    clock.at(30, note('late'));
    clock.at(10, () => {
      note('first')();
      clock.at(20, note('scheduled on the way'));
    });
    clock.at(10, note('second of the same moment'));
    clock.at(15, note('cancelled'))();
    clock.advance(25);
    expect(seen).toEqual([
      ['first', 10],
      ['second of the same moment', 10],
      ['scheduled on the way', 20],
    ]);
    expect(clock.now()).toBe(25);
  });
});

describe('ScaledClock', () => {
  it('lets nothing happen before its moment, even when a timer fires early', () => {
    vi.useFakeTimers({ now: 1_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    try {
      const clock = new ScaledClock(60);
      const dueMs = clock.now() + 100;
      const ranAtMs: number[] = [];
      clock.at(dueMs, () => ranAtMs.push(clock.now()));
      // The wall clock is set back a little while the timer runs: when it fires, the moment has not come.
      vi.setSystemTime(Date.now() - 1);
      vi.advanceTimersByTime(50);
      expect(ranAtMs).toHaveLength(1);
      expect(ranAtMs[0]).toBeGreaterThanOrEqual(dueMs);
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets what was cancelled, also between two timers', () => {
    vi.useFakeTimers({ now: 1_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    try {
      const clock = new ScaledClock(60);
      let ran = 0;
      const cancel = clock.at(clock.now() + 100, () => ran++);
      vi.setSystemTime(Date.now() - 1);
      vi.advanceTimersByTime(2);
      cancel();
      vi.advanceTimersByTime(100);
      expect(ran).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
