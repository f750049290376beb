import { expect, test } from 'vitest';
import { createPace } from '../../src/aws/pace.ts';

function paced(): { waits: (action: string, count: number) => number[]; pass: (ms: number) => void } {
  let nowMs = 0;
  const wait = createPace({ now: () => nowMs, sleep: () => Promise.resolve() });
  return {
    waits: (action, count) => Array.from({ length: count }, () => wait(action)),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

test('RegisterTaskDefinition waits once twenty were sent, then one a second', () => {
  const { waits, pass } = paced();
  expect(waits('ecs:RegisterTaskDefinition', 20)).toEqual(Array(20).fill(0));
  expect(waits('ecs:RegisterTaskDefinition', 3)).toEqual([1_000, 2_000, 3_000]);
  pass(10_000);
  expect(waits('ecs:RegisterTaskDefinition', 8)).toEqual([...Array(7).fill(0), 1_000]);
});

test('UpdateService waits once fifty were sent, then five a second', () => {
  const { waits } = paced();
  expect(waits('ecs:UpdateService', 52)).toEqual([...Array(50).fill(0), 200, 400]);
});

test('the quiet before is worth no more than the burst, and other requests never wait', () => {
  const { waits, pass } = paced();
  expect(waits('ecs:RegisterTaskDefinition', 1)).toEqual([0]);
  pass(3_600_000);
  expect(waits('ecs:RegisterTaskDefinition', 21).at(-1)).toBe(1_000);
  expect(waits('ecs:DescribeServices', 500).every((ms) => ms === 0)).toBe(true);
});
