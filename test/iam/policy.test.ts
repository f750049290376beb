import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../local/aws/clock.ts';
import { createOidcIssuer } from '../../local/aws/identity/oidc-issuer.ts';
import type { PolicyDocument } from '../../local/aws/identity/policy.ts';
import { trusts } from '../../local/aws/identity/web-identity.ts';
import { iamPolicyOptions, policyOptions } from '../../src/commands/iam-policy.ts';
import { type IamPolicies, iamPolicies } from '../../src/iam/policy.ts';
import { errorsOf, valuesOf } from '../support/options.ts';

async function policiesOf(given: Record<string, unknown>, env: Record<string, string> = {}): Promise<IamPolicies> {
  return iamPolicies(policyOptions(await valuesOf(iamPolicyOptions, given, env)));
}

const uuid = '11111111-2222-4333-8444-555555555555';

const statementsOf = async (given: Record<string, unknown>) =>
  (await policiesOf(given)).policy.Statement as {
    Sid: string;
    Action: string[];
    Resource: string | string[];
    Condition?: object;
  }[];
const actionsOf = async (given: Record<string, unknown>): Promise<string[]> =>
  [...new Set((await statementsOf(given)).flatMap(({ Action }) => Action))].sort();
const statement = async (given: Record<string, unknown>, sid: string) =>
  (await statementsOf(given)).find(({ Sid }) => Sid === sid);

const scope = {
  account: '111122223333',
  region: 'eu-west-1',
  cluster: 'hoge-stg',
  repository: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/hoge-stg',
  'task-definition': 'hoge-service-stg:7',
  service: 'hoge-apps-service-stg',
  'log-group': '/ecs/hoge',
  'pass-role': 'arn:aws:iam::111122223333:role/task',
};

describe('the policy', () => {
  it('is narrowed to what was named', async () => {
    expect((await policiesOf({ ...scope, 'organization-id': uuid, 'project-id': uuid })).wide).toEqual([]);
    expect((await statement(scope, 'PushImages'))?.Resource).toBe(
      'arn:aws:ecr:eu-west-1:111122223333:repository/hoge-stg',
    );
    expect(await statement(scope, 'RunTasks')).toMatchObject({
      Resource: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/hoge-service-stg:*',
      Condition: { ArnLike: { 'ecs:cluster': 'arn:aws:ecs:eu-west-1:111122223333:cluster/hoge-stg' } },
    });
    expect(await statement(scope, 'PassRolesOfTasks')).toMatchObject({
      Resource: 'arn:aws:iam::111122223333:role/task',
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
    expect((await statement(scope, 'UpdateServices'))?.Resource).toBe(
      'arn:aws:ecs:eu-west-1:111122223333:service/hoge-stg/hoge-apps-service-stg',
    );
    expect((await statement(scope, 'ReadLogs'))?.Resource).toBe(
      'arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/hoge:log-stream:*',
    );
  });

  it('says what it could not narrow, and how', async () => {
    expect((await policiesOf({})).wide).toHaveLength(10);
    expect((await policiesOf({})).wide[0]).toBe('It allows every account: narrow it with --account');
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'a migration on a definition as it is',
      { for: 'run-migration-task' },
      [
        'ecs:DescribeTaskDefinition',
        'ecs:DescribeTasks',
        'ecs:ListTasks',
        'ecs:RunTask',
        'iam:PassRole',
        'logs:GetLogEvents',
      ],
    ],
    [
      'the same without logs',
      { for: 'run-migration-task', logs: false },
      ['ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:RunTask', 'iam:PassRole'],
    ],
    [
      'waiting',
      { for: 'wait-for-task' },
      ['ecs:DescribeClusters', 'ecs:DescribeTaskDefinition', 'ecs:DescribeTasks', 'logs:GetLogEvents'],
    ],
  ])('of %s holds just its actions', async (_what, given, actions) => {
    expect(await actionsOf(given)).toEqual(actions);
  });

  it.each([
    [
      '--image',
      { for: 'run-migration-task', image: 'x' },
      ['ecr:DescribeImages', 'ecs:DeregisterTaskDefinition', 'ecs:RegisterTaskDefinition', 'ecs:TagResource'],
    ],
    ['--tag', { for: 'run-migration-task', tag: 'a=b' }, ['ecs:TagResource']],
    ['--on-timeout stop', { for: 'run-migration-task', 'on-timeout': 'stop' }, ['ecs:StopTask']],
    ['--on-interrupt stop', { for: 'wait-for-task', 'on-interrupt': 'stop' }, ['ecs:StopTask']],
    [
      '--task-definition-from-service',
      { for: 'run-migration-task', 'task-definition-from-service': 'web' },
      ['ecs:DescribeServices'],
    ],
    ['--network-from-service', { for: 'run-migration-task', 'network-from-service': 'web' }, ['ecs:DescribeServices']],
    [
      '--on-failure rollback',
      { for: 'update-service-and-verify', 'on-failure': 'rollback' },
      ['ecs:StopServiceDeployment'],
    ],
    ['--create-repository', { for: 'build-and-push-image', 'create-repository': true }, ['ecr:CreateRepository']],
    [
      '--put-lifecycle-policy and --set-repository-policy',
      {
        ...{ for: 'build-and-push-image', 'create-repository': true },
        ...{ 'put-lifecycle-policy': true, 'set-repository-policy': true },
      },
      ['ecr:CreateRepository', 'ecr:PutLifecyclePolicy', 'ecr:SetRepositoryPolicy'],
    ],
  ])('grows by %s', async (option, given, more) => {
    const { for: command } = given;
    const before = await actionsOf({ for: command });
    expect((await actionsOf(given)).filter((action) => !before.includes(action))).toEqual(more);
    expect(option).toMatch(/^--/);
  });

  it('of commands, accounts and roles that are none is an option error', async () => {
    expect(await errorsOf(iamPolicyOptions, { for: 'deploy', account: '12', 'pass-role': 'task' })).toEqual([
      '--for must be one of build-and-push-image, run-migration-task, wait-for-task, update-service-and-verify, status, rollback-service, continue-deployment, not "deploy"',
      '--account must be the 12 digits of an AWS account, not "12"',
      '--pass-role must be the ARN of a role, not "task"',
    ]);
  });

  it('takes region and account of a repository from its address', async () => {
    const repository = '999988887777.dkr.ecr.us-east-1.amazonaws.com/shared';
    expect((await statement({ ...scope, repository }, 'PushImages'))?.Resource).toBe(
      'arn:aws:ecr:us-east-1:999988887777:repository/shared',
    );
  });

  it('knows the partitions', async () => {
    expect((await statement({ ...scope, region: 'cn-north-1' }, 'RunTasks'))?.Resource).toContain(
      'arn:aws-cn:ecs:cn-north-1',
    );
  });
});

describe('the trust policy', () => {
  it.each([
    ['a job of the project', {}, true],
    ['a job of another project', { projectId: 'other' }, false],
    ['a job of another branch', { vcsRef: 'refs/heads/main' }, false],
  ])('lets in %s: %o → %s', async (_who, claims, allowed) => {
    const issuer = await createOidcIssuer(new VirtualClock());
    const { trustPolicy } = await policiesOf({
      account: '111122223333',
      'organization-id': issuer.organizationId,
      'project-id': issuer.projectId,
      branch: 'staging',
    });
    const provider = {
      arn: `arn:aws:iam::111122223333:oidc-provider/${issuer.url.slice(8)}`,
      url: issuer.url,
      clientIds: [],
      keys: issuer.keys,
    };
    const token = decodeJwt(await issuer.token(claims));
    expect(trusts(trustPolicy as unknown as PolicyDocument, provider, token)).toBe(allowed);
  });

  it('takes organization and project from a CircleCI job', async () => {
    const { trustPolicy, wide } = await policiesOf(scope, {
      CIRCLE_ORGANIZATION_ID: uuid,
      CIRCLE_PROJECT_ID: uuid,
    });
    expect(JSON.stringify(trustPolicy)).toContain(`org/${uuid}/project/${uuid}/user/*`);
    expect(wide).toEqual([]);
  });
});
