import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import { bundlePath, type RunOptions, runBundle } from '../../scripts/run-bundle.ts';
import { selfSigned } from '../support/self-signed.ts';
import { migrationWorld, requestsOf } from './migration-world.ts';

const command = ['--', 'rails', 'db:migrate'];
const wait = ['wait-for-task', '--cluster', 'prod', '--task', '0'.repeat(32)];
const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIALOCALAWS00000000', AWS_SECRET_ACCESS_KEY: 'local' };

const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('what the user can set right is told in the first line, exit 2', () => {
  it.each<[string, Record<string, string>, string]>([
    ['an endpoint that is no URL', { ...env, AWS_ENDPOINT_URL: 'not-a-url' }, 'AWS_ENDPOINT_URL is not a URL.'],
    [
      'an endpoint without its scheme',
      { ...env, AWS_ENDPOINT_URL: 'localhost:4566' },
      'AWS_ENDPOINT_URL is not a URL.',
    ],
    [
      'the endpoint of one service',
      { ...env, AWS_ENDPOINT_URL_ECS: 'http://127.0.0.1:99999' },
      'AWS_ENDPOINT_URL_ECS is not a URL.',
    ],
    [
      'a line break in the access key',
      { ...env, AWS_ACCESS_KEY_ID: 'AKIALOCALAWS00000000\n' },
      'AWS_ACCESS_KEY_ID holds a line break.',
    ],
    [
      'a line break in the secret key',
      { ...env, AWS_SECRET_ACCESS_KEY: 'local\n' },
      'AWS_SECRET_ACCESS_KEY holds a line break.',
    ],
    [
      'a space in the session token',
      { ...env, AWS_SESSION_TOKEN: 'a b' },
      'AWS_SESSION_TOKEN holds a character that no AWS key has.',
    ],
    [
      'a web identity token file that is not there',
      {
        AWS_REGION: 'eu-west-1',
        AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/x',
        AWS_WEB_IDENTITY_TOKEN_FILE: '/no/token',
      },
      'The file /no/token, which the AWS settings name, cannot be read.',
    ],
    [
      'an address in the settings that is no URL',
      { AWS_REGION: 'eu-west-1', AWS_CONTAINER_CREDENTIALS_FULL_URI: 'nonsense' },
      'An address in the AWS settings is not a URL.',
    ],
  ])('%s', async (_rule, given, expected) => {
    const { exitCode, stderr } = await runBundle(wait, { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', ...given } });
    expect(stderr.split('\n')[0]).toBe(`Error: ${expected}`);
    expect(exitCode).toBe(2);
  });

  it('an endpoint in ~/.aws/config that is no URL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-test-'));
    const file = join(folder, 'config');
    await writeFile(file, '[default]\nregion = eu-west-1\nendpoint_url = nonsense\n');
    const { exitCode, stderr } = await runBundle(wait, { env: { ...env, AWS_CONFIG_FILE: file } });
    await rm(folder, { recursive: true });
    expect(stderr.split('\n')[0]).toBe('Error: An address in the AWS settings is not a URL.');
    expect(exitCode).toBe(2);
  });

  it('a certificate that nobody signed: at once, for no waiting heals it', async () => {
    const server = createTlsServer(selfSigned(), (_request, response) => response.end('{}'));
    const port = await listening(server);
    let handshakes = 0;
    server.on('connection', () => handshakes++);
    const { exitCode, stderr } = await runBundle(wait, {
      env: { ...env, AWS_ENDPOINT_URL: `https://127.0.0.1:${port}` },
    });
    expect(stderr.split('\n')[0]).toBe('Error: The TLS certificate of the AWS endpoint is not trusted.');
    expect(stderr).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    expect(exitCode).toBe(2);
    expect(handshakes).toBe(1);
  });
});

describe('a fault on the way is no bug of ours', () => {
  it.each<[string, (socket: Socket) => void]>([
    [
      'an endpoint that speaks no TLS',
      (socket) => void socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
    ],
    ['an endpoint that ends each connection', (socket) => void socket.end()],
    ['an endpoint that resets each connection', (socket) => void socket.resetAndDestroy()],
  ])('%s', async (_rule, answer) => {
    const port = await listening(createServer((socket) => answer(socket.on('error', () => undefined))));
    const { exitCode, stderr } = await runBundle(wait, {
      env: { ...env, AWS_ENDPOINT_URL: `https://127.0.0.1:${port}` },
    });
    expect(stderr.split('\n')[0]).toBe('Error: AWS did not answer.');
    expect(exitCode).toBe(2);
  });

  it('an answer that drips for ever is given up', async () => {
    const port = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{');
        const drip = setInterval(() => socket.write(' '), 50);
        socket.on('close', () => clearInterval(drip));
      }),
    );
    const { exitCode, stderr } = await runBundle([...wait, '--request-timeout', '200ms'], {
      env: { ...env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
    });
    expect(stderr).toContain('ecs:DescribeClusters: no whole answer within 800ms');
    expect(exitCode).toBe(2);
  });
});

describe('nothing outlasts --timeout', () => {
  it('a Retry-After of a day while the task is followed: time runs out after 5 minutes, with a line each minute', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
    model.faults.script({
      kind: 'throttle',
      operation: 'DescribeTasks',
      skip: 3,
      times: 1_000,
      retryAfterSeconds: 86_400,
    });
    const startMs = model.clock.now();
    const { exitCode, stdout } = await migrate(['--timeout', '5m', ...command]);
    expect(exitCode).toBe(3);
    expect(model.clock.now() - startMs).toBeLessThan(305_000);
    expect(stdout).toMatch(
      /Why: AWS did not answer since \d\d:\d\d:\d\d UTC \(\d+ times\): ecs:DescribeTasks: Rate exceeded/,
    );
  });

  it('a Retry-After of a day before anything is started: told at once', async () => {
    const { model, migrate } = await migrationWorld();
    model.faults.script({
      kind: '500-json',
      operation: 'DescribeTaskDefinition',
      times: 1_000,
      retryAfterSeconds: 86_400,
    });
    const startMs = model.clock.now();
    const { exitCode, stderr } = await migrate(['--timeout', '5m', ...command]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('AWS did not answer.');
    expect(model.clock.now() - startMs).toBeLessThan(60_000);
  });

  it('a network that is dead from one moment on', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0, logs: [{ atMs: 1_000, message: 'copying rows' }] });
    model.faults.script({ kind: 'hang', service: 'ecs', operation: 'DescribeTasks', skip: 5, times: 1_000 });
    const startMs = model.clock.now();
    const { exitCode, stdout } = await migrate(['--timeout', '1m', '--request-timeout', '300ms', ...command]);
    expect(exitCode).toBe(3);
    expect(model.clock.now() - startMs).toBeLessThan(66_000);
    expect(stdout).toContain('AWS did not answer since');
    expect(stdout).toContain('Look again with:');
  });
});

/** Sends SIGTERM as soon as the model has got so many requests; the last of them hangs. */
function interruptInFlight(model: LocalAws, requests: number, operation = 'DescribeTasks') {
  const sent = { atMs: 0 };
  let kill: ((signal: NodeJS.Signals) => void) | undefined;
  const watch = setInterval(() => {
    if (kill === undefined || requestsOf(model, operation).length < requests) return;
    clearInterval(watch);
    sent.atMs = performance.now();
    kill('SIGTERM');
  }, 20);
  const onLine: RunOptions['onLine'] = (_line, given) => {
    kill = given;
  };
  return { sent, onLine };
}

describe('an interrupt does not wait for a request in flight', () => {
  it('of the task that is followed: it is named at once', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
    model.faults.script({ kind: 'hang', operation: 'DescribeTasks', skip: 5, times: 1_000 });
    const { sent, onLine } = interruptInFlight(model, 6);
    const { exitCode, stdout } = await migrate(command, { onLine });
    expect(performance.now() - sent.atMs).toBeLessThan(3_000);
    expect(exitCode).toBe(143);
    expect(stdout).toContain('Look again with:');
    expect(stdout).not.toContain('No answer from AWS: ecs:DescribeTasks: interrupted');
  });

  it('before anything is started', async () => {
    let interruptedAtMs = 0;
    const interrupt = (): void => {
      interruptedAtMs = performance.now();
      child.kill('SIGINT');
    };
    const silent = createServer((socket) => void socket.on('error', () => undefined).once('data', interrupt));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${await listening(silent)}`;
    const PATH = process.env.PATH ?? '';
    const child = spawn(process.execPath, [bundlePath, ...wait], { env: { PATH, ...env, AWS_ENDPOINT_URL } });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [exitCode] = await once(child, 'close');
    expect(performance.now() - interruptedAtMs).toBeLessThan(2_000);
    expect(exitCode).toBe(130);
    expect(stderr).toBe('Interrupted.\n  Why: ecs:DescribeClusters: interrupted before AWS answered\n');
  });

  it('of a task that is being started: it may run, and the command that never starts a second one is named', async () => {
    const { model, migrate } = await migrationWorld();
    model.faults.script({ kind: 'hang-after', operation: 'RunTask', times: 1_000 });
    const { sent, onLine } = interruptInFlight(model, 1, 'RunTask');
    const { exitCode, stdout } = await migrate(command, { onLine });
    expect(performance.now() - sent.atMs).toBeLessThan(6_000);
    expect(exitCode).toBe(143);
    expect(stdout).toContain('may have been started');
    expect(stdout).toMatch(/--client-token \S+: that never starts a second task/);
  });

  it('of a task that is to be stopped: StopTask is still sent, and repeated', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 3_600_000, exitCode: 0 });
    model.faults.script({ kind: 'hang', operation: 'DescribeTasks', skip: 5, times: 1 });
    model.faults.script({ kind: 'throttle', operation: 'StopTask', times: 2 });
    const { onLine } = interruptInFlight(model, 6);
    const { exitCode, stdout } = await migrate(['--on-interrupt', 'stop', ...command], { onLine });
    expect(exitCode).toBe(143);
    expect(stdout).toContain('The task was stopped, as asked for.');
    expect(requestsOf(model, 'StopTask')).toHaveLength(3);
  });
});
