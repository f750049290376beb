import { describe, expect, test } from 'vitest';
import { schemaVersion, type TaskOutcome } from '../../src/records/schema.ts';
import { taskOutcomeLines } from '../../src/report/task-text.ts';
import type { FollowedTask } from '../../src/task/follow.ts';
import { unseen } from '../../src/task/observe.ts';
import { notPlaced, type TaskResult, taskResult } from '../../src/task/outcome.ts';

const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123';
const followed = (verdict: FollowedTask['verdict'], task?: object): FollowedTask => ({
  target: { taskArn, container: () => Promise.reject(new Error('nobody asks')) },
  seen: { ...unseen(taskArn), task },
  ...{ verdict, container: undefined, judgedMs: undefined, log: undefined, logPlace: undefined, endTold: false },
});
const linesOf = (result: TaskResult, stage: TaskOutcome['stage']): string[] => {
  const times = { startedAt: '2026-01-05T09:00:00.000Z', finishedAt: '2026-01-05T09:00:05.000Z' };
  return taskOutcomeLines({ schemaVersion, stage, cluster: 'prod', ...times, ...result }).map(({ text }) => text);
};
const judged = { end: 'judged', stopped: false, trouble: undefined } as const;

describe('the outcome of a task', () => {
  test('left before it was ever seen: that it runs is not claimed', () => {
    const left = { end: 'interrupted', stopped: false, trouble: undefined } as const;
    const result = taskResult(followed({ verdict: 'going' }), left, { namedByUser: true, signal: 'SIGTERM' });
    expect(linesOf(result, 'wait-for-task').slice(0, 2)).toEqual([
      'Task 0123 had not ended when SIGTERM came, after 5s.',
      '  What: Amazon ECS has not shown the task so far.',
    ]);
  });

  test('asked to stop and not seen to end: it is not called stopped', () => {
    const end = { end: 'timed-out', stopped: true, trouble: undefined } as const;
    const by = { namedByUser: false, signal: 'SIGINT' } as const;
    expect(taskResult(followed({ verdict: 'going' }, { taskArn }), end, by)).toMatchObject({
      verdict: 'timed-out',
      explanation: { cause: 'The task was asked to stop and has not ended yet.' },
    });
  });

  test('never seen although we started it: it may run, and no option of the user is blamed', () => {
    const lost = followed({ verdict: 'lost', seen: false });
    const ours = taskResult(lost, judged, { namedByUser: false, signal: 'SIGINT' });
    expect(ours).toMatchObject({
      verdict: 'failed',
      explanation: {
        code: 'TASK_LOST',
        cause: expect.stringContaining('may be running'),
        fix: expect.stringContaining(`wait-for-task --task ${taskArn}`),
      },
    });
    const theirs = taskResult(lost, judged, { namedByUser: true, signal: 'SIGINT' });
    expect(theirs.explanation).toMatchObject({ code: 'TASK_NOT_FOUND', fix: expect.stringContaining('--cluster') });
  });

  test('neither a task nor a reason: that nothing runs is not claimed', () => {
    const { cause, fix } = notPlaced([]);
    expect(`${cause} ${fix}`).toContain('Check that no task of this family runs');
    expect(cause).not.toContain('no place');
  });
});
