import {
  type CryptoKey,
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JSONWebKeySet,
  SignJWT,
} from 'jose';
import type { ModelClock } from '../clock.ts';

/** What a CircleCI job's token says about the job. */
export interface JobClaims {
  organizationId: string;
  projectId: string;
  userId: string;
  vcsOrigin: string;
  vcsRef: string;
  audience: string | string[];
  /** How long the token lives; CircleCI gives an hour. */
  livesMs: number;
}

const job: JobClaims = {
  organizationId: '11111111-2222-4333-8444-555555555555',
  projectId: '66666666-7777-4888-8999-000000000000',
  userId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
  vcsOrigin: 'github.com/hoge/hoge-apps',
  vcsRef: 'refs/heads/staging',
  audience: '11111111-2222-4333-8444-555555555555',
  livesMs: 3_600_000,
};

/** Signs tokens as CircleCI does for its jobs (docs: "OpenID Connect tokens"). */
export interface OidcIssuer {
  /** `https://oidc.circleci.com/org/<organization>` */
  url: string;
  organizationId: string;
  projectId: string;
  keys: JSONWebKeySet;
  /** The value of CIRCLE_OIDC_TOKEN_V2. */
  token(claims?: Partial<JobClaims>): Promise<string>;
  /** A token with the right claims, signed by somebody else. */
  forgedToken(claims?: Partial<JobClaims>): Promise<string>;
}

// Making RSA keys is slow, and one pair is as good as another.
let keyPairs: Promise<[GenerateKeyPairResult, GenerateKeyPairResult]> | undefined;

/** An issuer with a key pair of its own; tokens are dated by `clock`. */
export async function createOidcIssuer(clock: ModelClock, defaults: Partial<JobClaims> = {}): Promise<OidcIssuer> {
  const kid = 'circleci-1';
  keyPairs ??= Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')]);
  const [{ publicKey, privateKey }, other] = await keyPairs;
  const base = { ...job, ...defaults };
  const url = `https://oidc.circleci.com/org/${base.organizationId}`;
  const sign = (key: CryptoKey, claims: Partial<JobClaims>): Promise<string> => {
    const its = { ...base, ...claims };
    const nowS = Math.floor(clock.now() / 1000);
    return new SignJWT({
      'oidc.circleci.com/project-id': its.projectId,
      'oidc.circleci.com/context-ids': ['99999999-0000-4000-8000-000000000000'],
      'oidc.circleci.com/ssh-rerun': false,
      'oidc.circleci.com/vcs-origin': its.vcsOrigin,
      'oidc.circleci.com/vcs-ref': its.vcsRef,
    })
      .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
      .setIssuer(url)
      .setSubject(
        `org/${its.organizationId}/project/${its.projectId}/user/${its.userId}/vcs-origin/${its.vcsOrigin}/vcs-ref/${its.vcsRef}`,
      )
      .setAudience(its.audience)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + Math.floor(its.livesMs / 1000))
      .sign(key);
  };
  return {
    url,
    organizationId: base.organizationId,
    projectId: base.projectId,
    keys: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }] },
    token: (claims = {}) => sign(privateKey, claims),
    forgedToken: (claims = {}) => sign(other.privateKey, claims),
  };
}
