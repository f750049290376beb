import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledLimitBytes } from '../../local/circleci/expand.ts';
import { mapOf, readYaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { createWorkbench, type OrbFile, orbFiles, root } from './support.ts';

const examples = await orbFiles('examples');
const usage = ({ body }: OrbFile): YamlMap => mapOf(body.usage, 'usage');
const example = (name: string): YamlMap => usage(examples.find((file) => file.name === name)!);

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench.close());

describe.each(examples.map((file) => [file.name, file] as const))('%s', (_name, file) => {
  it('expands, and is small enough', () => {
    const { compiled } = bench.expand(usage(file));
    expect(Buffer.byteLength(compiled)).toBeLessThan(compiledLimitBytes);
  });

  it('each job carries the program at most once', () => {
    for (const workflow of bench.expand(usage(file)).workflows) {
      for (const { name, job } of workflow.jobs) {
        const carrying = job?.steps.filter(({ body }) => JSON.stringify(body).includes('ORB_PART_0')) ?? [];
        expect(carrying.length, name).toBeLessThanOrEqual(1);
      }
    }
  });
});

it('docs/recipes.md names each of them', async () => {
  const page = await readFile(join(root, 'docs/recipes.md'), 'utf8');
  expect(examples.map(({ name }) => name).filter((name) => !page.includes(`(../orb/examples/${name}.yml)`))).toEqual(
    [],
  );
});

/** A docker that does nothing, in a folder of its own. */
async function dockerOf(folder: string): Promise<string> {
  const bin = join(folder, 'examples-bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'docker'), '#!/bin/sh\n', { mode: 0o755 });
  return bin;
}

describe('the examples run', () => {
  const contexts = Object.fromEntries(['aws', 'aws-stg', 'aws-prod'].map((name) => [name, { CONTEXT: name }]));
  const commands = ['build-and-push-image', 'run-migration-task', 'update-service-and-verify', 'notify-slack'];

  it.each([
    ['staging', 'db-migrate-and-deploy-to-stg', 'stg'],
    ['production', 'db-migrate-and-deploy-to-prod', 'prod'],
  ])('build_migrate_deploy: a push to %s deploys there alone', async (branch, workflow, env) => {
    const { result, calls } = await bench.run(example('build_migrate_deploy'), { branch, contexts });
    expect(result).toMatchObject({ workflow, status: 'success' });
    expect(result.jobs.map(({ name }) => name)).toEqual([
      'build-image-and-push',
      'db-migrate-on-task-run',
      'service-update-and-notify',
    ]);
    expect(calls.map(({ argv }) => argv)).toEqual(commands.map((command) => [command]));
    expect(calls[0]?.env).toMatchObject({
      MIGRATE_DEPLOY_REPOSITORY: `\${AWS_RESOURCE_NAME_PREFIX}-${env}`,
      MIGRATE_DEPLOY_EXTRA_BUILD_ARGS: '--target apps',
      MIGRATE_DEPLOY_EXPAND_ENV: 'true',
    });
    expect(calls[1]?.env).toMatchObject({
      MIGRATE_DEPLOY_CLUSTER: `hoge-${env}`,
      MIGRATE_DEPLOY_TASK_DEFINITION: `hoge-service-${env}`,
      MIGRATE_DEPLOY_OVERRIDES: `file://docker/run_task_db_migrate_${env}.json`,
    });
    expect(calls[2]?.env).toMatchObject({
      MIGRATE_DEPLOY_FAMILY: `hoge-apps-service-${env}`,
      MIGRATE_DEPLOY_CONTAINER_IMAGE_NAME_UPDATES: `container=hoge-${env},tag=latest`,
      MIGRATE_DEPLOY_VERIFY: '1',
      MIGRATE_DEPLOY_MAX_POLL_ATTEMPTS: '300',
      MIGRATE_DEPLOY_POLL_INTERVAL: '10',
    });
    expect(calls[3]?.env).toMatchObject({
      MIGRATE_DEPLOY_SUCCESS_MESSAGE:
        ':circleci-pass: $CIRCLE_BRANCH のデプロイが完了しました\\n:github_octocat: User:$CIRCLE_USERNAME',
      MIGRATE_DEPLOY_WEBHOOK: '${SLACK_WEBHOOK}',
      MIGRATE_DEPLOY_STATUS: 'pass',
    });
  });

  it('build_migrate_deploy: a push to any other branch starts nothing', () => {
    const { workflows } = bench.expand(example('build_migrate_deploy'), 'feature');
    expect(workflows.flatMap(({ jobs }) => jobs.filter(({ included }) => included))).toEqual([]);
  });

  it('build_migrate_deploy: a red migration is told, and the service is not touched', async () => {
    const { result, calls } = await bench.run(example('build_migrate_deploy'), {
      branch: 'staging',
      contexts,
      env: { EXIT_CODES: '{"run-migration-task": 1}' },
    });
    expect(result.jobs.map(({ status }) => status)).toEqual(['success', 'failed', 'not_run']);
    expect(calls.map(({ argv }) => argv[0])).toEqual(['build-and-push-image', 'run-migration-task', 'notify-slack']);
    expect(calls[2]?.env).toMatchObject({ MIGRATE_DEPLOY_STATUS: 'fail' });
  });

  it('deploy_with_approval: without approval the service stays as it is', async () => {
    const { result, calls } = await bench.run(example('deploy_with_approval'), { approve: () => false });
    expect(result.jobs.map(({ status }) => status)).toEqual(['success', 'success', 'canceled', 'not_run']);
    expect(calls.map(({ argv }) => argv[0])).toEqual(['build-and-push-image', 'run-migration-task']);
    expect(calls[1]?.env.MIGRATE_DEPLOY_EXPECT_ACCOUNT).toBe('111122223333');
  });

  it('staging_then_production: both services of one image; production only after the approval', async () => {
    const given = {
      branch: 'main',
      contexts: { slack: { SLACK_ACCESS_TOKEN: 'xoxb-1', SLACK_DEFAULT_CHANNEL: 'C1' } },
    };
    const halted = await bench.run(example('staging_then_production'), { ...given, approve: () => false });
    expect(halted.result.jobs.map(({ status }) => status)).toEqual([
      ...['success', 'success', 'success', 'canceled', 'not_run', 'not_run'],
    ]);
    const { result, calls } = await bench.run(example('staging_then_production'), { ...given, approve: () => true });
    expect(result.status).toBe('success');
    const stages = calls.filter(({ argv }) => argv[0] !== 'notify-slack');
    expect(stages.map(({ argv, env }) => [argv[0], env.MIGRATE_DEPLOY_CLUSTER, env.MIGRATE_DEPLOY_SERVICE])).toEqual([
      ['build-and-push-image', undefined, undefined],
      ...['staging', 'production'].flatMap((cluster) => [
        ['run-migration-task', cluster, undefined],
        ['update-service-and-verify', cluster, 'shop-web,shop-worker'],
      ]),
    ]);
  });

  it('commands_in_your_own_job: four commands, one job, the message also after a failure', async () => {
    const good = await bench.run(example('commands_in_your_own_job'), { branch: 'staging', contexts });
    expect(good.calls.map(({ argv }) => argv[0])).toEqual(commands);
    const bad = await bench.run(example('commands_in_your_own_job'), {
      branch: 'staging',
      contexts,
      env: { EXIT_CODES: '{"build-and-push-image": 2}' },
    });
    expect(bad.calls.map(({ argv }) => argv[0])).toEqual(['build-and-push-image', 'notify-slack']);
  });

  it('run_migration_only and end_to_end_tests_inside_aws run one task each', async () => {
    for (const name of ['run_migration_only', 'end_to_end_tests_inside_aws']) {
      const { result, calls } = await bench.run(example(name), { contexts });
      expect([name, result.status, calls.map(({ argv }) => argv[0])]).toEqual([
        name,
        'success',
        ['run-migration-task'],
      ]);
    }
  });

  it('several_services: all of them in one call', async () => {
    const { result, calls } = await bench.run(example('several_services'), { contexts });
    expect(result.status).toBe('success');
    expect(calls[2]?.env).toMatchObject({
      MIGRATE_DEPLOY_SERVICE: 'shop-web,shop-worker',
      MIGRATE_DEPLOY_IMAGE: '',
      MIGRATE_DEPLOY_ON_FAILURE: 'rollback',
      MIGRATE_DEPLOY_CHECK_URL: 'https://shop.example.com/health',
    });
  });

  it('one-deployment-at-a-time.yml: migration and deployment are one unit of the serial group', async () => {
    const config = readYaml(await readFile(join(root, 'docs/recipes/one-deployment-at-a-time.yml'), 'utf8'));
    const { workflows } = bench.expand(mapOf(config, 'config'));
    expect(workflows[0]?.jobs.map(({ name, serialGroup }) => [name, serialGroup])).toEqual([
      ['build', undefined],
      ['migrate', 'deploy/production'],
      ['deploy', 'deploy/production'],
    ]);
    const { result } = await bench.run(mapOf(config, 'config'), { contexts });
    expect(result.status).toBe('success');
  });

  it('rollback-by-hand.yml: deploys on a push, and rolls back with what was asked for when started so', async () => {
    const config = mapOf(readYaml(await readFile(join(root, 'docs/recipes/rollback-by-hand.yml'), 'utf8')), 'config');
    const pushed = await bench.run(config, { contexts });
    expect(pushed.calls.map(({ argv }) => argv[0])).not.toContain('rollback-service');
    const parameters = mapOf(config.parameters, 'parameters');
    const started = {
      ...config,
      parameters: { ...parameters, action: { ...mapOf(parameters.action, 'action'), default: 'rollback' } },
    };
    const { result, calls } = await bench.run(started, { contexts });
    expect(result.status).toBe('success');
    expect(calls.map(({ argv }) => argv[0])).toEqual(['rollback-service', 'status', 'notify-slack']);
    expect(calls[0]?.env).toMatchObject({ MIGRATE_DEPLOY_SERVICE: 'shop-web,shop-worker', MIGRATE_DEPLOY_TO: '' });
  });

  it('services_as_matrix: each service in a job, the web only after the others', async () => {
    const { result, calls } = await bench.run(example('services_as_matrix'), {
      contexts,
      path: [await dockerOf(bench.folder)],
    });
    expect(result.status).toBe('success');
    expect(result.jobs.map(({ name }) => name)).toEqual([
      ...['build', 'migrate', 'deploy-shop-worker', 'deploy-shop-mailer', 'deploy-web'],
    ]);
    const deployed = calls.filter(({ argv }) => argv[0] === 'update-service-and-verify');
    expect(deployed.map(({ env }) => env.MIGRATE_DEPLOY_SERVICE)).toEqual(['shop-worker', 'shop-mailer', 'shop-web']);
  });

  it('sign_in_with_aws_cli: signs in before the stage', async () => {
    const { result } = await bench.run(example('sign_in_with_aws_cli'), { contexts });
    expect(result.status).toBe('success');
    const names = result.jobs[0]?.steps.map(({ name }) => name) ?? [];
    expect(names.indexOf('Sign in with aws-cli')).toBeLessThan(names.indexOf('Run the migration task'));
  });

  it('local_script needs nothing of the orb’s program', () => {
    expect(bench.expand(example('local_script')).compiled).not.toContain('ORB_PART');
  });
});
