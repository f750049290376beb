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
      sdkError('InvalidSignatureException', 'Signature expired: x is now earlier than y', {
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
    [
      'an answer of a source of credentials that is no JSON',
      new SyntaxError('Unexpected token <'),
      { transient: true, code: 'SyntaxError', throttled: false },
    ],
    [
      'settings that name no endpoint',
      sdkError('EndpointError', 'Invalid Configuration: FIPS and custom endpoint are not supported'),
      { transient: false, code: 'Settings' },
    ],
    [
      'a name that every object of JavaScript has',
      sdkError('constructor', 'x', client()),
      { transient: false, code: 'constructor' },
    ],
    [
      'a name and a message that are no texts',
      Object.assign(sdkError('', '', client()), { name: ['A'], message: ['x'] }),
      { transient: false, code: '["A"]' },
    ],
  ])('%s', (_rule, thrown, expected) => {
    const error = explain(thrown, 'ecs:RunTask');
    expect(error).toBeInstanceOf(expected.transient ? TransientError : UserError);
    expect((error as TransientError | UserError).code).toBe(expected.code);
    if (error instanceof TransientError) expect(error.throttled).toBe(expected.throttled);
    if (error instanceof UserError) expect([typeof error.why, typeof error.fix]).toEqual(['string', 'string']);
  });

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'EPROTO',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'EHOSTDOWN',
    'ENETUNREACH',
    'ENETDOWN',
    'EADDRNOTAVAIL',
    'EMFILE',
    'ENFILE',
    'ENOBUFS',
    'ERR_SOCKET_CONNECTION_TIMEOUT',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'INVALID_CA',
    'HOSTNAME_MISMATCH',
    'HPE_INVALID_CONSTANT',
  ])('%s is no answer', (code) => {
    const error = explain(sdkError('Error', 'it broke', { code }), 'ecs:RunTask');
    expect(error).toMatchObject({ name: 'TransientError', code, throttled: false });
    expect((error as Error).message).toBe(`ecs:RunTask: it broke (${code})`);
  });

  it.each<[string, object, boolean]>([
    ['the connection was refused', { code: 'ECONNREFUSED', syscall: 'connect' }, true],
    ['the connection timed out', { code: 'ETIMEDOUT', syscall: 'connect' }, true],
    ['a firewall of this machine refused it', { code: 'EACCES', syscall: 'connect' }, true],
    ['the name is not known', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }, true],
    ['the certificate was refused', { code: 'CERT_HAS_EXPIRED' }, true],
    ['no socket was left', { code: 'EMFILE', syscall: 'connect' }, true],
    ['the connection was reset', { code: 'ECONNRESET', syscall: 'read' }, false],
    ['TLS broke', { code: 'EPROTO', syscall: 'write' }, false],
    ['no answer came', { code: 'ETIMEDOUT' }, false],
  ])('%s: surely not carried out: %o %s', (_rule, members, unsent) => {
    expect(explain(sdkError('Error', 'x', members), 'ecs:RunTask')).toMatchObject({ name: 'TransientError', unsent });
  });

  it('several addresses that all failed are told by their own words', () => {
    const error = Object.assign(
      new AggregateError([new Error('connect ECONNREFUSED ::1:443'), new Error('connect ETIMEDOUT 127.0.0.1:443')]),
      { code: 'ECONNREFUSED' },
    );
    expect((explain(error, 'ecs:X') as Error).message).toBe(
      'ecs:X: connect ECONNREFUSED ::1:443, connect ETIMEDOUT 127.0.0.1:443',
    );
  });

  it.each<[string, object, string]>([
    [
      'a file that is not there',
      { code: 'ENOENT', path: '/no/token', syscall: 'open' },
      'The file /no/token, which the AWS settings name, cannot be read.',
    ],
    [
      'a file that may not be read',
      { code: 'EACCES', path: '/secret', syscall: 'open' },
      'The file /secret, which the AWS settings name, cannot be read.',
    ],
    [
      'an address that is no URL',
      { code: 'ERR_INVALID_URL', input: 'nonsense' },
      'An address in the AWS settings is not a URL.',
    ],
    [
      'a key that no header may hold',
      { code: 'ERR_INVALID_CHAR' },
      'The AWS access key or session token holds a line break or another character that no AWS key has.',
    ],
  ])('%s is for the user to set right', (_rule, members, expected) => {
    expect(explain(sdkError('TypeError', 'x', members), 'ecs:X')).toMatchObject({
      name: 'UserError',
      message: expected,
      code: 'Settings',
    });
  });

  it('an address that may hold a password is not shown', () => {
    const error = explain(
      sdkError('TypeError', 'Invalid URL', { code: 'ERR_INVALID_URL', input: 'user:pa55word@host' }),
      'ecs:X',
    );
    expect((error as UserError).why).toBe('Invalid URL');
  });

  it('AWS’s own sentence stands alone too', () => {
    const error = explain(sdkError('ClientException', 'Family is required.', client()), 'ecs:RunTask');
    expect(error).toMatchObject({
      code: 'ClientException',
      why: 'ClientException: Family is required.',
      awsMessage: 'Family is required.',
    });
  });

  it('two registrations of one family at the same moment are refused for load', () => {
    const message = 'Too many concurrent attempts to create a new revision of the specified family.';
    expect(explain(sdkError('ClientException', message, client()), 'ecs:RegisterTaskDefinition')).toMatchObject({
      throttled: true,
    });
  });

  describe('while the clock of this machine is off', () => {
    const skewed = (name: string, text: string, minutes: number) =>
      sdkError(name, text, {
        $fault: 'client',
        $metadata: { httpStatusCode: 400, clockSkewCorrected: true },
        $response: { statusCode: 400, headers: { date: new Date(Date.now() + minutes * 60_000).toUTCString() } },
      });

    it.each([
      ['AccessDeniedException', 'User: x is not authorized to perform: ecs:RunTask', 'AccessDeniedException'],
      ['ClusterNotFoundException', 'Cluster not found.', 'ClusterNotFoundException'],
      ['SignatureDoesNotMatch', 'The request signature we calculated does not match.', 'SignatureDoesNotMatch'],
      ['ExpiredTokenException', 'The security token included in the request is expired', 'ExpiredTokenException'],
    ])('%s stays what it is', (name, text, code) => {
      expect(explain(skewed(name, text, 7), 'ecs:RunTask')).toMatchObject({ name: 'UserError', code });
    });

    it.each([
      [7, '7 min behind'],
      [-12, '12 min ahead of'],
    ])('a signature of the wrong time is tried again, and says by how much (%i min)', (minutes, expected) => {
      const error = explain(
        skewed('InvalidSignatureException', 'Signature expired: x is now earlier than y', minutes),
        'ecs:X',
      );
      expect(error).toBeInstanceOf(TransientError);
      expect((error as Error).message).toContain(`the clock of this machine is ${expected} AWS's`);
    });

    it('is told as such where the SDK cannot correct it', () => {
      const error = explain(sdkError('InvalidSignatureException', 'Signature not yet current: x', client()), 'ecs:X');
      expect((error as Error).message).toBe('AWS refuses the signature: the clock of this machine is off.');
    });
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
    expect(error.details).toEqual({ action: 'ecs:RunTask', resourceIds: ['arn:task'] });
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

  it('what ECS would throttle waits before it is sent', async () => {
    const model = new VirtualClock(0);
    const sendNow = createSend({ clock: clockOf(model) });
    for (let count = 0; count < 22; count++)
      await sendNow('ecs:RegisterTaskDefinition', 'change', () => Promise.resolve(ok));
    expect(model.now()).toBe(2_000);
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

  describe('within limits', () => {
    const later = sdkError('ThrottlingException', 'Rate exceeded', {
      ...client(),
      $response: { statusCode: 400, headers: { 'retry-after': '30' } },
    });
    const certificate = sdkError('Error', 'self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    function world(deadlineMs?: number, interrupt?: AbortSignal) {
      const model = new VirtualClock(0);
      const send = createSend({ clock: clockOf(model), random: () => 0.5, deadlineMs, interrupt });
      return { model, send };
    }

    it('Retry-After is heard', async () => {
      const { model, send } = world();
      const failures = [later];
      await send('ecs:X', 'read', async () => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return ok;
      });
      expect(model.now()).toBe(30_000);
    });

    it.each<[string, number | undefined, string, number]>([
      ['longer than a silent minute', undefined, '86400', 0],
      ['past the deadline', 20_000, '30', 0],
      ['to the deadline itself', 30_000, '30', 0],
    ])('but not %s', async (_rule, deadlineMs, seconds, waitedMs) => {
      const { model, send } = world(deadlineMs);
      const failure = sdkError('ServerException', 'x', {
        ...client(500),
        $response: { headers: { 'retry-after': seconds } },
      });
      await expect(send('ecs:X', 'read', () => Promise.reject(failure))).rejects.toBeInstanceOf(TransientError);
      expect(model.now()).toBe(waitedMs);
    });

    it.each<[string, number, number]>([
      ['as long as there is time', 0, 15_000],
      ['no longer than there is time', 57_000, 3_000],
      ['but a moment also on the deadline', 59_999, 2_000],
      ['and a little afterwards', 60_000, 5_000],
    ])('an attempt waits for its answer %s', async (_rule, nowMs, expectedMs) => {
      const { model, send } = world(60_000);
      model.advance(nowMs);
      let given = 0;
      await send('ecs:X', 'read', async ({ requestTimeout }) => {
        given = requestTimeout;
        return ok;
      });
      expect(given).toBe(expectedMs);
    });

    it('after the deadline a request is repeated for a little while only', async () => {
      const { model, send } = world(1_000);
      model.advance(2_000);
      await expect(send('ecs:StopTask', 'repeatable', () => Promise.reject(throttled))).rejects.toBeInstanceOf(
        TransientError,
      );
      expect(model.now() - 2_000).toBeGreaterThan(5_000);
      expect(model.now() - 2_000).toBeLessThan(15_000);
    });

    it('an interrupt ends a read in flight, whatever it waits for', async () => {
      const stop = new AbortController();
      const { send } = world(undefined, stop.signal);
      const sent = send('ecs:DescribeTasks', 'read', () => new Promise<never>(() => undefined));
      stop.abort();
      await expect(sent).rejects.toMatchObject({ code: 'Interrupted', throttled: false });
    });

    it('an interrupt lets a change in flight answer', async () => {
      const stop = new AbortController();
      const { send } = world(undefined, stop.signal);
      const sent = send('ecs:RunTask', 'repeatable', async ({ abortSignal }) => {
        stop.abort();
        await new Promise((resolve) => setImmediate(resolve));
        if (abortSignal.aborted) throw new Error('cut off');
        return ok;
      });
      await expect(sent).resolves.toBe(ok);
    });

    it('a certificate that is not trusted ends the first request, once', async () => {
      const { send } = world();
      let calls = 0;
      const request = (): Promise<never> => {
        calls++;
        return Promise.reject(certificate);
      };
      await expect(send('ecs:X', 'read', request)).rejects.toMatchObject({
        name: 'UserError',
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
      expect(calls).toBe(1);
    });

    it('once AWS has answered, it is a fault on the way that may pass', async () => {
      const { send } = world();
      await send('ecs:X', 'read', async () => ok);
      await expect(send('ecs:X', 'read', () => Promise.reject(certificate))).rejects.toBeInstanceOf(TransientError);
      let calls = 0;
      const recovers = () => (++calls < 3 ? Promise.reject(certificate) : Promise.resolve(ok));
      await expect(send('ecs:UpdateService', 'change', recovers)).resolves.toBe(ok);
    });

    it('values that AWS quotes from the request are hidden', async () => {
      const { send } = world();
      const input = {
        overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'KEY', value: 'hunter22' }] }] },
      };
      const refusal = sdkError('ClientException', "Value 'hunter22' at 'overrides' failed", client());
      const error = await send('ecs:RunTask', 'change', () => Promise.reject(refusal), input).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ awsMessage: "Value '(hidden)' at 'overrides' failed" });
      expect(JSON.stringify([error, (error as UserError).why, (error as Error).cause])).not.toContain('hunter22');
    });
  });
});
