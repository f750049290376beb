import { ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Fault } from './faults.ts';
import { type Served, serve } from './http.ts';
import { soundRunTask, testModel } from './test-client.ts';

let served: Served | undefined;
afterEach(() => served?.close());

describe('faults', () => {
  test.each<[string, Omit<Fault, 'operation'>, object, number]>([
    ['throttle', { kind: 'throttle' }, { name: 'ThrottlingException', message: 'Rate exceeded' }, 0],
    ['500-json', { kind: '500-json' }, { name: 'ServerException' }, 0],
    ['503-html', { kind: '503-html' }, { name: 'SyntaxError' }, 0],
    ['empty-500', { kind: 'empty-500' }, { $metadata: { httpStatusCode: 500 } }, 0],
    ['expired-token', { kind: 'expired-token' }, { name: 'ExpiredTokenException' }, 0],
    [
      'error',
      { kind: 'error', type: 'BlockedException', message: 'no' },
      { name: 'BlockedException', message: 'no' },
      0,
    ],
    ['reset-before: not carried out', { kind: 'reset-before' }, { code: 'ECONNRESET' }, 0],
    ['reset-after: carried out', { kind: 'reset-after' }, { code: 'ECONNRESET' }, 1],
    ['hang: not carried out', { kind: 'hang' }, { name: 'TimeoutError' }, 0],
    ['hang-after: carried out', { kind: 'hang-after' }, { name: 'TimeoutError' }, 1],
    ['truncate: carried out', { kind: 'truncate' }, { message: 'aborted' }, 1],
    ['broken-json-200: carried out', { kind: 'broken-json-200' }, { name: 'SyntaxError' }, 1],
  ])('%s', async (_name, fault, error, tasks) => {
    const { model, ecs } = testModel();
    model.faults.script({ ...fault, operation: 'RunTask' });
    await expect(ecs.send(new RunTaskCommand(soundRunTask))).rejects.toMatchObject(error);
    expect(model.tasks.tasks.size).toBe(tasks);
    await expect(ecs.send(new RunTaskCommand(soundRunTask))).resolves.toBeDefined();
  });

  test('empty-json-200: carried out, and the answer has no member', async () => {
    const { model, ecs } = testModel();
    model.faults.script({ kind: 'empty-json-200', operation: 'RunTask' });
    const { $metadata, ...answer } = await ecs.send(new RunTaskCommand(soundRunTask));
    expect([$metadata.httpStatusCode, answer, model.tasks.tasks.size]).toEqual([200, {}, 1]);
  });

  test('hit other operations not, begin after `skip` and end after `forMs`', async () => {
    const { model, ecs } = testModel();
    model.faults.script({ kind: 'throttle', operation: 'ListTasks', skip: 1, forMs: 1_000 });
    const outcomes: string[] = [];
    for (let call = 0; call < 4; call++) {
      outcomes.push(
        await ecs.send(new ListTasksCommand({})).then(
          () => 'ok',
          ({ name }) => name,
        ),
      );
      model.clock.advance(500);
    }
    expect(outcomes).toEqual(['ok', 'ThrottlingException', 'ThrottlingException', 'ok']);
  });
});

test('token buckets: the burst passes, then the rate; the clock refills them', async () => {
  const { model, ecs } = testModel();
  model.settings.throttling = true;
  const burst = async (calls: number): Promise<number> => {
    const all = await Promise.allSettled(Array.from({ length: calls }, () => ecs.send(new ListTasksCommand({}))));
    return all.filter(({ status }) => status === 'fulfilled').length;
  };
  expect(await burst(120)).toBe(100);
  model.clock.advance(1_000);
  expect(await burst(50)).toBe(20);
});

describe('over HTTP', () => {
  test('control: clock, script, fault, requests, truth', async () => {
    const { model } = testModel();
    served = await serve(model);
    const { url } = served;
    const post = async (path: string, body: object) =>
      (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
    const before = model.clock.now();
    expect(await post('/_local/clock/advance', { ms: 90_000 })).toEqual({ nowMs: before + 90_000 });
    await post('/_local/script', { match: { container: 'app' }, behaviour: { runMs: 1, exitCode: 9 } });
    await post('/_local/fault', { kind: 'throttle', operation: 'RunTask' });
    const headers = {
      'x-amz-target': 'AmazonEC2ContainerServiceV20141113.RunTask',
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIALOCALAWS00000000/20260105/eu-west-1/ecs/aws4_request, x',
    };
    const run = () => fetch(url, { method: 'POST', headers, body: JSON.stringify(soundRunTask) });
    const refused = await run();
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { __type: 'ThrottlingException', message: 'Rate exceeded' },
    ]);
    expect((await run()).headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    await post('/_local/clock/advance', { ms: 60_000 });
    expect(await (await fetch(`${url}/_local/truth`)).json()).toMatchObject({
      runs: [{ container: 'app', exitCode: 9 }],
    });
    expect(await (await fetch(`${url}/_local/requests`)).json()).toMatchObject([
      { operation: 'RunTask', status: 400 },
      { operation: 'RunTask', status: 200 },
    ]);
  });

  test('an unsigned request and an unknown operation are refused', async () => {
    served = await serve(testModel().model);
    const post = async (operation: string, more: Record<string, string>) => {
      const headers = { 'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`, ...more };
      const answer = await fetch(served?.url ?? '', { method: 'POST', headers, body: '{}' });
      return ((await answer.json()) as { __type: string }).__type;
    };
    expect(await post('RunTask', {})).toBe('MissingAuthenticationTokenException');
    const authorization = 'AWS4-HMAC-SHA256 Credential=AKIALOCALAWS00000000/20260105/eu-west-1/ecs/aws4_request, x';
    expect(await post('MakeCoffee', { authorization })).toBe('UnknownOperationException');
  });
});
