import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../local/aws/clock.ts';
import { explain } from '../../src/aws/explain.ts';
import { createSend, type RequestNote } from '../../src/aws/send.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import { clockOf } from '../support/in-process.ts';

const sdkError = (name: string, message: string, members: object = {}): Error =>
  Object.assign(new Error(message), { name, ...members });
const client = (status = 400) => ({ $fault: 'client', $metadata: { httpStatusCode: status, requestId: 'r-1' } });

describe('what the SDK throws', () => {
  it.each<[string, Error, { transient: boolean; code: string; throttled?: boolean }]>([
    [
      'throttling with HTTP 400',
      sdkError('ThrottlingException', 'Rate exceeded', client()),
      { transient: true, code: 'ThrottlingException', throttled: true },
    ],
    ['HTTP 429', sdkError('Unknown', 'busy', client(429)), { transient: true, code: 'Unknown', throttled: true }],
    [
      'HTTP 500',
      sdkError('ServerException', 'oops', client(500)),
      { transient: true, code: 'ServerException', throttled: false },
    ],
    [
      'a ServerException with HTTP 400',
      sdkError('ServerException', 'oops', client()),
      { transient: true, code: 'ServerException', throttled: false },
    ],
    [
      'an HTML page',
      Object.assign(new SyntaxError('Unexpected token <'), { $response: { statusCode: 503 } }),
      { transient: true, code: 'SyntaxError', throttled: false },
    ],
    [
      '200 with broken JSON',
      Object.assign(new SyntaxError('Unexpected end'), { $response: { statusCode: 200 } }),
      { transient: true, code: 'SyntaxError', throttled: false },
    ],
    [
      'a reset',
      sdkError('Error', 'read ECONNRESET', { code: 'ECONNRESET' }),
      { transient: true, code: 'ECONNRESET', throttled: false },
    ],
    ['a body cut off', sdkError('Error', 'aborted'), { transient: true, code: 'Error', throttled: false }],
    [
      'a time-out',
      sdkError('TimeoutError', 'Request did not complete within 15000 ms'),
      { transient: true, code: 'TimeoutError', throttled: false },
    ],
    [
      'a clock that was set right',
      sdkError('InvalidSignatureException', 'Signature expired', {
        ...client(),
        $metadata: { httpStatusCode: 400, clockSkewCorrected: true },
      }),
      { transient: true, code: 'InvalidSignatureException', throttled: false },
    ],
    [
      'a missing cluster',
      sdkError('ClusterNotFoundException', 'Cluster not found.', client()),
      { transient: false, code: 'ClusterNotFoundException' },
    ],
    [
      'an expired session',
      sdkError('ExpiredTokenException', 'The security token included in the request is expired', client()),
      { transient: false, code: 'ExpiredTokenException' },
    ],
    [
      'no credentials',
      sdkError('CredentialsProviderError', 'Could not load credentials from any providers'),
      { transient: false, code: 'CredentialsProviderError' },
    ],
    ['no region', sdkError('Error', 'Region is missing'), { transient: false, code: 'Error' }],
  ])('%s', (_rule, thrown, expected) => {
    const error = explain(thrown, 'ecs:RunTask');
    expect(error).toBeInstanceOf(expected.transient ? TransientError : UserError);
    expect((error as TransientError | UserError).code).toBe(expected.code);
    if (error instanceof TransientError) expect(error.throttled).toBe(expected.throttled);
  });

  it('a denied action names what is missing, and where', () => {
    const message =
      'User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/exec because no identity-based policy allows the iam:PassRole action';
    const error = explain(sdkError('AccessDeniedException', message, client()), 'ecs:RunTask') as UserError;
    expect(error.fix).toContain('Allow iam:PassRole on arn:aws:iam::1:role/exec');
    expect(error.why).toContain(message);
  });

  it('a bug of ours stays what it is', () => {
    const bug = new TypeError('x is not a function');
    expect(explain(bug, 'ecs:RunTask')).toBe(bug);
  });

  it('the ids of a conflict travel', () => {
    const error = explain(
      sdkError('ConflictException', 'other parameters', { ...client(), resourceIds: ['arn:task'] }),
      'ecs:RunTask',
    ) as UserError;
    expect(error.details).toEqual({ resourceIds: ['arn:task'] });
  });
});

describe('repeats', () => {
  const ok = { $metadata: { requestId: 'r-9' } };
  async function send(repeat: 'read' | 'change', failures: readonly Error[]) {
    const model = new VirtualClock(0);
    const notes: RequestNote[] = [];
    let calls = 0;
    const request = async () => {
      const failure = failures[calls++];
      if (failure !== undefined) throw failure;
      return ok;
    };
    const result = await createSend({
      clock: clockOf(model),
      random: () => 0.5,
      onRequest: (note) => notes.push(note),
    })('ecs:X', repeat, request).catch((error: unknown) => error);
    return { result, calls, elapsedMs: model.now(), notes };
  }
  const reset = sdkError('Error', 'read ECONNRESET', { code: 'ECONNRESET' });
  const throttled = sdkError('ThrottlingException', 'Rate exceeded', client());
  const refused = sdkError('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' });

  it('a read is repeated after a reset', async () => {
    expect(await send('read', [reset, reset])).toMatchObject({ result: ok, calls: 3 });
  });

  it('a read gives up after three attempts', async () => {
    const { result, calls } = await send('read', [reset, reset, reset]);
    expect(calls).toBe(3);
    expect(result).toBeInstanceOf(TransientError);
  });

  it('a change is not repeated when it may have been carried out', async () => {
    expect(await send('change', [reset])).toMatchObject({ calls: 1 });
  });

  it('a change is repeated when AWS refused it for load, with growing pauses', async () => {
    expect(await send('change', [throttled, throttled])).toMatchObject({
      result: ok,
      calls: 3,
      elapsedMs: 750 + 1_500,
    });
  });

  it('an interrupt ends the repeats of what is under way; what is sent after it is repeated as ever', async () => {
    const stop = new AbortController();
    let calls = 0;
    const sendNow = createSend({ clock: clockOf(new VirtualClock(0)), interrupt: stop.signal });
    const busy = () => {
      calls++;
      if (calls === 2) stop.abort();
      return calls < 5 ? Promise.reject(throttled) : Promise.resolve(ok);
    };
    await expect(sendNow('ecs:X', 'read', busy)).rejects.toBeInstanceOf(TransientError);
    expect(calls).toBe(2);
    await expect(sendNow('ecs:StopTask', 'read', busy)).resolves.toBe(ok);
    expect(calls).toBe(5);
  });

  it('a change is repeated when the connection was refused', async () => {
    expect(await send('change', [refused])).toMatchObject({ result: ok, calls: 2 });
  });

  it('what the user must fix is never repeated', async () => {
    expect(await send('read', [sdkError('ClusterNotFoundException', 'Cluster not found.', client())])).toMatchObject({
      calls: 1,
    });
  });

  it('every attempt is noted with its request id and without its values', async () => {
    const { notes } = await send('read', [throttled]);
    expect(notes.map(({ outcome, requestId }) => [outcome, requestId])).toEqual([
      ['ThrottlingException', 'r-1'],
      ['ok', 'r-9'],
    ]);
  });
});
