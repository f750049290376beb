import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import { noSession } from './credential-errors.ts';
import type { Send } from './send.ts';

/** Which role, under which name, for how long. */
export interface AssumeRequest {
  roleArn: string;
  sessionName: string;
  durationSeconds: number | undefined;
}

/** Credentials of a session, with the moment they end. */
export type Assumed = AwsCredentialIdentity & { expiration: Date };

/** The two ways into a role. */
export interface AssumePort {
  assumeRole(request: AssumeRequest): Promise<Assumed>;
  assumeRoleWithWebIdentity(request: AssumeRequest, token: string): Promise<Assumed>;
}

/** STS for signing in; `ambient` replaces the search for credentials. */
export function connectAssume(
  config: object,
  ambient: AwsCredentialIdentityProvider | undefined,
  send: Send,
): AssumePort {
  const client = new STSClient({ ...config, ...(ambient === undefined ? {} : { credentials: ambient }) });
  const inputOf = ({ roleArn, sessionName, durationSeconds }: AssumeRequest) => ({
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(durationSeconds === undefined ? {} : { DurationSeconds: durationSeconds }),
  });
  return {
    assumeRole: async (request) => {
      const command = new AssumeRoleCommand(inputOf(request));
      return toAssumed((await send('sts:AssumeRole', 'read', (attempt) => client.send(command, attempt))).Credentials);
    },
    assumeRoleWithWebIdentity: async (request, token) => {
      const command = new AssumeRoleWithWebIdentityCommand({ ...inputOf(request), WebIdentityToken: token });
      const answer = await send('sts:AssumeRoleWithWebIdentity', 'read', (attempt) => client.send(command, attempt));
      return toAssumed(answer.Credentials);
    },
  };
}

/** Where these settings lead every client for credentials; keeps what it finds until shortly before it ends. */
export function configuredCredentials(config: object): AwsCredentialIdentityProvider {
  return new STSClient(config).config.credentials;
}

function toAssumed(credentials: Credentials | undefined): Assumed {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined || Expiration === undefined) {
    throw noSession();
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    expiration: Expiration,
    ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
  };
}
