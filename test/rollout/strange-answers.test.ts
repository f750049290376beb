import type { Service } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import type { Json } from '../../local/aws/wire.ts';
import type { OwnDeployment } from '../../src/rollout/model.ts';
import { newObservation, observe } from '../../src/rollout/observe.ts';
import { verdictOf } from '../../src/rollout/verdict.ts';
import { later, type RolloutWorld, requestsOf, rolloutWorld } from './rollout-world.ts';

const deployV2 = ['--service', 'web', '--image', 'web:v2'];

/** Answers some of the requests of an operation itself; undefined leaves it to the model. */
function answering({ model }: RolloutWorld, operation: string, answer: (nth: number) => Json | undefined): void {
  const real = model.operations.ecs[operation];
  let asked = 0;
  model.operations.ecs[operation] = (input, call) => answer(++asked) ?? real?.(input, call);
}

test('answers of DescribeServices without its lists say nothing, however long: the service was not deleted', async () => {
  const world = await rolloutWorld();
  answering(world, 'DescribeServices', (nth) => (nth > 4 && nth < 60 ? {} : undefined));
  const { exitCode, stdout } = await world.deploy(deployV2);
  expect(stdout).toContain('web serves web:2');
  expect(exitCode).toBe(0);
});

test('a service that is MISSING in the middle of its rollout was deleted; the one beside it is judged for itself', async () => {
  const world = await rolloutWorld();
  await world.service('worker');
  const missing = { arn: 'arn:aws:ecs:eu-west-1:123456789012:service/prod/worker', reason: 'MISSING' };
  const goneMs = world.model.clock.now() + 20_000;
  const real = world.model.operations.ecs.DescribeServices;
  world.model.operations.ecs.DescribeServices = async (input, call) => {
    const answer = (await real?.(input, call)) as Json;
    if (world.model.clock.now() < goneMs) return answer;
    const services = answer.services.filter(({ serviceName }: Json) => serviceName !== 'worker');
    return { services, failures: services.length < answer.services.length ? [missing] : [] };
  };
  const { exitCode, stdout } = await world.deploy([...deployV2, '--service', 'worker']);
  expect(stdout).toContain('web serves web:2');
  expect(stdout).toContain('The service is INACTIVE: it was deleted.');
  expect(exitCode).toBe(1);
});

test('a service that is deleted and made anew under the same name while nobody sees it: superseded, not a time-out', async () => {
  const world = await rolloutWorld();
  const { model } = world;
  later(model, 15_000, () => {
    void world.ecs('DeleteService', { cluster: 'prod', service: 'web', force: true });
    model.faults.script({ kind: '503-html', operation: 'DescribeServices', times: 9_999, forMs: 400_000 });
  });
  later(model, 300_000, () => {
    void world.ecs('CreateService', {
      ...{ cluster: 'prod', serviceName: 'web', taskDefinition: 'web:1', desiredCount: 2, launchType: 'FARGATE' },
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } },
    });
  });
  const { exitCode, stdout } = await world.deploy(deployV2);
  expect(stdout).toContain('web:2 to web was superseded');
  expect(exitCode).toBe(4);
});

test('an update that is answered with an empty document is looked for and not sent again', async () => {
  const world = await rolloutWorld();
  const real = world.model.operations.ecs.UpdateService;
  world.model.operations.ecs.UpdateService = async (input, call) => {
    await real?.(input, call);
    return {};
  };
  const { exitCode, stdout } = await world.deploy(deployV2);
  expect(stdout).toContain('web serves web:2');
  expect(exitCode).toBe(0);
  expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
});

test('a revision that somebody deregisters while it rolls out is still the one that deploys', async () => {
  const world = await rolloutWorld();
  later(world.model, 10_000, () => void world.ecs('DeregisterTaskDefinition', { taskDefinition: 'web:2' }));
  const { exitCode, stdout } = await world.deploy(deployV2);
  expect(stdout).toContain('web serves web:2');
  expect(exitCode).toBe(0);
});

test('a DAEMON service has as many tasks as instances: its deployment is followed like any other', async () => {
  const world = await rolloutWorld({ service: false });
  world.model.settings.containerInstances.prod = 2;
  await world.service('web', { schedulingStrategy: 'DAEMON', launchType: 'EC2' });
  const { exitCode, stdout } = await world.deploy(deployV2);
  expect(stdout).toContain('web serves web:2');
  expect(exitCode).toBe(0);
});

test.each(['unchanged', 'scaling'] as const)('counts that are absent are no proof (%s)', (kind) => {
  const service: Service = {
    ...{ serviceName: 'web', status: 'ACTIVE' },
    deployments: [{ id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition: 'web:1' }],
  };
  const before = { name: 'web', service, primary: service.deployments?.[0], mayReadServiceDeployments: true };
  const plan = { kind, before, document: undefined, differences: [] } as unknown as OwnDeployment['plan'];
  const own = {
    plan,
    name: 'web',
    taskDefinitionArn: 'web:1',
    deploymentId: 'ecs-svc/1',
    createdAtMs: 0,
    startedAtMs: 0,
  };
  const seen = newObservation(own);
  seen.stoppedTasks = 'read';
  observe(seen, service, 120_000);
  const limits = { until: 'deployed', maxFailedTasks: undefined } as const;
  expect(verdictOf(seen, limits)).toEqual({ verdict: 'running' });
  observe(seen, { ...service, desiredCount: 1, runningCount: 1, pendingCount: 0 }, 121_000);
  expect(verdictOf(seen, limits)).toMatchObject({ verdict: kind === 'unchanged' ? 'unchanged' : 'deployed' });
});
