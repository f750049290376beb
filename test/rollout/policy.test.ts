import type { Deployment, Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import type { OwnDeployment, ServicePlan } from '../../src/rollout/model.ts';
import { newObservation, type Observation, observe, startedTasks } from '../../src/rollout/observe.ts';
import { thresholdReached } from '../../src/rollout/progress.ts';
import { type Limits, verdictOf } from '../../src/rollout/verdict.ts';

const nowMs = 1_000_000_000;
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };

interface Situation {
  kind?: ServicePlan['kind'];
  service?: Partial<Service>;
  mine?: Partial<Deployment>;
  /** How many of its tasks had failed when the run began. */
  failedBefore?: number;
  /** How the service stood before the run. */
  before?: Partial<Service>;
  serviceDeployment?: ServiceDeployment;
  failedMsAgo?: readonly number[];
  limits?: Partial<Limits>;
  more?: Partial<Observation>;
}

function judged(situation: Situation) {
  const { kind = 'deployment', service, mine, serviceDeployment, failedMsAgo = [], limits, more } = situation;
  const deployment: Deployment = {
    id: 'ecs-svc/2',
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    taskDefinition: 'td/web:2',
    ...mine,
  };
  const now: Service = {
    status: 'ACTIVE',
    desiredCount: 2,
    runningCount: 2,
    pendingCount: 0,
    deployments: [deployment],
    ...service,
  };
  const before = { ...deployment, failedTasks: situation.failedBefore };
  const own = ownOf({ ...now, deployments: [before], ...situation.before }, before, kind);
  const failedTasks = new Map(
    failedMsAgo.map((ago, index) => [`task/${index}`, { taskArn: `task/${index}`, endedAtMs: nowMs - ago }]),
  );
  const seen: Observation = {
    ...newObservation(own),
    service: now,
    serviceDeployment,
    atMs: nowMs,
    polls: 1,
    stoppedTasks: 'read',
    failedTasks,
    ...more,
  };
  return verdictOf(seen, { until: 'deployed', maxFailedTasks: undefined, ...limits });
}

function ownOf(service: Service, primary: Deployment, kind: ServicePlan['kind'] = 'deployment'): OwnDeployment {
  const plan: ServicePlan = {
    before: { name: 'web', service, primary, mayReadServiceDeployments: true },
    taskDefinitionArn: 'td/web:2',
    document: undefined,
    differences: [],
    digests: new Map(),
    kind,
    isRevisionAsked: true,
  };
  return {
    plan,
    name: 'web',
    taskDefinitionArn: 'td/web:2',
    deploymentId: 'ecs-svc/2',
    createdAtMs: nowMs - 60_000,
    startedAtMs: nowMs - 60_000,
  };
}

const successful: ServiceDeployment = { status: 'SUCCESSFUL' };
const ago = (count: number, ms = 30_000): number[] => Array.from({ length: count }, () => ms);

test.each<[string, Situation, object]>([
  [
    'SUCCESSFUL with its tasks running is deployed',
    { serviceDeployment: successful, mine: { runningCount: 2 } },
    { verdict: 'deployed' },
  ],
  [
    'SUCCESSFUL with no task running serves nobody',
    { serviceDeployment: successful, mine: { runningCount: 0 } },
    { verdict: 'running' },
  ],
  [
    'SUCCESSFUL, and its tasks keep failing since: failed, also where a breaker is on',
    {
      serviceDeployment: successful,
      mine: { runningCount: 0, failedTasks: 3 },
      service: { deploymentConfiguration: breaker },
    },
    { verdict: 'failed', explanation: { code: 'TOO_MANY_FAILED_TASKS' } },
  ],
  [
    'SUCCESSFUL early, with some of its tasks, is deployed',
    { serviceDeployment: successful, mine: { runningCount: 1 } },
    { verdict: 'deployed' },
  ],
  [
    'SUCCESSFUL, and its place is taken by a newer deployment of the same revision: superseded, nothing is waited for',
    {
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 0 } },
      service: {
        deployments: [{ id: 'ecs-svc/3', status: 'PRIMARY', taskDefinition: 'td/web:2', createdAt: new Date(nowMs) }],
      },
    },
    { verdict: 'superseded', by: 'ecs-svc/3' },
  ],
  [
    'SUCCESSFUL in an answer that does not show ours yet: the count of the service deployment decides',
    {
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 2 } },
      service: { deployments: [{ id: 'ecs-svc/1', status: 'PRIMARY' }] },
      more: { idsBefore: new Set(['ecs-svc/1']) },
    },
    { verdict: 'deployed' },
  ],
  [
    'desiredCount 0 is not verified',
    { serviceDeployment: successful, service: { desiredCount: 0 } },
    { verdict: 'not-verified' },
  ],
  [
    'a revision that was not asked for is never deployed',
    { mine: { rolloutState: 'COMPLETED', taskDefinition: 'td/web:9', runningCount: 2 } },
    { verdict: 'failed', explanation: { code: 'OTHER_REVISION' } },
  ],
  [
    'until drained waits for the old tasks',
    { serviceDeployment: successful, mine: { runningCount: 2 }, limits: { until: 'drained' } },
    { verdict: 'running' },
  ],
  [
    'failures that are not in a row are not counted',
    { failedMsAgo: ago(7), mine: { failedTasks: 0 } },
    { verdict: 'running' },
  ],
  ['two in a row go on', { mine: { failedTasks: 2 } }, { verdict: 'running' }],
  ['three in a row without a breaker are failed', { mine: { failedTasks: 3 } }, { verdict: 'failed' }],
  [
    'with a breaker the breaker speaks',
    { mine: { failedTasks: 30 }, service: { deploymentConfiguration: breaker } },
    { verdict: 'running' },
  ],
  [
    'the limit of the user is stricter than the breaker',
    { mine: { failedTasks: 1 }, service: { deploymentConfiguration: breaker }, limits: { maxFailedTasks: 1 } },
    { verdict: 'failed', explanation: { cause: '1 task of the new revision failed; the limit is 1.' } },
  ],
  [
    'the limit of the user can be wider than three',
    { mine: { failedTasks: 4 }, limits: { maxFailedTasks: 5 } },
    { verdict: 'running' },
  ],
  [
    'the count of the breaker counts too',
    { serviceDeployment: { status: 'IN_PROGRESS', deploymentCircuitBreaker: { failureCount: 3 } } },
    { verdict: 'failed' },
  ],
  [
    'unchanged: SUCCESSFUL, all running, none failed',
    { kind: 'unchanged', serviceDeployment: successful },
    { verdict: 'unchanged' },
  ],
  [
    'unchanged by the deployment id: COMPLETED',
    { kind: 'unchanged', mine: { rolloutState: 'COMPLETED' } },
    { verdict: 'unchanged' },
  ],
  [
    'unchanged, whatever ECS counted before this run: its count stays as it is once a deployment is successful',
    {
      kind: 'unchanged',
      serviceDeployment: successful,
      mine: { rolloutState: 'COMPLETED', failedTasks: 3 },
      failedBefore: 3,
    },
    { verdict: 'unchanged' },
  ],
  [
    'not unchanged where the count has grown since',
    {
      kind: 'unchanged',
      serviceDeployment: successful,
      mine: { rolloutState: 'COMPLETED', failedTasks: 6 },
      failedBefore: 3,
    },
    { verdict: 'failed', explanation: { code: 'TOO_MANY_FAILED_TASKS' } },
  ],
  [
    'another deployment is there, and an event says that ours had been rolled back before: rolled back',
    {
      service: {
        deployments: [{ id: 'ecs-svc/9', status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition: 'td/web:9' }],
        events: [
          { message: '(service web) rolling back to deployment ecs-svc/1.' },
          { message: '(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.' },
        ],
      },
      more: { wasSeen: true },
    },
    { verdict: 'rolled-back', phase: 'done', explanation: { code: 'CIRCUIT_BREAKER' } },
  ],
  [
    'the failure of another deployment is not ours',
    {
      service: {
        deployments: [{ id: 'ecs-svc/9', status: 'PRIMARY', taskDefinition: 'td/web:9' }],
        events: [{ message: '(service web) (deployment ecs-svc/22) deployment failed: alarm detected.' }],
      },
      more: { wasSeen: true },
    },
    { verdict: 'superseded' },
  ],
  [
    'it failed, no rollback is configured and none shows: failed, whoever deployed since',
    {
      service: {
        deployments: [{ id: 'ecs-svc/9', status: 'PRIMARY', taskDefinition: 'td/web:9' }],
        events: [{ message: '(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.' }],
        deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } },
      },
      more: { wasSeen: true },
    },
    { verdict: 'failed', explanation: { code: 'CIRCUIT_BREAKER' } },
  ],
  [
    'nor where the configuration names no circuit breaker at all: an alarm alone rolls nothing back',
    {
      service: {
        deployments: [{ id: 'ecs-svc/9', status: 'PRIMARY', taskDefinition: 'td/web:9' }],
        events: [{ message: '(service web) (deployment ecs-svc/2) deployment failed: alarm detected.' }],
        deploymentConfiguration: { alarms: { alarmNames: ['5xx'], enable: true, rollback: false } },
      },
      more: { wasSeen: true },
    },
    { verdict: 'failed', explanation: { code: 'ALARM' } },
  ],
  [
    'unchanged needs the stopped tasks',
    { kind: 'unchanged', serviceDeployment: successful, more: { stoppedTasks: 'unread' } },
    { verdict: 'running' },
  ],
  [
    'unchanged needs all tasks',
    { kind: 'unchanged', serviceDeployment: successful, service: { runningCount: 1 } },
    { verdict: 'running' },
  ],
  [
    'unchanged needs no task pending',
    { kind: 'unchanged', serviceDeployment: successful, service: { pendingCount: 1 } },
    { verdict: 'running' },
  ],
  [
    'unchanged waits while a rollback still brings it back',
    { kind: 'unchanged', serviceDeployment: successful, mine: { runningCount: 1 } },
    { verdict: 'running' },
  ],
  [
    'unchanged waits while a task failed just now',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: ago(1) },
    { verdict: 'running' },
  ],
  [
    'unchanged after a failure that is over',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: ago(2, 200_000) },
    { verdict: 'unchanged' },
  ],
  [
    'unchanged forgets what failed long ago',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: ago(9, 700_000) },
    { verdict: 'unchanged' },
  ],
  [
    'unchanged whose tasks keep failing is failed',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: ago(3) },
    { verdict: 'failed', explanation: { code: 'TASKS_FAIL' } },
  ],
  [
    'unchanged with desiredCount 0 is not verified',
    { kind: 'unchanged', serviceDeployment: successful, service: { desiredCount: 0, runningCount: 0 } },
    { verdict: 'not-verified' },
  ],
  [
    'a revision that ECS gave up is not unchanged',
    { kind: 'unchanged', serviceDeployment: { status: 'STOPPED', deploymentCircuitBreaker: { status: 'TRIGGERED' } } },
    { verdict: 'failed' },
  ],
  [
    'unchanged that was under way when we came is deployed',
    { kind: 'unchanged', serviceDeployment: successful, more: { polls: 2 } },
    { verdict: 'deployed' },
  ],
  [
    'a number of tasks is taken once it was seen',
    { kind: 'scaling', mine: { rolloutState: 'COMPLETED' }, more: { sawCount: true } },
    { verdict: 'deployed' },
  ],
  [
    'a number of tasks that no answer shows yet is waited for, for a minute',
    { kind: 'scaling', mine: { rolloutState: 'COMPLETED' }, more: { sawCount: false, atMs: nowMs - 1 } },
    { verdict: 'running' },
  ],
  [
    'after a minute the answers are no stale ones: autoscaling has changed the number',
    { kind: 'scaling', mine: { rolloutState: 'COMPLETED' }, more: { sawCount: false } },
    { verdict: 'deployed' },
  ],
  [
    'a number of tasks with one of them missing is running',
    { kind: 'scaling', mine: { rolloutState: 'COMPLETED' }, service: { runningCount: 1 }, more: { sawCount: true } },
    { verdict: 'running' },
  ],
  [
    'a number of tasks with one pending is running',
    { kind: 'scaling', mine: { rolloutState: 'COMPLETED' }, service: { pendingCount: 1 }, more: { sawCount: true } },
    { verdict: 'running' },
  ],
  [
    'a number of tasks that fail is running: nobody asked for another revision',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED', failedTasks: 9 },
      failedBefore: 0,
      limits: { maxFailedTasks: 1 },
      more: { sawCount: true },
    },
    { verdict: 'running' },
  ],
  [
    'tasks that were told to stop before do not count for the new number',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED' },
      before: { desiredCount: 0, runningCount: 2 },
      more: { sawCount: true },
    },
    { verdict: 'running' },
  ],
  [
    'nor while fewer were started than must come',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED' },
      before: { desiredCount: 0, runningCount: 2 },
      more: { sawCount: true, events: ['(service web) has started 1 tasks: (task 1).'] },
    },
    { verdict: 'running' },
  ],
  [
    'those that stay count, and those that were started since',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED' },
      before: { desiredCount: 1, runningCount: 2 },
      more: { sawCount: true, events: ['(service web) has started 1 tasks: (task 1).'] },
    },
    { verdict: 'deployed' },
  ],
  [
    'while the deployment that stands is still on its way, its failures are not those of a scaling',
    { kind: 'scaling', mine: { failedTasks: 9 }, failedBefore: 0, limits: { maxFailedTasks: 1 } },
    { verdict: 'running' },
  ],
  [
    'the user’s own limit says how many failed, one as one',
    { mine: { failedTasks: 1 }, limits: { maxFailedTasks: 1 } },
    { explanation: { cause: '1 task of the new revision failed; the limit is 1.' } },
  ],
  [
    'and several as several',
    { mine: { failedTasks: 4 }, limits: { maxFailedTasks: 2 } },
    { explanation: { cause: '4 tasks of the new revision failed in a row; the limit is 2.' } },
  ],
  [
    'what ECS has ended is told as that, however many tasks failed before',
    { mine: { failedTasks: 9 }, serviceDeployment: { status: 'ROLLBACK_SUCCESSFUL' } },
    { verdict: 'rolled-back', phase: 'done' },
  ],
  [
    'the service deployment says more than our entry in the list',
    { mine: { rolloutState: 'FAILED' }, serviceDeployment: { status: 'ROLLBACK_IN_PROGRESS' } },
    { verdict: 'rolled-back', phase: 'in-progress' },
  ],
  [
    'stopped, and a newer one began: superseded by that',
    { serviceDeployment: { status: 'STOPPED' }, more: { newer: 'ecs-svc/9' } },
    { verdict: 'superseded', by: 'ecs-svc/9' },
  ],
  [
    'where no task leaves, the count is enough: no event is needed',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED' },
      before: { desiredCount: 1, runningCount: 1 },
      more: { sawCount: true },
    },
    { verdict: 'deployed' },
  ],
  [
    'ours is out of sight while its service deployment goes on: nothing is over',
    {
      serviceDeployment: { status: 'IN_PROGRESS' },
      service: { deployments: [{ id: 'ecs-svc/9', status: 'PRIMARY', createdAt: new Date(nowMs) }] },
    },
    { verdict: 'running' },
  ],
  [
    'drained is never reached by what another deployment has replaced',
    {
      serviceDeployment: successful,
      limits: { until: 'drained' },
      service: {
        deployments: [
          { id: 'ecs-svc/9', status: 'PRIMARY', rolloutState: 'IN_PROGRESS', createdAt: new Date(nowMs) },
          { id: 'ecs-svc/2', status: 'ACTIVE', runningCount: 2, rolloutState: 'COMPLETED' },
        ],
      },
    },
    { verdict: 'superseded', by: 'ecs-svc/9' },
  ],
  [
    'a newer deployment of the same revision has not replaced what still runs',
    {
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 2 } },
      service: {
        deployments: [
          {
            id: 'ecs-svc/9',
            status: 'PRIMARY',
            rolloutState: 'COMPLETED',
            taskDefinition: 'td/web:2',
            createdAt: new Date(nowMs),
          },
        ],
      },
    },
    { verdict: 'deployed' },
  ],
  [
    'what only stood is replaced as soon as another revision is on its way',
    {
      kind: 'unchanged',
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 2 } },
      service: {
        deployments: [
          {
            id: 'ecs-svc/9',
            status: 'PRIMARY',
            rolloutState: 'IN_PROGRESS',
            taskDefinition: 'td/web:9',
            createdAt: new Date(nowMs),
          },
        ],
      },
    },
    { verdict: 'superseded' },
  ],
  [
    'what was COMPLETED when we came is unchanged, however long we looked',
    { kind: 'unchanged', serviceDeployment: successful, mine: { rolloutState: 'COMPLETED' }, more: { polls: 5 } },
    { verdict: 'unchanged' },
  ],
  [
    'failures of ten minutes ago are no recent ones',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: [600_000, 600_000, 600_000] },
    { verdict: 'unchanged' },
  ],
  [
    'three minutes without a failure are a recovery',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: [180_000] },
    { verdict: 'unchanged' },
  ],
  [
    'tasks that keep failing are told with how many run',
    { kind: 'unchanged', serviceDeployment: successful, failedMsAgo: ago(3) },
    { explanation: { cause: expect.stringContaining('3 in the last 10m 00s; 2 running now') } },
  ],
  [
    'an answer without a number of tasks proves nothing',
    { kind: 'unchanged', serviceDeployment: successful, service: { desiredCount: undefined, runningCount: undefined } },
    { verdict: 'running' },
  ],
  [
    'a service scaled to 0 runs nothing that could be verified',
    {
      kind: 'scaling',
      mine: { rolloutState: 'COMPLETED' },
      service: { desiredCount: 0, runningCount: 0 },
      more: { sawCount: true },
    },
    { verdict: 'not-verified', explanation: { code: 'NO_TASKS', cause: expect.stringMatching(/desiredCount is 0/) } },
  ],
  [
    'a rollback that was asked for is over when ECS says so',
    { kind: 'rollback', serviceDeployment: { status: 'ROLLBACK_SUCCESSFUL' } },
    { verdict: 'rolled-back', phase: 'done' },
  ],
  [
    'and not before',
    { kind: 'rollback', serviceDeployment: { status: 'ROLLBACK_IN_PROGRESS' } },
    { verdict: 'running' },
  ],
  [
    'a rollback that came too late is failed, and says what to do',
    { kind: 'rollback', serviceDeployment: successful },
    { verdict: 'failed', explanation: { code: 'ROLLBACK_TOO_LATE', fix: expect.stringMatching(/rollback-service/) } },
  ],
  [
    'a rollback that fails is failed',
    { kind: 'rollback', serviceDeployment: { status: 'ROLLBACK_FAILED' } },
    { verdict: 'failed' },
  ],
  [
    'a deleted service is failed, whatever its service deployment says',
    { serviceDeployment: { status: 'IN_PROGRESS' }, service: { status: 'INACTIVE' } },
    { verdict: 'failed', explanation: { code: 'SERVICE_DELETED' } },
  ],
  [
    'drained: successful is not enough while old tasks are there',
    {
      serviceDeployment: successful,
      limits: { until: 'drained' },
      mine: { rolloutState: 'COMPLETED', runningCount: 2 },
      service: {
        deployments: [
          {
            id: 'ecs-svc/2',
            status: 'PRIMARY',
            rolloutState: 'COMPLETED',
            taskDefinition: 'td/web:2',
            runningCount: 2,
          },
          { id: 'ecs-svc/1', status: 'ACTIVE', runningCount: 1 },
        ],
      },
    },
    { verdict: 'running' },
  ],
  [
    'another revision that is COMPLETED has replaced what was successful',
    {
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 2 } },
      service: {
        deployments: [
          {
            id: 'ecs-svc/9',
            status: 'PRIMARY',
            rolloutState: 'COMPLETED',
            taskDefinition: 'td/web:9',
            createdAt: new Date(nowMs),
          },
        ],
      },
    },
    { verdict: 'superseded', by: 'ecs-svc/9' },
  ],
  [
    'one that is only on its way has not: what was successful still serves',
    {
      serviceDeployment: { ...successful, targetServiceRevision: { runningTaskCount: 2 } },
      service: {
        deployments: [
          {
            id: 'ecs-svc/9',
            status: 'PRIMARY',
            rolloutState: 'IN_PROGRESS',
            taskDefinition: 'td/web:9',
            createdAt: new Date(nowMs),
          },
        ],
      },
    },
    { verdict: 'deployed' },
  ],
  ['nothing seen yet is running', { more: { service: undefined } }, { verdict: 'running' }],
])('%s', (_rule, situation, verdict) => {
  expect(judged(situation)).toMatchObject(verdict);
});

test('failures of before ECS called a deployment COMPLETED do not make red what stands, those since do', () => {
  const limping: Deployment = {
    id: 'ecs-svc/2',
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    taskDefinition: 'td/web:2',
  };
  const service = (failedTasks: number, rolloutState: string): Service => ({
    status: 'ACTIVE',
    desiredCount: 2,
    runningCount: 2,
    deployments: [{ ...limping, runningCount: 2, failedTasks, rolloutState: rolloutState as 'COMPLETED' }],
  });
  const seen = newObservation(ownOf(service(0, 'IN_PROGRESS'), limping, 'unchanged'));
  const verdictAfter = (failedTasks: number, rolloutState: string, serviceDeployment?: ServiceDeployment) => {
    observe(seen, service(failedTasks, rolloutState), nowMs);
    Object.assign(seen, { serviceDeployment, stoppedTasks: 'read' });
    return verdictOf(seen, { until: 'deployed', maxFailedTasks: undefined }).verdict;
  };
  expect(verdictAfter(2, 'IN_PROGRESS')).toBe('running');
  expect(verdictAfter(3, 'IN_PROGRESS', successful)).toBe('deployed');
  expect(verdictAfter(3, 'COMPLETED')).toBe('deployed');
  expect(verdictAfter(4, 'COMPLETED')).toBe('running');
  expect(verdictAfter(6, 'COMPLETED')).toBe('failed');
});

test('news of a service is what ECS’s own clock puts behind what was there before, however wrong ours is', () => {
  const event = (id: string, secondsAgo: number, message: string) => ({
    id,
    message,
    createdAt: new Date(nowMs - secondsAgo * 1_000),
  });
  const before = event('a', 3_700, '(service web) has reached a steady state.');
  const primary: Deployment = {
    id: 'ecs-svc/2',
    status: 'PRIMARY',
    rolloutState: 'COMPLETED',
    taskDefinition: 'td/web:2',
  };
  const service: Service = { desiredCount: 2, runningCount: 2, deployments: [primary], events: [before] };
  // Our clock is an hour ahead.
  const seen = newObservation({ ...ownOf(service, primary, 'scaling'), startedAtMs: nowMs });
  const started = event('b', 3_600, '(service web) has started 2 tasks: (task 1) (task 2).');
  expect(observe(seen, { ...service, events: [started, before] }, nowMs)).toEqual([started.message]);
  expect(startedTasks(seen)).toBe(2);
});

test('a deployment that was successful is over: tasks that fail since do not reach the breaker’s threshold', () => {
  const deployment: Deployment = { id: 'ecs-svc/2', status: 'PRIMARY', failedTasks: 3 };
  const service: Service = { desiredCount: 2, deploymentConfiguration: breaker, deployments: [deployment] };
  const own = { ...newObservation(ownOf(service, deployment)), service };
  expect(thresholdReached({ ...own, serviceDeployment: { status: 'IN_PROGRESS' } })).toBe(3);
  expect(thresholdReached({ ...own, serviceDeployment: successful })).toBeUndefined();
});
