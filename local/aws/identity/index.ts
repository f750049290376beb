import { queryList } from '../account/account.ts';
import type { Part, World } from '../part.ts';
import { ApiError, type AwsServiceName, type Call, type Json, type Operations, type Principal } from '../wire.ts';
import { Access } from './access.ts';
import { type FindTaskDefinition, permissionsFor } from './permissions.ts';
import { evaluate, type PolicyDocument } from './policy.ts';
import { checkRoleRequest } from './role-request.ts';
import { type OidcProvider, trusts, trustsPrincipal, verifyToken } from './web-identity.ts';

/** The services that refuse with status 403 and a code of their own. */
const deniedCode: Partial<Record<AwsServiceName, string>> = {
  sts: 'AccessDenied',
  iam: 'AccessDenied',
  rds: 'AccessDenied',
  ec2: 'UnauthorizedOperation',
};

/** What a request carries to say who sent it. */
export interface Signature {
  service: AwsServiceName;
  accessKeyId: string | undefined;
  sessionToken: string | undefined;
}

/** IAM and STS: access keys, roles, sessions, trust, and (when a policy is attached) permissions. */
export class IdentityPart implements Part {
  readonly access: Access;
  readonly operations: Operations;
  /** IAM's own reads. */
  readonly iam: Operations = {
    GetRole: (input) => this.#getRole(input),
    GetOpenIDConnectProvider: (input) => this.#getProvider(input),
    SimulatePrincipalPolicy: (input) => this.#simulate(input),
  };
  readonly providers: OidcProvider[] = [];
  readonly #world: World;
  readonly #policies = new Map<string, PolicyDocument[]>();
  #find: FindTaskDefinition = () => undefined;

  constructor(world: World) {
    this.#world = world;
    this.access = new Access(world);
    this.operations = {
      GetCallerIdentity: (_input, call) => this.#getCallerIdentity(call),
      AssumeRole: (input, call) => this.#assumeRole(input, call),
      AssumeRoleWithWebIdentity: (input) => this.#assumeRoleWithWebIdentity(input),
    };
  }

  /** Registers an identity provider, as `aws iam create-open-id-connect-provider`. */
  createOidcProvider(provider: Omit<OidcProvider, 'arn'>): OidcProvider {
    const arn = `arn:aws:iam::${this.#world.accountId}:oidc-provider/${provider.url.replace('https://', '')}`;
    const created = { ...provider, arn };
    this.providers.push(created);
    return created;
  }

  /** From now on this user or role (its ARN) may do only what the documents allow; without any, everything. */
  enforce(arn: string, ...documents: PolicyDocument[]): void {
    this.#policies.set(arn, documents);
  }

  /** How the authorizer learns revision and roles of a task definition. */
  setTaskDefinitions(find: FindTaskDefinition): void {
    this.#find = find;
  }

  /** Who signed; refuses unknown, wrong and expired credentials in the words of AWS. */
  authenticate({ service, accessKeyId, sessionToken }: Signature): Principal {
    const sts = service === 'sts';
    const status = sts ? 403 : 400;
    if (accessKeyId === undefined) {
      const type = sts ? 'MissingAuthenticationToken' : 'MissingAuthenticationTokenException';
      throw new ApiError(type, sts ? 'Request is missing Authentication Token' : 'Missing Authentication Token', {
        status,
      });
    }
    const found = this.access.principal(accessKeyId, sessionToken);
    if (found === 'expired') {
      throw new ApiError(
        sts ? 'ExpiredToken' : 'ExpiredTokenException',
        'The security token included in the request is expired',
        { status },
      );
    }
    if (found === undefined) {
      throw new ApiError(
        sts ? 'InvalidClientTokenId' : 'UnrecognizedClientException',
        'The security token included in the request is invalid.',
        { status },
      );
    }
    return found;
  }

  /** Throws AccessDenied when a policy is attached to the caller and does not allow the call. */
  authorize(call: Call): void {
    const { principal } = call;
    const policies = principal === undefined ? undefined : this.#policies.get(this.access.policyHolder(principal));
    if (principal === undefined || policies === undefined) return;
    for (const permission of permissionsFor(call, this.#world, this.#find)) {
      const refusal = evaluate(policies, permission);
      if (refusal === undefined) continue;
      const why = refusal.explicit
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${permission.action} action`;
      throw new ApiError(
        deniedCode[call.service] ?? 'AccessDeniedException',
        `${call.service === 'ec2' ? 'You are not authorized to perform this operation. ' : ''}User: ${principal.arn} is not authorized to perform: ${permission.action} on resource: ${refusal.resource} ${why}`,
        { status: deniedCode[call.service] === undefined ? 400 : 403 },
      );
    }
  }

  #getRole(input: Json): Json {
    const role = [...this.access.roles.values()].find(({ name }) => name === input.RoleName);
    if (role === undefined) {
      throw new ApiError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, { status: 404 });
    }
    const document = encodeURIComponent(JSON.stringify(role.trust));
    return {
      Role: { RoleName: role.name, RoleId: role.roleId, Arn: role.arn, Path: '/', AssumeRolePolicyDocument: document },
    };
  }

  #getProvider({ OpenIDConnectProviderArn: arn }: Json): Json {
    const found = this.providers.find((provider) => provider.arn === arn);
    if (found === undefined) {
      throw new ApiError('NoSuchEntity', `OpenIDConnect Provider not found for arn ${arn}`, { status: 404 });
    }
    // IAM leaves the scheme out.
    return { Url: found.url.replace('https://', ''), ClientIDList: { member: [...found.clientIds] } };
  }

  /** Evaluates the policies that were attached; without any, everything is allowed. */
  #simulate(input: Json): Json {
    const policies = this.#policies.get(input.PolicySourceArn);
    const context: Record<string, string> = {};
    for (let at = 1; input[`ContextEntries.member.${at}.ContextKeyName`] !== undefined; at++) {
      context[input[`ContextEntries.member.${at}.ContextKeyName`]] =
        input[`ContextEntries.member.${at}.ContextKeyValues.member.1`];
    }
    const resources = queryList(input, 'ResourceArns');
    const results = queryList(input, 'ActionNames').flatMap((action) =>
      (resources.length === 0 ? ['*'] : resources).map((resource) => {
        const refusal =
          policies === undefined ? undefined : evaluate(policies, { action, resources: [resource], context });
        const decision = refusal === undefined ? 'allowed' : refusal.explicit ? 'explicitDeny' : 'implicitDeny';
        return { EvalActionName: action, EvalResourceName: resource, EvalDecision: decision };
      }),
    );
    return { EvaluationResults: { member: results }, IsTruncated: false };
  }

  #getCallerIdentity({ principal }: Call): Json {
    return { UserId: principal?.userId, Account: principal?.accountId, Arn: principal?.arn };
  }

  #assumeRole(input: Json, { principal }: Call): Json {
    const wanted = checkRoleRequest(input);
    const role = this.access.roles.get(wanted.roleArn);
    const caller = principal as Principal;
    const roleArn = this.access.sessionRole(caller);
    const context: Record<string, string> = { 'sts:RoleSessionName': wanted.sessionName };
    if (typeof input.ExternalId === 'string') context['sts:ExternalId'] = input.ExternalId;
    if (role === undefined || !trustsPrincipal(role.trust, { ...caller, roleArn }, context)) {
      throw new ApiError(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${wanted.roleArn}`,
        { status: 403 },
      );
    }
    if (roleArn !== undefined && wanted.durationS > 3600) {
      throw new ApiError(
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      );
    }
    return this.access.openSession(role, wanted.sessionName, wanted.durationS);
  }

  async #assumeRoleWithWebIdentity(input: Json): Promise<Json> {
    const wanted = checkRoleRequest(input);
    const token = String(input.WebIdentityToken ?? '');
    if (token.length < 4) {
      throw new ApiError(
        'ValidationError',
        "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4",
      );
    }
    const { provider, claims } = await verifyToken(token, this.providers, this.#world.clock.now());
    const role = this.access.roles.get(wanted.roleArn);
    if (role === undefined || !trusts(role.trust, provider, claims)) {
      throw new ApiError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', { status: 403 });
    }
    return {
      ...this.access.openSession(role, wanted.sessionName, wanted.durationS),
      SubjectFromWebIdentityToken: claims.sub,
      Provider: provider.arn,
      Audience: [claims.aud ?? ''].flat()[0],
    };
  }
}
