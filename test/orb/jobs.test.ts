import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobResult } from '../../local/circleci/job-run.ts';
import type { YamlMap } from '../../local/circleci/yaml.ts';
import { createWorkbench } from './support.ts';

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench.close());

const stages: readonly [string, YamlMap][] = [
  ['build_image_and_push', { repo: 'hoge' }],
  ['db_migrate_on_task_run', { cluster: 'c', task_definition: 't' }],
  ['service_update_and_notify', { cluster: 'c', family: 'f' }],
];
/** The three stages; the program stands beside the orb, which is quicker than unpacking it in each job. */
const all = (given: YamlMap = {}) =>
  bench.jobs(...stages.map(([name, own]): [string, YamlMap] => [name, { cli_path: bench.program, ...own, ...given }]));
const commandOf: Readonly<Record<string, string>> = {
  build_image_and_push: 'build-and-push-image',
  db_migrate_on_task_run: 'run-migration-task',
  service_update_and_notify: 'update-service-and-verify',
};

describe('records', () => {
  const home = '~/.migrate-deploy-job/workspace';
  /** What a job finds of others, and what it has of its own. */
  const look: YamlMap = {
    'post-steps': [
      { run: { name: 'others', command: 'find . -name "*.json" | sort' } },
      { run: { name: 'own', command: `cd ${home} && find . -name "*.json" | sort` } },
    ],
  };
  const seen = (job: JobResult | undefined, name: string) =>
    job?.steps
      .find((step) => step.name === name)
      ?.output.split('\n')
      .filter(Boolean);

  it('go through the workspace from stage to stage, and a job hands on its own alone', async () => {
    const { result } = await bench.run(all(look));
    const build = './.migrate-deploy/build-and-push-image.json';
    const migration = './.migrate-deploy/run-migration-task.json';
    expect(result.jobs.map((job) => [seen(job, 'others'), seen(job, 'own')])).toEqual([
      [[], [build]],
      [[build], [migration]],
      [[build, migration], ['./.migrate-deploy/update-service-and-verify-f.json']],
    ]);
  });

  it.each([
    ['.', './.migrate-deploy'],
    ['shared', './shared/.migrate-deploy'],
    ['~/project', './.migrate-deploy'],
    ['$CIRCLE_JOB', './$CIRCLE_JOB/.migrate-deploy'],
  ])('are found where CircleCI attaches workspace_root: %s', async (root, place) => {
    const { result, calls } = await bench.run(all({ ...look, workspace_root: root }));
    expect(result.status).toBe('success');
    expect(new Set(calls.map(({ env }) => env.MIGRATE_DEPLOY_RECORDS_FROM))).toEqual(
      new Set([`${root}/.migrate-deploy`]),
    );
    expect(seen(result.jobs[2], 'others')).toContain(`${place}/build-and-push-image.json`);
  });

  it('follow record_dir', async () => {
    const { result, calls } = await bench.run(all({ ...look, record_dir: 'records/web' }));
    expect(new Set(calls.map(({ env }) => env.MIGRATE_DEPLOY_RECORD_DIR))).toEqual(new Set([`${home}/records/web`]));
    expect(seen(result.jobs[2], 'others')).toContain('./records/web/build-and-push-image.json');
  });

  it('of another job on the same machine are not handed on', async () => {
    const left: YamlMap = {
      run: { name: 'left', command: `mkdir -p ${home}/x && echo old >${home}/../job && echo '{}' >${home}/x/old.json` },
    };
    const { result } = await bench.run(all({ ...look, 'pre-steps': [left] }));
    expect(seen(result.jobs[0], 'own')).toEqual(['./.migrate-deploy/build-and-push-image.json']);
  });

  it('stay behind as artifacts, of a red job too', async () => {
    const workDir = join(bench.folder, 'work');
    const { result } = await bench.run(all(), { workDir, env: { EXIT_CODES: '{"run-migration-task": 1}' } });
    expect(result.jobs[1]?.status).toBe('failed');
    const kept = await readdir(join(result.jobs[1]?.artifacts ?? '', 'store_artifacts/migrate-deploy/.migrate-deploy'));
    expect(kept).toEqual(['run-migration-task.json']);
  });

  it('a dry run leaves none, and is no failure', async () => {
    const { result, calls } = await bench.run(all({ dry_run: true }));
    expect(result.status).toBe('success');
    expect(result.jobs.flatMap(({ layers }) => layers)).toEqual([]);
    expect(calls.every(({ env }) => env.MIGRATE_DEPLOY_DRY_RUN === '1')).toBe(true);
  });
});

describe('Slack', () => {
  it.each(stages.map(([name]) => name))('%s tells its own failure', async (name) => {
    const command = commandOf[name] ?? '';
    const { result, calls } = await bench.run(all({ webhook: 'https://hooks.example/x' }), {
      env: { EXIT_CODES: JSON.stringify({ [command]: 1 }) },
    });
    expect(result.status).toBe('failed');
    const last = calls.at(-1);
    expect(calls.at(-2)?.argv).toEqual([command]);
    expect(last?.argv).toEqual(['notify-slack']);
    expect(last?.env).toMatchObject({
      MIGRATE_DEPLOY_WEBHOOK: 'https://hooks.example/x',
      MIGRATE_DEPLOY_STATUS: 'fail',
      MIGRATE_DEPLOY_RECORD_DIR: '~/.migrate-deploy-job/workspace/.migrate-deploy',
      MIGRATE_DEPLOY_RECORDS_FROM: './.migrate-deploy',
    });
  });

  it('stage 3 also tells the success, once', async () => {
    const { calls } = await bench.run(all());
    const told = calls.filter(({ argv }) => argv[0] === 'notify-slack');
    expect(told.map(({ env }) => env.MIGRATE_DEPLOY_STATUS)).toEqual(['pass']);
  });

  it.each([
    ['fail', undefined],
    ['pass', 'pass'],
  ])('event: %s leaves the other outcome out', async (event, told) => {
    const [, , service] = stages;
    const { calls } = await bench.run(bench.jobs([service![0], { ...service![1], event }]));
    expect(calls[1]?.env.MIGRATE_DEPLOY_STATUS).toBe(told);
  });

  it('a failure before the stage itself is told too: in sign-in, or in checkout', async () => {
    const { calls } = await bench.run(all({ auth: [{ run: { name: 'sign in', command: 'exit 1' } }] }));
    expect(calls.map(({ argv }) => argv[0])).toEqual(['notify-slack']);
  });

  it('a message that cannot be sent does not make the stage look otherwise', async () => {
    const { result } = await bench.run(all(), { env: { EXIT_CODES: '{"run-migration-task": 3, "notify-slack": 2}' } });
    const failed = result.jobs[1]?.steps.filter(({ status }) => status === 'failed') ?? [];
    expect(failed.map(({ name, exitCode }) => [name, exitCode])[0]).toEqual(['Run the migration task', 3]);
  });

  it('can be turned off', async () => {
    const [build, migrate, service] = stages;
    const off = bench.jobs(
      [build![0], { ...build![1], notify_on_failure: false }],
      [migrate![0], { ...migrate![1], notify_on_failure: false }],
      [service![0], { ...service![1], notify: false }],
    );
    const { calls } = await bench.run(off);
    expect(calls.map(({ argv }) => argv[0])).not.toContain('notify-slack');
  });
});

describe('what stands around a stage', () => {
  it('auth runs after checkout and before the stage, with the orb’s defaults for all else', async () => {
    const { result } = await bench.run(all({ cli_path: '', auth: [{ run: { name: 'sign in', command: 'true' } }] }));
    const kept = ['Report what happened', 'store_test_results', 'store_artifacts', 'store_artifacts'];
    expect(result.jobs.map(({ steps }) => steps.map(({ name }) => name))).toEqual([
      [
        ...['Install migrate-deploy', 'checkout', 'setup_remote_docker', 'sign in', 'Build and push the image'],
        ...['Notify Slack of the failure', 'persist_to_workspace', ...kept],
      ],
      [
        ...['Install migrate-deploy', 'checkout', 'attach_workspace', 'sign in', 'Run the migration task'],
        ...['Notify Slack of the failure', 'persist_to_workspace', ...kept],
      ],
      [
        ...['Install migrate-deploy', 'checkout', 'attach_workspace', 'sign in', 'Plan the deploy marker'],
        'Update the service and verify it',
        'End the deploy marker',
        ...['Notify Slack of the success', 'Notify Slack of the failure', 'persist_to_workspace', ...kept],
      ],
    ]);
  });

  it('checkout, workspace, remote Docker and records can each be left out', async () => {
    const [build] = stages;
    const given = {
      checkout: false,
      setup_remote_docker: false,
      persist_records: false,
      store_records: false,
      store_test_results: false,
    };
    const { result } = await bench.run(bench.jobs([build![0], { ...build![1], ...given }]));
    expect(result.jobs[0]?.steps.map(({ name }) => name)).toEqual([
      'Install migrate-deploy',
      'Build and push the image',
      'Notify Slack of the failure',
    ]);
  });

  it('the executor can be replaced, by name or with arguments', () => {
    const config = { ...all({ executor: { name: 'migrate-deploy/default', tag: '22.12', resource_class: 'large' } }) };
    const settings = bench.expand(config).workflows[0]?.jobs.map(({ job }) => job?.settings);
    expect(settings?.[0]).toMatchObject({ docker: [{ image: 'cimg/node:22.12' }], resource_class: 'large' });
  });

  it('role, region and account reach every command that talks to AWS', async () => {
    const given = {
      role_arn: 'arn:aws:iam::111122223333:role/deploy',
      region: 'eu-west-1',
      expect_account: '111122223333',
      session_duration: '2h',
    };
    const { calls } = await bench.run(all(given));
    const aws = calls.filter(({ argv }) => argv[0] !== 'notify-slack');
    expect(aws).toHaveLength(3);
    for (const { env } of aws) {
      expect(env).toMatchObject({
        MIGRATE_DEPLOY_ROLE_ARN: given.role_arn,
        MIGRATE_DEPLOY_REGION: 'eu-west-1',
        MIGRATE_DEPLOY_EXPECT_ACCOUNT: '111122223333',
        MIGRATE_DEPLOY_SESSION_DURATION: '2h',
      });
    }
  });

  it('no_output_timeout is the stage’s own', () => {
    const { workflows } = bench.expand(all({ no_output_timeout: '45m' }));
    const stage = workflows[0]?.jobs[1]?.job?.steps.find(({ body }) => body.name === 'Run the migration task');
    expect(stage?.body.no_output_timeout).toBe('45m');
  });

  it('what is missing or misspelt is refused before anything runs', () => {
    expect(() => bench.expand(bench.jobs(['db_migrate_on_task_run', {}]))).toThrow(
      'Missing required argument(s): cluster',
    );
    expect(() => bench.expand(all({ task_defintion: 'x' }))).toThrow('Unexpected argument(s): task_defintion');
    expect(() =>
      bench.expand(bench.jobs(['db_migrate_on_task_run', { cluster: 'c', task_definition: 't', exclusive: 'never' }])),
    ).toThrow('Type error for argument exclusive');
  });
});
