import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { RunOptions } from '../../local/circleci/runner.ts';
import type { YamlMap } from '../../local/circleci/yaml.ts';
import { outputOf, runConfig, staticKeys, statuses } from './orb-world.ts';
import { environment, family, type PipelineWorld, pipelineWorld, service } from './pipeline-world.ts';

/** Whole workflows whose jobs share one workspace: none may write over another's record, none may take another's for its own. */

const build = (given: YamlMap): YamlMap => ({ 'migrate-deploy/build_image_and_push': given });
const migrate = (env: string, given: YamlMap): YamlMap => ({
  'migrate-deploy/db_migrate_on_task_run': {
    ...{ cluster: `hoge-${env}`, task_definition: `hoge-service-${env}`, command: 'rails db:migrate' },
    network_from_service: `hoge-apps-service-${env}`,
    ...given,
  },
});
const deploy = (env: string, given: YamlMap): YamlMap => ({
  'migrate-deploy/service_update_and_notify': { cluster: `hoge-${env}`, ...given },
});

interface Run extends Partial<RunOptions> {
  jobs: YamlMap[];
  /** The jobs that the last one, which looks at the records, comes after. */
  last: string[];
  variables?: object;
}

/** Runs the jobs and then one that lists the records in the workspace, without the digests in their names. */
async function run(world: PipelineWorld, { jobs, last, variables, ...options }: Run) {
  const look = 'ls .migrate-deploy | sed "s/[.][0-9a-f]*[.]json$//"';
  const config: YamlMap = {
    version: 2.1,
    orbs: { 'migrate-deploy': 'org/migrate-deploy@1' },
    jobs: {
      look: { machine: true, steps: [{ attach_workspace: { at: '.' } }, { run: { name: 'look', command: look } }] },
    },
    workflows: { w: { jobs: [...jobs, { look: { requires: last } }] } },
  };
  const result = await runConfig(world, config, {
    ...options,
    variables: { ...staticKeys(world), SLACK_WEBHOOK: world.slack.webhookUrl, ...variables },
  });
  const records = result.jobs
    .find(({ name }) => name === 'look')
    ?.steps.at(-1)
    ?.output.split('\n')
    .filter(Boolean);
  return { result, records: records ?? [], green: result.jobs.every(({ status }) => status === 'success') };
}

/** The staging environment once more, in another region, and the steps that lead a job there. */
async function otherRegion(region: string) {
  const model = new LocalAws({ region, seed: 2 });
  const served = await serve(model);
  onTestFinished(() => served.close());
  await environment(model, 'stg');
  model.clock.advance(3_600_000);
  const { accessKeyId, secretAccessKey } = model.identity.access.createUser('circleci');
  const variables = {
    ...{ AWS_ENDPOINT_URL: served.url, LOCAL_AWS_CONTROL: served.url },
    ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  };
  const lines = Object.entries(variables).map(([name, value]) => `echo 'export ${name}=${value}' >> $BASH_ENV`);
  return { model, steps: [{ run: { name: `go to ${region}`, command: lines.join('\n') } }] };
}

const place = '123456789012.eu-west-1';
const buildRecord = (model: LocalAws, repository: string): string =>
  `build-and-push-image.${model.ecr.store.uri(repository).replaceAll(/[^A-Za-z0-9_-]+/g, '-')}`;
const serving = ({ model }: PipelineWorld, name: string) => model.truth.serving(name).imageDigests;

describe('jobs that share a workspace end green, each with its own record', () => {
  it('two builds side by side: each service gets the image of its own repository', async () => {
    const world = await pipelineWorld();
    world.model.ecr.push('hoge-web', ['latest'], 'web version 1');
    await service(world.model, { env: 'stg', name: 'web', repository: 'hoge-web' });
    const { records, green, result } = await run(world, {
      jobs: [
        build({ name: 'build-app', repo: 'hoge-stg' }),
        build({ name: 'build-web', repo: 'hoge-web', extra_build_args: '--target other' }),
        migrate('stg', { name: 'migrate', requires: ['build-app', 'build-web'] }),
        deploy('stg', { name: 'deploy', service: 'hoge-apps-service-stg,web', requires: ['migrate'] }),
      ],
      last: ['deploy'],
    });
    expect(green, outputOf(result)).toBe(true);
    expect(records).toEqual([
      ...[buildRecord(world.model, 'hoge-stg'), buildRecord(world.model, 'hoge-web')],
      `run-migration-task.${place}.hoge-stg.hoge-service-stg`,
      `update-service-and-verify.${place}.hoge-stg.hoge-apps-service-stg`,
      `update-service-and-verify.${place}.hoge-stg.web`,
    ]);
    for (const name of ['hoge-apps-service-stg', 'web']) {
      expect(world.model.truth.serving(name).taskDefinitionArns.join()).not.toMatch(/:1(,|$)/);
    }
  });

  it('two migrations side by side', async () => {
    const world = await pipelineWorld();
    family(world.model, 'hoge-search-stg', 'stg');
    const { records, green, result } = await run(world, {
      jobs: [
        build({ name: 'build', repo: 'hoge-stg' }),
        migrate('stg', { name: 'migrate', requires: ['build'] }),
        migrate('stg', { name: 'index', task_definition: 'hoge-search-stg', requires: ['build'] }),
        deploy('stg', { name: 'deploy', service: 'hoge-apps-service-stg', requires: ['migrate', 'index'] }),
      ],
      last: ['deploy'],
    });
    expect(green, outputOf(result)).toBe(true);
    expect(records.filter((name) => name.startsWith('run-migration-task'))).toEqual([
      `run-migration-task.${place}.hoge-stg.hoge-search-stg`,
      `run-migration-task.${place}.hoge-stg.hoge-service-stg`,
    ]);
  });

  it('one service name in two clusters', async () => {
    const world = await pipelineWorld();
    await environment(world.model, 'prod');
    for (const env of ['stg', 'prod']) await service(world.model, { env, name: 'web' });
    const { records, green, result } = await run(world, {
      jobs: ['stg', 'prod'].map((env) => deploy(env, { name: env, service: 'web', force_new_deployment: true })),
      last: ['stg', 'prod'],
    });
    expect(green, outputOf(result)).toBe(true);
    expect(records).toEqual(['prod', 'stg'].map((env) => `update-service-and-verify.${place}.hoge-${env}.web`));
  });

  it('everything by the same names in two regions: each builds, migrates and deploys its own', async () => {
    const world = await pipelineWorld();
    const other = await otherRegion('us-east-1');
    const inRegion = (region: string, given: YamlMap = {}) => [
      build({ name: `build-${region}`, repo: 'hoge-stg', region, ...given }),
      migrate('stg', { name: `migrate-${region}`, requires: [`build-${region}`], region, ...given }),
      deploy('stg', {
        ...{ name: `deploy-${region}`, service: 'hoge-apps-service-stg', region },
        ...{ requires: ['migrate-eu-west-1', 'migrate-us-east-1'], ...given },
      }),
    ];
    const { records, green, result } = await run(world, {
      jobs: [...inRegion('eu-west-1'), ...inRegion('us-east-1', { 'pre-steps': other.steps })],
      last: ['deploy-eu-west-1', 'deploy-us-east-1'],
    });
    expect(green, outputOf(result)).toBe(true);
    expect(records).toEqual(
      [
        ...[world, other].map(({ model }) => buildRecord(model, 'hoge-stg')),
        ...['eu-west-1', 'us-east-1'].flatMap((region) => [
          `run-migration-task.123456789012.${region}.hoge-stg.hoge-service-stg`,
          `update-service-and-verify.123456789012.${region}.hoge-stg.hoge-apps-service-stg`,
        ]),
      ].sort(),
    );
    for (const { model } of [world, other]) {
      const migrated = model.truth.runs.filter(({ family: name }) => name === 'hoge-service-stg');
      expect(migrated).toHaveLength(1);
      const [arn = ''] = model.truth.serving('hoge-apps-service-stg').taskDefinitionArns;
      expect(arn).toBe(`arn:aws:ecs:${model.world.region}:123456789012:task-definition/hoge-apps-service-stg:2`);
    }
  });

  it('a matrix, and canary → web and worker side by side → last', async () => {
    const world = await pipelineWorld();
    for (const name of ['canary', 'web', 'worker', 'last']) await service(world.model, { env: 'stg', name });
    const { records, green, result } = await run(world, {
      jobs: [
        build({ name: 'build', repo: 'hoge-stg' }),
        migrate('stg', { name: 'migrate', requires: ['build'] }),
        deploy('stg', { name: 'canary', service: 'canary', requires: ['migrate'] }),
        deploy('stg', {
          name: 'deploy-<< matrix.service >>',
          matrix: { alias: 'both', parameters: { service: ['web', 'worker'] } },
          requires: ['canary'],
        }),
        deploy('stg', { name: 'last', service: 'last', requires: ['both'] }),
      ],
      last: ['last'],
    });
    expect(green, outputOf(result)).toBe(true);
    expect(records).toEqual([
      buildRecord(world.model, 'hoge-stg'),
      `run-migration-task.${place}.hoge-stg.hoge-service-stg`,
      ...['canary', 'last', 'web', 'worker'].map((name) => `update-service-and-verify.${place}.hoge-stg.${name}`),
    ]);
    expect(new Set(['canary', 'web', 'worker', 'last'].flatMap((name) => serving(world, name))).size).toBe(1);
  });

  it.each(['~/project', '$ROOT', 'shared/records'])('workspace_root: %s', async (root) => {
    const world = await pipelineWorld();
    const given = { workspace_root: root };
    const { green, result } = await run(world, {
      jobs: [
        build({ name: 'build', repo: 'hoge-stg', ...given }),
        migrate('stg', { name: 'migrate', requires: ['build'], ...given }),
        deploy('stg', { name: 'deploy', service: 'hoge-apps-service-stg', requires: ['migrate'], ...given }),
      ],
      last: ['deploy'],
      variables: { ROOT: 'not-there' },
    });
    expect(green, outputOf(result)).toBe(true);
    const [digest] = serving(world, 'hoge-apps-service-stg');
    expect(outputOf(result)).toContain(`hoge-stg@${digest}`);
  });

  it.each(['$WHERE', 'records/$NONE'])('record_dir: %s is refused before anything is started', async (name) => {
    const world = await pipelineWorld();
    const given = migrate('stg', { name: 'migrate', record_dir: name });
    const { result } = await run(world, { jobs: [given], last: ['migrate'], variables: { WHERE: 'records' } });
    expect(statuses(result).at(0)).toEqual(['migrate', 'failed']);
    expect(outputOf(result)).toContain('--record-dir must be without variables, as CircleCI replaces none');
    expect(world.model.requests).toEqual([]);
  });
});

describe('two environments in one workflow do not mix', () => {
  /** Staging, then production; production's migration with these parameters. */
  const both = (production: YamlMap = {}): YamlMap[] => [
    build({ name: 'build', repo: 'hoge-stg' }),
    migrate('stg', { name: 'stg-migrate', requires: ['build'] }),
    deploy('stg', { name: 'stg-deploy', service: 'hoge-apps-service-stg', requires: ['stg-migrate'] }),
    migrate('prod', {
      name: 'prod-migrate',
      requires: ['stg-deploy'],
      command: 'rails db:migrate:prod',
      ...production,
    }),
    deploy('prod', { name: 'prod-deploy', service: 'hoge-apps-service-prod', requires: ['prod-migrate'] }),
  ];
  const twoEnvironments = async (): Promise<PipelineWorld> => {
    const world = await pipelineWorld();
    world.model.clusters.create('hoge-prod');
    world.model.logs.createGroup('/ecs/hoge-prod');
    // Both run what is in the one repository.
    family(world.model, 'hoge-service-prod', 'prod', { repository: 'hoge-stg' });
    await service(world.model, { env: 'prod', name: 'hoge-apps-service-prod', repository: 'hoge-stg' });
    return world;
  };

  it('the digest that staging proved is the one that production gets', async () => {
    const world = await twoEnvironments();
    const { green, result } = await run(world, { jobs: both(), last: ['prod-deploy'] });
    expect(green, outputOf(result)).toBe(true);
    const [staging] = serving(world, 'hoge-apps-service-stg');
    expect(serving(world, 'hoge-apps-service-prod')).toEqual([staging]);
    const [first, second] = world.slack.messages().map((message) => JSON.stringify(message));
    expect([first?.includes('hoge-apps-service-stg'), first?.includes('prod')]).toEqual([true, false]);
    expect([second?.includes('hoge-apps-service-prod'), second?.includes('service-stg')]).toEqual([true, false]);
  });

  it('a production migration that fails after a green staging is told with production’s facts', async () => {
    const world = await twoEnvironments();
    const logs = [{ atMs: 500, message: 'PG::UndefinedTable: relation "books" does not exist' }];
    world.model.behaviours.script({ command: 'rails db:migrate:prod' }, { runMs: 1_000, exitCode: 1, logs });
    const { result } = await run(world, { jobs: both(), last: ['prod-deploy'] });
    expect(statuses(result).at(3)).toEqual(['prod-migrate', 'failed']);
    const [, failure, ...more] = world.slack.messages().map((message) => JSON.stringify(message));
    expect(more).toEqual([]);
    expect(failure).toContain('PG::UndefinedTable');
    expect(failure).toContain('hoge-service-prod');
    expect(failure).not.toContain('stg.');
    expect(failure).not.toContain('service-stg');
  });

  it('a production job that cannot begin is told without staging’s facts', async () => {
    const world = await twoEnvironments();
    const auth = [{ run: { name: 'sign in', command: 'exit 1' } }];
    await run(world, { jobs: both({ auth }), last: ['prod-deploy'] });
    const failure = JSON.stringify(world.slack.messages().at(-1));
    expect(failure).toContain('prod-migrate');
    expect(failure).not.toContain('stg');
  });
});
