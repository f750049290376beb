import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { ApiError } from '../wire.ts';
import { conditionsHold, matches, type PolicyDocument, type Statement } from './policy.ts';

/** An OIDC provider registered in IAM. */
export interface OidcProvider {
  arn: string;
  url: string;
  clientIds: readonly string[];
  /** What `<url>/.well-known/jwks.json` answers; undefined when it cannot be reached. */
  keys: JSONWebKeySet | undefined;
}

/** Checks a web identity token against the registered providers as STS does: issuer, audience, signature, expiry. */
export async function verifyToken(
  token: string,
  providers: readonly OidcProvider[],
  nowMs: number,
): Promise<{ provider: OidcProvider; claims: JWTPayload }> {
  const issuer = issuerOf(token);
  const provider = providers.find(({ url }) => url === issuer);
  if (provider === undefined) {
    throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  }
  if (provider.keys === undefined) {
    throw new ApiError(
      'IDPCommunicationError',
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
  const claims = await verifySignature(token, provider.keys);
  const audiences = [claims.aud ?? []].flat();
  if (!audiences.some((audience) => provider.clientIds.includes(audience))) {
    throw invalidToken('Incorrect token audience');
  }
  const nowS = Math.floor(nowMs / 1000);
  if (claims.exp !== undefined && nowS >= claims.exp) {
    throw new ApiError(
      'ExpiredTokenException',
      `Token expired: current date/time ${nowS} must be before the expiration date/time ${claims.exp}`,
    );
  }
  return { provider, claims };
}

/** Whether a trust policy lets this token in. */
export function trusts(trust: PolicyDocument, provider: OidcProvider, claims: JWTPayload): boolean {
  const prefix = provider.url.replace('https://', '');
  const context: Record<string, string> = { 'sts:RoleSessionName': '' };
  for (const [name, value] of Object.entries(claims)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string') context[`${prefix}:${name}`] = first;
  }
  return statementsOf(trust).some(
    (statement) =>
      statement.Effect === 'Allow' &&
      actionsOf(statement).some((action) => matches(action, 'sts:AssumeRoleWithWebIdentity', true)) &&
      principalsOf(statement, 'Federated').includes(provider.arn) &&
      conditionsHold(statement, context),
  );
}

/** Whether a trust policy lets this account, user or role in. */
export function trustsPrincipal(
  trust: PolicyDocument,
  principal: { arn: string; roleArn: string | undefined; accountId: string },
  context: Readonly<Record<string, string>>,
): boolean {
  const names = ['*', principal.arn, principal.accountId, `arn:aws:iam::${principal.accountId}:root`];
  if (principal.roleArn !== undefined) names.push(principal.roleArn);
  return statementsOf(trust).some(
    (statement) =>
      statement.Effect === 'Allow' &&
      actionsOf(statement).some((action) => matches(action, 'sts:AssumeRole', true)) &&
      principalsOf(statement, 'AWS').some((allowed) => names.includes(allowed)) &&
      conditionsHold(statement, context),
  );
}

function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    throw invalidToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    );
  }
}

async function verifySignature(token: string, keys: JSONWebKeySet): Promise<JWTPayload> {
  try {
    // Expiry is judged by the model's clock afterwards, hence a date on which every token is good.
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { currentDate: new Date(0) });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw invalidToken('Token signature invalid');
    throw error;
  }
}

function invalidToken(message: string): ApiError {
  return new ApiError('InvalidIdentityToken', message);
}

function statementsOf(policy: PolicyDocument): Statement[] {
  return [policy.Statement].flat() as Statement[];
}

function actionsOf({ Action = [] }: Statement): string[] {
  return [Action].flat() as string[];
}

function principalsOf({ Principal }: Statement, kind: string): string[] {
  if (Principal === '*') return ['*'];
  return [Principal?.[kind] ?? []].flat() as string[];
}
