import { expect, test } from 'vitest';
import { culpritOf } from '../../src/diagnosis/culprit.ts';

const failed = { name: 'web', exitCode: 1 };

test.each([
  ['a sidecar that was stopped with the task', [{ name: 'proxy', exitCode: 143 }, failed], 'web'],
  ['one that ended well', [{ name: 'init', exitCode: 0 }, failed], 'web'],
  [
    'an agent that ECS added',
    [{ name: 'aws-guardduty-agent-1a', reason: 'CannotPullContainerError: …' }, failed],
    'web',
  ],
  ['one without a reason of ECS', [failed, { name: 'db', exitCode: 137, reason: 'OutOfMemoryError: …' }], 'db'],
])('%s is not blamed where there is another', (_rule, containers, expected) => {
  expect(culpritOf(containers)?.name).toBe(expected);
});

test('where there is no other, it is', () => {
  expect(culpritOf([{ name: 'ecs-service-connect-1a', exitCode: 1 }, { name: 'web' }])?.name).toMatch(/^ecs-service/);
  expect(culpritOf([{ name: 'web', exitCode: 143 }])?.name).toBe('web');
  expect(culpritOf([{ name: 'web', exitCode: 0 }])).toBeUndefined();
});
