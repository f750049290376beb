import { beforeAll, describe, expect, it } from 'vitest';
import type { RunOptions, WorkflowResult } from '../../local/circleci/runner.ts';
import { mapOf, type YamlMap } from '../../local/circleci/yaml.ts';
import { orbFiles } from '../orb/support.ts';
import { outputOf, runConfig, staticKeys, statuses } from './orb-world.ts';
import { accountId, deployRole, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

/** The orb with the built bundle, the article's config, local CircleCI and local AWS: what a push to `staging` does. */
let article: YamlMap = {};
beforeAll(async () => {
  const files = await orbFiles('examples');
  article = mapOf(files.find(({ name }) => name === 'build_migrate_deploy')?.body.usage, 'usage');
});

const jobNames = ['build-image-and-push', 'db-migrate-on-task-run', 'service-update-and-notify'];

interface PushOptions extends Partial<RunOptions> {
  more?: YamlMap;
  migrate?: YamlMap;
  variables?: Record<string, string>;
}

/** Pushes to `staging`; `more` goes to every job of the orb, `migrate` to the second alone, `variables` into the context beside Slack's webhook. */
async function push(
  world: PipelineWorld,
  { more = {}, migrate = {}, variables = {}, ...options }: PushOptions,
): Promise<WorkflowResult> {
  const config = structuredClone(article);
  const workflows = mapOf(config.workflows, 'workflows');
  const stg = mapOf(workflows['db-migrate-and-deploy-to-stg'], 'stg');
  // The article's tasks run in the bridge network of EC2; those of this world are on Fargate and need one.
  const network: Readonly<Record<string, YamlMap>> = {
    'migrate-deploy/db_migrate_on_task_run': { network_from_service: 'hoge-apps-service-stg', ...migrate },
  };
  stg.jobs = (stg.jobs as YamlMap[]).map((call) =>
    Object.fromEntries(
      Object.entries(call).map(([name, given]) => [name, { ...mapOf(given, name), ...network[name], ...more }]),
    ),
  );
  const context = { SLACK_WEBHOOK: world.slack.webhookUrl, ...variables };
  return runConfig(world, config, { branch: 'staging', contexts: { 'aws-stg': context }, ...options });
}

const migrations = ({ model }: PipelineWorld) =>
  model.truth.runs.filter(({ command }) => command.join(' ') === 'rails db:migrate');
const callers = ({ model }: PipelineWorld, operation: string) => [
  ...new Set(
    model.requests.filter((request) => request.operation === operation).map(({ principal }) => principal?.arn),
  ),
];

describe('a push to staging', () => {
  it('with static keys builds, migrates once, deploys the same digest and tells Slack in the article’s words', async () => {
    const world = await pipelineWorld();
    const result = await push(world, { variables: staticKeys(world) });
    expect(statuses(result), outputOf(result)).toEqual(jobNames.map((name) => [name, 'success']));
    const serving = world.model.truth.serving('hoge-apps-service-stg').imageDigests;
    expect(serving).toHaveLength(1);
    expect(migrations(world).map(({ imageDigest, exitCode }) => [imageDigest, exitCode])).toEqual([[serving[0], 0]]);
    expect(world.slack.messages()).toHaveLength(1);
    expect(JSON.stringify(world.slack.messages()[0])).toContain(
      ':circleci-pass: staging のデプロイが完了しました\\n:github_octocat: User:octocat',
    );
    expect(callers(world, 'RunTask')).toEqual([`arn:aws:iam::${accountId}:user/circleci`]);
  });

  it('with only role_arn and the job’s OIDC token does the same, through a migration that outlives the session', async () => {
    const world = await pipelineWorld();
    world.model.behaviours.script({ command: 'rails db:migrate' }, { runMs: 3 * 3_600_000, exitCode: 0 });
    const tokens: string[] = [];
    const result = await push(world, {
      more: { role_arn: deployRole, expect_account: accountId, session_duration: '1h' },
      migrate: { timeout: '4h' },
      mintToken: async () => {
        tokens.push(await world.issuer.token());
        return tokens.at(-1) ?? '';
      },
    });
    expect(statuses(result), outputOf(result)).toEqual(jobNames.map((name) => [name, 'success']));
    const session = `arn:aws:sts::${accountId}:assumed-role/deploy/`;
    for (const operation of ['GetAuthorizationToken', 'RunTask', 'DescribeTasks', 'UpdateService']) {
      const strangers = callers(world, operation).filter((arn) => arn?.startsWith(session) !== true);
      expect([operation, strangers, callers(world, operation).length > 0]).toEqual([operation, [], true]);
    }
    expect(migrations(world).map(({ exitCode }) => exitCode)).toEqual([0]);
    // One token for each of the three jobs, and fresh ones from `circleci run oidc get` while the migration ran.
    expect(tokens.length).toBeGreaterThan(4);
    for (const secret of [...tokens, world.slack.webhookUrl]) expect(outputOf(result)).not.toContain(secret);
  });

  it('whose migration fails says why in the log and in Slack, and leaves the service as it was', async () => {
    const world = await pipelineWorld();
    const before = world.model.truth.serving('hoge-apps-service-stg').imageDigests;
    const logs = [{ atMs: 500, message: 'PG::NotNullViolation: column "author" contains null values' }];
    world.model.behaviours.script({ command: 'rails db:migrate' }, { runMs: 1_000, exitCode: 1, logs });
    const result = await push(world, { variables: staticKeys(world) });
    expect(statuses(result)).toEqual([
      ['build-image-and-push', 'success'],
      ['db-migrate-on-task-run', 'failed'],
      ['service-update-and-notify', 'not_run'],
    ]);
    expect(outputOf(result)).toContain('PG::NotNullViolation');
    expect(world.slack.messages()).toHaveLength(1);
    expect(JSON.stringify(world.slack.messages()[0])).toContain('PG::NotNullViolation');
    expect(world.model.truth.serving('hoge-apps-service-stg').imageDigests).toEqual(before);
  });

  it('whose new version crashes is red, and Slack hears the article’s failure', async () => {
    const world = await pipelineWorld();
    const before = world.model.truth.serving('hoge-apps-service-stg').imageDigests;
    world.model.behaviours.script(
      { kind: 'service', taskDefinition: 'hoge-apps-service-stg:2' },
      { runMs: 2_000, exitCode: 1, logs: [{ atMs: 100, message: 'cannot load such file -- bootsnap' }] },
    );
    const result = await push(world, { variables: staticKeys(world) });
    expect(statuses(result)[2]).toEqual(['service-update-and-notify', 'failed']);
    expect(outputOf(result)).toContain('cannot load such file -- bootsnap');
    expect(JSON.stringify(world.slack.messages())).toContain(':circleci-fail: staging のデプロイが失敗しました');
    expect(world.model.truth.serving('hoge-apps-service-stg').imageDigests).toEqual(before);
  });

  it('whose second job has the wrong account’s credentials tells Slack so, though no stage began', async () => {
    const world = await pipelineWorld();
    const migrate = { expect_account: '999999999999' };
    const result = await push(world, { migrate, variables: staticKeys(world) });
    expect(statuses(result)[1]).toEqual(['db-migrate-on-task-run', 'failed']);
    expect(migrations(world)).toEqual([]);
    expect(world.slack.messages()).toHaveLength(1);
    const text = JSON.stringify(world.slack.messages()[0]);
    expect(text).toContain('migration refused');
    expect(text).toContain(`These credentials belong to account ${accountId}, not to 999999999999.`);
    expect(text).toContain('*Fix:* Use the CircleCI context');
  });

  it('without any credentials is red in the first job, with the reason, and nothing was touched', async () => {
    const world = await pipelineWorld();
    const result = await push(world, {});
    expect(statuses(result)[0]).toEqual(['build-image-and-push', 'failed']);
    expect(result.jobs[0]?.steps.find(({ status }) => status === 'failed')).toMatchObject({
      name: 'Build and push the image',
      exitCode: 2,
    });
    expect(migrations(world)).toEqual([]);
    expect(world.slack.messages()).toHaveLength(1);
  });
});
