import { randomUUID } from 'node:crypto';
import type { Route } from '../http.ts';
import type { LocalAws } from '../local-aws.ts';
import type { Call, Principal, WireRequest, WireResponse } from '../wire.ts';
import { Blobs } from './blobs.ts';
import { getManifest, putManifest } from './manifests.ts';
import { apiVersion, asRegistryError, errorResponse, RegistryError } from './registry-error.ts';

/** One request to the registry, taken apart. */
export interface RegistryRequest {
  method: string;
  repositoryName: string;
  /** What follows the repository: `blobs/sha256:…`, `blobs/uploads/…`, `manifests/…`, `tags/list`. */
  rest: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Says which IAM action the request is about to use; refuses it where a policy does not allow it. */
export type Use = (operation: string) => void;

/** The Docker Registry HTTP API V2 in front of ECR's images, opened by the passwords of GetAuthorizationToken. */
export function registryRoute(model: LocalAws): Route {
  const blobs = new Blobs();
  return async (request) => {
    if (request.path !== '/v2/' && !request.path.startsWith('/v2/')) return undefined;
    try {
      const principal = signIn(model, request);
      const parsed = parse(request);
      if (parsed === undefined) return { status: 200, headers: { ...apiVersion }, body: '{}' };
      return answer(model, blobs, parsed, principal);
    } catch (thrown) {
      return errorResponse(asRegistryError(thrown));
    }
  };
}

function answer(
  model: LocalAws,
  blobs: Blobs,
  request: RegistryRequest,
  principal: Principal | undefined,
): WireResponse {
  const use: Use = (operation) => recordUse(model, operation, request.repositoryName, principal);
  const input = { repositoryName: request.repositoryName };
  const repository = model.ecr.repository(input, callOf(model, 'BatchGetImage', input, principal));
  const [kind, reference = ''] = split(request.rest);
  if (kind === 'blobs') return blobs.answer(request, repository, use);
  if (kind === 'manifests') {
    return request.method === 'PUT'
      ? putManifest(model.ecr.store, repository, reference, request, use)
      : getManifest(model.ecr.store, repository, reference, use);
  }
  if (request.rest === 'tags/list') {
    use('ListImages');
    const body = JSON.stringify({ name: repository.name, tags: [...repository.tags.keys()] });
    return { status: 200, headers: { ...apiVersion, 'content-type': 'application/json' }, body };
  }
  throw new RegistryError(404, 'UNSUPPORTED', 'The operation is unsupported.');
}

function signIn(model: LocalAws, request: WireRequest): Principal | undefined {
  const checked = model.ecr.tokens.check(request.headers.authorization);
  if (checked.state === 'ok') return checked.by;
  if (checked.state === 'expired') {
    throw new RegistryError(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
  }
  const realm = `http://${model.ecr.store.registryHost}/`;
  throw new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized', {
    'www-authenticate': `Basic realm="${realm}",service="ecr.amazonaws.com"`,
  });
}

function parse({ method, path, headers, body }: WireRequest): RegistryRequest | undefined {
  const [pathname = '', query = ''] = path.split('?');
  if (pathname === '/v2/') return undefined;
  const match = /^\/v2\/(.+?)\/((?:blobs|manifests|tags)\/.*)$/.exec(pathname);
  if (match === null) throw new RegistryError(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const [, repositoryName = '', rest = ''] = match;
  return { method, repositoryName, rest: decodeURIComponent(rest), query: new URLSearchParams(query), headers, body };
}

function split(rest: string): [string, string] {
  const slash = rest.indexOf('/');
  return [rest.slice(0, slash), rest.slice(slash + 1)];
}

/** Docker's requests are ECR actions to IAM: they are authorised and recorded as such. */
function recordUse(model: LocalAws, operation: string, repositoryName: string, principal: Principal | undefined): void {
  const call = callOf(model, operation, { repositoryName }, principal);
  const record = { ...call, requestId: randomUUID(), status: 200, headers: {} };
  model.requests.push(record);
  try {
    model.identity.authorize(call);
  } catch (error) {
    Object.assign(record, { status: 403, errorType: 'AccessDeniedException' });
    throw error;
  }
}

function callOf(
  model: LocalAws,
  operation: string,
  input: { repositoryName: string },
  principal: Principal | undefined,
): Call {
  const { region, clock } = model.world;
  return { service: 'ecr', operation, input, principal, region, atMs: clock.now() };
}
