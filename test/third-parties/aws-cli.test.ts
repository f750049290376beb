import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../local/aws/wire.ts';
import { hasTool } from '../support/needs-tool.ts';
import { definitionFile, network, type ThirdPartyWorld, thirdPartyWorld } from './third-party-world.ts';

const hasCli = hasTool({ name: 'the AWS CLI', probe: ['aws', '--version'], install: 'pip install awscli' });
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } };
const at = (service: string) => ['--cluster', 'prod', '--service', service];
let world: ThirdPartyWorld;

// Older versions of the CLI do not know AWS_ENDPOINT_URL.
const aws = (...args: string[]) => world.run('aws', ['--endpoint-url', world.url, '--output', 'json', ...args]);

async function json(...args: string[]): Promise<Json> {
  const { exitCode, output } = await aws(...args);
  if (exitCode !== 0) throw new Error(output);
  return JSON.parse(output);
}

describe.runIf(hasCli)('the AWS CLI, unchanged, at the speed of the wall clock', () => {
  beforeAll(async () => {
    world = await thirdPartyWorld();
  });
  afterAll(() => world.close());

  test('registers, runs a migration, waits for it and reads its log', async () => {
    const path = await definitionFile(world, 'migrate', 'v1');
    await json('ecs', 'register-task-definition', '--cli-input-json', `file://${path}`);
    const { tasks } = await json(
      ...['ecs', 'run-task', '--cluster', 'prod', '--task-definition', 'migrate', '--launch-type', 'FARGATE'],
      ...['--network-configuration', JSON.stringify(network), '--started-by', 'by hand'],
    );
    const [{ taskArn }] = tasks;
    expect((await aws('ecs', 'wait', 'tasks-stopped', '--cluster', 'prod', '--tasks', taskArn)).exitCode).toBe(0);
    const described = await json('ecs', 'describe-tasks', '--cluster', 'prod', '--tasks', taskArn);
    expect(described.tasks[0]).toMatchObject({
      lastStatus: 'STOPPED',
      startedBy: 'by hand',
      containers: [{ exitCode: 0 }],
    });
    const { events } = await json('logs', 'filter-log-events', '--log-group-name', '/ecs/app');
    expect(events).toMatchObject([{ message: 'migrated', logStreamName: `app/app/${taskArn.split('/').at(-1)}` }]);
    expect(world.model.truth.succeeded({ family: 'migrate' })).toEqual([taskArn]);
  }, 60_000);

  test('creates a service, deploys, waits, looks and deletes', async () => {
    await json(
      'ecs',
      'register-task-definition',
      '--cli-input-json',
      `file://${await definitionFile(world, 'api', 'v1')}`,
    );
    await json(
      ...['ecs', 'create-service', '--cluster', 'prod', '--service-name', 'api', '--task-definition', 'api'],
      ...['--desired-count', '1', '--launch-type', 'FARGATE', '--network-configuration', JSON.stringify(network)],
    );
    await json(
      'ecs',
      'register-task-definition',
      '--cli-input-json',
      `file://${await definitionFile(world, 'api', 'v2')}`,
    );
    const { service } = await json('ecs', 'update-service', ...at('api'), '--task-definition', 'api:2');
    expect(service.deployments[0]).toMatchObject({ status: 'PRIMARY', desiredCount: 0 });
    expect((await aws('ecs', 'wait', 'services-stable', '--cluster', 'prod', '--services', 'api')).exitCode).toBe(0);
    const { services } = await json('ecs', 'describe-services', '--cluster', 'prod', '--services', 'api');
    expect(services[0]).toMatchObject({ runningCount: 1, taskDefinition: expect.stringMatching(/:2$/) });
    const { serviceArn } = services[0];
    await aws('ecs', 'tag-resource', '--resource-arn', serviceArn, '--tags', 'key=team,value=a');
    expect(await json('ecs', 'list-tags-for-resource', '--resource-arn', serviceArn)).toEqual({
      tags: [{ key: 'team', value: 'a' }],
    });
    expect(await json('ecs', 'list-services', '--cluster', 'prod')).toMatchObject({ serviceArns: [serviceArn] });
    await json('ecs', 'delete-service', ...at('api'), '--force');
    expect((await aws('ecs', 'wait', 'services-inactive', '--cluster', 'prod', '--services', 'api')).exitCode).toBe(0);
  }, 90_000);

  test('after a breaker rollback `wait services-stable` is green, and update-service-and-verify is red', async () => {
    await Promise.all([world.service('theirs', breaker), world.service('ours', breaker)]);
    await json(
      'ecs',
      'register-task-definition',
      '--cli-input-json',
      `file://${await definitionFile(world, 'theirs', 'bad')}`,
    );
    await json('ecs', 'update-service', ...at('theirs'), '--task-definition', 'theirs:2');
    const [theirs, ours] = await Promise.all([
      aws('ecs', 'wait', 'services-stable', '--cluster', 'prod', '--services', 'theirs'),
      world.ours(['update-service-and-verify', ...at('ours'), '--image', world.image('bad'), '--timeout', '60s']),
    ]);
    expect(theirs.exitCode).toBe(0);
    expect(ours.exitCode, ours.output).toBe(1);
    for (const name of ['theirs', 'ours']) {
      expect(world.model.truth.rollouts(name)[0]).toMatchObject({ end: 'rolled back' });
      expect(world.model.truth.serving(name).taskDefinitionArns[0]).toMatch(/:1$/);
    }
  }, 90_000);
});
