import { describe, expect, test } from 'vitest';
import type { FaultKind } from '../../local/aws/faults.ts';
import { container, migrationWorld, requestsOf } from './migration-world.ts';

const command = ['--', 'rails', 'db:migrate'];
const minuteMs = 60_000;

describe('waiting outlasts', () => {
  test('MISSING for 10 s after RunTask', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.missingForMs = 10_000;
    const { exitCode } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'DescribeTasks').length).toBeGreaterThan(10);
  });

  test.each<[string, { kind: FaultKind; times: number; retryAfterSeconds?: number }]>([
    ['throttled polls', { kind: 'throttle', times: 25 }],
    ['polls answered by a 503 page', { kind: '503-html', times: 7 }],
    ['polls answered by an empty 500', { kind: 'empty-500', times: 4 }],
    ['polls whose connection is reset', { kind: 'reset-before', times: 4 }],
    ['polls with broken JSON', { kind: 'broken-json-200', times: 4 }],
    ['a poll that hangs', { kind: 'hang', times: 2 }],
    ['a Retry-After', { kind: '500-json', times: 2, retryAfterSeconds: 7 }],
  ])('%s', async (_name, fault) => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 120_000, exitCode: 0, logs: [{ atMs: 119_000, message: 'last' }] });
    model.faults.script({ ...fault, operation: 'DescribeTasks', skip: 3 });
    const { exitCode, stdout } = await migrate(['--request-timeout', '400ms', ...command]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('[app] last');
    expect(model.truth.tasksThatRan('app')).toHaveLength(1);
  });

  test('an endpoint gone for ten minutes: said, not judged', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 20 * minuteMs, exitCode: 0 });
    model.faults.script({ kind: 'reset-before', operation: 'DescribeTasks', skip: 3, forMs: 10 * minuteMs });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('No answer from AWS: ecs:DescribeTasks');
  });

  test('the request rates of ECS and CloudWatch Logs', async () => {
    const { model, migrate } = await migrationWorld();
    model.settings.throttling = true;
    model.behaviours.script({}, { runMs: 10 * minuteMs, exitCode: 0 });
    expect((await migrate(command)).exitCode).toBe(0);
    expect(model.requests.filter(({ errorType }) => errorType === 'ThrottlingException')).toEqual([]);
  });

  test('45 minutes: a heartbeat in every silent minute and no line lost', async () => {
    const { model, migrate } = await migrationWorld();
    // Ten quiet minutes, then a line every 20 s, thousands at once, and quiet again.
    const steps = Array.from({ length: 60 }, (_, index) => ({
      atMs: 10 * minuteMs + index * 20_000,
      message: `step ${index}`,
    }));
    const flood = Array.from({ length: 2_500 }, (_, index) => ({ atMs: 31 * minuteMs, message: `row ${index}` }));
    model.settings.logPageSize = 700;
    model.settings.emptyLogPageEvery = 5;
    model.behaviours.script({}, { runMs: 45 * minuteMs, exitCode: 0, logs: [...steps, ...flood] });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').filter((line) => line.startsWith('[app] '));
    expect(lines).toEqual([...steps, ...flood].map(({ message }) => `[app] ${message}`));
    const heartbeats = stdout.split('\n').filter((line) => line.startsWith('Still waiting for container app'));
    const atS = heartbeats.map((line) => {
      const [, minutes = '', seconds = ''] = /: (\d+)m (\d+)s so far, time-out in /.exec(line) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    });
    // None while there is a line every 20 s; else one as soon as a poll finds a minute without a word.
    const [early, late] = [atS.filter((at) => at < 20 * 60), atS.filter((at) => at >= 20 * 60)];
    expect([early.at(0), early.at(-1), late.at(0), late.at(-1)].map((at = 0) => Math.floor(at / 60))).toEqual([
      1, 9, 31, 44,
    ]);
    // The flood came between the first and the second of the later ones.
    const gaps = [early, late.slice(1)].flatMap((times) => times.slice(1).map((at, index) => at - (times[index] ?? 0)));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(59);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(71);
  });

  test('last lines that arrive 8 s after the end of a failure, 4 s after that of a success', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = [{ atMs: 1_900, message: 'ROLLBACK: constraint violated' }];
    model.behaviours.script({}, { runMs: 2_000, exitCode: 1, logs, logDelayMs: 8_100 });
    const red = await migrate(command);
    expect(red.exitCode).toBe(1);
    expect(red.stdout).toContain('[app] ROLLBACK: constraint violated');
    model.behaviours.script({}, { runMs: 2_000, exitCode: 0, logs, logDelayMs: 4_100 });
    const green = await migrate(command);
    expect(green.exitCode).toBe(0);
    expect(green.stdout).toContain('[app] ROLLBACK: constraint violated');
  });
});

describe('waiting ends', () => {
  test('credentials that expire in the middle: exit 2, the task and the command that resumes are named', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 30 * minuteMs, exitCode: 0 });
    model.faults.script({ kind: 'expired-token', operation: 'DescribeTasks', skip: 40, times: 1_000 });
    const { exitCode, stdout } = await migrate(command);
    const [taskArn = ''] = model.tasks.tasks.keys();
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`The task goes on and is not watched: ${taskArn}`);
    expect(stdout).toContain('ExpiredTokenException: The security token included in the request is expired');
    expect(stdout).toContain(`migrate-deploy wait-for-task --region eu-west-1 --cluster prod --task ${taskArn}`);
  });

  test('a task that ECS forgets after it was seen: lost, exit 1', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 30 * minuteMs, exitCode: 0 });
    const describeTasks = model.operations.ecs.DescribeTasks;
    let looks = 0;
    model.operations.ecs.DescribeTasks = (input, call) =>
      ++looks < 30
        ? describeTasks?.(input, call)
        : { tasks: [], failures: [{ arn: input.tasks[0], reason: 'MISSING' }] };
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('cannot be found');
  });

  test('time-out with leave: exit 3, the tail is printed, the task goes on and is named', async () => {
    const { model, migrate } = await migrationWorld();
    const logs = [{ atMs: 31_000, message: 'still copying rows' }];
    model.behaviours.script({}, { runMs: 30 * minuteMs, exitCode: 0, logs });
    const { exitCode, stdout } = await migrate(['--timeout', '1m', '--poll-interval', '29s', ...command]);
    const [task] = model.tasks.tasks.values();
    expect(exitCode).toBe(3);
    expect(stdout).toContain('[app] still copying rows');
    expect(stdout).toMatch(/had not ended when time ran out, after 1m 0\ds\.\n {2}What: The task goes on\./);
    expect(stdout).toContain(
      `Look again with: migrate-deploy wait-for-task --region eu-west-1 --cluster prod --task ${task?.arn}`,
    );
    expect(task?.desiredStatus).toBe('RUNNING');
    expect(requestsOf(model, 'StopTask')).toEqual([]);
  });

  test('time-out with stop: exit 3, stopped, waited for, log drained', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 30 * minuteMs, exitCode: 0, logs: [{ atMs: 60_000, message: 'batch 1' }] });
    const { exitCode, stdout } = await migrate(['--timeout', '2m', '--on-timeout', 'stop', ...command]);
    const [task] = model.tasks.tasks.values();
    expect(exitCode).toBe(3);
    expect(stdout).toContain('had not ended when time ran out, after 2m');
    expect(stdout).toContain('What: The task was stopped, as asked for.');
    expect(stdout).toContain('Container app ended with exit code 143');
    expect(task).toMatchObject({ stopCode: 'UserInitiated', desiredStatus: 'STOPPED' });
    expect(requestsOf(model, 'StopTask')).toMatchObject([
      { reason: expect.stringMatching(/^migrate-deploy: no end within (1m 59s|2m 00s)$/) },
    ]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s with leave: at once, and the task goes on', async (signal, code) => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 600 * minuteMs, exitCode: 0 });
    const { exitCode, stdout } = await migrate(['--timeout', '20h', ...command], {
      onLine: (line, kill) => line.startsWith('RUNNING') && kill(signal),
    });
    expect(exitCode).toBe(code);
    expect(stdout).toMatch(/had not ended when SIG(INT|TERM) came, after .*\n {2}What: The task goes on\./);
    expect(stdout).toContain('Look again with: migrate-deploy wait-for-task');
    expect([...model.tasks.tasks.values()][0]?.desiredStatus).toBe('RUNNING');
  });

  test('an interrupt with stop: stopped, waited for, its last words printed', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 600 * minuteMs, exitCode: 0 });
    const { exitCode, stdout } = await migrate(['--timeout', '20h', '--on-interrupt', 'stop', ...command], {
      onLine: (line, kill) => line.startsWith('RUNNING') && kill('SIGTERM'),
    });
    expect(exitCode).toBe(143);
    expect(stdout).toContain('Stopping task');
    expect(stdout).toContain('What: The task was stopped, as asked for.');
    expect([...model.tasks.tasks.values()][0]).toMatchObject({
      stopCode: 'UserInitiated',
      lastStatus: expect.anything(),
    });
    expect(model.truth.runs[0]?.stoppedAtMs).toBeDefined();
  });
});

test('an interrupt that comes twice at once, as from `timeout` or npm, is one', async () => {
  const { model, migrate } = await migrationWorld();
  model.behaviours.script({}, { runMs: 600 * minuteMs, exitCode: 0 });
  const { exitCode, stdout } = await migrate(['--timeout', '20h', '--on-interrupt', 'stop', ...command], {
    onLine: (line, kill) => {
      if (!line.startsWith('RUNNING')) return;
      kill('SIGTERM');
      kill('SIGINT');
    },
  });
  expect([130, 143]).toContain(exitCode);
  expect(stdout).toContain('What: The task was stopped, as asked for.');
  expect([...model.tasks.tasks.values()][0]?.desiredStatus).toBe('STOPPED');
});

describe('logs that are elsewhere', () => {
  test('awsfirelens: said, with the place and without its secrets, and the verdict stands', async () => {
    const logConfiguration = {
      logDriver: 'awsfirelens',
      options: { Name: 'datadog', Host: 'http-intake.logs.datadoghq.eu', apikey: 'dd-s3cret' },
    };
    const { model, migrate } = await migrationWorld([container('app', { logConfiguration })]);
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      'its log driver is awsfirelens (FireLens sends them on (Name datadog, Host http-intake.logs.datadoghq.eu))',
    );
    expect(stdout).not.toContain('dd-s3cret');
    expect(requestsOf(model, 'GetLogEvents')).toEqual([]);
  });

  test('region and group of the log options are honoured', async () => {
    const options = {
      'awslogs-group': '/central',
      'awslogs-region': 'us-east-1',
      'awslogs-stream-prefix': 'm',
      'awslogs-create-group': 'true',
    };
    const { model, migrate } = await migrationWorld([
      container('app', { logConfiguration: { logDriver: 'awslogs', options } }),
    ]);
    model.behaviours.script({}, { runMs: 3_000, exitCode: 0, logs: [{ atMs: 100, message: 'from Virginia' }] });
    const { stdout } = await migrate(command);
    expect(stdout).toContain('[app] from Virginia');
    expect(
      model.requests
        .filter(({ operation }) => operation === 'GetLogEvents')
        .every(({ region }) => region === 'us-east-1'),
    ).toBe(true);
  });

  test('without permission to read them: one warning, and the verdict stands', async () => {
    const { model, migrate } = await migrationWorld();
    const message =
      'User: x is not authorized to perform: logs:GetLogEvents on resource: y because no policy allows it';
    model.faults.script({
      kind: 'error',
      type: 'AccessDeniedException',
      message,
      operation: 'GetLogEvents',
      times: 100,
    });
    const { exitCode, stdout } = await migrate(command);
    expect(exitCode).toBe(0);
    expect(stdout.match(/Warning: the log of the container cannot be read/g)).toHaveLength(1);
    expect(stdout).toContain('Allow logs:GetLogEvents');
  });

  test('--no-logs reads none, and still says where they are', async () => {
    const { model, migrate } = await migrationWorld();
    const { exitCode, stdout } = await migrate(['--no-logs', '--output', 'json', ...command]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).logs).toMatchObject([{ group: '/ecs/app' }]);
    expect(requestsOf(model, 'GetLogEvents')).toEqual([]);
  });
});
