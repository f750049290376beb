import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultKind } from '../../local/aws/faults.ts';
import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { connectAws } from '../../src/aws/connect.ts';
import { TransientError } from '../../src/errors.ts';
import type { Aws } from '../../src/ports.ts';
import { clockOf } from '../support/in-process.ts';

let model: LocalAws;
let served: Served;
let aws: Aws;

beforeAll(async () => {
  model = new LocalAws();
  served = await serve(model);
  process.env.AWS_ENDPOINT_URL = served.url;
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL;
  await served.close();
});
beforeEach(async () => {
  model.requests.length = 0;
  aws = await connectAws(
    {
      region: 'eu-west-1',
      profile: undefined,
      roleArn: undefined,
      roleSessionName: undefined,
      sessionDurationMs: undefined,
      expectAccount: undefined,
      requestTimeoutMs: 150,
    },
    {
      env: {},
      version: 'test',
      clock: clockOf(model.clock),
      credentials: async () => ({ accessKeyId: 'AKIALOCALAWS00000000', secretAccessKey: 'x' }),
    },
  );
});

describe('over a real connection', () => {
  it.each<[string, FaultKind]>([
    ['an endpoint that hangs is given up after --request-timeout', 'hang'],
    ['a reset', 'reset-before'],
    ['a body cut off', 'truncate'],
    ['HTTP 500', '500-json'],
    ['HTTP 503 with an HTML page', '503-html'],
    ['HTTP 500 with no body', 'empty-500'],
    ['200 with broken JSON', 'broken-json-200'],
    ['200 with an empty document', 'empty-json-200'],
    ['throttling', 'throttle'],
  ])('%s is no answer, and a read survives one of them', async (_rule, kind) => {
    model.faults.script({ operation: 'ListTasks', kind, times: 1 });
    expect(await aws.ecs.listTasks({ cluster: 'default' }).catch((error: unknown) => error)).toMatchObject({
      taskArns: [],
    });
    expect(model.requests).toHaveLength(2);
  });

  it.each<[string, string, (ecs: Aws['ecs']) => Promise<unknown>]>([
    ['DescribeTasks', 'tasks', (ecs) => ecs.describeTasks({ cluster: 'default', tasks: ['a'] })],
    ['ListTasks', 'taskArns', (ecs) => ecs.listTasks({ cluster: 'default' })],
    ['DescribeServices', 'services', (ecs) => ecs.describeServices({ cluster: 'default', services: ['web'] })],
    ['DescribeTaskDefinition', 'taskDefinition', (ecs) => ecs.describeTaskDefinition('web')],
    ['RegisterTaskDefinition', 'taskDefinition', (ecs) => ecs.registerTaskDefinition({ family: 'web' })],
  ])('%s answered with 200 and an empty document is no answer', async (operation, member, ask) => {
    const { [operation]: real } = model.operations.ecs;
    model.operations.ecs[operation] = () => ({});
    const error = await ask(aws.ecs).catch((thrown: unknown) => thrown);
    if (real !== undefined) model.operations.ecs[operation] = real;
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: expect.stringContaining(`an answer without ${member}`) });
  });

  it('an endpoint that keeps hanging ends as a TransientError', async () => {
    model.faults.script({ operation: 'ListTasks', kind: 'hang', times: 3 });
    await expect(aws.ecs.listTasks({ cluster: 'default' })).rejects.toBeInstanceOf(TransientError);
    expect(model.requests).toHaveLength(3);
  });
});
