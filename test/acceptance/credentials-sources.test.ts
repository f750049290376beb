import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountId, deployRole, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
const operations = ({ model }: PipelineWorld): string[] => model.requests.map(({ operation }) => operation);
const callers = ({ model }: PipelineWorld, operation: string): (string | undefined)[] =>
  model.requests.filter((request) => request.operation === operation).map(({ principal }) => principal?.arn);
const wait = ['wait-for-task', '--cluster', 'hoge-stg', '--task', '0'.repeat(32)];
const look = ['status', '--cluster', 'hoge-stg', '--service', 'hoge-apps-service-stg'];

describe('who the program is', () => {
  it('static keys from the environment', async () => {
    const world = await pipelineWorld();
    const user = world.model.identity.access.createUser('ci-user');
    const env = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
    expect((await world.run(look, { env })).exitCode).toBe(0);
    expect(new Set(callers(world, 'DescribeServices'))).toEqual(new Set([user.arn]));
  });

  it('a profile of the shared files', async () => {
    const world = await pipelineWorld();
    const user = world.model.identity.access.createUser('profile-user');
    const file = join(world.folder, 'credentials');
    const keys = `aws_access_key_id = ${user.accessKeyId}\naws_secret_access_key = ${user.secretAccessKey}\n`;
    await writeFile(file, `[stg]\n${keys}`);
    const env = { ...none, AWS_SHARED_CREDENTIALS_FILE: file };
    expect((await world.run([...look, '--profile', 'stg'], { env })).exitCode).toBe(0);
    expect(callers(world, 'DescribeServices')[0]).toBe(user.arn);
  });

  it('the role, by the job’s token alone, under the job’s name', async () => {
    const world = await pipelineWorld();
    const env = {
      ...none,
      CIRCLE_OIDC_TOKEN_V2: await world.issuer.token(),
      CIRCLE_PROJECT_REPONAME: 'hoge',
      CIRCLE_JOB: 'deploy to stg!',
      CIRCLE_BUILD_NUM: '7',
    };
    const { exitCode } = await world.run([...look, '--role-arn', deployRole, '--expect-account', accountId], { env });
    expect(exitCode).toBe(0);
    expect(operations(world).slice(0, 3)).toEqual([
      'AssumeRoleWithWebIdentity',
      'GetCallerIdentity',
      'DescribeServices',
    ]);
    expect(callers(world, 'DescribeServices')[0]).toBe(
      `arn:aws:sts::${accountId}:assumed-role/deploy/hoge-deploy-to-stg-7`,
    );
  });

  it('the role even where static keys lie around', async () => {
    const world = await pipelineWorld();
    const env = { CIRCLE_OIDC_TOKEN_V2: await world.issuer.token() };
    await world.run([...look, '--role-arn', deployRole], { env });
    expect(callers(world, 'DescribeServices')[0]).toContain('assumed-role/deploy/');
  });

  it('a role that is assumed from ambient credentials', async () => {
    const world = await pipelineWorld();
    const user = world.model.identity.access.createUser('base');
    const Statement = { Effect: 'Allow' as const, Principal: { AWS: user.arn }, Action: 'sts:AssumeRole' };
    const { arn } = world.model.identity.access.createRole('chained', { Statement });
    const env = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
    expect((await world.run([...look, '--role-arn', arn], { env })).exitCode).toBe(0);
    expect(callers(world, 'DescribeServices')[0]).toContain('assumed-role/chained/');
  });
});

describe('a migration longer than the session', () => {
  it('goes on: the session is renewed, with a token of the circleci program once the job’s has expired', async () => {
    const world = await pipelineWorld();
    world.model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 3 * 3_600_000, exitCode: 0 });
    const token = await world.issuer.token();
    const fresh = await world.issuer.token({ livesMs: 6 * 3_600_000 });
    await mkdir(join(world.folder, 'tokens'));
    await writeFile(join(world.folder, 'tokens/fresh'), fresh);
    const log = join(world.folder, 'circleci-calls');
    await world.program('circleci', `echo "$@" >> ${log}\ncat ${join(world.folder, 'tokens/fresh')}`);
    const env = { ...none, CIRCLE_OIDC_TOKEN_V2: token };
    const args = ['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg'];
    const more = ['--network-from-service', 'hoge-apps-service-stg', '--timeout', '4h', '--role-arn', deployRole];
    const { exitCode, stdout, stderr } = await world.run([...args, ...more, '--', 'rails', 'db:migrate'], { env });
    expect(stdout + stderr).toMatch(/succeeded: container \S+ ended with exit code 0/);
    expect(exitCode).toBe(0);
    expect(operations(world).filter((operation) => operation === 'AssumeRoleWithWebIdentity').length).toBeGreaterThan(
      2,
    );
    expect(world.model.requests.filter(({ errorType }) => errorType?.startsWith('Expired'))).toEqual([]);
    expect((await world.filesLeft()).get('circleci-calls')).toContain(
      `run oidc get --claims {"aud":"${world.issuer.organizationId}"}`,
    );
    expect(world.model.truth.tasksThatRan('hoge-stg').length).toBeGreaterThan(0);
  });
});

describe('each fault says what is wrong and what to do, exit 2, before anything else', () => {
  it.each<[string, (world: PipelineWorld) => Promise<{ args: string[]; env: Record<string, string> }>, string, RegExp]>(
    [
      [
        'no credentials at all',
        async () => ({ args: look, env: none }),
        'Error: There are no AWS credentials.',
        /Fix: Add the CircleCI context/,
      ],
      [
        'a token that is missing since the context is missing',
        async () => ({ args: [...look, '--role-arn', deployRole], env: none }),
        `Error: There is nothing to assume the role ${deployRole} with.`,
        /Fix: Give the job a context in its workflow/,
      ],
      [
        'a role that does not trust this project',
        async ({ issuer }) => ({
          args: [...look, '--role-arn', deployRole],
          env: { ...none, CIRCLE_OIDC_TOKEN_V2: await issuer.token({ projectId: 'another' }) },
        }),
        `Error: The role ${deployRole} does not trust this CircleCI job.`,
        /Fix: .*subject org\/[^ ]+\/project\/another\/user\//,
      ],
      [
        'an expired token',
        async (world) => {
          const token = await world.issuer.token();
          world.model.clock.advance(7_200_000);
          return { args: [...look, '--role-arn', deployRole], env: { ...none, CIRCLE_OIDC_TOKEN_V2: token } };
        },
        'Error: The OIDC token of this job has expired.',
        /Fix: .*--session-duration/,
      ],
      [
        'the wrong account',
        async () => ({ args: [...look, '--expect-account', '444455556666'], env: {} }),
        `Error: These credentials belong to account ${accountId}, not to 444455556666.`,
        /Fix: Use the CircleCI context/,
      ],
      [
        'keys that AWS does not know',
        async ({ model }) => {
          model.identity.access.createUser('somebody');
          return { args: look, env: {} };
        },
        'Error: AWS does not accept these credentials.',
        /Fix: Check AWS_ACCESS_KEY_ID/,
      ],
      [
        'a profile that does not exist',
        async () => ({ args: [...look, '--profile', 'nope'], env: none }),
        'Error: The profile nope gives no credentials.',
        /Fix: Check its name in the AWS configuration files/,
      ],
      [
        'no region',
        async () => ({ args: look, env: { AWS_REGION: '', AWS_DEFAULT_REGION: '' } }),
        'Error: The AWS region is not known.',
        /Fix: Set AWS_REGION/,
      ],
    ],
  )('%s', async (_fault, arrange, what, fix) => {
    const world = await pipelineWorld();
    const { args, env } = await arrange(world);
    world.model.requests.length = 0;
    const { exitCode, stderr } = await world.run(args, { env });
    expect(stderr).toContain(what);
    expect(stderr).toMatch(fix);
    expect(exitCode).toBe(2);
    expect(operations(world).filter((operation) => !/^(Assume|GetCallerIdentity)/.test(operation)).length).toBeLessThan(
      2,
    );
  });

  it('a session that nobody can renew names the task and how to resume', async () => {
    const world = await pipelineWorld();
    world.model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 3 * 3_600_000, exitCode: 0 });
    const env = { ...none, CIRCLE_OIDC_TOKEN_V2: await world.issuer.token() };
    const args = ['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg'];
    const more = ['--network-from-service', 'hoge-apps-service-stg', '--timeout', '4h', '--role-arn', deployRole];
    const { exitCode, stdout, stderr } = await world.run([...args, ...more, '--', 'rails'], { env });
    expect(stdout + stderr).toContain('The OIDC token of this job has expired.');
    expect(stdout + stderr).toMatch(/wait-for-task .*--task /);
    expect(exitCode).toBe(2);
  });

  it('a session that expired while a task is waited for names the task and how to resume', async () => {
    const world = await pipelineWorld();
    world.model.behaviours.script({ family: 'hoge-service-stg' }, { runMs: 3_600_000, exitCode: 0 });
    const Statement = { Effect: 'Allow' as const, Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };
    const role = world.model.identity.access.createRole('short', { Statement });
    const { Credentials } = world.model.identity.access.openSession(role, 'ambient', 900);
    const env = {
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    const args = ['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg'];
    const where = ['--network-from-service', 'hoge-apps-service-stg'];
    const { exitCode, stdout, stderr } = await world.run([...args, ...where, '--', 'rails'], { env });
    expect(stdout + stderr).toContain('The AWS session expired');
    expect(stdout + stderr).toContain('wait-for-task');
    expect(exitCode).toBe(2);
  });
});

it('every command that speaks to AWS checks the account first', async () => {
  const world = await pipelineWorld();
  for (const args of [
    wait,
    look,
    ['run-migration-task', '--cluster', 'c', '--task-definition', 'd', '--', 'x'],
    ['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v1'],
  ]) {
    world.model.requests.length = 0;
    const { exitCode, stderr } = await world.run([args[0] ?? '', '--expect-account', '444455556666', ...args.slice(1)]);
    expect(stderr).toContain('These credentials belong to account');
    expect(exitCode).toBe(2);
    expect(operations(world)).toEqual(['GetCallerIdentity']);
  }
});
