import { beforeEach, describe, expect, it } from 'vitest';
import { createOidcIssuer, type OidcIssuer } from '../../local/aws/identity/oidc-issuer.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { requestHandler } from '../../local/aws/request-handler.ts';
import { connectAws } from '../../src/aws/connect.ts';
import { UserError } from '../../src/errors.ts';
import type { AwsOptions } from '../../src/options/shared.ts';
import type { ProcessRunner } from '../../src/ports.ts';
import { clockOf } from '../support/in-process.ts';

const account = '123456789012';
const roleArn = `arn:aws:iam::${account}:role/deployer`;
let model: LocalAws;
let issuer: OidcIssuer;

beforeEach(async () => {
  model = new LocalAws();
  issuer = await createOidcIssuer(model.clock);
  const { arn } = model.identity.createOidcProvider({
    url: issuer.url,
    clientIds: [issuer.organizationId],
    keys: issuer.keys,
  });
  const Statement = {
    Effect: 'Allow' as const,
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringLike: { [`${issuer.url.slice(8)}:sub`]: `org/${issuer.organizationId}/project/${issuer.projectId}/*` },
    },
  };
  model.identity.access.createRole('deployer', { Statement }, { maxSessionDurationS: 43_200 });
});

interface Setting {
  options?: Partial<AwsOptions>;
  env?: Record<string, string>;
  /** What `circleci run oidc get` prints; absent: there is no such program. */
  circleci?: (signal: AbortSignal | undefined) => Promise<string>;
  ambient?: boolean;
}

const calls: string[][] = [];

function signIn({ options = {}, env = {}, circleci, ambient = false }: Setting) {
  const processes: ProcessRunner = {
    run: async (command, args, { signal } = {}) => {
      calls.push([command, ...args]);
      if (circleci === undefined) throw new UserError('circleci could not be started.', { code: 'ENOENT' });
      return { code: 0, stdout: `${await circleci(signal)}\n`, tail: '' };
    },
  };
  return connectAws(
    {
      region: 'eu-west-1',
      profile: undefined,
      roleArn,
      roleSessionName: undefined,
      sessionDurationMs: undefined,
      expectAccount: undefined,
      requestTimeoutMs: 15_000,
      ...options,
    },
    {
      env,
      version: '0',
      clock: clockOf(model.clock),
      random: () => 0.5,
      requestHandler: requestHandler(model),
      processes,
      ...(ambient ? { credentials: async () => ({ accessKeyId: 'AKIAAMBIENT', secretAccessKey: 's' }) } : {}),
    },
  );
}

const operations = (): string[] => model.requests.map(({ operation }) => operation);
const faultOf = (signingIn: Promise<unknown>): Promise<UserError> =>
  signingIn.then(
    () => expect.unreachable('signing in should have failed'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(UserError);
      return error as UserError;
    },
  );

describe('with a job’s OIDC token', () => {
  it('assumes the role before anything else and works as that role', async () => {
    const aws = await signIn({
      env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token(), CIRCLE_JOB: 'deploy: stg', CIRCLE_BUILD_NUM: '42' },
    });
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity']);
    expect((await aws.sts.getCallerIdentity()).Arn).toBe(`arn:aws:sts::${account}:assumed-role/deployer/deploy-stg-42`);
  });

  it('takes CIRCLE_OIDC_TOKEN where there is no V2', async () => {
    await signIn({ env: { CIRCLE_OIDC_TOKEN_V2: '', CIRCLE_OIDC_TOKEN: await issuer.token() } });
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity']);
  });

  it('asks for the session that was wished for', async () => {
    await signIn({
      options: { roleSessionName: 'デプロイ by me', sessionDurationMs: 7_200_000 },
      env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() },
    });
    expect(model.requests[0]?.input).toMatchObject({ RoleSessionName: '-by-me', DurationSeconds: '7200' });
  });

  it('renews the session during a long wait, with a fresh token of the circleci program', async () => {
    const aws = await signIn({
      env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() },
      circleci: () => issuer.token(),
    });
    calls.length = 0;
    for (let minute = 0; minute < 180; minute++) {
      await aws.sts.getCallerIdentity();
      model.clock.advance(60_000);
    }
    expect(operations().filter((operation) => operation === 'AssumeRoleWithWebIdentity').length).toBeGreaterThan(2);
    expect(calls[0]).toEqual(['circleci', 'run', 'oidc', 'get', '--claims', `{"aud":"${issuer.organizationId}"}`]);
    expect(model.requests.every(({ status }) => status === 200)).toBe(true);
  });

  it('does not wait for a circleci program that hangs', async () => {
    let signal: AbortSignal | undefined;
    await signIn({
      env: { CIRCLECI: 'true', CIRCLE_ORGANIZATION_ID: issuer.organizationId },
      circleci: (given) => {
        signal = given;
        return issuer.token();
      },
    });
    expect(signal).toBeInstanceOf(AbortSignal);
  });

  it('keeps a session that is still good when renewing it fails', async () => {
    const aws = await signIn({
      options: { sessionDurationMs: 3_720_000 },
      env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() },
    });
    model.clock.advance(3_600_000);
    await expect(aws.sts.getCallerIdentity()).resolves.toMatchObject({ Account: account });
    model.clock.advance(120_000);
    const fault = await faultOf(aws.sts.getCallerIdentity());
    expect(fault).toMatchObject({ message: 'The OIDC token of this job has expired.', code: 'ExpiredToken' });
  });

  it('mints a token in a CircleCI job that was given none', async () => {
    await signIn({
      env: { CIRCLECI: 'true', CIRCLE_ORGANIZATION_ID: issuer.organizationId },
      circleci: () => issuer.token(),
    });
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity']);
  });

  it('asks again when STS could not reach CircleCI', async () => {
    model.faults.script({ service: 'sts', kind: 'error', type: 'IDPCommunicationError', message: 'no keys', times: 2 });
    await signIn({ env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() } });
    expect(operations()).toHaveLength(3);
  });
});

describe('with the credentials at hand', () => {
  const chained = `arn:aws:iam::${account}:role/chained`;
  beforeEach(() => {
    const Statement = {
      Effect: 'Allow' as const,
      Principal: { AWS: `arn:aws:iam::${account}:user/ci` },
      Action: 'sts:AssumeRole',
    };
    model.identity.access.createRole('chained', { Statement });
  });

  it('chains into the role', async () => {
    const aws = await signIn({ options: { roleArn: chained }, ambient: true });
    expect(operations()).toEqual(['AssumeRole']);
    expect((await aws.sts.getCallerIdentity()).Arn).toContain('assumed-role/chained/migrate-deploy');
  });

  it('also when the token is not trusted, since CircleCI gives every job one', async () => {
    const env = { CIRCLE_OIDC_TOKEN_V2: await issuer.token() };
    await signIn({ options: { roleArn: chained }, ambient: true, env });
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity', 'AssumeRole']);
  });

  it('names both refusals when neither is trusted', async () => {
    const env = { CIRCLE_OIDC_TOKEN_V2: await issuer.token({ projectId: 'other' }) };
    const fault = await faultOf(signIn({ ambient: true, env }));
    expect(fault.message).toBe(`The role ${roleArn} does not trust this CircleCI job.`);
    expect(fault.why).toMatch(/AssumeRoleWithWebIdentity.*With the credentials at hand: .*sts:AssumeRole on resource/);
  });
});

describe('each fault has its own message and fix', () => {
  it('a role that does not trust the job', async () => {
    const token = await issuer.token({ projectId: 'other' });
    const fault = await faultOf(signIn({ env: { CIRCLE_OIDC_TOKEN_V2: token } }));
    expect(fault.message).toBe(`The role ${roleArn} does not trust this CircleCI job.`);
    expect(fault.fix).toContain(`subject org/${issuer.organizationId}/project/other/user/`);
    expect(`${fault.message} ${fault.why} ${fault.fix}`).not.toContain(token);
  });

  it('an account without the identity provider', async () => {
    model.identity.providers.length = 0;
    const fault = await faultOf(signIn({ env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() } }));
    expect(fault.message).toBe(`Account ${account} does not know CircleCI as an identity provider.`);
    expect(fault.fix).toBe(
      `Create it once: aws iam create-open-id-connect-provider --url ${issuer.url} --client-id-list ${issuer.organizationId}`,
    );
  });

  it('an audience that the provider does not list', async () => {
    const fault = await faultOf(signIn({ env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token({ audience: 'other' }) } }));
    expect(fault.message).toBe('AWS does not accept the OIDC token of this job.');
    expect(fault.fix).toContain('audience other');
  });

  it('a token that expired, and nobody gives another', async () => {
    const token = await issuer.token();
    model.clock.advance(7_200_000);
    const fault = await faultOf(signIn({ env: { CIRCLE_OIDC_TOKEN_V2: token } }));
    expect(fault.message).toBe('The OIDC token of this job has expired.');
    expect(model.requests).toEqual([]);
  });

  it('no token and no credentials: the context was forgotten', async () => {
    const noCredentials = () => {
      throw Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      });
    };
    const signingIn = connectAws(
      {
        region: 'eu-west-1',
        profile: undefined,
        roleArn,
        roleSessionName: undefined,
        sessionDurationMs: undefined,
        expectAccount: undefined,
        requestTimeoutMs: 15_000,
      },
      {
        env: {},
        version: '0',
        clock: clockOf(model.clock),
        requestHandler: requestHandler(model),
        credentials: noCredentials,
      },
    );
    const fault = await faultOf(signingIn);
    expect(fault.message).toBe(`There is nothing to assume the role ${roleArn} with.`);
    expect(fault.fix).toContain('`context: NAME`');
  });

  it('a session longer than the role allows', async () => {
    const options = { sessionDurationMs: 43_200_000, roleArn: `arn:aws:iam::${account}:role/short` };
    model.identity.access.createRole('short', model.identity.access.roles.get(roleArn)!.trust);
    const fault = await faultOf(signIn({ options, env: { CIRCLE_OIDC_TOKEN_V2: await issuer.token() } }));
    expect(fault.message).toBe(`The role arn:aws:iam::${account}:role/short gives no session of 43200 s.`);
    expect(fault.fix).toContain('--session-duration');
  });

  it('another account than the one expected, before any other request', async () => {
    const env = { CIRCLE_OIDC_TOKEN_V2: await issuer.token() };
    const fault = await faultOf(signIn({ options: { expectAccount: '444455556666' }, env }));
    expect(fault.message).toBe(`These credentials belong to account ${account}, not to 444455556666.`);
    expect(operations()).toEqual(['AssumeRoleWithWebIdentity', 'GetCallerIdentity']);
  });

  it('the account expected', async () => {
    const options = { roleArn: undefined, expectAccount: account };
    await expect(signIn({ options, ambient: true })).resolves.toBeDefined();
  });

  it('keys that AWS does not know', async () => {
    model.identity.access.createUser('somebody-else');
    const aws = await signIn({ options: { roleArn: undefined }, ambient: true });
    const fault = await faultOf(aws.sts.getCallerIdentity());
    expect(fault.message).toBe('AWS does not accept these credentials.');
  });
});
