import { describe, expect, test } from 'vitest';
import { type IdentityFacts, identityOf } from '../../src/migrate/identity.ts';

const facts: IdentityFacts = {
  cluster: 'prod',
  definition: { family: 'app', containerDefinitions: [{ name: 'app', image: 'app@sha256:1' }] },
  overrides: { containerOverrides: [{ name: 'app', command: ['rails', 'db:migrate'] }] },
  name: undefined,
  startedBy: undefined,
  clientToken: undefined,
};
const job = { CIRCLE_WORKFLOW_WORKSPACE_ID: 'workspace', CIRCLE_JOB: 'migrate', CIRCLE_NODE_INDEX: '0' };
const markOf = (more: Partial<IdentityFacts> = {}, env: Record<string, string> = job): string =>
  identityOf({ ...facts, ...more }, env).startedBy;

describe('the mark of a migration', () => {
  test('names the program and 64 hexadecimal digits, and a rerun finds tasks by it', () => {
    expect(markOf()).toMatch(/^migrate-deploy\/[0-9a-f]{64}$/);
    expect(identityOf(facts, job).isMark).toBe(true);
  });

  test.each<[string, Partial<IdentityFacts>, Record<string, string>]>([
    ['a rerun of the job, which has another id', {}, { ...job, CIRCLE_WORKFLOW_JOB_ID: 'another' }],
    ['another container of a job with parallelism', {}, { ...job, CIRCLE_NODE_INDEX: '1' }],
    ['the cluster by its ARN', { cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod' }, job],
    [
      'the members of definition and overrides in another order',
      { definition: { containerDefinitions: [{ image: 'app@sha256:1', name: 'app' }], family: 'app' } },
      job,
    ],
  ])('is the same for %s', (_what, more, env) => expect(markOf(more, env)).toBe(markOf()));

  test.each<[string, Partial<IdentityFacts>, Record<string, string>]>([
    ['another workflow', {}, { ...job, CIRCLE_WORKFLOW_WORKSPACE_ID: 'other' }],
    ['another job', {}, { ...job, CIRCLE_JOB: 'other' }],
    ['another name', { name: 'after' }, job],
    ['another cluster', { cluster: 'stg' }, job],
    ['another image', { definition: { family: 'app', containerDefinitions: [{ name: 'app', image: 'x' }] } }, job],
    ['another command', { overrides: {} }, job],
    ['a client token of the user', { clientToken: 'mine' }, job],
  ])('is another one for %s', (_what, more, env) => expect(markOf(more, env)).not.toBe(markOf()));

  test('outside of CircleCI each run has one of its own', () => {
    expect(markOf({}, {})).not.toBe(markOf({}, {}));
    expect(markOf({}, { CIRCLE_JOB: 'migrate' })).not.toBe(markOf({}, { CIRCLE_JOB: 'migrate' }));
  });

  test('of a client token of the user is the same everywhere', () => {
    expect(markOf({ clientToken: 'mine' }, {})).toBe(markOf({ clientToken: 'mine' }, job));
  });

  test('a text of the user stands on the task as it is, and is no mark', () => {
    const { startedBy, isMark } = identityOf({ ...facts, startedBy: 'ECS Deploy' }, job);
    expect([startedBy, isMark]).toEqual(['ECS Deploy', false]);
  });
});

describe('the client token', () => {
  const token = (failedBefore: number, more: Partial<IdentityFacts> = {}): string =>
    identityOf({ ...facts, ...more }, job).token(failedBefore);

  test('fits into the 64 characters of RunTask and is the same when the request is sent again', () => {
    expect(token(0)).toMatch(/^md-[0-9a-f]{60}$/);
    expect(token(0)).toBe(token(0));
  });

  test('is another one for each attempt and each request', () => {
    expect(new Set([token(0), token(1), token(2), token(0, { name: 'after' })]).size).toBe(4);
  });

  test('of the user is taken as it is', () => expect(token(3, { clientToken: 'mine' })).toBe('mine'));

  test('that is fresh was never used', () => {
    const { freshToken } = identityOf(facts, job);
    expect(freshToken()).toMatch(/^md-[0-9a-f-]{36}$/);
    expect(freshToken()).not.toBe(freshToken());
  });
});
