import { describe, expect, test } from 'vitest';
import { clusterOfTask, familyRevision, taskId } from '../../src/base/arn.ts';
import { serviceConsoleUrl, taskConsoleUrl } from '../../src/base/console-url.ts';
import { type IdentityFacts, identityOf } from '../../src/migrate/identity.ts';
import { chooseContainer } from '../../src/task/container.ts';
import { logPlace } from '../../src/task/log-place.ts';
import { parseImageOption, sameDefinition, withImages } from '../../src/task-definition/pin.ts';

const id = '0'.repeat(32);
const arn = `arn:aws:ecs:eu-west-1:123456789012:task/prod/${id}`;

describe('the container that counts', () => {
  const definition = {
    name: 'app:1',
    containers: [{ name: 'web' }, { name: 'app' }, { name: 'log', essential: false }],
  };
  const choose = (named: string | undefined, overridden: string[], containers = definition.containers) =>
    chooseContainer({ name: 'app:1', containers }, { named, overridden });

  test('the one that was named', () => {
    expect(choose('log', ['app'])).toEqual({ name: 'log', essential: false, otherEssential: ['web', 'app'] });
  });
  test('else the only one overridden', () => {
    expect(choose(undefined, ['app'])).toEqual({ name: 'app', essential: true, otherEssential: ['web'] });
  });
  test('else the only essential one', () => {
    expect(choose(undefined, [], [{ name: 'a' }, { name: 'b', essential: false }])).toEqual({
      name: 'a',
      essential: true,
      otherEssential: [],
    });
  });
  test.each<[string, string | undefined, string[], string]>([
    ['a name that is not there', 'ap', [], 'It has: web, app, log.'],
    ['several overridden', undefined, ['web', 'app'], 'The overrides name several containers: web, app.'],
    ['several essential', undefined, [], 'several essential containers: web, app.'],
  ])('%s: an error that lists the candidates', (_rule, named, overridden, why) => {
    expect(() => choose(named, overridden)).toThrow(
      expect.objectContaining({ name: 'UserError', why: expect.stringContaining(why) }),
    );
  });
});

describe('where the log is', () => {
  const at = (logConfiguration: unknown, runtimeId?: string) =>
    logPlace({ name: 'app', logConfiguration }, { id, region: 'eu-west-1', runtimeId });

  test('options that are null are none', () => {
    expect(at({ logDriver: 'json-file', options: null })).toMatchObject({ where: 'on the container instance' });
  });
  test.each<[string, unknown, string | undefined, object]>([
    [
      'prefix/container/task-id',
      { logDriver: 'awslogs', options: { 'awslogs-group': 'g', 'awslogs-stream-prefix': 'p' } },
      undefined,
      { kind: 'awslogs', group: 'g', stream: `p/app/${id}`, region: 'eu-west-1' },
    ],
    [
      'the region of the options wins',
      {
        logDriver: 'awslogs',
        options: { 'awslogs-group': 'g', 'awslogs-stream-prefix': 'p', 'awslogs-region': 'us-east-1' },
      },
      undefined,
      { kind: 'awslogs', region: 'us-east-1' },
    ],
    [
      'on EC2 without a prefix: the runtime id',
      { logDriver: 'awslogs', options: { 'awslogs-group': 'g' } },
      'docker-id',
      { kind: 'awslogs', stream: 'docker-id' },
    ],
    [
      'which may not be known yet',
      { logDriver: 'awslogs', options: { 'awslogs-group': 'g' } },
      undefined,
      { kind: 'awslogs-unnamed' },
    ],
    [
      'FireLens',
      { logDriver: 'awsfirelens', options: { Name: 'firehose', delivery_stream: 's', apikey: 'secret' } },
      undefined,
      { kind: 'elsewhere', driver: 'awsfirelens', where: 'FireLens sends them on (Name firehose, delivery_stream s)' },
    ],
    [
      'FireLens without options',
      { logDriver: 'awsfirelens' },
      undefined,
      { kind: 'elsewhere', where: 'the FireLens router of the task decides' },
    ],
    [
      'splunk, without its token',
      { logDriver: 'splunk', options: { 'splunk-url': 'https://s', 'splunk-token': 'secret' } },
      undefined,
      { kind: 'elsewhere', driver: 'splunk', where: 'splunk-url https://s' },
    ],
    ['json-file', { logDriver: 'json-file' }, undefined, { kind: 'elsewhere', where: 'on the container instance' }],
    ['no driver', undefined, undefined, { kind: 'none' }],
  ])('%s', (_rule, logConfiguration, runtimeId, place) => {
    expect(at(logConfiguration, runtimeId)).toMatchObject(place);
  });
});

test('ARNs', () => {
  expect([taskId(arn), clusterOfTask(arn), clusterOfTask(`arn:aws:ecs:r:1:task/${id}`), clusterOfTask(id)]).toEqual([
    id,
    'prod',
    undefined,
    undefined,
  ]);
  expect(familyRevision('arn:aws:ecs:r:1:task-definition/app:7')).toBe('app:7');
  expect(taskConsoleUrl('eu-west-1', 'arn:aws:ecs:r:1:cluster/prod', arn)).toBe(
    `https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/tasks/${id}?region=eu-west-1`,
  );
});

describe('console pages', () => {
  test.each([
    ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
  ])('%s has the console of its partition', (region, start) => {
    const url = serviceConsoleUrl(region, 'prod', 'arn:aws:ecs:r:1:service/prod/web', 'deployments');
    expect(url).toBe(`${start}ecs/v2/clusters/prod/services/web/deployments?region=${region}`);
  });
});

describe('a definition with other images', () => {
  const definition = {
    taskDefinitionArn: 'arn',
    revision: 7,
    status: 'ACTIVE',
    registeredAt: 1,
    family: 'app',
    fromTheFuture: { kept: true },
    containerDefinitions: [
      { name: 'app', image: 'a:1', alsoKept: 1 },
      { name: 'log', image: 'b:1' },
    ],
  };

  test('keeps every member it does not know and drops what only answers hold', () => {
    expect(withImages(definition, { app: 'a@sha256:1' })).toEqual({
      family: 'app',
      fromTheFuture: { kept: true },
      containerDefinitions: [
        { name: 'app', image: 'a@sha256:1', alsoKept: 1 },
        { name: 'log', image: 'b:1' },
      ],
    });
  });
  test('no change, no new document', () => {
    expect(withImages(definition, { app: 'a:1' })).toBeUndefined();
  });
  test('is the same whatever the order of members, variables and tags', () => {
    const a = {
      family: 'app',
      containerDefinitions: [
        {
          name: 'app',
          environment: [
            { name: 'A', value: '1' },
            { value: '2', name: 'B' },
          ],
        },
      ],
    };
    const b = {
      tags: [],
      revision: 3,
      containerDefinitions: [
        {
          environment: [
            { name: 'B', value: '2' },
            { name: 'A', value: '1' },
          ],
          name: 'app',
        },
      ],
      family: 'app',
    };
    expect(sameDefinition(a, b)).toBe(true);
    expect(sameDefinition(a, { ...b, family: 'other' })).toBe(false);
  });
  test.each([
    ['acme/app:1', { container: undefined, reference: 'acme/app:1' }],
    ['web=acme/app:1', { container: 'web', reference: 'acme/app:1' }],
    ['localhost:5000/app@sha256:x', { container: undefined, reference: 'localhost:5000/app@sha256:x' }],
  ])('%s', (option, parsed) => {
    expect(parseImageOption(option)).toEqual(parsed);
  });
});

describe('the identity of a migration', () => {
  const definition = { family: 'app', containerDefinitions: [{ name: 'app', image: 'acme/app@sha256:1' }] };
  const facts: IdentityFacts = {
    ...{ cluster: 'prod', definition, overrides: { containerOverrides: [{ name: 'app', command: ['x'] }] } },
    ...{ name: undefined, startedBy: undefined, clientToken: undefined },
  };
  const env = { CIRCLE_WORKFLOW_WORKSPACE_ID: 'w-1', CIRCLE_WORKFLOW_JOB_ID: 'j-1', CIRCLE_JOB: 'migrate' };
  const mark = (more: Partial<IdentityFacts> = {}, environment: Record<string, string> = env): string =>
    identityOf({ ...facts, ...more }, environment).startedBy;

  test.each<[string, Partial<IdentityFacts>, Record<string, string>]>([
    [
      'a rerun of the workflow: another job id',
      {},
      { ...env, CIRCLE_WORKFLOW_JOB_ID: 'j-2', CIRCLE_WORKFLOW_ID: 'new' },
    ],
    ['another order of members', { overrides: { containerOverrides: [{ command: ['x'], name: 'app' }] } }, env],
    ['the cluster by its ARN', { cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod' }, env],
  ])('is the same for %s', (_what, more, environment) => {
    expect(mark(more, environment)).toBe(mark());
  });

  test.each<[string, Partial<IdentityFacts>, Record<string, string>]>([
    ['another workflow', {}, { ...env, CIRCLE_WORKFLOW_WORKSPACE_ID: 'w-2' }],
    ['another job of the workflow', {}, { ...env, CIRCLE_JOB: 'migrate-eu' }],
    ['another cluster', { cluster: 'stg' }, env],
    ['another image', { definition: { ...definition, family: 'app', containerDefinitions: [] } }, env],
    ['other overrides', { overrides: {} }, env],
    ['another name', { name: 'after' }, env],
    ['a client token of the user', { clientToken: 'mine' }, env],
  ])('differs for %s', (_what, more, environment) => {
    expect(mark(more, environment)).not.toBe(mark());
  });

  test('two client tokens that are alike in their first 20 characters and more are two', () => {
    const long = 'deploy-of-the-shop-in-production-of-2026-01-05-number-';
    expect(mark({ clientToken: `${long}1` })).not.toBe(mark({ clientToken: `${long}2` }));
    expect(mark({ clientToken: `${long}1` }, {})).toBe(mark({ clientToken: `${long}1` }, env));
  });

  test('a client token of the user stands for one request only', () => {
    expect(mark({ clientToken: 'mine', overrides: {} })).not.toBe(mark({ clientToken: 'mine' }));
  });

  test('holds nothing of the request that somebody could read', () => {
    const secret = { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 's3cret' }] }] };
    expect(mark({ overrides: secret })).toMatch(/^migrate-deploy\/[0-9a-f]{64}$/);
  });

  test('is random outside CircleCI', () => {
    expect(mark({}, {})).not.toBe(mark({}, {}));
  });

  test('--started-by of the user is sent as it is, and no rerun looks for it', () => {
    const identity = identityOf({ ...facts, startedBy: 'ECS Deploy' }, env);
    expect(identity).toMatchObject({ startedBy: 'ECS Deploy', isMark: false });
    expect(identity.token(0)).toBe(identityOf(facts, env).token(0));
  });

  test('the token is the same for the same attempt, another one for each other attempt, and fits ECS', () => {
    const { token, freshToken } = identityOf(facts, env);
    const tokens = [0, 1, 2, 40].map((failedBefore) => token(failedBefore));
    expect(new Set([...tokens, freshToken(), freshToken()]).size).toBe(6);
    expect(token(1)).toBe(identityOf(facts, env).token(1));
    for (const one of [...tokens, freshToken()]) expect(one).toMatch(/^[\x21-\x7e]{1,64}$/);
  });
});
