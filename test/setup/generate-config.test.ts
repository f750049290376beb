import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { splitWords } from '../../src/base/words.ts';
import { configNotes } from '../../src/commands/config-notes.ts';
import { plannedWorkflows } from '../../src/setup/config-run.ts';
import { expand } from '../../src/tools.ts';
import { createWorkbench, root } from '../orb/support.ts';
import { headerCommand } from '../support/header-command.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench.close());

const base = ['generate-config', '--name', 'hoge', '--command', 'rails db:migrate'];

async function config(...more: string[]) {
  const { exitCode, stdout, stderr } = await runCommand([...base, ...more]);
  expect(exitCode).toBe(0);
  return { text: stdout, notes: stderr };
}

const countings: [string, string[], string[]][] = [
  ['one', ['--environment', 'prod=main'], ['main']],
  ['two', [], ['staging', 'production']],
  [
    'four',
    ['dev=develop', 'qa=qa', 'stg=staging', 'prod=main'].flatMap((one) => ['--environment', one]),
    ['develop', 'qa', 'staging', 'main'],
  ],
];

describe('generate-config', () => {
  it.each(countings)(
    'for %s environments: expands, and a push runs its three stages alone',
    async (_, more, branches) => {
      const { text } = await config('--command-in', 'config', ...more);
      for (const branch of branches) {
        const env = { SLACK_WEBHOOK: 'https://hooks.example/x', EXIT_CODES: '{}' };
        const { result, calls } = await bench.run(text, { branch, env });
        expect(result.status).toBe('success');
        const stages = calls.map(({ argv: [name] }) => name).filter((name) => name !== 'notify-slack');
        expect(stages).toEqual(['build-and-push-image', 'run-migration-task', 'update-service-and-verify']);
        const [, migration] = calls.filter(({ argv: [name] }) => name !== 'notify-slack');
        expect(migration?.env).toMatchObject({
          MIGRATE_DEPLOY_COMMAND: 'rails db:migrate',
          MIGRATE_DEPLOY_TASK_DEFINITION: expect.stringMatching(/^hoge-service-/),
        });
      }
    },
  );

  it('by default has the workflows, jobs, filters and names of the article', async () => {
    const { text } = await config();
    const article = readFileSync(join(root, 'examples/hoge/.circleci/config.yml'), 'utf8');
    // What the records of the stages make superfluous, and what the article sets for itself.
    const own = [
      'tag',
      'repo',
      'extra_build_args',
      'setup_remote_docker',
      'container_image_name_updates',
      'verify_revision_is_deployed',
      'deploy_markers_environment_name',
    ];
    const waits = ['max_poll_attempts', 'poll_interval', 'success_message', 'failure_message', 'webhook'];
    const shape = (yaml: string): unknown => {
      const { workflows } = parse(yaml);
      for (const workflow of Object.values<{ jobs: Record<string, Record<string, unknown>>[] }>(workflows)) {
        for (const body of workflow.jobs.flatMap((job) => Object.values(job))) {
          for (const name of [...own, ...waits]) delete body[name];
          if ('service' in body) body.family = body.service;
          delete body.service;
          if (typeof body.overrides === 'string') body.overrides = body.overrides.replace('file://', '');
        }
      }
      return workflows;
    };
    expect(shape(text)).toEqual(shape(article));
  });

  it('names in its header the command that makes the same config again', async () => {
    const { text } = await config(
      '--success-message',
      "it's $CIRCLE_BRANCH\\n!",
      '--approve',
      'prod',
      '--cluster',
      'prod=live',
      '--context',
      'aws-{env}',
    );
    const again = headerCommand(text);
    expect(again).toContain("--success-message 'it'\\''s $CIRCLE_BRANCH\\n!'");
    const { stdout } = await runCommand(splitWords(again)?.slice(1) ?? []);
    expect(stdout).toBe(text);
    expect(stdout).toContain('cluster: live');
  });

  it('wraps that command, so that a shell reads the lines without # as one', async () => {
    const { text } = await config(
      '--approve',
      'prod',
      '--cluster',
      'prod=live',
      '--context',
      'aws-{env}',
      '--mentions',
      "it's @here",
    );
    const header = text.split('\n').filter((one) => one.startsWith('#'));
    expect(header.length).toBeGreaterThan(2);
    expect(header.filter((one) => one.length > 120)).toEqual([]);
    const shell = header
      .slice(1)
      .map((one) => one.slice(2))
      .join('\n');
    const { stdout } = await promisify(execFile)('sh', ['-c', `set -- ${shell}\nprintf '%s\\n' "$@"`]);
    expect(stdout.split('\n').slice(0, -1)).toEqual(splitWords(headerCommand(text)));
  });

  it('takes a job of tests before the build, as docs/recipes.md adds it', async () => {
    const recipes = readFileSync(join(root, 'docs/recipes.md'), 'utf8');
    const [, added = ''] = /^ {2}```yaml\n( {2}jobs:\n {4}test:[\s\S]*?) {2}```$/m.exec(recipes) ?? [];
    const made = parse((await config('--environment', 'prod=main', '--command-in', 'config')).text);
    const [workflow] = Object.values<{ jobs: Record<string, { requires?: string[] }>[] }>(made.workflows);
    const build = workflow?.jobs[0]?.['migrate-deploy/build_image_and_push'];
    if (build !== undefined) build.requires = ['test'];
    const jobs = ['test', ...(workflow?.jobs ?? [])];
    const text = stringify({ ...made, ...parse(added), workflows: { deploy: { jobs } } }, { version: '1.1' });
    const planned = bench.expand(text, 'main').workflows.flatMap(({ jobs: all }) => all);
    expect(planned.map(({ name, requires }) => [name, requires.map((one) => one.name)])).toEqual([
      ['test', []],
      ['build-image-and-push', ['test']],
      ['db-migrate-on-task-run', ['build-image-and-push']],
      ['service-update-and-notify', ['db-migrate-on-task-run']],
    ]);
  });

  it('lets somebody approve before the environments chosen', async () => {
    const { text } = await config('--approve', 'prod');
    const jobs = (branch: string) => {
      const { workflows } = bench.expand(text, branch);
      return workflows
        .flatMap(({ jobs: all }) => all.filter(({ included }) => included))
        .map(({ name, requires }) => [name, requires.map((one) => one.name)]);
    };
    expect(jobs('production')).toContainEqual(['approve-prod', ['build-image-and-push']]);
    expect(jobs('production')).toContainEqual(['db-migrate-on-task-run', ['approve-prod']]);
    expect(jobs('staging')).toContainEqual(['db-migrate-on-task-run', ['build-image-and-push']]);
  });

  describe('environments of one branch', () => {
    const both = [
      '--environment',
      'stg=main',
      '--environment',
      'prod=main',
      '--approve',
      'prod',
      '--command-in',
      'config',
    ];
    const graph = (text: string) =>
      bench
        .expand(text, 'main')
        .workflows.map(({ name, jobs }) => [name, jobs.map((job) => [job.name, job.requires.map((one) => one.name)])]);

    it('follow each other in one workflow: one build, and production begins when staging serves and somebody approved', async () => {
      const { text } = await config(...both, '--repository', 'hoge');
      expect(graph(text)).toEqual([
        [
          'db-migrate-and-deploy-to-stg-then-prod',
          [
            ['build-image-and-push', []],
            ['db-migrate-on-task-run-stg', ['build-image-and-push']],
            ['service-update-and-notify-stg', ['db-migrate-on-task-run-stg']],
            ['approve-prod', ['service-update-and-notify-stg']],
            ['db-migrate-on-task-run-prod', ['approve-prod']],
            ['service-update-and-notify-prod', ['db-migrate-on-task-run-prod']],
          ],
        ],
      ]);
      const { result, calls } = await bench.run(text, {
        branch: 'main',
        approve: () => true,
        env: { SLACK_WEBHOOK: 'https://hooks.example/x', EXIT_CODES: '{}' },
      });
      expect(result.status).toBe('success');
      expect(calls.filter(({ argv: [name] }) => name === 'build-and-push-image')).toHaveLength(1);
    });

    it('with repositories of their own: a build for each, and production waits for staging all the same', async () => {
      const { text, notes } = await config(...both);
      const [[, jobs] = []] = graph(text) as [string, [string, string[]][]][];
      expect(jobs).toContainEqual(['build-image-and-push-prod', []]);
      expect(jobs).toContainEqual(['approve-prod', ['build-image-and-push-prod', 'service-update-and-notify-stg']]);
      expect(notes).toContain(
        'stg and prod follow each other and have repositories of their own, so the commit is built for each.',
      );
    });

    it('with one name in two accounts: a build for each, as their repositories are two; one address is one repository', async () => {
      const roles = ['stg=arn:aws:iam::111122223333:role/ci', 'prod=arn:aws:iam::444455556666:role/ci'];
      const inTwo = [...both, ...roles.flatMap((role) => ['--role-arn', role])];
      const { text } = await config(...inTwo, '--repository', 'hoge');
      const [[, jobs] = []] = graph(text) as [string, [string, string[]][]][];
      expect(jobs).toContainEqual(['approve-prod', ['build-image-and-push-prod', 'service-update-and-notify-stg']]);
      const address = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/hoge';
      const { text: promoted } = await config(...inTwo, '--repository', address);
      const [[, once] = []] = graph(promoted) as [string, [string, string[]][]][];
      expect(once?.map(([name]) => name).filter((name) => name.startsWith('build'))).toEqual(['build-image-and-push']);
    });

    it('the policy of an environment that gets the image of another’s build lets it push none', async () => {
      const { notes } = await config(...both, '--repository', 'hoge');
      const [first = '', second = ''] = notes.match(/migrate-deploy iam-policy .*/g) ?? [];
      const allowed = async (command: string) => (await runCommand(splitWords(command)?.slice(1) ?? [])).stdout;
      expect(await allowed(first)).toContain('ecr:PutImage');
      const policy = await allowed(second);
      expect(policy).not.toContain('ecr:PutImage');
      expect(policy).toContain('ecr:BatchGetImage');
      expect(policy).toContain(':repository/hoge');
    });

    it('with serial groups: the group of production waits for the group of staging', async () => {
      const { text } = await config(...both, '--repository', 'hoge', '--serial-group', 'deploy/{env}');
      const { workflows } = parse(text);
      const [, , approval, production] = workflows['db-migrate-and-deploy-to-stg-then-prod'].jobs;
      expect(approval['approve-prod'].requires).toEqual(['migrate-and-deploy-to-stg']);
      expect(production['migrate-and-deploy-to-prod'].requires).toEqual(['approve-prod']);
    });

    it('and what it prints has no note of check-config', async () => {
      for (const more of [[], ['--repository', 'hoge'], ['--serial-group', 'deploy/{env}']]) {
        const { text } = await config(...both, ...more);
        expect(
          configNotes(
            plannedWorkflows(await expand(text, { branch: 'main' }, { 'org/migrate-deploy': bench.packed }))[0]?.jobs ??
              [],
          ),
        ).toEqual([]);
      }
    });
  });

  it('writes what becomes of a failed deployment, and the environment of the deploy marker, by the cluster', async () => {
    const { text } = await config('--environment', 'prod=main', '--on-failure', 'rollback');
    const [, , update] = parse(text).workflows['db-migrate-and-deploy-to-prod'].jobs;
    expect(update['migrate-deploy/service_update_and_notify']).toMatchObject({
      on_failure: 'rollback',
      deploy_markers_environment_name: 'hoge-prod',
    });
  });

  it('tells the deploy markers of environments apart by their own names where they share a cluster', async () => {
    const { text } = await config('--cluster', 'live');
    expect(text.match(/deploy_markers_environment_name: .*/g)).toEqual([
      'deploy_markers_environment_name: stg',
      'deploy_markers_environment_name: prod',
    ]);
  });

  it('the policy allows the rollback that --on-failure asks for', async () => {
    const { notes } = await config('--environment', 'prod=main', '--on-failure', 'rollback');
    const [policy = ''] = /migrate-deploy iam-policy .*/.exec(notes) ?? [];
    const { stdout } = await runCommand(splitWords(policy)?.slice(1) ?? []);
    expect(stdout).toContain('ecs:StopServiceDeployment');
  });

  it('the policy names the families of the services, by --service-family; without it a note says what is assumed', async () => {
    const services = [
      '--service',
      'shop-web,shop-worker',
      '--task-definition',
      'shop-{env}-web',
      '--role-arn',
      '$ROLE',
    ];
    const families = ['--service-family', 'shop-{env}-web,shop-{env}-jobs'];
    const { notes } = await config(...services, ...families);
    expect(notes).toContain("--task-definition 'shop-stg-web,shop-stg-jobs' --service 'shop-web,shop-worker'");
    expect(notes).not.toContain('families of their own names');
    const { notes: assumed } = await config(...services, '--service-family', 'stg=shop-web');
    expect(assumed).toContain("--task-definition 'shop-prod-web,shop-web,shop-worker'");
    expect(assumed).toContain(
      'Services of prod are taken to run families of their own names: where one does not, give --service-family',
    );
  });

  it('takes a variable for the account, as for the role', async () => {
    const { text, notes } = await config('--account', '${DEPLOY_ACCOUNT}', '--role-arn', '${DEPLOY_ROLE_ARN}');
    expect(text).toContain('expect_account: ${DEPLOY_ACCOUNT}');
    expect(notes).not.toContain("--account '$");
  });

  it('speaks of several contexts and roles as several', async () => {
    const role = 'arn:aws:iam::123456789012:role/ci-{env}';
    const { notes } = await config('--context', 'deploy-{env}', '--role-arn', role);
    expect(notes).toContain('Each of the contexts deploy-stg, deploy-prod holds AWS_REGION, SLACK_WEBHOOK.');
    expect(notes).toContain('the roles for the jobs are there, each with the two policies');
  });

  it('puts both stages under one serial group, in a group of jobs', async () => {
    const { text } = await config('--serial-group', 'deploy/{name}-{env}', '--environment', 'prod=main');
    const { 'job-groups': groups, workflows } = parse(text);
    expect(groups['migrate-and-deploy-to-prod'].jobs.map((job: object) => Object.keys(job)[0])).toEqual([
      'migrate-deploy/db_migrate_on_task_run',
      'migrate-deploy/service_update_and_notify',
    ]);
    expect(workflows['db-migrate-and-deploy-to-prod'].jobs[1]).toEqual({
      'migrate-and-deploy-to-prod': {
        'serial-group': 'deploy/hoge-prod',
        requires: ['build-image-and-push'],
        filters: { branches: { only: 'main' } },
      },
    });
  });

  it('prints the matching policy command and what must be there first beside it', async () => {
    const { notes } = await config('--environment', 'prod=main', '--role-arn', 'arn:aws:iam::123456789012:role/ci');
    expect(notes).toContain(
      "iam-policy --cluster 'hoge-prod' --repository 'hoge-prod' --task-definition 'hoge-service-prod,hoge-apps-service-prod' --service 'hoge-apps-service-prod'",
    );
    expect(notes).toContain('CircleCI’s OIDC provider is in IAM, and the role for the jobs is there');
    const [policy = ''] = /migrate-deploy iam-policy .*/.exec(notes) ?? [];
    expect((await runCommand(splitWords(policy)?.slice(1) ?? [])).exitCode).toBe(0);
  });

  it('writes config and overrides, and replaces nothing without --force', async () => {
    const files = memoryFiles({ '.circleci/config.yml': 'mine' });
    const refused = await runCommand([...base, '--write'], { files });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('Error: .circleci/config.yml is there already; nothing was written.');
    expect([...files.contents]).toEqual([['.circleci/config.yml', 'mine']]);
    const forced = await runCommand([...base, '--write', '--force'], { files });
    expect(forced.exitCode).toBe(0);
    expect([...files.contents.keys()].sort()).toEqual([
      '.circleci/config.yml',
      'docker/run_task_db_migrate_prod.json',
      'docker/run_task_db_migrate_stg.json',
    ]);
    expect(JSON.parse(files.contents.get('docker/run_task_db_migrate_stg.json') ?? '')).toEqual({
      containerOverrides: [{ name: 'hoge-stg', command: ['rails', 'db:migrate'] }],
    });
    // The same text again is no loss.
    expect((await runCommand([...base, '--write'], { files })).exitCode).toBe(0);
  });

  it.each([
    [['--command', 'x'], /--name is missing: what \{name\} stands for/],
    [['--name', 'a'], /--command is missing/],
    [['--name', 'a', '--command', 'x', '--cluster', '{nam}'], /knows \{env\} and \{name\}, not \{nam\}/],
    [['--name', 'a', '--command', 'x', '--cluster', 'qa=b'], /There is no environment qa/],
    [['--name', 'a', '--command', 'x && y'], /no shell would read it/],
    [['--name', 'a', '--command', 'x', '--environment', 'a=b', '--environment', 'a=c'], /names a twice/],
    [['--name', 'a', '--command', 'x', '--overrides', 'one.json'], /Two environments have different overrides/],
    [['--name', 'a b', '--command', 'x'], /--name must be part of names in AWS/],
    [['--name', 'a', '--command', 'x', '--role-arn', 'ci'], /--role-arn must be the ARN of a role/],
    [['--name', 'a', '--command', 'x', '--force'], /--force needs --write/],
    [['--name', 'a', '--command', 'x', '--service', ' , '], /--service must name a service/],
    [['--name', 'a', '--command', 'x', '--service', 'prod=,'], /--service must name a service/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await runCommand(['generate-config', ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
