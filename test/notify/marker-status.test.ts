import { describe, expect, test } from 'vitest';
import { isTerminal, markerStatus } from '../../src/notify/marker-status.ts';
import type { Outcome } from '../../src/outcome.ts';
import { schemaVersion } from '../../src/records/schema.ts';

const rollout = (verdict: Outcome['verdict'], more: object = {}): Outcome => ({
  ...{ schemaVersion, stage: 'update-service-and-verify', verdict, startedAt: '2026-01-05T09:00:00.000Z' },
  ...{ cluster: 'prod', service: 'web' },
  ...more,
});

describe('a marker', () => {
  test.each<[Outcome['verdict'], string]>([
    ['deployed', 'SUCCESS'],
    ['unchanged', 'SUCCESS'],
    ['superseded', 'CANCELED'],
    ['interrupted', 'CANCELED'],
    ['not-verified', 'RUNNING'],
    ['started', 'RUNNING'],
    ['paused', 'RUNNING'],
    ['failed', 'FAILED'],
    ['rolled-back', 'FAILED'],
    ['timed-out', 'FAILED'],
    ['refused', 'FAILED'],
    ['running', 'FAILED'],
  ])('of a rollout that is %s is %s', (verdict, status) => {
    expect(markerStatus([rollout(verdict)]).status).toBe(status);
  });

  test('of a rollback that was asked for and proved is SUCCESS', () => {
    expect(markerStatus([rollout('deployed', { stage: 'rollback-service' })])).toEqual({ status: 'SUCCESS' });
    const back = { stage: 'rollback-service', askedFor: 'rollback' };
    expect(markerStatus([rollout('rolled-back', { ...back, rollbackPhase: 'done' })])).toEqual({ status: 'SUCCESS' });
    expect(markerStatus([rollout('rolled-back', { ...back, rollbackPhase: 'in-progress' })]).status).toBe('FAILED');
  });

  test.each<[Outcome['verdict'][], string]>([
    [['deployed', 'failed'], 'FAILED'],
    [['deployed', 'superseded'], 'CANCELED'],
    [['deployed', 'not-verified'], 'RUNNING'],
    [['superseded', 'failed'], 'FAILED'],
  ])('of several services %j is %s', (verdicts, status) => {
    expect(markerStatus(verdicts.map((verdict) => rollout(verdict))).status).toBe(status);
  });

  test('of no rollout at all is FAILED', () => {
    expect(markerStatus([])).toEqual({ status: 'FAILED', reason: 'The job ended before anything was deployed.' });
  });

  test('says why in one line of 240 characters at most', () => {
    const explanation = { code: 'X', cause: `It crashed.\n\u001b[31m${'x'.repeat(300)}` };
    const { reason = '' } = markerStatus([rollout('failed', { explanation })]);
    expect(reason).toMatch(/^failed: It crashed\. /);
    expect([reason.length, /\p{Cc}/u.test(reason)]).toEqual([240, false]);
  });

  test.each([
    ['SUCCESS', true],
    ['FAILED', true],
    ['CANCELED', true],
    ['RUNNING', false],
    ['planned', false],
    [null, false],
  ])('%s ends it: %s', (told, ends) => {
    expect(isTerminal(told)).toBe(ends);
  });
});
