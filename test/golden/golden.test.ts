import { expect, test, vi } from 'vitest';
import {
  breaker,
  crash,
  type Golden,
  goldenMigration,
  goldenPipeline,
  goldenRollout,
  goldenService,
  job,
  type LocalAws,
  type RolloutWorld,
  registry,
} from './golden.ts';

// Several processes one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const minuteMs = 60_000;
const image = (tag: string): string => `${registry}/web:${tag}`;
const migrate = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app'];
const place = ['--launch-type', 'FARGATE', '--subnets', 'subnet-1'];
const command = ['--', 'rails', 'db:migrate'];
const logs = [
  { atMs: 500, message: '== 20260105 CreateUsers: migrating ==' },
  { atMs: 2_000, message: '-- create_table(:users)' },
  { atMs: 7_500, message: '== 20260105 CreateUsers: migrated (0.0132s) ==' },
];

/** One migration that is run as usual, in a world prepared by `prepare`. */
async function migration(
  prepare: (model: LocalAws) => unknown,
  more: readonly string[] = [],
  options: Parameters<Golden['run']>[1] = {},
): Promise<Golden> {
  const { model, golden } = await goldenMigration();
  prepare(model);
  await golden.run([...migrate, ...place, ...more, ...command], options);
  return golden;
}

/** One rollout of `web:v2`, in a world prepared by `prepare`. */
async function rollout(
  given: Parameters<typeof goldenRollout>[0],
  prepare: (world: RolloutWorld) => unknown,
  more: readonly string[] = [],
  options: Parameters<Golden['run']>[1] = {},
): Promise<Golden> {
  const { golden, ...world } = await goldenRollout(given);
  await prepare(world);
  await golden.run(['--service', 'web', '--image', image('v2'), ...more], options);
  return golden;
}

const neverDecided = ({ model, digests }: RolloutWorld): unknown =>
  model.behaviours.script({ image: digests.v2 ?? '' }, { pendingMs: 60 * minuteMs });
const crashing = ({ model, digests }: RolloutWorld): unknown =>
  model.behaviours.script({ image: digests.v2 ?? '' }, crash);
const nothing = (): void => undefined;
const answer = (action: string): string[] => [
  ...['continue-deployment', '--cluster', 'prod', '--service', 'web', '--action', action],
];

/** Gives the service `web` a pause hook where only the test listener has moved. */
async function hooked({ ecs }: Pick<RolloutWorld, 'ecs'>): Promise<void> {
  const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }];
  const deploymentConfiguration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks };
  await ecs('UpdateService', { cluster: 'prod', service: 'web', deploymentConfiguration });
}

const scenarios: Record<string, () => Promise<Golden>> = {
  'migration-green': async () => {
    const { model, golden } = await goldenMigration();
    model.behaviours.script({}, { runMs: 8_000, exitCode: 0, logs });
    const containerOverrides = [
      { name: 'app', command: ['rails', 'db:migrate'], environment: [{ name: 'A', value: '1' }] },
    ];
    await golden.file('docker/migrate.json', JSON.stringify({ containerOverrides }));
    const digest = `sha256:${'a'.repeat(64)}`;
    const args = ['--overrides', 'file://docker/migrate.json', '--image', `public.ecr.aws/acme/app@${digest}`];
    await golden.run([...migrate, ...place, ...args, '--record-dir', 'deploy']);
    return golden;
  },
  'migration-fails': () => {
    const last = { atMs: 2_900, message: 'PG::UndefinedTable: relation "users" does not exist' };
    const outsideCircleCi = { env: {} };
    return migration(
      (model) => model.behaviours.script({}, { runMs: 3_000, exitCode: 1, logs: [...logs.slice(0, 2), last] }),
      [],
      outsideCircleCi,
    );
  },
  'migration-out-of-memory': () => {
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    return migration((model) => model.behaviours.script({}, { runMs: 30_000, exitCode: 137, reason, logs }));
  },
  'migration-cannot-pull': () => {
    const reason =
      'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref public.ecr.aws/acme/app:1: public.ecr.aws/acme/app:1: not found';
    return migration((model) => model.behaviours.script({}, { start: { reason, afterMs: 60_000 } }));
  },
  'migration-spot-exit-0': () => {
    const stop = { atMs: 5_000, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' };
    return migration((model) => model.behaviours.script({}, { sigtermExitCode: 0, stop, logs }));
  },
  'migration-time-out': () =>
    migration((model) => model.behaviours.script({}, { runMs: 60 * minuteMs, exitCode: 0, logs }), ['--timeout', '3m']),
  'migration-time-out-stop': () =>
    migration(
      (model) => model.behaviours.script({}, { runMs: 60 * minuteMs, exitCode: 0, logs }),
      ['--timeout', '2m', '--on-timeout', 'stop', '--record-dir', 'deploy'],
    ),
  'migration-interrupt': () =>
    migration((model) => model.behaviours.script({}, { runMs: 60 * minuteMs, exitCode: 0, logs }), [], {
      interruptAfterMs: 100_000,
    }),
  'migration-dry-run': () =>
    migration(nothing, ['--dry-run', '--env', 'TOKEN=s3cret', '--image', 'public.ecr.aws/acme/app:2']),
  'migration-json': () =>
    migration((model) => model.behaviours.script({}, { runMs: 8_000, exitCode: 0, logs }), ['--output', 'json']),
  'migration-same-job-again': async () => {
    const { model, golden } = await goldenMigration();
    model.behaviours.script({}, { runMs: 5 * minuteMs, exitCode: 0, logs });
    await golden.run([...migrate, ...place, '--timeout', '1m', ...command]);
    await golden.run([...migrate, ...place, ...command]);
    return golden;
  },
  'option-errors': async () => {
    const { golden } = await goldenMigration();
    const wrong = ['--task-definition', '', '--subnets', ',', '--timeout', 'soon', '--launch-type', 'LAMBDA'];
    const more = ['--exclusive', 'maybe', '--env', 'novalue', '--assign-public-ip', 'yes', '--overrides', '{"a":'];
    await golden.run(['run-migration-task', ...wrong, ...more, '--clustr', 'prod', '--output', 'xml']);
    await golden.run(['run-migration-tsk']);
    return golden;
  },
  'wait-for-task-green': async () => {
    const { model, golden } = await goldenMigration();
    model.behaviours.script({}, { runMs: 8_000, exitCode: 0, logs });
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    const { arn } = model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'family:app', launchType: 'FARGATE' });
    await golden.run(['wait-for-task', '--task', arn, '--record-dir', 'deploy']);
    return golden;
  },
  'rollout-green': () => rollout({ more: breaker }, nothing, ['--record-dir', 'deploy']),
  'rollout-crash-loop-rolled-back': () => rollout({ more: breaker }, crashing, ['--record-dir', 'deploy']),
  'rollout-no-breaker-too-many': () => rollout({}, crashing),
  'rollout-on-failure-rollback': () => rollout({}, crashing, ['--on-failure', 'rollback']),
  'rollout-superseded': () =>
    rollout({}, async ({ ecs, model }) => {
      const definition = { ...structuredClone(model.taskDefinitions.get('web')?.raw), family: 'web' };
      const other = await ecs('RegisterTaskDefinition', definition);
      const { taskDefinitionArn: taskDefinition } = other.taskDefinition;
      const update = { cluster: 'prod', service: 'web', taskDefinition };
      model.clock.at(model.clock.now() + 20_000, () => void ecs('UpdateService', update));
    }),
  'rollout-unchanged': async () => {
    const { golden } = await goldenRollout();
    await golden.run(['--service', 'web', '--task-definition', 'web:1']);
    return golden;
  },
  'rollout-time-out': () => rollout({}, neverDecided, ['--timeout', '5m']),
  'rollout-interrupt': () => rollout({}, neverDecided, [], { interruptAfterMs: 100_000 }),
  'rollout-paused': () => {
    const lifecycleHooks = [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }];
    const deploymentConfiguration = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 1, lifecycleHooks };
    return rollout({ more: { deploymentConfiguration } }, nothing, ['--timeout', '20m']);
  },
  'rollout-two-services': async () => {
    const { golden, model, digests, service } = await goldenRollout({ more: breaker });
    await service('worker', breaker);
    model.behaviours.script({ serviceName: 'worker', image: digests.v2 ?? '' }, crash);
    await golden.run(['--service', 'web,worker', '--image', image('v2')]);
    return golden;
  },
  'rollout-dry-run': () => rollout({}, nothing, ['--env', 'MODE=staging', '--dry-run']),
  'rollout-json': () => rollout({}, nothing, ['--output', 'json']),
  status: async () => {
    const { golden, ...world } = await goldenService();
    await world.service('worker');
    await hooked(world);
    await world.deploy('--image', image('v2'), '--until', 'paused');
    world.model.clock.advance(10 * minuteMs);
    await golden.run(['status', '--cluster', 'prod']);
    await golden.run(['status', '--cluster', 'prod', '--service', 'worker', '--output', 'json']);
    return golden;
  },
  'pause-and-continue': async () => {
    const { golden, ...world } = await goldenService();
    await hooked(world);
    const deploy = ['update-service-and-verify', '--cluster', 'prod', '--service', 'web', '--image', image('v2')];
    await golden.run([...deploy, '--until', 'paused', '--record-dir', 'deploy']);
    await golden.run([...answer('continue'), '--record-dir', 'deploy']);
    return golden;
  },
  'pause-and-roll-back': async () => {
    const { golden, ...world } = await goldenService();
    await hooked(world);
    await world.deploy('--image', image('v2'), '--until', 'paused');
    await golden.run([...answer('rollback'), '--record-dir', 'deploy']);
    return golden;
  },
  'rollback-under-way': async () => {
    const { golden, ...world } = await goldenService();
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { pendingMs: 60 * minuteMs });
    await world.deploy('--image', image('v2'), '--timeout', '2m');
    await golden.run(['rollback-service', '--cluster', 'prod', '--service', 'web', '--record-dir', 'deploy']);
    return golden;
  },
  'rollback-to-older': async () => {
    const { golden, ...world } = await goldenService({ more: breaker });
    await world.deploy('--image', image('v2'));
    world.model.clock.advance(60 * minuteMs);
    await golden.run(['rollback-service', '--cluster', 'prod', '--service', 'web']);
    world.model.clock.advance(60 * minuteMs);
    await golden.run(['rollback-service', '--cluster', 'prod', '--service', 'web']);
    return golden;
  },
  'rollback-fails': async () => {
    const { golden, ...world } = await goldenService({ more: breaker });
    await world.deploy('--image', image('v2'));
    world.model.clock.advance(60 * minuteMs);
    world.model.behaviours.script({ taskDefinition: 'web:1' }, crash);
    await golden.run(['rollback-service', '--cluster', 'prod', '--service', 'web']);
    return golden;
  },
  'unknown-service': async () => {
    const { golden } = await goldenRollout();
    await golden.run(['--service', 'nope', '--image', image('v2')]);
    return golden;
  },
  'update-not-authorized': () =>
    rollout({}, ({ model }) => {
      const message =
        'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:eu-west-1:123456789012:service/prod/web because no identity-based policy allows the ecs:UpdateService action';
      model.faults.script({ kind: 'error', operation: 'UpdateService', type: 'AccessDeniedException', message });
    }),
  'build-push-green': async () => {
    const { golden, dockerCalls } = await goldenPipeline();
    const tags = ['--repository', 'hoge-stg', '--tag', 'latest', '--tag', 'v2'];
    await golden.run([
      'build-and-push-image',
      ...tags,
      '--extra-build-args',
      '--target apps',
      '--record-dir',
      'deploy',
    ]);
    golden.section('docker', (await dockerCalls()).map((call) => `docker ${call}\n`).join(''));
    return golden;
  },
  'pipeline-notify-slack-green': () => pipeline('pass'),
  'pipeline-notify-slack-red': () => pipeline('fail'),
};

/** Migrates, deploys what migrated where that went well, and tells Slack from the records. */
async function pipeline(end: 'pass' | 'fail'): Promise<Golden> {
  const { golden, model, slack } = await goldenPipeline();
  model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 8_000, exitCode: end === 'pass' ? 0 : 1, logs });
  const records = ['--record-dir', 'deploy'];
  const from = ['--task-definition', 'hoge-service-stg', '--network-from-service', 'hoge-apps-service-stg'];
  const overrides = ['--overrides', 'file://docker/run_task_db_migrate_stg.json'];
  const family = ['--family', 'hoge-apps-service-stg'];
  const words = ['--container-image-name-updates', 'container=hoge-stg,tag=latest'];
  await golden.run(['run-migration-task', '--cluster', 'hoge-stg', ...from, ...overrides, ...records]);
  if (end === 'pass')
    await golden.run(['update-service-and-verify', '--cluster', 'hoge-stg', ...family, ...words, ...records]);
  await golden.run(['notify-slack', '--status', end, '--mentions', 'here', ...records], { env: job });
  golden.section('Slack', `${JSON.stringify(slack.messages(), undefined, 2)}\n`);
  return golden;
}

test.each(Object.entries(scenarios))('%s', async (name, scenario) => {
  const golden = await scenario();
  await expect(golden.text()).toMatchFileSnapshot(`runs/${name}.txt`);
});
