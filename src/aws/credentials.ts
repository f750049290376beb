import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import { hasCode, reworded, UserError } from '../errors.ts';
import type { AwsOptions } from '../options/shared.ts';
import type { Clock, ProcessRunner, StsPort } from '../ports.ts';
import { type Assumed, configuredCredentials, connectAssume } from './assume.ts';
import { cannotAssume, noTokenNoCredentials, notTrusted } from './credential-errors.ts';
import { findJobToken, type JobToken } from './job-token.ts';
import type { Send } from './send.ts';
import { sessionName } from './session-name.ts';

/** What signing in to a role needs. */
export interface RoleDeps {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  send: Send;
  processes?: ProcessRunner | undefined;
  /** Region, request handler, profile: as for every client. */
  clientConfig: object;
  /** Replaces the search for credentials that the role is assumed with. */
  ambient?: AwsCredentialIdentityProvider | undefined;
}

/** Long enough that no request is signed with a session that ends on its way. */
const renewBeforeMs = 300_000;

/**
 * Sessions of `options.roleArn`, renewed before they end: with the CircleCI job's OIDC token where there is one (unless a
 * profile was named), else with the credentials at hand.
 */
export function roleCredentials(options: AwsOptions, deps: RoleDeps): AwsCredentialIdentityProvider {
  let session: Assumed | undefined;
  let renewing: Promise<AwsCredentialIdentity> | undefined;
  const renew = async (): Promise<AwsCredentialIdentity> => {
    try {
      session = await assume(options, deps);
      return session;
    } catch (error) {
      // The old session outlives a failed renewal: there is time to try again.
      if (session !== undefined && session.expiration.getTime() > deps.clock.now()) return session;
      throw error;
    } finally {
      renewing = undefined;
    }
  };
  return async () => {
    if (session !== undefined && session.expiration.getTime() - deps.clock.now() > renewBeforeMs) return session;
    renewing ??= renew();
    return renewing;
  };
}

/** Refuses to go on in another account than the one that was asked for. */
export async function checkAccount(sts: StsPort, expected: string): Promise<void> {
  const { Account, Arn } = await sts.getCallerIdentity();
  if (Account === expected) return;
  throw new UserError(`These credentials belong to account ${Account}, not to ${expected}.`, {
    code: 'WrongAccount',
    why: `--expect-account asked for ${expected}; AWS knows the caller as ${Arn}.`,
    fix: `Use the CircleCI context (or --role-arn, --profile) that belongs to account ${expected}.`,
  });
}

/** Credentials of this profile for all clients; refuses one that gives none by its name, before anything else is asked. */
export async function profileCredentials(
  profile: string,
  { clientConfig, send }: Pick<RoleDeps, 'clientConfig' | 'send'>,
): Promise<AwsCredentialIdentityProvider> {
  const provider = configuredCredentials(clientConfig);
  try {
    await send('signing in', 'read', async () => ({ $metadata: {}, ...(await provider()) }));
    return provider;
  } catch (error) {
    if (!hasCode(error, 'CredentialsProviderError')) throw error;
    throw reworded(error, `The profile ${profile} gives no credentials.`, {
      fix: 'Check its name in the AWS configuration files (~/.aws/config and ~/.aws/credentials, or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE), or leave --profile out.',
    });
  }
}

async function assume(options: AwsOptions, deps: RoleDeps): Promise<Assumed> {
  const roleArn = options.roleArn ?? '';
  const sts = connectAssume(deps.clientConfig, deps.ambient, deps.send);
  const request = {
    roleArn,
    sessionName: sessionName(options.roleSessionName, deps.env),
    durationSeconds:
      options.sessionDurationMs === undefined ? undefined : Math.round(options.sessionDurationMs / 1_000),
  };
  const withCredentials = async (): Promise<Assumed> => {
    try {
      return await sts.assumeRole(request);
    } catch (error) {
      throw cannotAssume(error, request);
    }
  };
  if (options.profile !== undefined) return withCredentials();
  const token = await findJobToken(deps);
  if (token === undefined) {
    try {
      return await withCredentials();
    } catch (error) {
      throw hasCode(error, 'CredentialsProviderError') ? noTokenNoCredentials(roleArn, error) : error;
    }
  }
  return withToken(token);

  async function withToken(jobToken: JobToken): Promise<Assumed> {
    try {
      return await sts.assumeRoleWithWebIdentity(request, jobToken.token);
    } catch (thrown) {
      const refusal = notTrusted(thrown, request, jobToken.claims);
      // A token is in every CircleCI job; the role may be meant for the credentials beside it.
      if (!hasCode(refusal, 'NotTrusted') || !hasOwnCredentials(deps)) throw refusal;
      try {
        return await sts.assumeRole(request);
      } catch (second) {
        throw neither(refusal, second);
      }
    }
  }
}

function hasOwnCredentials({ env, ambient }: RoleDeps): boolean {
  return ambient !== undefined || (env.AWS_ACCESS_KEY_ID ?? '') !== '' || (env.AWS_PROFILE ?? '') !== '';
}

function neither(refusal: UserError, second: unknown): unknown {
  if (!(second instanceof UserError)) return second;
  return new UserError(refusal.message, {
    code: refusal.code,
    why: `${refusal.why} With the credentials at hand: ${second.why}`,
    fix: refusal.fix,
    requestId: refusal.requestId,
    cause: refusal,
  });
}
