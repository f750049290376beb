import { paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeCapacityProvidersCommand,
  ListAccountSettingsCommand,
  ListContainerInstancesCommand,
  ListTagsForResourceCommand,
  paginateListTaskDefinitions,
  RunTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { serviceWorld, shown } from './services/test-world.ts';
import { fargateDefinition, soundRunTask, testModel } from './test-client.ts';

describe('what other clients ask for', () => {
  test('tags of tasks, task definitions, services and clusters are listed, changed by key and taken away', async () => {
    const world = await serviceWorld({});
    const { ecs, model } = world;
    const { serviceArn = '', taskDefinition = '', clusterArn = '' } = await shown(world);
    const taskArn = [...model.tasks.tasks.keys()][0] ?? '';
    for (const resourceArn of [serviceArn, taskDefinition, clusterArn, taskArn]) {
      const list = async () => (await ecs.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
      await ecs.send(
        new TagResourceCommand({
          resourceArn,
          tags: [
            { key: 'a', value: '1' },
            { key: 'b', value: '2' },
          ],
        }),
      );
      await ecs.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'a', value: '3' }] }));
      expect(await list()).toEqual([
        { key: 'b', value: '2' },
        { key: 'a', value: '3' },
      ]);
      await ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: ['b'] }));
      expect(await list()).toEqual([{ key: 'a', value: '3' }]);
    }
    await expect(
      ecs.send(new TagResourceCommand({ resourceArn: serviceArn, tags: [{ key: 'aws:x', value: '1' }] })),
    ).rejects.toThrow('Invalid tag.');
    await expect(ecs.send(new ListTagsForResourceCommand({ resourceArn: `${serviceArn}x` }))).rejects.toThrow(
      'not found',
    );
  });

  test('only deregistered task definitions are deleted, and none of those runs again', async () => {
    const { model, ecs } = testModel();
    model.taskDefinitions.register(fargateDefinition('app'));
    await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: 'app:1' }));
    const answer = await ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: ['app:1', 'app:2', 'no:1'] }));
    expect(answer.taskDefinitions?.map(({ revision, status }) => [revision, status])).toEqual([
      [1, 'DELETE_IN_PROGRESS'],
    ]);
    expect(answer.failures).toHaveLength(2);
    await expect(ecs.send(new RunTaskCommand({ ...soundRunTask, taskDefinition: 'app:1' }))).rejects.toThrow(
      'inactive',
    );
    const pages: string[] = [];
    for await (const page of paginateListTaskDefinitions({ client: ecs, pageSize: 1 }, {})) {
      pages.push(...(page.taskDefinitionArns ?? []));
    }
    expect(pages.map((arn) => arn.split('/').at(-1))).toEqual(['app:2']);
  });

  test('FilterLogEvents gives the readable lines of all streams by time, a page at a time', async () => {
    const { model, logs } = testModel();
    model.settings.logPageSize = 2;
    for (const [stream, message] of [
      ['app/a/1', 'one'],
      ['app/b/2', 'two'],
      ['app/a/1', 'three or four'],
    ] as const) {
      model.logs.write('/ecs/app', stream, message);
      model.clock.advance(1_000);
    }
    model.logs.write('/ecs/app', 'app/a/1', 'not readable yet');
    const read = async (more: object = {}) => {
      const lines: (string | undefined)[] = [];
      const input = { logGroupName: '/ecs/app', ...more };
      for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, input)) {
        expect(events.length).toBeLessThanOrEqual(2);
        lines.push(...events.map(({ message }) => message));
      }
      return lines;
    };
    expect(await read()).toEqual(['one', 'two', 'three or four']);
    expect(await read({ logStreamNamePrefix: 'app/a' })).toEqual(['one', 'three or four']);
    expect(await read({ filterPattern: 'three four' })).toEqual(['three or four']);
    await expect(read({ logGroupName: '/none' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('container instances, capacity providers and account settings are listed', async () => {
    const { model, ecs } = testModel();
    model.settings.containerInstances = { default: 2 };
    expect((await ecs.send(new ListContainerInstancesCommand({}))).containerInstanceArns).toHaveLength(2);
    const providers = await ecs.send(new DescribeCapacityProvidersCommand({ capacityProviders: ['FARGATE', 'none'] }));
    expect(providers.capacityProviders?.map(({ name }) => name)).toEqual(['FARGATE']);
    expect(providers.failures).toMatchObject([{ reason: 'MISSING' }]);
    const input = { name: 'defaultLogDriverMode' as const };
    const { settings } = await ecs.send(new ListAccountSettingsCommand(input));
    expect(settings).toMatchObject([{ name: 'defaultLogDriverMode', value: 'non-blocking' }]);
  });
});
