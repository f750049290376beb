import { describe, expect, test } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { UserError } from '../../src/errors.ts';
import { migrate, planRequests } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import { type MigrationOutcome, schemaVersion } from '../../src/records/schema.ts';
import { waitForTasks } from '../../src/task/wait.ts';
import { inProcess } from '../support/in-process.ts';
import { options } from './migrate-options.ts';

const digest = (char: string): string => `sha256:${char.repeat(64)}`;

async function world(container: object = {}) {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register(fargateDefinition('app', container));
  const deps = await inProcess(model);
  const record = (): MigrationOutcome => {
    const path = [...deps.files.contents.keys()].find((name) => name.startsWith('records/run-migration-task.'));
    return JSON.parse(deps.files.contents.get(path ?? '') ?? 'null');
  };
  return { model, deps, record, run: (more: Partial<MigrateOptions> = {}) => migrate({ ...options, ...more }, deps) };
}

describe('migrate', () => {
  test('asks in this order, and changes nothing before everything was checked', async () => {
    const { model, run } = await world();
    expect((await run()).verdict).toBe('succeeded');
    const asked = model.requests.map(({ operation }) => operation);
    const looks = asked.indexOf('RunTask');
    expect([asked[0], ...new Set(asked.slice(1, looks))]).toEqual(['DescribeTaskDefinition', 'ListTasks']);
    expect(new Set(asked.slice(looks + 1))).toEqual(new Set(['DescribeTasks', 'GetLogEvents']));
  });

  test('the cluster may be given by its ARN', async () => {
    const { model, run } = await world();
    const cluster = model.clusters.get('prod').arn;
    expect((await run({ cluster })).verdict).toBe('succeeded');
    expect([...model.tasks.tasks.values()][0]?.clusterArn).toBe(cluster);
  });

  test('the task is emitted and on record before the first look at it', async () => {
    const { model, deps, record, run } = await world();
    const seen: [emitted: boolean, record: unknown][] = [];
    const describeTasks = model.operations.ecs.DescribeTasks;
    model.operations.ecs.DescribeTasks = (input, call) => {
      seen.push([deps.events.some(({ type }) => type === 'task-started'), record()]);
      return describeTasks?.(input, call);
    };
    await run();
    const [taskArn] = model.tasks.tasks.keys();
    expect(seen[0]).toMatchObject([true, { verdict: 'running', taskArn }]);
  });

  test('what is answered is what is on record', async () => {
    const { record, run } = await world();
    expect(record()).toBeNull();
    const outcome = await run();
    expect(outcome).toMatchObject({ verdict: 'succeeded', exitCode: 0, account: '123456789012', region: 'eu-west-1' });
    expect(record()).toEqual(outcome);
  });

  test('the record of the build gives the image: pinned in every container of its repository, other members kept', async () => {
    const { model, deps, run } = await world({ image: 'acme/app:latest', fromTheFuture: { kept: true } });
    const image = `acme/app@${digest('b')}`;
    await deps.records.save({
      ...{ schemaVersion, stage: 'build-and-push-image', verdict: 'succeeded', startedAt: '2026-01-05T09:00:00.000Z' },
      ...{ repository: 'acme/app', tags: ['1'], image, digest: digest('b') },
    });
    const outcome = await run();
    expect(model.truth.runs).toMatchObject([{ revision: 2, imageDigest: digest('b') }]);
    expect(model.taskDefinitions.get('app:2')?.raw.containerDefinitions[0]).toMatchObject({
      image,
      fromTheFuture: { kept: true },
    });
    expect(outcome).toMatchObject({
      taskDefinition: model.taskDefinitions.get('app:2')?.arn,
      containers: [{ imageDigest: digest('b') }],
    });
  });

  test('tags travel, but for those that AWS itself put there', async () => {
    const { model, run } = await world();
    const tags = [
      { key: 'aws:cloudformation:stack-name', value: 's' },
      { key: 'team', value: 'a' },
    ];
    model.taskDefinitions.register({ ...fargateDefinition('app', {}), tags });
    await run({ images: [{ container: undefined, reference: `acme/app@${digest('e')}` }] });
    const [register] = model.requests.filter(({ operation }) => operation === 'RegisterTaskDefinition');
    expect(register?.input.tags).toEqual([{ key: 'team', value: 'a' }]);
  });

  test('no change, no new revision', async () => {
    const { model, run } = await world({ image: `acme/app@${digest('c')}` });
    await run({ images: [{ container: undefined, reference: `acme/app@${digest('c')}` }] });
    expect(model.taskDefinitions.all('app')).toHaveLength(1);
  });

  test('another job that registers at the same moment is waited for', async () => {
    const { model, run } = await world();
    const message = 'Too many concurrent attempts to create a new revision of the specified family.';
    model.faults.script({
      kind: 'error',
      type: 'ClientException',
      message,
      operation: 'RegisterTaskDefinition',
      times: 3,
    });
    const { verdict } = await run({ images: [{ container: undefined, reference: `acme/app@${digest('d')}` }] });
    expect(verdict).toBe('succeeded');
    expect(model.truth.runs).toMatchObject([{ revision: 2, imageDigest: digest('d') }]);
  });

  test('a registration that is refused says what to do', async () => {
    const { model, run } = await world();
    const message = 'No Fargate configuration exists for given values.';
    model.faults.script({ kind: 'error', type: 'ClientException', message, operation: 'RegisterTaskDefinition' });
    const images = [{ container: undefined, reference: `acme/app@${digest('d')}` }];
    await expect(run({ images })).rejects.toMatchObject({
      code: 'ClientException',
      fix: expect.stringContaining('CPU and memory'),
    });
    expect(model.tasks.tasks.size).toBe(0);
  });

  test('a refusal in the middle keeps the task on record, and says how to look again', async () => {
    const { model, record, run } = await world();
    model.behaviours.script({}, { runMs: 600_000, exitCode: 0 });
    model.faults.script({ kind: 'expired-token', operation: 'DescribeTasks', skip: 20, times: 99 });
    const outcome = await run();
    const [taskArn] = model.tasks.tasks.keys();
    expect(outcome).toMatchObject({
      verdict: 'refused',
      explanation: { code: 'ExpiredTokenException', fix: expect.stringContaining('migrate-deploy wait-for-task') },
      resume: expect.stringContaining(`--task ${taskArn}`),
      taskArn,
    });
    expect(record()).toEqual(outcome);
  });

  test('a folder that takes no record is found out before anything starts', async () => {
    const { model, deps, run } = await world();
    const denied = new UserError('The file r cannot be written.');
    deps.records = { ...deps.records, save: () => Promise.reject(denied) };
    await expect(run()).rejects.toBe(denied);
    expect(model.tasks.tasks.size).toBe(0);
  });

  test('a folder that takes no more once the task runs does not end the wait', async () => {
    const { model, deps, run } = await world();
    const { save } = deps.records;
    let saves = 0;
    const full = (): Promise<void> => Promise.reject(new UserError('The file r cannot be written.', { why: 'ENOSPC' }));
    deps.records = { ...deps.records, save: (outcome) => (++saves === 2 ? full() : save(outcome)) };
    expect((await run()).verdict).toBe('succeeded');
    expect(deps.events).toContainEqual({ type: 'warning', text: 'The file r cannot be written. ENOSPC' });
    expect(model.truth.runs).toHaveLength(1);
  });

  test('a disk that is full at the end does not hide the verdict', async () => {
    const { model, deps, run } = await world();
    const { save } = deps.records;
    const full = (): Promise<void> => Promise.reject(new UserError('The file r cannot be written.', { why: 'ENOSPC' }));
    deps.records = { ...deps.records, save: (outcome) => (outcome.verdict === 'running' ? save(outcome) : full()) };
    model.behaviours.script({ times: 1 }, { runMs: 1_000, exitCode: 3 });
    expect(await run()).toMatchObject({ verdict: 'failed', exitCode: 3 });
    expect(await run()).toMatchObject({ verdict: 'succeeded' });
    expect(deps.events.filter(({ type }) => type === 'warning')).toContainEqual({
      type: 'warning',
      text: 'The file r cannot be written. ENOSPC',
    });
  });

  test('a task that begins and ends between two looks is judged all the same', async () => {
    const { model, run } = await world();
    model.settings.timings = {
      ...model.settings.timings,
      provisioningMs: 1,
      pullStartMs: 2,
      pullStopMs: 3,
      startMs: 4,
      settleMs: 1,
      deprovisionMs: 1,
    };
    model.behaviours.script({}, { runMs: 1, exitCode: 6, logs: [{ atMs: 0, message: 'quick' }] });
    const result = await run({ waiting: { ...options.waiting, pollIntervalMs: 300_000 } });
    expect(result).toMatchObject({ verdict: 'failed', exitCode: 6, logTail: [{ lines: ['quick'] }] });
  });

  test('credentials that expire after the verdict do not take it away', async () => {
    const { model, run } = await world();
    model.behaviours.script({}, { runMs: 5_000, exitCode: 0 });
    // The exit code stands 32.4 s after RunTask; soon after that only the log is read.
    model.clock.at(model.clock.now() + 34_000, () => model.faults.script({ kind: 'expired-token', times: 10_000 }));
    const { verdict } = await run({ waiting: { ...options.waiting, pollIntervalMs: 1_000, logGraceMs: 30_000 } });
    expect(verdict).toBe('succeeded');
    expect(model.requests.filter(({ errorType }) => errorType === 'ExpiredTokenException').length).toBeGreaterThan(2);
  });

  test('a task that ECS does not know yet when its time is over is stopped once ECS does: exit 3, not 2', async () => {
    const { model, run } = await world();
    model.settings.missingForMs = 45_000;
    model.behaviours.script({}, { runMs: 3_000_000, exitCode: 0 });
    const waiting = { ...options.waiting, timeoutMs: 30_000, onTimeout: 'stop' } as const;
    expect(await run({ waiting })).toMatchObject({ verdict: 'timed-out', stopCode: 'UserInitiated' });
    expect([...model.tasks.tasks.values()].map(({ desiredStatus }) => desiredStatus)).toEqual(['STOPPED']);
  });

  test('a MISSING now and then is a stale read', async () => {
    const { model, run } = await world();
    model.behaviours.script({}, { runMs: 60_000, exitCode: 0 });
    const describeTasks = model.operations.ecs.DescribeTasks;
    let looks = 0;
    model.operations.ecs.DescribeTasks = (input, call) =>
      ++looks % 5 === 0
        ? { tasks: [], failures: [{ arn: input.tasks[0], reason: 'MISSING' }] }
        : describeTasks?.(input, call);
    expect((await run()).verdict).toBe('succeeded');
    expect(looks).toBeGreaterThan(20);
  });

  test('it looks often at first and seldom later: every 2 s, a ninetieth of the time that has passed, 10 s at most', async () => {
    const { model, run } = await world();
    model.behaviours.script({}, { runMs: 3_000_000, exitCode: 0 });
    await run({ waiting: { ...options.waiting, logs: false } });
    const looks = model.requests.filter(({ operation }) => operation === 'DescribeTasks').map(({ atMs }) => atMs);
    const gaps = looks.slice(1).map((atMs, index) => atMs - (looks[index] ?? 0));
    expect([gaps[0], gaps[60], gaps.at(-1)]).toEqual([2_000, 2_000, 10_000]);
    // A ninetieth of the time that has passed.
    const midway = gaps.findIndex((_gap, index) => (looks[index] ?? 0) - (looks[0] ?? 0) >= 450_000);
    expect(gaps[midway]).toBeCloseTo(((looks[midway] ?? 0) - (looks[0] ?? 0)) / 90, -1);
  });

  test('stopCode and last moments are taken in after a failure', async () => {
    const { model, run } = await world();
    model.settings.timings.settleMs = 5_000;
    model.behaviours.script({}, { runMs: 1_000, exitCode: 1 });
    expect(await run()).toMatchObject({
      stopCode: 'EssentialContainerExited',
      timeline: { stoppingAt: expect.any(String) },
      explanation: { code: 'EXIT_CODE' },
    });
  });

  test('an interrupt before the start starts nothing and says so', async () => {
    const { model, deps, run } = await world();
    deps.interrupt.trigger('SIGTERM');
    expect(await run({ exclusive: 'ignore' })).toMatchObject({
      verdict: 'interrupted',
      signal: 'SIGTERM',
      explanation: { cause: expect.stringContaining('this one was not started') },
    });
    expect(model.tasks.tasks.size).toBe(0);
  });

  test('time that runs out while another migration runs: nothing started', async () => {
    const { model, run } = await world();
    model.behaviours.script({}, {});
    await run({ wait: false });
    const result = await run({ waiting: { ...options.waiting, timeoutMs: 60_000 } });
    expect(result).toMatchObject({ verdict: 'timed-out', explanation: { code: 'OTHER_MIGRATION' } });
    expect(result.taskArn).toBeUndefined();
    expect(model.tasks.tasks.size).toBe(1);
  });

  test('a client token that stands for another definition is refused, not adopted', async () => {
    const { model, run } = await world();
    model.taskDefinitions.register(fargateDefinition('other'));
    await run({ taskDefinition: 'other', clientToken: 'mine' });
    await expect(run({ clientToken: 'mine' })).rejects.toMatchObject({
      code: 'ConflictException',
      message: expect.stringContaining('for something else'),
    });
  });

  test('--network-from-service finds the network of a CODE_DEPLOY service in its task set', async () => {
    const { model, run } = await world();
    const networkConfiguration = { awsvpcConfiguration: { subnets: ['subnet-7'] } };
    model.operations.ecs.DescribeServices = () => ({
      services: [
        {
          serviceName: 'web',
          status: 'ACTIVE',
          taskSets: [{ status: 'PRIMARY', launchType: 'FARGATE', networkConfiguration }],
        },
      ],
    });
    const placement = { ...options.placement, networkFromService: 'web', subnets: [], launchType: undefined };
    await run({ placement });
    const request = model.requests.find(({ operation }) => operation === 'RunTask');
    expect(request?.input).toMatchObject({ launchType: 'FARGATE', networkConfiguration });
  });

  describe('--task-definition-from-service runs what serves', () => {
    const fromService = { taskDefinition: undefined, taskDefinitionFromService: 'web' };
    const primary = { id: 'ecs-svc/2', status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition: 'app:1' };
    const served = { ...primary, id: 'ecs-svc/1', status: 'ACTIVE' };
    const failing = { ...primary, rolloutState: 'IN_PROGRESS', runningCount: 0, taskDefinition: 'app:2' };
    test.each<[string, object]>([
      ['not the latest revision of its family', { deployments: [primary], taskDefinition: 'app:1' }],
      ['not one that is being deployed', { deployments: [failing, served], desiredCount: 1, taskDefinition: 'app:2' }],
      ['of a service with task sets', { taskSets: [{ status: 'PRIMARY', taskDefinition: 'app:1' }] }],
    ])('%s', async (_rule, service) => {
      const { model, run } = await world();
      model.taskDefinitions.register(fargateDefinition('app'));
      model.operations.ecs.DescribeServices = () => ({
        services: [{ serviceName: 'web', status: 'ACTIVE', ...service }],
      });
      const { taskDefinition } = await run(fromService);
      expect(taskDefinition).toMatch(/:task-definition\/app:1$/);
    });

    test('a service that there is not is refused, and nothing is started', async () => {
      const { model, run } = await world();
      const cause = 'There is no service web in the cluster prod, which --task-definition-from-service names.';
      await expect(run(fromService)).rejects.toMatchObject({ message: cause });
      expect(model.requests.filter(({ operation }) => operation === 'RunTask')).toEqual([]);
    });
  });

  test.each<[string, Partial<MigrateOptions['placement']>, object]>([
    ['a launch type removes a copied strategy', { launchType: 'FARGATE' }, { launchType: 'FARGATE' }],
    [
      'security groups replace the copied ones, subnets stay',
      { securityGroups: ['sg-2'] },
      { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-7'], securityGroups: ['sg-2'] } } },
    ],
  ])('what is given wins over the service: %s', async (_rule, given, expected) => {
    const { model, deps } = await world();
    model.operations.ecs.DescribeServices = () => ({
      services: [
        {
          status: 'ACTIVE',
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }],
          networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-7'], securityGroups: ['sg-1'] } },
        },
      ],
    });
    const placement = { ...options.placement, networkFromService: 'web', subnets: [], launchType: undefined, ...given };
    const [request] = await planRequests({ ...options, placement }, deps);
    const input = JSON.parse(JSON.stringify(request?.input));
    expect(input).toMatchObject(expected);
    expect('launchType' in input && 'capacityProviderStrategy' in input).toBe(false);
  });

  test('a network for a definition that takes none is refused, one copied from a service is left out', async () => {
    const { model, run } = await world();
    model.settings.containerInstances.prod = 1;
    model.taskDefinitions.register({
      family: 'bridge',
      containerDefinitions: [{ name: 'app', image: 'x', memory: 64 }],
    });
    const placement = { ...options.placement, launchType: undefined };
    await expect(run({ taskDefinition: 'bridge', placement })).rejects.toMatchObject({ code: 'NoOwnNetwork' });
    model.operations.ecs.DescribeServices = () => ({
      services: [
        { status: 'ACTIVE', launchType: 'EC2', networkConfiguration: { awsvpcConfiguration: { subnets: ['s'] } } },
      ],
    });
    const copied = { ...placement, subnets: [], networkFromService: 'web' };
    expect((await run({ taskDefinition: 'bridge', placement: copied })).verdict).toBe('succeeded');
  });

  test('FARGATE_SPOT and a restart policy are warned of', async () => {
    const { model, deps, run } = await world({ restartPolicy: { enabled: true } });
    const strategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
    await run({ placement: { ...options.placement, launchType: undefined, capacityProviderStrategy: strategy } });
    const warnings = deps.events.filter(({ type }) => type === 'warning').map((event) => JSON.stringify(event));
    expect(warnings.join()).toContain('FARGATE_SPOT');
    expect(warnings.join()).toContain('restartPolicy');
    expect([...model.tasks.tasks.values()][0]?.capacityProviderName).toBe('FARGATE_SPOT');
  });
});

describe('a forgotten command would run the web server as "the migration": warned', () => {
  const runs = 'No command was given: container app runs the command of';
  test.each<[string, object, Partial<MigrateOptions>, string | undefined]>([
    ['that of the image', {}, { command: undefined }, `${runs} the image (CMD).`],
    ['that of the definition', { command: ['puma'] }, { command: undefined }, `${runs} the task definition.`],
    [
      'an override without one',
      {},
      { command: undefined, overrides: { containerOverrides: [{ name: 'app', cpu: 256 }] } },
      `${runs} the image (CMD).`,
    ],
    [
      'an empty one',
      {},
      { command: undefined, overrides: { containerOverrides: [{ name: 'app', command: [] }] } },
      `${runs} the image (CMD).`,
    ],
    ['not where there is one', {}, { command: ['rails', 'db:migrate'] }, undefined],
  ])('%s', async (_what, container, given, text) => {
    const { deps, run } = await world(container);
    await run(given);
    const said = deps.events.flatMap((event) => ('text' in event ? [String(event.text)] : []));
    const found = said.filter((one) => one.startsWith('No command'));
    expect(found).toEqual(text === undefined ? [] : [expect.stringContaining(text)]);
  });
});

describe('waitForTasks', () => {
  test('one task that cannot be stopped does not spare the others, and all are named', async () => {
    const { model, deps } = await world();
    model.behaviours.script({}, { runMs: 3_000_000, exitCode: 0 });
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    const [first, second] = [1, 2].map(() =>
      model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'g', launchType: 'FARGATE' }),
    );
    const message = 'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:StopTask on resource: *';
    model.faults.script({ kind: 'error', type: 'AccessDeniedException', message, operation: 'StopTask' });
    const waiting = { ...options.waiting, timeoutMs: 60_000, onTimeout: 'stop' } as const;
    const tasks = [first?.arn ?? '', second?.arn ?? ''];
    await expect(waitForTasks({ cluster: 'prod', tasks, container: undefined, waiting }, deps)).rejects.toMatchObject({
      message: expect.stringContaining(`The tasks go on and are not watched: ${tasks.join(', ')}`),
    });
    expect([first?.desiredStatus, second?.desiredStatus]).toEqual(['RUNNING', 'STOPPED']);
  });

  test('150 tasks are described a hundred at a time', async () => {
    const { model, deps } = await world();
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    const tasks = Array.from({ length: 150 }, () =>
      model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'g', launchType: 'FARGATE' }),
    );
    const wait = {
      cluster: 'prod',
      tasks: tasks.map(({ arn }) => arn),
      container: undefined,
      waiting: { ...options.waiting, logs: false },
    };
    const outcomes = await waitForTasks(wait, deps);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(Array(150).fill('succeeded'));
    const sizes = model.requests
      .filter(({ operation }) => operation === 'DescribeTasks')
      .map(({ input }) => input.tasks.length);
    expect(sizes.slice(0, 2)).toEqual([100, 50]);
    expect(model.requests.filter(({ operation }) => operation === 'DescribeTaskDefinition')).toHaveLength(1);
  });
});
