import { UserError } from '../errors.ts';
import type { AssumeRequest } from './assume.ts';
import type { TokenClaims } from './job-token.ts';

/** STS answered, and gave nothing to sign requests with. */
export function noSession(cause?: Error): UserError {
  return new UserError('STS answered without credentials.', {
    why: 'The answer to AssumeRole holds no session.',
    fix: 'Check what stands behind AWS_ENDPOINT_URL, if it is set; else run the command again.',
    cause,
  });
}

/** Says why STS did not take the job's token, and what to change. */
export function notTrusted(thrown: unknown, request: AssumeRequest, claims: TokenClaims): unknown {
  if (!(thrown instanceof UserError)) return thrown;
  const tooLong = sessionTooLong(thrown, request);
  if (tooLong !== undefined) return tooLong;
  const parts = { why: thrown.why, requestId: thrown.requestId, cause: thrown };
  const is = (...codes: string[]): boolean => codes.includes(thrown.code ?? '');
  const issuer = claims.issuer ?? 'https://oidc.circleci.com/org/ORGANIZATION_ID';
  if (is('AccessDenied', 'AccessDeniedException', 'IDPRejectedClaim', 'IDPRejectedClaimException')) {
    return new UserError(`The role ${request.roleArn} does not trust this CircleCI job.`, {
      ...parts,
      code: 'NotTrusted',
      fix:
        `Check that the role exists and that its trust policy allows sts:AssumeRoleWithWebIdentity to tokens of ${issuer} ` +
        `with audience ${claims.audience ?? 'unknown'} and subject ${claims.subject ?? 'unknown'}; \`migrate-deploy iam-policy\` prints such a policy.`,
    });
  }
  if (is('InvalidIdentityToken', 'InvalidIdentityTokenException')) {
    const unknownIssuer = /No OpenIDConnect provider/.test(thrown.why ?? '');
    const account = request.roleArn.split(':')[4];
    return new UserError(
      unknownIssuer
        ? `Account ${account} does not know CircleCI as an identity provider.`
        : 'AWS does not accept the OIDC token of this job.',
      {
        ...parts,
        code: 'NotTrusted',
        fix: unknownIssuer
          ? `Create it once: aws iam create-open-id-connect-provider --url ${issuer} --client-id-list ${claims.audience ?? 'ORGANIZATION_ID'}`
          : `Let the identity provider of ${issuer} in IAM list the audience ${claims.audience ?? 'of the token'} (aws iam add-client-id-to-open-id-connect-provider).`,
      },
    );
  }
  if (is('ExpiredTokenException')) {
    return new UserError('The OIDC token of this job has expired.', {
      ...parts,
      code: 'ExpiredToken',
      fix: 'Run the job again; --session-duration asks for a session that outlives the token.',
    });
  }
  return thrown;
}

/** Says why the credentials at hand do not open the role. */
export function cannotAssume(thrown: unknown, request: AssumeRequest): unknown {
  if (!(thrown instanceof UserError)) return thrown;
  const tooLong = sessionTooLong(thrown, request);
  if (tooLong !== undefined) return tooLong;
  if (!['AccessDenied', 'AccessDeniedException'].includes(thrown.code ?? '')) return thrown;
  return new UserError(`These credentials are not authorized to assume the role ${request.roleArn}.`, {
    code: thrown.code,
    why: thrown.why,
    fix: 'Let the trust policy of the role name them, and their own policy allow sts:AssumeRole on it; check too that the role exists.',
    requestId: thrown.requestId,
    cause: thrown,
  });
}

/** No token in the job and no credentials either: most often a context was forgotten. */
export function noTokenNoCredentials(roleArn: string, cause: UserError): UserError {
  return new UserError(`There is nothing to assume the role ${roleArn} with.`, {
    code: 'CredentialsProviderError',
    why: `Neither CIRCLE_OIDC_TOKEN_V2 nor CIRCLE_OIDC_TOKEN is set, and no AWS credentials were found (${cause.why}).`,
    fix: 'Give the job a context in its workflow (`context: NAME`; CircleCI hands the token only to jobs that have one), or run it where AWS credentials are.',
    cause,
  });
}

function sessionTooLong(thrown: UserError, { durationSeconds, roleArn }: AssumeRequest): UserError | undefined {
  const why = thrown.why ?? '';
  const chained = /1 hour session limit/.test(why);
  if (!chained && !/MaxSessionDuration/.test(why)) return undefined;
  return new UserError(`The role ${roleArn} gives no session of ${durationSeconds} s.`, {
    code: thrown.code,
    why,
    fix: chained
      ? 'Leave --session-duration out: a role assumed from another role lives an hour at most, and is renewed.'
      : 'Lower --session-duration, or raise the role’s maximum (aws iam update-role --max-session-duration).',
    requestId: thrown.requestId,
    cause: thrown,
  });
}
