import { expect, it } from 'vitest';
import { sessionName } from '../../src/aws/session-name.ts';

const env = { CIRCLE_PROJECT_REPONAME: 'hoge', CIRCLE_JOB: 'db-migrate (stg)', CIRCLE_BUILD_NUM: '12' };

it.each([
  ['the name that was asked for', 'me@example.com', env, 'me@example.com'],
  ['what STS does not allow becomes a dash', 'feature/a b:c', env, 'feature-a-b-c'],
  ['a long name keeps its beginning', `a${'x'.repeat(80)}`, env, `a${'x'.repeat(63)}`],
  ['the job otherwise', undefined, env, 'hoge-db-migrate-stg-12'],
  ['a long job keeps its number', undefined, { ...env, CIRCLE_JOB: 'j'.repeat(80) }, `${'j'.repeat(61)}-12`],
  ['outside CircleCI', undefined, {}, 'migrate-deploy'],
  ['at least two characters', 'x', {}, 'x-session'],
  ['nothing usable', '漢', {}, '--session'],
])('%s', (_rule, wanted, environment, expected) => {
  const name = sessionName(wanted, environment);
  expect(name).toBe(expected);
  expect(name).toMatch(/^[\w+=,.@-]{2,64}$/);
});
