import { describe, expect, it } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { expand } from '../../src/tools.ts';
import { createWorkbench } from '../orb/support.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';
import { examine, registry, roleArn, trust } from './doctor-world.ts';

describe('doctor --config', () => {
  const config = (cluster: string): string => `version: 2.1
orbs: {migrate-deploy: org/migrate-deploy@1}
workflows:
  deploy:
    jobs:
      - migrate-deploy/build_image_and_push: {name: build, repo: shop}
      - migrate-deploy/db_migrate_on_task_run: {name: migrate, cluster: ${cluster}, task_definition: shop, overrides: o.json, network_from_service: shop, requires: [build]}
      - migrate-deploy/service_update_and_notify: {name: update, cluster: ${cluster}, family: shop, requires: [migrate]}
`;

  async function ofConfig(text: string, env: Record<string, string> = {}) {
    const bench = await createWorkbench();
    const files = memoryFiles({
      'c.yml': text,
      'orb.yml': bench.packed,
      'o.json': '{"containerOverrides":[{"name":"app","command":["x"]}]}',
    });
    await bench.close();
    return examine((world) => {
      world.args = ['doctor', 'c.yml', '--orb', 'org/migrate-deploy=orb.yml'];
      world.env = env;
      world.more = { files, circleCi: { expand } };
    });
  }

  it('checks what the stages of a push will touch', async () => {
    const { faults, findings } = await ofConfig(config('live'));
    expect(faults).toEqual([]);
    expect(findings.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['app migrates', 'shop is there (MUTABLE)']),
    );
    expect((await ofConfig(config('liv'))).faults).toEqual([
      expect.stringMatching(/^cluster: There is no cluster liv/),
    ]);
  });

  it('looks at the revision of the service that the migration takes it from', async () => {
    const fromService = (name: string): string =>
      config('live').replace('task_definition: shop', `task_definition_from_service: ${name}`);
    expect((await ofConfig(fromService('shop'))).faults).toEqual([]);
    expect((await ofConfig(fromService('shp'))).faults).toEqual([
      expect.stringContaining('There is no active task definition of the service shp'),
    ]);
  });

  it('before the first push the repository is empty, which is no fault', async () => {
    const { faults, findings } = await examine(
      ({ definition, model }) => {
        model.ecr.store.create('new');
        definition.containerDefinitions[0].image = `${registry}/new:latest`;
        // The image of `shop` is of no use here.
      },
      ['--repository', 'new'],
    );
    expect(faults).toEqual([]);
    expect(findings.map(({ text }) => text)).toContain('new is empty: the first push builds the image of app');
  });

  it('a push that runs no stage is no sound one', async () => {
    const text = 'version: 2.1\njobs: {a: {docker: [{image: x}], steps: [checkout]}}\nworkflows: {lint: {jobs: [a]}}\n';
    const { stderr, exitCode } = await ofConfig(text);
    expect(stderr).toContain('Error: No job of a push to branch main builds, migrates or deploys with migrate-deploy');
    expect(exitCode).toBe(2);
  });

  it('replaces variables as the job will, and asks for those that are not set here', async () => {
    expect((await ofConfig(config('$CLUSTER'), { CLUSTER: 'live' })).faults).toEqual([]);
    const { stderr, exitCode } = await ofConfig(config('$CLUSTER'));
    expect(stderr).toContain('Error: The config needs CLUSTER, which is not set here.');
    expect(exitCode).toBe(2);
  });
});

describe('doctor --config, of jobs that assume a role', () => {
  const organization = '11111111-2222-4333-8444-555555555555';
  const project = '66666666-7777-4888-8999-000000000000';
  const provider = `oidc.circleci.com/org/${organization}`;
  const ci = roleArn('ci');
  const config = `version: 2.1
orbs: {migrate-deploy: org/migrate-deploy@1}
workflows:
  deploy:
    jobs:
      - migrate-deploy/build_image_and_push: {name: build, role_arn: "${ci}", repo: shop}
      - migrate-deploy/db_migrate_on_task_run: {name: migrate, role_arn: "${ci}", cluster: live, task_definition: shop, overrides: o.json, network_from_service: shop, requires: [build]}
      - migrate-deploy/service_update_and_notify: {name: update, role_arn: "${ci}", cluster: live, service: shop, requires: [migrate]}
`;

  /** The policies that iam-policy prints for this pipeline. */
  async function printedPolicies(...more: string[]): Promise<{ policy: Json; trustPolicy: Json }> {
    const { stdout } = await runCommand([
      ...['iam-policy', '--account', '123456789012', '--region', 'eu-west-1', '--cluster', 'live'],
      ...['--repository', 'shop', '--task-definition', 'shop', '--service', 'shop', '--network-from-service', 'shop'],
      ...['--pass-role', `${roleArn('task')},${roleArn('execution')}`, '--log-group', '/ecs/shop'],
      ...['--organization-id', organization, '--project-id', project, '--output', 'json', ...more],
    ]);
    return JSON.parse(stdout);
  }

  async function ofRole(
    plant: (policies: { policy: Json; trustPolicy: Json }, model: LocalAws) => void = () => undefined,
    more: string[] = [],
  ) {
    const bench = await createWorkbench();
    const files = memoryFiles({
      'c.yml': config,
      'orb.yml': bench.packed,
      'o.json': '{"containerOverrides":[{"name":"app","command":["x"]}]}',
    });
    await bench.close();
    const policies = await printedPolicies('--branch', 'main');
    return examine((world) => {
      const { model } = world;
      model.identity.createOidcProvider({ url: `https://${provider}`, clientIds: [organization], keys: undefined });
      plant(policies, model);
      if (policies.trustPolicy !== undefined) model.identity.access.createRole('ci', policies.trustPolicy as never);
      model.identity.enforce(ci, policies.policy as never);
      world.args = ['doctor', 'c.yml', '--orb', 'org/migrate-deploy=orb.yml', ...more];
      world.more = { files, circleCi: { expand } };
    });
  }
  const condition = ({ trustPolicy }: { trustPolicy: Json }): Json => trustPolicy.Statement[0].Condition;
  const known = ['--organization-id', organization, '--project-id', project];

  it.each([[[]], [known]])('finds nothing where both policies are those that iam-policy prints: %j', async (more) => {
    const { findings, exitCode } = await ofRole(undefined, more);
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(exitCode).toBe(0);
    const texts = findings.map(({ text }) => text);
    expect(texts).toContain(`${ci} lets in the tokens of these jobs`);
    expect(texts).toContain(`The policies of ${ci} allow what the stages do`);
  });

  const faults: [string, Parameters<typeof ofRole>[0], string[], RegExp][] = [
    [
      'a role that there is not',
      (policies) => {
        policies.trustPolicy = undefined as never;
      },
      [],
      /^trust: There is no role .*role\/ci$/,
    ],
    [
      'a role for services alone',
      (policies) => {
        policies.trustPolicy = trust;
      },
      [],
      /^trust: .*role\/ci trusts no OIDC provider of CircleCI$/,
    ],
    [
      'the wrong action',
      ({ trustPolicy }) => {
        trustPolicy.Statement[0].Action = 'sts:AssumeRole';
      },
      [],
      /its Action is not sts:AssumeRoleWithWebIdentity$/,
    ],
    [
      'no provider in the account',
      (_policies, model) => {
        model.identity.providers.length = 0;
      },
      [],
      /^trust: There is no OIDC provider arn:aws:iam::123456789012:oidc-provider\/oidc\.circleci\.com/,
    ],
    [
      'a provider for another audience',
      (_policies, model) => {
        model.identity.providers.length = 0;
        model.identity.createOidcProvider({
          url: `https://${provider}`,
          clientIds: ['sts.amazonaws.com'],
          keys: undefined,
        });
      },
      [],
      /takes the audience sts\.amazonaws\.com, not 11111111/,
    ],
    [
      'a trust policy for another audience',
      (policies) => {
        condition(policies).StringEquals[`${provider}:aud`] = 'sts.amazonaws.com';
      },
      [],
      /wants the audience sts\.amazonaws\.com; that of the tokens is 11111111/,
    ],
    [
      'another branch',
      (policies) => {
        const { StringLike } = condition(policies);
        StringLike[`${provider}:sub`] = StringLike[`${provider}:sub`].replace('/main', '/staging');
      },
      [],
      /wants the subject .*refs\/heads\/staging; that of a job is .*vcs-ref\/refs\/heads\/main$/,
    ],
    [
      'a subject without its end',
      (policies) => {
        condition(policies).StringLike[`${provider}:sub`] = `org/${organization}/project/${project}/user`;
      },
      [],
      /wants the subject .*\/user; that of a job is/,
    ],
    [
      'the placeholder of the printed policy',
      (policies) => {
        condition(policies).StringLike[`${provider}:sub`] = `org/${organization}/project/PROJECT_ID/user/*`;
      },
      [],
      /still has the placeholder PROJECT_ID/,
    ],
    [
      'another project',
      undefined,
      ['--project-id', '00000000-0000-4000-8000-000000000000'],
      /wants the subject .*; that of a job is .*00000000-0000/,
    ],
    [
      'another organization',
      undefined,
      ['--organization-id', '00000000-0000-4000-8000-000000000000'],
      /trusts the organization 11111111.*, and yours is 00000000/,
    ],
    [
      'an action that the role lacks, whatever the caller may do',
      ({ policy }) => {
        policy.Statement = policy.Statement.filter(({ Sid }: Json) => Sid !== 'UpdateServices');
      },
      [],
      /^permission: arn:aws:iam::123456789012:role\/ci is not authorized to ecs:UpdateService$/,
    ],
  ];
  it.each(faults)('names %s, and nothing else', async (_, plant, more, expected) => {
    const { faults: found, exitCode } = await ofRole(plant, more);
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(exitCode).toBe(2);
  });

  it('says ? of a condition that it cannot judge', async () => {
    const { findings, faults: found } = await ofRole((policies) => {
      condition(policies).IpAddress = { 'aws:SourceIp': '192.0.2.0/24' };
    });
    expect(found).toEqual([]);
    expect(findings.filter(({ state }) => state === 'unknown').map(({ text }) => text)).toEqual([
      `${ci} has the condition IpAddress aws:SourceIp: not judged`,
    ]);
  });
});
