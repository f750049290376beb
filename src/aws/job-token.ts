import { UserError } from '../errors.ts';
import type { Clock, ProcessRunner } from '../ports.ts';

/** What a token says about its job; only names of things, nothing that opens a door. */
export interface TokenClaims {
  issuer?: string | undefined;
  subject?: string | undefined;
  audience?: string | undefined;
  expiresAtMs?: number | undefined;
}

/** A CircleCI job's OIDC token that is still good. */
export interface JobToken {
  token: string;
  claims: TokenClaims;
}

export interface JobTokenDeps {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  processes?: ProcessRunner | undefined;
}

/** A token that ends while STS looks at it is of no use. */
const leastLifeMs = 30_000;

/**
 * The job's token: CIRCLE_OIDC_TOKEN_V2, then CIRCLE_OIDC_TOKEN; once they have expired, or in a CircleCI job that was given
 * none, a fresh one of `circleci run oidc get`.
 */
export async function findJobToken(deps: JobTokenDeps): Promise<JobToken | undefined> {
  const { env, clock } = deps;
  const given = [env.CIRCLE_OIDC_TOKEN_V2, env.CIRCLE_OIDC_TOKEN]
    .filter((token): token is string => (token ?? '') !== '')
    .map((token) => ({ token, claims: claimsOf(token) }));
  const good = given.find(({ claims }) => (claims.expiresAtMs ?? Number.POSITIVE_INFINITY) > clock.now() + leastLifeMs);
  if (good !== undefined) return good;
  if (given.length === 0 && env.CIRCLECI !== 'true') return undefined;
  const minted = await mint(given[0]?.claims.audience ?? env.CIRCLE_ORGANIZATION_ID, deps);
  if (minted !== undefined) return minted;
  if (given[0] !== undefined) throw expired(given[0].claims);
  return undefined;
}

/** What a token says, unverified: STS verifies it. */
function claimsOf(token: string): TokenClaims {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      iss?: string;
      sub?: string;
      aud?: string | string[];
      exp?: number;
    };
    const expiresAtMs = claims.exp === undefined ? undefined : claims.exp * 1_000;
    return { issuer: claims.iss, subject: claims.sub, audience: [claims.aud ?? []].flat()[0], expiresAtMs };
  } catch {
    return {};
  }
}

async function mint(audience: string | undefined, { env, processes }: JobTokenDeps): Promise<JobToken | undefined> {
  if (processes === undefined) return undefined;
  const claims = audience === undefined ? [] : ['--claims', JSON.stringify({ aud: audience })];
  try {
    const { code, stdout } = await processes.run('circleci', ['run', 'oidc', 'get', ...claims], {
      env,
      // A program that hangs must not hang the deployment.
      signal: AbortSignal.timeout(30_000),
    });
    const token = stdout.trim();
    return code === 0 && token !== '' ? { token, claims: claimsOf(token) } : undefined;
  } catch {
    // Without CircleCI's own program nobody can give another token.
    return undefined;
  }
}

function expired({ expiresAtMs = 0 }: TokenClaims): UserError {
  return new UserError('The OIDC token of this job has expired.', {
    code: 'ExpiredToken',
    why: `It was good until ${new Date(expiresAtMs).toISOString()}, and \`circleci run oidc get\` gave no other one.`,
    fix: 'Ask for a session that outlives the job with --session-duration, or use an image with the circleci program on its PATH.',
  });
}
