import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { expand } from '../../src/tools.ts';
import { createWorkbench, orbFiles, root } from '../orb/support.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';

const article = readFileSync(join(root, 'examples/hoge/.circleci/config.yml'), 'utf8');
const overrides = readFileSync(join(root, 'examples/hoge/docker/run_task_db_migrate_stg.json'), 'utf8');
let orb = '';
let close: () => Promise<void>;
beforeAll(async () => {
  const bench = await createWorkbench();
  orb = bench.packed;
  close = bench.close;
});
afterAll(() => close());

async function check(config: string, ...args: string[]) {
  const files = memoryFiles({
    'config.yml': config,
    'orb.yml': orb,
    'docker/run_task_db_migrate_stg.json': overrides,
  });
  const argv = ['check-config', 'config.yml', '--orb', 'org/migrate-deploy=orb.yml', ...args];
  return runCommand(argv, { files, circleCi: { expand } });
}

const lineWith = (text: string, config = article): number =>
  config.split('\n').findIndex((one) => one.includes(text)) + 1;

describe('check-config', () => {
  it('prints the jobs of a push in their order, with the options of each stage that are no defaults', async () => {
    const { stdout, exitCode } = await check(article, '--branch', 'staging');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').filter((one) => /^ {2}\d/.test(one))).toEqual([
      '  1. build-image-and-push (migrate-deploy/build_image_and_push)',
      '  2. db-migrate-on-task-run (migrate-deploy/db_migrate_on_task_run; after build-image-and-push)',
      '  3. service-update-and-notify (migrate-deploy/service_update_and_notify; after db-migrate-on-task-run)',
    ]);
    expect(stdout).toContain(
      '       run-migration-task --cluster hoge-stg --task-definition hoge-service-stg --overrides file://docker/run_task_db_migrate_stg.json\n',
    );
    expect(stdout).not.toContain('hoge-prod');
    // Files of the job are the orb's own, the same everywhere.
    expect(stdout).not.toMatch(/BASH_ENV|\.migrate-deploy/);
  });

  it('prints no value that may be secret', async () => {
    const config = article.replace('overrides: file://docker/run_task_db_migrate_stg.json', 'env: PASSWORD=hunter2');
    const { stdout } = await check(config, '--branch', 'staging');
    expect(stdout).toContain('--env …');
    expect(stdout).toContain('\n… stands for a value that may be secret.\n');
    expect(stdout).not.toContain('hunter2');
  });

  it('gives one document to programs', async () => {
    const { stdout } = await check(article, '--branch', 'staging', '--output', 'json');
    const { exitCode, workflows } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(workflows[0].jobs[1].stages[0]).toMatchObject({
      command: 'run-migration-task',
      options: expect.arrayContaining([{ name: 'cluster', text: 'hoge-stg' }]),
      errors: [],
    });
  });

  it('says which branches start which workflow when this one starts none', async () => {
    const { stderr, exitCode } = await check(article, '--branch', 'feature');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: A push to branch feature starts nothing.');
    expect(stderr).toContain('- db-migrate-and-deploy-to-stg: branch staging');
    expect(stderr).toContain('- db-migrate-and-deploy-to-prod: branch production');
  });

  const missing = article.replace(
    '          cluster: hoge-stg\n          task_definition',
    '          task_definition',
  );
  const strange = article.replace('overrides: file', 'overides: file');
  it.each([
    [
      'a parameter that is missing',
      missing,
      'Missing required argument(s): cluster',
      lineWith('db_migrate_on_task_run:', missing),
    ],
    ['one that there is not', strange, 'Unexpected argument(s): overides', lineWith('overides', strange)],
    [
      'a job that there is not',
      article.replace('migrate-deploy/db_migrate_on', 'migrate-deploy/db_migrat_on'),
      'db_migrat_on_task_run',
      lineWith('db_migrate_on_task_run:'),
    ],
    [
      'YAML that is none',
      article.replace('  db-migrate-and-deploy-to-stg:', '  [db'),
      'Unable to parse YAML',
      undefined,
    ],
  ])('tells CircleCI’s own error with its line: %s', async (_, config, message, line) => {
    const { stderr, exitCode } = await check(config, '--branch', 'staging');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Error: CircleCI would refuse this config.');
    expect(stderr).toContain(message);
    expect(stderr).toMatch(line === undefined ? /line \d+/ : new RegExp(`\\(line ${line}\\)`));
  });

  it.each([
    [
      'a value that the program refuses',
      ['poll_interval: "10"', 'poll_interval: "soon"'],
      /✘ --poll-interval must be a duration/,
    ],
    [
      'a file of overrides that is not there',
      ['task_db_migrate_stg.json', 'task.json'],
      /✘ --overrides: .*docker\/run_task\.json/,
    ],
  ])('checks the options as the program will: %s', async (_, [from = '', to = ''], message) => {
    const { stdout, exitCode } = await check(article.replace(from, to), '--branch', 'staging');
    expect(stdout).toMatch(message);
    expect(exitCode).toBe(2);
  });

  it('says where it looked for a config', async () => {
    const { stderr, exitCode } = await runCommand(['check-config', 'nowhere.yml'], { circleCi: { expand } });
    expect(stderr).toContain('Error: There is no file nowhere.yml.\n  Why: Looked for /project/nowhere.yml.');
    expect(exitCode).toBe(2);
  });

  const own = (steps: string, more = '') => `
version: 2.1
parameters:
  action: {type: enum, enum: [deploy, rollback], default: deploy}
jobs:
  j:
    docker: [{image: cimg/node:lts}]
    steps:
      ${steps}
workflows:
  w:
    jobs:
      - j
${more}`;

  it('knows that a job of the config sees the pipeline’s parameters and values, also those that come with the trigger', async () => {
    const { stdout, exitCode } = await check(
      own(
        '- run: echo << pipeline.parameters.action >> << pipeline.project.slug >> << pipeline.git.branch.is_default >>',
      ),
    );
    expect([exitCode, stdout]).toEqual([0, 'A push to branch main runs, by config.yml:\n\nWorkflow w\n  1. j\n']);
  });

  it('a value that it does not know is told, not called a mistake', async () => {
    const { stdout, exitCode } = await check(own('- run: echo << pipeline.trigger_parameters.github_app.branch >>'));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      'Not known to check-config, and read as empty: pipeline.trigger_parameters.github_app.branch. CircleCI may know it.',
    );
  });

  it('--parameter shows what a pipeline runs that somebody starts by hand; a value of another kind is refused', async () => {
    const config = own(
      '- checkout',
      '  by-hand:\n    when: {equal: [rollback, << pipeline.parameters.action >>]}\n    jobs: [j]\n',
    );
    expect((await check(config)).stdout).not.toContain('by-hand');
    const { stdout } = await check(config, '--parameter', 'action=rollback');
    expect(stdout).toContain('A pipeline on branch main with action=rollback runs, by config.yml:');
    expect(stdout).toContain('Workflow by-hand');
    for (const wrong of ['action=stop', 'acton=rollback']) {
      const { stderr, exitCode } = await check(config, '--parameter', wrong);
      expect([wrong, exitCode]).toEqual([wrong, 2]);
      expect(stderr).toContain(wrong.startsWith('acton') ? 'Did you mean action?' : 'action');
    }
    const twice = await check(config, '--parameter', 'action=deploy', '--parameter', 'action=rollback');
    expect(twice.stderr).toContain('--parameter names the same parameter more than once');
  });

  it('says that a tag needs a filter', async () => {
    const { stderr } = await check(own('- checkout'), '--tag', 'v1');
    expect(stderr).toContain('w: no job of it has a filter for this tag, and without one CircleCI runs none for a tag');
  });

  it.each([
    ['a parameter of a job in a job group', 'network_from_service', 'network_from_servce', "named 'migrate'"],
    ['a job of an orb', 'migrate-deploy/db_migrate_on_task_run', 'migrate-deploy/db_migrate_on_task_rum', ''],
  ])(
    'a misspelt %s: its own line, the name of the job, and what was probably meant',
    async (_, right, typed, named) => {
      const group = readFileSync(join(root, 'docs/recipes/one-deployment-at-a-time.yml'), 'utf8');
      const config = group.replace(right, typed);
      const { stderr, exitCode } = await check(config);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`(line ${lineWith(typed, config)})`);
      expect(stderr).toContain(`Did you mean ${right}?`);
      expect(stderr).toContain(named);
      expect(stderr).not.toContain('--orb');
    },
  );

  it('a requirement that is no job: in plain words, with the near name', async () => {
    const config = article.replace('- build-image-and-push', '- build-image-and-psh');
    const { stderr } = await check(config, '--branch', 'staging');
    expect(stderr).toContain("requires 'build-image-and-psh', and there is no job of that name in workflow");
    expect(stderr).toContain('Did you mean build-image-and-push?');
  });

  it('its own line also in a mapping of one line', async () => {
    const config = `
version: 2.1
jobs: {a: {docker: [{image: x}], steps: [checkout]}, b: {docker: [{image: x}], steps: [checkout]}}
workflows:
  w: {jobs: [a,
    {b: {requires: [aa]}}]}
`;
    expect((await check(config)).stderr).toContain('(line 6)');
  });

  it('ends with its mistakes, each with its job', async () => {
    const { stdout } = await check(article.replace('cluster: hoge-stg', "cluster: ''"), '--branch', 'staging');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^1 mistake: db-migrate-on-task-run: --cluster is missing/);
  });
});

describe('notes on what a push would regret', () => {
  const notes = (text: string): string[] =>
    text.split('\n').flatMap((one) => (one.startsWith('  ! ') ? [one.slice(4)] : []));
  const pipeline = (...swaps: [string, string][]) =>
    swaps.reduce(
      (text, [from, to]) => {
        expect(text).toContain(from);
        return text.replace(from, to);
      },
      `
version: 2.1
orbs: {migrate-deploy: org/migrate-deploy@1}
workflows:
  w:
    jobs:
      - migrate-deploy/build_image_and_push: {name: build, context: aws, repo: shop}
      - migrate-deploy/db_migrate_on_task_run: {name: migrate, context: aws, cluster: prod, task_definition: shop, command: bin/migrate, requires: [build]}
      - migrate-deploy/service_update_and_notify: {name: deploy, context: aws, cluster: prod, service: shop, requires: [migrate]}
`,
    );

  it('has none for a pipeline that is right', async () => {
    expect(notes((await check(pipeline())).stdout)).toEqual([]);
  });

  it.each<[string, [string, string], string]>([
    [
      'a deployment beside its migration',
      ['requires: [migrate]', 'requires: [build]'],
      'deploy does not come after migrate: it may serve before the migration has run.',
    ],
    [
      'a migration beside its build',
      ['requires: [build]', 'requires: []'],
      'migrate does not come after build: no record of the image reaches it.',
    ],
    [
      'nothing to deploy',
      ['requires: [migrate]', 'requires: [migrate], attach_workspace: false'],
      'deploy attaches no workspace and names neither an image nor a task definition: there is nothing to deploy.',
    ],
    [
      'no command',
      ['command: bin/migrate, ', ''],
      'migrate has neither command nor overrides: its task runs what the image starts, which may be the web server.',
    ],
    [
      'a variable without a context',
      ['deploy, context: aws', 'deploy, role_arn: "${DEPLOY_ROLE_ARN}"'],
      'deploy has no context: $DEPLOY_ROLE_ARN in its role_arn must be a variable of the project.',
    ],
  ])('%s', async (_, swap, note) => {
    const { stdout, exitCode } = await check(pipeline(swap));
    expect(exitCode).toBe(0);
    expect(notes(stdout)).toContain(note);
  });

  it('another application’s migration in the same cluster is not waited for', async () => {
    const named =
      '      - migrate-deploy/service_update_and_notify: {name: blog, context: aws, cluster: prod, service: blog, image: "blog:1", requires: [build]}\n';
    expect(notes((await check(`${pipeline()}${named}`)).stdout)).toEqual([]);
    const other =
      '      - migrate-deploy/db_migrate_on_task_run: {name: other, context: aws, cluster: prod, task_definition: blog, command: bin/migrate, requires: [build]}\n';
    expect(notes((await check(`${pipeline()}${other}`)).stdout)).toEqual([]);
  });

  it('the orb’s examples and the recipes have none but of a test image’s own command', async () => {
    const files = await orbFiles('examples');
    const configs = files.map(({ body }) => stringify(body.usage, { version: '1.1' }));
    for (const config of configs) {
      const { stdout } = await check(config);
      expect(notes(stdout).filter((note) => !note.startsWith('end-to-end has neither command'))).toEqual([]);
    }
  });

  it('asks for an orb of others', async () => {
    const config = article.replace('orbs:', 'orbs:\n  node: circleci/node@7');
    const { stderr } = await check(config, '--branch', 'staging');
    expect(stderr).toMatch(/circleci\/node|node/);
    expect(stderr).toContain('--orb NAMESPACE/NAME=FILE');
  });
});
