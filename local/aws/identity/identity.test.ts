import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from 'vitest';
import { LocalAws } from '../local-aws.ts';
import { requestHandler } from '../request-handler.ts';
import { createOidcIssuer, type OidcIssuer } from './oidc-issuer.ts';

const deployer = 'arn:aws:iam::123456789012:role/deployer';
let model: LocalAws;
let issuer: OidcIssuer;

const trustOf = (subject: string) => ({
  Statement: {
    Effect: 'Allow' as const,
    Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/oidc.circleci.com/org/${issuer.organizationId}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`oidc.circleci.com/org/${issuer.organizationId}:aud`]: issuer.organizationId },
      StringLike: { [`oidc.circleci.com/org/${issuer.organizationId}:sub`]: subject },
    },
  },
});

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const client = (credentials: Keys = { accessKeyId: 'AKIAX', secretAccessKey: 's' }): STSClient =>
  new STSClient({ region: 'eu-west-1', maxAttempts: 1, requestHandler: requestHandler(model) as never, credentials });

const assume = async (token: string, more: object = {}) =>
  client().send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: deployer,
      RoleSessionName: 'job-1',
      WebIdentityToken: token,
      ...more,
    }),
  );

const keysOf = (
  credentials:
    | { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined }
    | undefined,
): Keys => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

beforeEach(async () => {
  model = new LocalAws();
  issuer = await createOidcIssuer(model.clock);
  model.identity.createOidcProvider({ url: issuer.url, clientIds: [issuer.organizationId], keys: issuer.keys });
  model.identity.access.createRole(
    'deployer',
    trustOf(`org/${issuer.organizationId}/project/${issuer.projectId}/user/*`),
    { maxSessionDurationS: 7200 },
  );
});

describe('AssumeRoleWithWebIdentity', () => {
  it('opens a session for a job’s token, which then signs requests', async () => {
    const { Credentials, AssumedRoleUser } = await assume(await issuer.token());
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/deployer/job-1');
    const identity = await client(keysOf(Credentials)).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Account: '123456789012', Arn: AssumedRoleUser?.Arn });
    expect(Credentials?.Expiration?.getTime()).toBe(model.clock.now() + 3_600_000);
  });

  it.each([
    ['a forged signature', () => issuer.forgedToken(), 'InvalidIdentityToken', /signature/],
    ['another audience', () => issuer.token({ audience: 'sts.amazonaws.com' }), 'InvalidIdentityToken', /audience/],
    ['no JWT', async () => 'CIRCLE_OIDC_TOKEN', 'InvalidIdentityToken', /not a valid JWT/],
    ['another project', () => issuer.token({ projectId: 'other' }), 'AccessDenied', /^Not authorized to perform/],
  ])('refuses %s', async (_what, token, name, message) => {
    await expect(assume(await token())).rejects.toMatchObject({
      name: expect.stringMatching(name),
      message: expect.stringMatching(message),
    });
  });

  it('refuses an issuer that is not registered', async () => {
    const stranger = await createOidcIssuer(model.clock, { organizationId: 'ffffffff-0000-4000-8000-000000000000' });
    await expect(assume(await stranger.token())).rejects.toThrow('No OpenIDConnect provider found in your account');
  });

  it('refuses a token that has expired', async () => {
    const token = await issuer.token();
    model.clock.advance(3_600_000);
    await expect(assume(token)).rejects.toThrow(/^Token expired: current date\/time \d+ must be before/);
  });

  it('refuses a role that does not exist as one that does not trust', async () => {
    const missing = { RoleArn: 'arn:aws:iam::123456789012:role/missing' };
    await expect(assume(await issuer.token(), missing)).rejects.toThrow(
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    );
  });

  it.each([
    ['a name with a space', { RoleSessionName: 'job 1' }, /roleSessionName/],
    ['a name of one character', { RoleSessionName: 'j' }, /length greater than or equal to 2/],
    ['a name of 65 characters', { RoleSessionName: 'j'.repeat(65) }, /length less than or equal to 64/],
    ['a duration below the least', { DurationSeconds: 60 }, /durationSeconds/],
    ['a duration above the role’s', { DurationSeconds: 7201 }, /exceeds the MaxSessionDuration/],
  ])('refuses %s', async (_what, more, message) => {
    await expect(assume(await issuer.token(), more)).rejects.toThrow(message);
  });
});

describe('sessions', () => {
  it('expire', async () => {
    const { Credentials } = await assume(await issuer.token());
    const session = client(keysOf(Credentials));
    model.clock.advance(3_600_000);
    await expect(session.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'ExpiredToken',
      message: 'The security token included in the request is expired',
    });
  });

  it('need their token beside the key', async () => {
    const { Credentials } = await assume(await issuer.token());
    const session = client({ ...keysOf(Credentials), sessionToken: 'another' });
    await expect(session.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
  });
});

describe('AssumeRole', () => {
  const target = 'arn:aws:iam::999999999999:role/target';
  const chain = (credentials: Keys, more: object = {}) =>
    client(credentials).send(new AssumeRoleCommand({ RoleArn: target, RoleSessionName: 'chained', ...more }));

  beforeEach(() => {
    const Statement = { Effect: 'Allow' as const, Principal: { AWS: deployer }, Action: 'sts:AssumeRole' };
    model.identity.access.createRole('target', { Statement }, { accountId: '999999999999', maxSessionDurationS: 7200 });
  });

  it('chains from a role that is trusted, into another account', async () => {
    const first = await assume(await issuer.token());
    const { Credentials } = await chain(keysOf(first.Credentials));
    const identity = await client(keysOf(Credentials)).send(new GetCallerIdentityCommand({}));
    expect(identity.Account).toBe('999999999999');
  });

  it('refuses a caller who is not trusted', async () => {
    await expect(chain({ accessKeyId: 'AKIAX', secretAccessKey: 's' })).rejects.toThrow(
      `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: sts:AssumeRole on resource: ${target}`,
    );
  });

  it('limits a chained session to an hour', async () => {
    const first = await assume(await issuer.token());
    await expect(chain(keysOf(first.Credentials), { DurationSeconds: 7200 })).rejects.toThrow('1 hour session limit');
  });
});

it('refuses unknown keys once users were created', async () => {
  const user = model.identity.access.createUser('deploy');
  const known = await client(user).send(new GetCallerIdentityCommand({}));
  expect(known.Arn).toBe('arn:aws:iam::123456789012:user/deploy');
  await expect(client().send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});
