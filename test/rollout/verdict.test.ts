import { describe, expect, test } from 'vitest';
import { breakerThreshold } from '../../src/rollout/circuit-breaker.ts';
import { deploymentVerdict, isDrained } from '../../src/rollout/deployment-verdict.ts';
import { codeOf } from '../../src/rollout/explain.ts';
import { serviceDeploymentVerdict } from '../../src/rollout/service-deployment-verdict.ts';
import type { DeploymentSnapshot, ServiceDeploymentSnapshot, ServiceSnapshot } from '../../src/rollout/snapshot.ts';

const ours = {
  deploymentId: 'ecs-svc/2',
  createdAtMs: 2_000,
  idsBefore: new Set(['ecs-svc/1']),
  wasSeen: false,
  awayMs: 0,
};
const seen = { ...ours, wasSeen: true };
const old: DeploymentSnapshot = {
  id: 'ecs-svc/1',
  status: 'ACTIVE',
  rolloutState: 'COMPLETED',
  taskDefinition: 'td/web:1',
};
const mine: DeploymentSnapshot = {
  id: 'ecs-svc/2',
  status: 'PRIMARY',
  rolloutState: 'IN_PROGRESS',
  rolloutStateReason: 'ECS deployment ecs-svc/2 in progress.',
  taskDefinition: 'td/web:2',
};
const back: DeploymentSnapshot = {
  id: 'ecs-svc/3',
  status: 'PRIMARY',
  rolloutState: 'IN_PROGRESS',
  rolloutStateReason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.',
  taskDefinition: 'td/web:1',
};
const other: DeploymentSnapshot = {
  id: 'ecs-svc/4',
  status: 'PRIMARY',
  rolloutState: 'IN_PROGRESS',
  rolloutStateReason: 'ECS deployment ecs-svc/4 in progress.',
  taskDefinition: 'td/web:9',
};
const failedEvent = (id: string, atMs: number, why = 'tasks failed to start.') => ({
  message: `(service web) (deployment ${id}) deployment failed: ${why}`,
  createdAt: new Date(atMs),
});
const service = (...deployments: DeploymentSnapshot[]): ServiceSnapshot => ({ status: 'ACTIVE', deployments });

describe('a pause', () => {
  const hook = (hookId: string, status = 'AWAITING_ACTION') => ({ hookId, status, timeoutAction: 'ROLLBACK' });
  const record = (...lifecycleHookDetails: ReturnType<typeof hook>[]): ServiceDeploymentSnapshot => ({
    status: 'IN_PROGRESS',
    lifecycleHookDetails,
  });

  test.each<[string, ServiceDeploymentSnapshot, string | undefined]>([
    ['the hook that waits', record(hook('a', 'SUCCEEDED'), hook('b')), 'b'],
    ['one that was answered by this run and still looks as if it waited is none', record(hook('answered')), undefined],
    ['a fresh hook beside it is', record(hook('answered'), hook('c')), 'c'],
  ])('%s', (_rule, given, hookId) => {
    const verdict = serviceDeploymentVerdict(given, { answered: new Set(['answered']) });
    expect(verdict.verdict === 'paused' ? verdict.pause.hookId : undefined).toBe(hookId);
  });
});

describe('our service deployment', () => {
  const breakerText = 'Service deployment rolled back because the circuit breaker threshold was exceeded.';
  const hookText =
    'Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target arn:aws:lambda:x returned FAILED status.';
  const parseText =
    'Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. ECS was unable to parse the response from arn:aws:lambda:x due to HookStatus must not be null';
  const networkText = 'Service deployment rolled back because of invalid networking configuration. The subnet is gone.';
  const noCandidate =
    'Service deployment failed because the circuit breaker threshold was exceeded. No rollback candidate was found to run the rollback.';

  test.each<[string, ServiceDeploymentSnapshot, object]>([
    ['PENDING is running', { status: 'PENDING' }, { verdict: 'running' }],
    ['IN_PROGRESS is running', { status: 'IN_PROGRESS' }, { verdict: 'running' }],
    ['a status that nobody knows is running', { status: 'TELEPORTING' }, { verdict: 'running' }],
    ['no status is running', {}, { verdict: 'running' }],
    ['SUCCESSFUL is deployed', { status: 'SUCCESSFUL' }, { verdict: 'deployed' }],
    [
      'ROLLBACK_REQUESTED is red at once',
      { status: 'ROLLBACK_REQUESTED', statusReason: breakerText },
      { verdict: 'rolled-back', phase: 'requested', explanation: { said: breakerText } },
    ],
    [
      'ROLLBACK_IN_PROGRESS is red',
      { status: 'ROLLBACK_IN_PROGRESS', statusReason: hookText },
      { verdict: 'rolled-back', phase: 'in-progress', explanation: { said: hookText } },
    ],
    [
      'ROLLBACK_SUCCESSFUL is red, and says what came back',
      { status: 'ROLLBACK_SUCCESSFUL', statusReason: networkText, rollback: { serviceRevisionArn: 'rev/1' } },
      { verdict: 'rolled-back', phase: 'done', explanation: { said: networkText }, toRevision: 'rev/1' },
    ],
    [
      'ROLLBACK_FAILED is failed: nothing was gone back to',
      { status: 'ROLLBACK_FAILED', statusReason: noCandidate },
      { verdict: 'failed', phase: 'failed', explanation: { said: noCandidate } },
    ],
    [
      'the reason of the rollback stands in for a missing statusReason',
      { status: 'ROLLBACK_REQUESTED', rollback: { reason: parseText } },
      { verdict: 'rolled-back', explanation: { said: parseText } },
    ],
    ['STOP_REQUESTED without a newer one is not decided', { status: 'STOP_REQUESTED' }, { verdict: 'running' }],
    [
      'STOPPED by its own circuit breaker, no rollback configured, is failed',
      { status: 'STOPPED', deploymentCircuitBreaker: { status: 'TRIGGERED' } },
      { verdict: 'failed', explanation: { code: 'CIRCUIT_BREAKER' } },
    ],
    [
      'STOPPED by an alarm is failed',
      { status: 'STOPPED', alarms: { status: 'TRIGGERED' } },
      { verdict: 'failed', explanation: { code: 'ALARM' } },
    ],
    [
      'STOPPED without a word is failed',
      { status: 'STOPPED' },
      { verdict: 'failed', explanation: { code: 'STOPPED' } },
    ],
    [
      'STOPPED by a newer one that cannot be seen any more',
      {
        status: 'STOPPED',
        statusReason: 'Service deployment was stopped because a newer service deployment was started.',
      },
      { verdict: 'superseded' },
    ],
    [
      'Replaced by a new service deployment. is superseded, also while it stops',
      { status: 'STOP_REQUESTED', statusReason: 'Replaced by a new service deployment.' },
      { verdict: 'superseded', explanation: { said: 'Replaced by a new service deployment.' } },
    ],
    [
      'ROLLBACK_FAILED without a candidate says so',
      { status: 'ROLLBACK_FAILED', statusReason: 'No rollback candidate was found to run the rollback.' },
      { verdict: 'failed', phase: 'failed', explanation: { code: 'NO_ROLLBACK_CANDIDATE' } },
    ],
    [
      'a hook that waits is a pause',
      {
        status: 'IN_PROGRESS',
        lifecycleStage: 'POST_SCALE_UP',
        lifecycleHookDetails: [
          { hookId: 'a', status: 'SUCCEEDED' },
          {
            hookId: 'b',
            targetType: 'PAUSE',
            status: 'AWAITING_ACTION',
            expiresAt: new Date(0),
            timeoutAction: 'CONTINUE',
          },
        ],
      },
      {
        verdict: 'paused',
        pause: { hookId: 'b', stage: 'POST_SCALE_UP', expiresAt: new Date(0), timeoutAction: 'CONTINUE' },
      },
    ],
    [
      'a hook that runs is no pause',
      { status: 'IN_PROGRESS', lifecycleHookDetails: [{ hookId: 'a', status: 'IN_PROGRESS' }] },
      { verdict: 'running' },
    ],
  ])('%s', (_rule, record, verdict) => {
    expect(serviceDeploymentVerdict(record, {})).toMatchObject(verdict);
  });

  test.each(['STOP_REQUESTED', 'STOPPED'])(
    '%s with a newer service deployment is superseded, not rolled back',
    (status) => {
      const verdict = serviceDeploymentVerdict({ status }, { newer: 'sd/4' });
      expect(verdict).toMatchObject({ verdict: 'superseded', by: 'sd/4' });
    },
  );

  test('a newer one does not excuse a deployment that failed by itself', () => {
    const record = { status: 'STOPPED', deploymentCircuitBreaker: { status: 'TRIGGERED' } };
    expect(serviceDeploymentVerdict(record, { newer: 'sd/4' }).verdict).toBe('failed');
  });
});

describe('our deployment id, without service deployments', () => {
  const completed = { ...mine, rolloutState: 'COMPLETED', rolloutStateReason: 'ECS deployment ecs-svc/2 completed.' };
  const failed = {
    ...mine,
    rolloutState: 'FAILED',
    rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
  };
  const notPrimary = { ...mine, status: 'ACTIVE' };
  const stateless = { id: mine.id, status: 'PRIMARY', desiredCount: 2, runningCount: 2, pendingCount: 0 };

  test.each<[string, ServiceSnapshot, object]>([
    ['PRIMARY and IN_PROGRESS is running', service(mine, old), { verdict: 'running' }],
    ['PRIMARY and COMPLETED is deployed', service(completed), { verdict: 'deployed' }],
    ['COMPLETED beside a draining one is deployed, not drained', service(completed, old), { verdict: 'deployed' }],
    [
      'PRIMARY and FAILED is failed, with the reason',
      service(failed, old),
      {
        verdict: 'failed',
        explanation: { code: 'CIRCUIT_BREAKER', said: 'ECS deployment circuit breaker: tasks failed to start.' },
      },
    ],
    [
      'the older wording of the breaker',
      service({ ...failed, rolloutStateReason: 'ECS deployment circuit breaker: task failed to start.' }),
      { verdict: 'failed', explanation: { code: 'CIRCUIT_BREAKER' } },
    ],
    [
      'an alarm',
      service({ ...failed, rolloutStateReason: 'ECS deployment failed: alarm detected.' }),
      { verdict: 'failed', explanation: { code: 'ALARM' } },
    ],
    [
      'a PRIMARY that rolls back means ours was rolled back',
      service(back, notPrimary, old),
      { verdict: 'rolled-back' },
    ],
    [
      'ours still says IN_PROGRESS while the rollback is under way',
      service(back, { ...notPrimary, rolloutState: 'IN_PROGRESS' }),
      { verdict: 'rolled-back', phase: 'in-progress', explanation: { said: back.rolloutStateReason } },
    ],
    [
      'ours FAILED and DRAINING under a finished rollback',
      service({ ...other }, { ...failed, status: 'DRAINING' }),
      { verdict: 'rolled-back' },
    ],
    ['another PRIMARY is a superseding', service(other, notPrimary), { verdict: 'superseded', by: 'ecs-svc/4' }],
    ['ours gone, a rollback PRIMARY', service(back), { verdict: 'rolled-back' }],
    [
      'ours not in sight, and a rollback that went on before ours began: an old answer, no rollback of ours',
      service({ ...back, createdAt: new Date(1_000), updatedAt: new Date(2_000) }),
      { verdict: 'running' },
    ],
    ['ours gone, another PRIMARY', service(other), { verdict: 'superseded', by: 'ecs-svc/4' }],
    [
      'ours gone, a finished rollback: the events remember',
      {
        ...service({ ...back, rolloutState: 'COMPLETED', rolloutStateReason: 'ECS deployment ecs-svc/3 completed.' }),
        events: [{ message: '(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.' }],
      },
      { verdict: 'rolled-back', phase: 'done' },
    ],
    [
      'a stale read, the old PRIMARY, is not visible yet',
      service({ ...old, status: 'PRIMARY' }),
      { verdict: 'running' },
    ],
    [
      'the PRIMARY counts, wherever it stands in the list',
      service(old, notPrimary, other),
      { verdict: 'superseded', by: 'ecs-svc/4' },
    ],
    [
      'the event of our failure counts, whatever our entry says and whoever failed after it',
      {
        ...service({ ...other, rolloutState: 'COMPLETED' }, notPrimary),
        events: [failedEvent('ecs-svc/4', 4_000), failedEvent('ecs-svc/2', 3_000)],
      },
      { verdict: 'rolled-back', phase: 'done' },
    ],
    [
      'and so does our entry that says FAILED, though another one failed after it',
      { ...service(back, { ...failed, status: 'ACTIVE' }), events: [failedEvent('ecs-svc/4', 4_000)] },
      { verdict: 'rolled-back', phase: 'in-progress' },
    ],
    [
      'ours FAILED and stands, no rollback is configured, somebody else deployed since: failed',
      {
        ...service(other, { ...failed, status: 'ACTIVE' }),
        deploymentConfiguration: { deploymentCircuitBreaker: { rollback: false } },
      },
      { verdict: 'failed', explanation: { code: 'CIRCUIT_BREAKER' } },
    ],
    [
      'ours gone and failed, what came back is still on its way: in progress',
      {
        ...service({ ...old, status: 'PRIMARY', rolloutState: 'IN_PROGRESS' }),
        events: [failedEvent('ecs-svc/2', 3_000)],
      },
      { verdict: 'rolled-back', phase: 'in-progress' },
    ],
    ...(
      [
        ['tasks failed to start.', { deploymentCircuitBreaker: { rollback: true } }, 'rolled-back'],
        ['tasks failed to start.', { alarms: { rollback: true } }, 'failed'],
        ['alarm detected.', { alarms: { rollback: true } }, 'rolled-back'],
        ['alarm detected.', { deploymentCircuitBreaker: { rollback: true } }, 'failed'],
      ] as const
    ).map(([why, deploymentConfiguration, verdict]): [string, ServiceSnapshot, object] => [
      `${why} and ${Object.keys(deploymentConfiguration)[0]} rolls back, whoever deployed since: ${verdict}`,
      { ...service(other), events: [failedEvent('ecs-svc/2', 3_000, why)], deploymentConfiguration },
      { verdict },
    ]),
    [
      'ours failed, none is configured, and an event tells of a rollback all the same',
      {
        ...service(other),
        events: [
          { message: '(service web) has started 1 tasks: (task 1).' },
          { message: '(service web) rolling back to deployment ecs-svc/1.' },
          failedEvent('ecs-svc/2', 3_000),
        ],
        deploymentConfiguration: { deploymentCircuitBreaker: { rollback: false } },
      },
      { verdict: 'rolled-back' },
    ],
    ['no deployments at all', service(), { verdict: 'running' }],
    [
      'DRAINING: the service was deleted',
      { status: 'DRAINING', deployments: [mine] },
      { verdict: 'failed', explanation: { code: 'SERVICE_DELETED' } },
    ],
    [
      'INACTIVE: the service was deleted',
      { status: 'INACTIVE' },
      { verdict: 'failed', explanation: { code: 'SERVICE_DELETED' } },
    ],
    ['without a rollout state, counts and a single deployment decide', service(stateless), { verdict: 'deployed' }],
    ['without a rollout state, two deployments are going', service(stateless, old), { verdict: 'running' }],
    [
      'without a rollout state, a missing task is running',
      service({ ...stateless, runningCount: 1 }),
      { verdict: 'running' },
    ],
    [
      'without a rollout state and without counts, nothing is known',
      service({ id: 'ecs-svc/2', status: 'PRIMARY' }),
      { verdict: 'running' },
    ],
    [
      'without a rollout state, a pending task is running',
      service({ ...stateless, pendingCount: 1 }),
      { verdict: 'running' },
    ],
  ])('%s', (_rule, snapshot, verdict) => {
    expect(deploymentVerdict(snapshot, ours)).toMatchObject(verdict);
  });

  const backAgain = { ...old, status: 'PRIMARY', createdAt: new Date(1_000) };
  test.each<[string, ServiceSnapshot, object, object]>([
    [
      'the old deployment is PRIMARY again beside ours: rolled back, never superseded',
      service(backAgain, { ...mine, status: 'ACTIVE' }),
      seen,
      { verdict: 'rolled-back', phase: 'in-progress' },
    ],
    [
      'PRIMARY again and COMPLETED, ours FAILED: the rollback is done',
      service(backAgain, { ...failed, status: 'ACTIVE' }),
      seen,
      { verdict: 'rolled-back', phase: 'done' },
    ],
    [
      'ours was seen and is gone, the old one was touched since: rolled back',
      service({ ...backAgain, updatedAt: new Date(90_000) }),
      seen,
      { verdict: 'rolled-back', phase: 'done' },
    ],
    [
      'ours was seen and is gone, for half a minute: rolled back',
      service(backAgain),
      { ...seen, awayMs: 30_000 },
      { verdict: 'rolled-back', phase: 'done' },
    ],
    ['ours was seen and is gone from one answer: it may be stale', service(backAgain), seen, { verdict: 'running' }],
    [
      'ours was never seen, and the events tell of its failure: rolled back',
      {
        ...service(backAgain),
        events: [{ message: '(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.' }],
      },
      ours,
      { verdict: 'rolled-back' },
    ],
    [
      'a rollback of the deployment that had replaced ours is none of ours',
      {
        ...service({ ...backAgain, updatedAt: new Date(90_000), rolloutStateReason: back.rolloutStateReason }),
        events: [failedEvent('ecs-svc/4', 3_000)],
      },
      seen,
      { verdict: 'superseded', by: 'ecs-svc/4' },
    ],
    [
      'nor where ours still stands in the list',
      { ...service(back, { ...mine, status: 'ACTIVE' }), events: [failedEvent('ecs-svc/4', 3_000)] },
      seen,
      { verdict: 'superseded', by: 'ecs-svc/4' },
    ],
    [
      'a failure of a deployment of before ours says nothing of who replaced it',
      { ...service(back), events: [failedEvent('ecs-svc/1', 3_000), failedEvent('ecs-svc/0', 1_000)] },
      seen,
      { verdict: 'rolled-back' },
    ],
    [
      'a PRIMARY that is not known and was created before ours never supersedes it',
      service({ ...other, createdAt: new Date(1_999) }),
      ours,
      { verdict: 'running' },
    ],
    [
      'a PRIMARY that was created after ours does',
      service({ ...other, createdAt: new Date(2_001) }),
      ours,
      { verdict: 'superseded', by: 'ecs-svc/4' },
    ],
  ])('%s', (_rule, snapshot, facts, verdict) => {
    expect(deploymentVerdict(snapshot, { ...ours, ...facts })).toMatchObject(verdict);
  });

  test('the same task definition before and after hides nothing: ids decide', () => {
    const same = { taskDefinition: 'td/web:1' };
    expect(deploymentVerdict(service({ ...back, ...same }, { ...notPrimary, ...same }), ours).verdict).toBe(
      'rolled-back',
    );
  });

  test('a single deployment of ours that is IN_PROGRESS is not drained', () => {
    expect(isDrained(service(mine), 'ecs-svc/2')).toBe(false);
  });

  test('one other deployment with tasks is enough not to be drained', () => {
    const done = { ...mine, rolloutState: 'COMPLETED', runningCount: 2 };
    const other = (runningCount: number) => ({ ...old, id: `ecs-svc/1${runningCount}`, runningCount });
    expect(isDrained(service(done, other(0), other(1)), mine.id)).toBe(false);
    expect(isDrained(service(done, other(0)), mine.id)).toBe(true);
  });

  test('a deployment that is not in the list is not drained', () => {
    expect(isDrained(service({ ...old, status: 'PRIMARY' }), 'ecs-svc/2')).toBe(false);
    expect(isDrained(undefined, 'ecs-svc/2')).toBe(false);
  });

  test('a failed deployment without tasks may stand in the list, one with tasks or unknown counts may not', () => {
    const done = { ...mine, rolloutState: 'COMPLETED' };
    const drained = (more: object): boolean => isDrained(service(done, { ...old, ...more }), 'ecs-svc/2');
    expect(drained({ rolloutState: 'FAILED', runningCount: 0, pendingCount: 0 })).toBe(true);
    expect(drained({ runningCount: 1 })).toBe(false);
    expect(drained({ runningCount: 0, pendingCount: 1 })).toBe(false);
    expect(drained({})).toBe(false);
  });
});

describe('codes', () => {
  test.each([
    ['Service deployment rolled back because the circuit breaker threshold was exceeded.', 'CIRCUIT_BREAKER'],
    ['ECS deployment failed: alarm detected.', 'ALARM'],
    ['Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed.', 'LIFECYCLE_HOOK'],
    ['Service deployment rolled back because of invalid networking configuration.', 'NETWORK_CONFIGURATION'],
    ['Service deployment rolled back because a rollback was requested.', 'ROLLBACK_REQUESTED'],
    ['something new', 'ROLLED_BACK'],
  ])('%s', (reason, code) => {
    expect(codeOf({}, reason)).toBe(code);
  });
});

test.each([
  ['one desired task allows three failures', 1, undefined, 3],
  ['25 allow 13', 25, undefined, 13],
  ['400 allow 200', 400, undefined, 200],
  ['never more than 200', 2_000, undefined, 200],
  ['a count', 4, { type: 'COUNT', value: 1 }, 1],
  ['an unbounded percentage', 4, { type: 'UNBOUNDED_PERCENT', value: 25 }, 1],
  ['a bounded percentage', 100, { type: 'BOUNDED_PERCENT', value: 20 }, 20],
])('circuit breaker threshold: %s', (_rule, desired, thresholdConfiguration, threshold) => {
  expect(breakerThreshold(desired, { thresholdConfiguration })).toBe(threshold);
});
