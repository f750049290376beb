import { describe, expect, test } from 'vitest';
import { exitCodeOf, exitCodeOfAll, explanationText, isGreen, type Outcome } from '../src/outcome.ts';
import { type RolloutOutcome, schemaVersion } from '../src/records/schema.ts';

const migration = (more: Partial<Extract<Outcome, { stage: 'run-migration-task' }>>): Outcome => ({
  ...{ schemaVersion, stage: 'run-migration-task', verdict: 'failed', cluster: 'prod' },
  startedAt: '2026-01-05T09:00:00.000Z',
  ...more,
});

test.each<[Outcome['verdict'], number]>([
  ['succeeded', 0],
  ['started', 0],
  ['deployed', 0],
  ['unchanged', 0],
  ['not-verified', 0],
  ['failed', 1],
  ['rolled-back', 1],
  ['refused', 2],
  ['running', 3],
  ['paused', 3],
  ['timed-out', 3],
  ['superseded', 4],
  ['interrupted', 130],
])('%s is exit code %i', (verdict, code) => {
  expect(exitCodeOf(migration({ verdict }))).toBe(code);
  expect(isGreen(migration({ verdict }))).toBe(code === 0);
});

describe('an end that was asked for', () => {
  const rollout = (more: Partial<RolloutOutcome>): Outcome => ({
    ...{ schemaVersion, stage: 'continue-deployment', verdict: 'rolled-back', cluster: 'prod', service: 'web' },
    startedAt: '2026-01-05T09:00:00.000Z',
    ...more,
  });

  test.each<[string, Partial<RolloutOutcome>, number]>([
    ['a rollback that is done', { askedFor: 'rollback', rollbackPhase: 'done' }, 0],
    ['a rollback that is under way', { askedFor: 'rollback', rollbackPhase: 'in-progress' }, 1],
    ['a rollback whose end is not known', { askedFor: 'rollback' }, 1],
    ['a rollback where a pause was asked for', { askedFor: 'pause', rollbackPhase: 'done' }, 1],
    ['a rollback that nobody asked for', { rollbackPhase: 'done' }, 1],
    ['a rollback that failed', { askedFor: 'rollback', verdict: 'failed', rollbackPhase: 'failed' }, 1],
    ['a rollback that was overtaken', { askedFor: 'rollback', verdict: 'superseded' }, 4],
    ['a pause', { askedFor: 'pause', verdict: 'paused' }, 0],
    ['a pause where a rollback was asked for', { askedFor: 'rollback', verdict: 'paused' }, 3],
    ['a pause that nobody asked for', { verdict: 'paused' }, 3],
  ])('%s', (_rule, more, code) => {
    expect(exitCodeOf(rollout(more))).toBe(code);
  });
});

test('SIGTERM is 143', () => {
  expect(exitCodeOf(migration({ verdict: 'interrupted', signal: 'SIGTERM' }))).toBe(143);
});

test('a task that the user named and that ECS never knew is the user’s to correct', () => {
  const explanation = { code: 'TASK_NOT_FOUND', cause: 'Amazon ECS does not know the task.' };
  expect(exitCodeOf(migration({ explanation }), { passExitCode: true })).toBe(2);
});

describe('--pass-exit-code', () => {
  test.each<[string, number | undefined, number]>([
    ['a code of one byte is passed on', 17, 17],
    ['the largest one, too', 255, 255],
    ['256 would come out as 0', 256, 1],
    ['3221225728 (Windows) would come out as 0', 3_221_225_728, 1],
    ['3221225477 would come out as another one', 3_221_225_477, 1],
    ['a negative code', -1, 1],
    ['no exit code at all', undefined, 1],
    ['a failure whose container exited 0: it was stopped', 0, 1],
  ])('%s', (_rule, exitCode, expected) => {
    const outcome = migration(exitCode === undefined ? {} : { exitCode });
    expect(exitCodeOf(outcome, { passExitCode: true })).toBe(expected);
    expect(exitCodeOf(outcome)).toBe(1);
  });

  test('changes nothing but a failure', () => {
    expect(exitCodeOf(migration({ verdict: 'timed-out', exitCode: 7 }), { passExitCode: true })).toBe(3);
  });
});

describe('several together', () => {
  const of = (...verdicts: Outcome['verdict'][]): number =>
    exitCodeOfAll(verdicts.map((verdict) => migration({ verdict })));
  test.each<[string, Outcome['verdict'][], number]>([
    ['all green', ['succeeded', 'started'], 0],
    ['none: nothing was asked for', [], 2],
    ['superseded counts more than green', ['succeeded', 'superseded'], 4],
    ['time ran out counts more than superseded', ['superseded', 'timed-out'], 3],
    ['refused counts more than time', ['timed-out', 'refused'], 2],
    ['failed counts more than refused', ['refused', 'failed', 'succeeded'], 1],
    ['interrupted counts most', ['failed', 'interrupted'], 130],
  ])('%s', (_rule, verdicts, code) => {
    expect(of(...verdicts)).toBe(code);
  });

  test('the code of the gravest is passed on', () => {
    const outcomes = [migration({ verdict: 'succeeded' }), migration({ exitCode: 256 }), migration({ exitCode: 9 })];
    expect(exitCodeOfAll(outcomes, { passExitCode: true })).toBe(1);
    expect(exitCodeOfAll(outcomes.toSpliced(1, 1), { passExitCode: true })).toBe(9);
  });
});

test('an explanation as one text says nothing twice', () => {
  expect(explanationText({ cause: 'It failed.', said: 'no space' })).toBe('It failed. no space');
  expect(explanationText({ cause: 'It failed: no space.', said: 'no space' })).toBe('It failed: no space.');
});
