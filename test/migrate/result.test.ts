import { describe, expect, test } from 'vitest';
import { outcomeLines } from '../../src/report/outcome-text.ts';
import { notPlaced, outcomeOf } from '../../src/task/outcome.ts';
import type { FollowedTask } from '../../src/task/tracker.ts';

const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123';
const followed = (verdict: FollowedTask['verdict']): FollowedTask => ({
  ...{ taskArn, verdict, task: undefined, container: undefined, logPlace: undefined, lastLogLines: [] },
});

describe('the outcome of a task', () => {
  test('left before it was ever seen: that it runs is not claimed', () => {
    const outcome = outcomeOf(followed({ verdict: 'going' }), { end: 'interrupted', stopped: false }, true);
    const [headline] = outcomeLines({ ...outcome, subject: 'Task 0123', durationMs: 5_000, signal: 'SIGTERM' });
    expect(headline?.text).toBe(
      'Task 0123 was left by us after 5s (SIGTERM); Amazon ECS has not shown the task so far.',
    );
  });

  test('asked to stop and not seen to end: it is not called stopped', () => {
    const seen = { ...followed({ verdict: 'going' }), task: { taskArn } };
    expect(outcomeOf(seen, { end: 'timed-out', stopped: true }, false)).toMatchObject({
      verdict: 'timed-out',
      cause: 'It was asked to stop and has not ended yet.',
    });
  });

  test('never seen although we started it: it may run, and no option of the user is blamed', () => {
    const end = { end: 'judged', stopped: false } as const;
    const ours = outcomeOf(followed({ verdict: 'lost', seen: false }), end, false);
    expect(ours).toMatchObject({ outcome: 'failed', fix: expect.stringContaining(`wait-for-task --task ${taskArn}`) });
    expect([ours.notFound, ours.cause?.includes('may be running')]).toEqual([undefined, true]);
    const theirs = outcomeOf(followed({ verdict: 'lost', seen: false }), end, true);
    expect(theirs).toMatchObject({ notFound: true, fix: expect.stringContaining('--cluster') });
  });

  test('neither a task nor a reason: that nothing runs is not claimed', () => {
    const { cause, fix } = notPlaced([]);
    expect(`${cause} ${fix}`).toContain('Check that no task of this family runs');
    expect(cause).not.toContain('no place');
  });
});
