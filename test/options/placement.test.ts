import { expect, test } from 'vitest';
import { runMigrationTaskOptions } from '../../src/commands/run-migration-task.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

const least = { cluster: 'prod', 'task-definition': 'app' };

test('constraints and strategies are read in the words of the AWS CLI; an expression may hold commas', async () => {
  const { placementConstraints, placementStrategy } = await valuesOf(runMigrationTaskOptions, {
    ...least,
    'placement-constraints': [
      'type=memberOf,expression=attribute:ecs.instance-type in [m5.large, m5.xlarge]',
      'type=distinctInstance',
    ],
    'placement-strategy': [
      'type=spread,field=attribute:ecs.availability-zone',
      'field=memory,type=binpack',
      'type=random',
    ],
  });
  expect(placementConstraints).toEqual([
    { type: 'memberOf', expression: 'attribute:ecs.instance-type in [m5.large, m5.xlarge]' },
    { type: 'distinctInstance' },
  ]);
  expect(placementStrategy).toEqual([
    { type: 'spread', field: 'attribute:ecs.availability-zone' },
    { type: 'binpack', field: 'memory' },
    { type: 'random' },
  ]);
});

test.each([
  ['placement-constraints', 'memberOf'],
  ['placement-constraints', 'type=memberOf'],
  ['placement-strategy', 'type=binpack'],
  ['placement-strategy', 'type=first,field=memory'],
])('--%s %s is an option error', async (name, text) => {
  expect(await errorsOf(runMigrationTaskOptions, { ...least, [name]: text })).toEqual([
    expect.stringMatching(/must look like type=/),
  ]);
});

test('more than one task is refused with the reason', async () => {
  expect(await errorsOf(runMigrationTaskOptions, { ...least, count: '2' })).toEqual([
    expect.stringContaining('a migration runs once'),
  ]);
});
