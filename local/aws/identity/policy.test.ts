import { describe, expect, it } from 'vitest';
import { createWorld } from '../world.ts';
import { permissionsFor } from './permissions.ts';
import { evaluate, matches, type Permission, type Statement } from './policy.ts';

const permission = (more: Partial<Permission> = {}): Permission => ({
  action: 'ecs:RunTask',
  resources: ['arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7'],
  context: { 'ecs:cluster': 'arn:aws:ecs:eu-west-1:123456789012:cluster/stg' },
  ...more,
});
const allow = (more: Partial<Statement>): Statement => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });

describe('a policy', () => {
  it.each<[string, Statement[], 'allowed' | 'refused' | 'denied']>([
    ['without a matching statement refuses', [], 'refused'],
    ['allows the action by name', [allow({ Action: 'ecs:RunTask' })], 'allowed'],
    ['does not distinguish case in actions', [allow({ Action: ['ECS:runtask'] })], 'allowed'],
    ['allows by wildcard', [allow({ Action: 'ecs:Run*' })], 'allowed'],
    ['refuses another action', [allow({ Action: 'ecs:StopTask' })], 'refused'],
    ['allows the resource by wildcard', [allow({ Resource: 'arn:aws:ecs:*:*:task-definition/app:*' })], 'allowed'],
    ['refuses another resource', [allow({ Resource: 'arn:aws:ecs:*:*:task-definition/web:*' })], 'refused'],
    ['lets a deny win', [allow({}), { Effect: 'Deny', Action: 'ecs:*', Resource: '*' }], 'denied'],
    ['with NotAction allows everything else', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }], 'allowed'],
    ['with NotAction refuses what it names', [{ Effect: 'Allow', NotAction: 'ecs:*', Resource: '*' }], 'refused'],
    [
      'holds a condition',
      [allow({ Condition: { ArnEquals: { 'ecs:cluster': 'arn:aws:ecs:eu-west-1:123456789012:cluster/stg' } } })],
      'allowed',
    ],
    ['refuses a condition that fails', [allow({ Condition: { ArnLike: { 'ecs:cluster': '*/prod' } } })], 'refused'],
    ['refuses a key that is missing', [allow({ Condition: { StringEquals: { 'aws:tag': 'x' } } })], 'refused'],
    ['lets IfExists pass a missing key', [allow({ Condition: { StringEqualsIfExists: { x: 'y' } } })], 'allowed'],
  ])('%s', (_rule, Statement, expected) => {
    const refusal = evaluate([{ Statement }], permission());
    expect(refusal === undefined ? 'allowed' : refusal.explicit ? 'denied' : 'refused').toBe(expected);
  });

  it('needs every resource of the request', () => {
    const resources = ['arn:a', 'arn:b'];
    const refusal = evaluate([{ Statement: allow({ Resource: 'arn:a' }) }], permission({ resources }));
    expect(refusal).toEqual({ resource: 'arn:b', explicit: false });
  });
});

it.each([
  ['a*c', 'abbc', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a.c', 'abc', false],
])('the pattern %s on %s: %s', (pattern, value, expected) => {
  expect(matches(pattern, value)).toBe(expected);
});

describe('what a call needs', () => {
  const world = createWorld();
  const definition = {
    taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7',
    taskRoleArn: 'arn:aws:iam::123456789012:role/task',
    executionRoleArn: 'arn:aws:iam::123456789012:role/exec',
  };
  const needs = (operation: string, input: object) =>
    permissionsFor(
      { service: 'ecs', operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 },
      world,
      () => definition,
    ).map(({ action, resources }) => [action, ...resources]);

  it('RunTask: the revision, and passing both roles of it', () => {
    expect(needs('RunTask', { cluster: 'stg', taskDefinition: 'app' })).toEqual([
      ['ecs:RunTask', definition.taskDefinitionArn],
      ['iam:PassRole', definition.taskRoleArn, definition.executionRoleArn],
    ]);
  });

  it('RunTask with tags: tagging too', () => {
    const input = { cluster: 'stg', taskDefinition: 'app', tags: [{ key: 'a', value: 'b' }] };
    expect(needs('RunTask', input)[1]).toEqual(['ecs:TagResource', 'arn:aws:ecs:eu-west-1:123456789012:task/stg/*']);
  });

  it('RegisterTaskDefinition: no resource, and passing the roles it names', () => {
    expect(needs('RegisterTaskDefinition', { family: 'app', taskRoleArn: definition.taskRoleArn })).toEqual([
      ['ecs:RegisterTaskDefinition', '*'],
      ['iam:PassRole', definition.taskRoleArn],
    ]);
  });

  it('DescribeServices: each service', () => {
    expect(needs('DescribeServices', { cluster: 'stg', services: ['a', 'b'] })).toEqual([
      [
        'ecs:DescribeServices',
        'arn:aws:ecs:eu-west-1:123456789012:service/stg/a',
        'arn:aws:ecs:eu-west-1:123456789012:service/stg/b',
      ],
    ]);
  });
});
