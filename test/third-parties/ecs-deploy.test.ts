import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../support/needs-tool.ts';
import { type ThirdPartyWorld, thirdPartyWorld } from './third-party-world.ts';

const hasEcsDeploy = hasTool({
  name: 'ecs-deploy of fabfuel',
  probe: ['ecs', '--version'],
  install: 'pip install ecs-deploy',
});
let world: ThirdPartyWorld;

const ecs = (...args: string[]) => world.run('ecs', args);
const serving = (name: string) => world.model.truth.serving(name).taskDefinitionArns.map((arn) => arn.split('/')[1]);

describe.runIf(hasEcsDeploy)('ecs-deploy of fabfuel, unchanged', () => {
  beforeAll(async () => {
    world = await thirdPartyWorld();
    await world.service('web');
  });
  afterAll(() => world.close());

  test('deploys a new image and deregisters the revision before', async () => {
    const { exitCode, output } = await ecs('deploy', 'prod', 'web', '-i', 'app', world.image('v2'), '--timeout', '60');
    expect(exitCode, output).toBe(0);
    expect(output).toContain('Deployment successful');
    expect(serving('web')).toEqual(['web:2']);
    expect(world.model.taskDefinitions.get('web:1')?.status).toBe('INACTIVE');
  }, 60_000);

  test('a revision that crashes: red after its time, and its own rollback brings the image before back', async () => {
    const image = ['-i', 'app', world.image('bad')];
    const { exitCode, output } = await ecs('deploy', 'prod', 'web', ...image, '--timeout', '6', '--rollback');
    expect(exitCode, output).not.toBe(0);
    expect(output).toContain('Rollback');
    expect(world.model.truth.rollouts('web').slice(0, 2)).toMatchObject([{ end: 'deployed' }, { end: 'superseded' }]);
    expect(serving('web')).toEqual(['web:2']);
  }, 90_000);

  test('scales', async () => {
    const { exitCode, output } = await ecs('scale', 'prod', 'web', '2', '--timeout', '60');
    expect(exitCode, output).toBe(0);
    expect(world.model.truth.serving('web').taskArns).toHaveLength(2);
  }, 60_000);

  test('runs a one-off task, with a startedBy that holds a space', async () => {
    const fargate = ['--launchtype', 'FARGATE', '--subnet', 'subnet-1', '--securitygroup', 'sg-1'];
    const { exitCode, output } = await ecs('run', 'prod', 'web', '1', '-c', 'app', 'migrate up', ...fargate);
    expect(exitCode, output).toBe(0);
    const task = [...world.model.tasks.tasks.values()].find(({ serviceName }) => serviceName === undefined);
    expect(task?.startedBy).toContain(' ');
    expect(task?.containers[0]?.command).toEqual(['migrate', 'up']);
  }, 60_000);
});
