import { ApiError, type WireResponse } from '../wire.ts';

/** An error as the Docker Registry HTTP API V2 puts it on the wire: the text is what `docker push` prints. */
export class RegistryError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The registry's words for what ECR refused. */
export function asRegistryError(thrown: unknown): RegistryError {
  if (thrown instanceof RegistryError) return thrown;
  if (thrown instanceof ApiError) {
    if (thrown.type === 'RepositoryNotFoundException') return new RegistryError(404, 'NAME_UNKNOWN', thrown.message);
    if (thrown.type === 'ImageTagAlreadyExistsException') return new RegistryError(400, 'TAG_INVALID', thrown.message);
    if (thrown.type.startsWith('AccessDenied')) return new RegistryError(403, 'DENIED', thrown.message);
  }
  throw thrown;
}

/** The answer that carries an error. */
export function errorResponse(error: RegistryError): WireResponse {
  return {
    status: error.status,
    headers: { ...apiVersion, 'content-type': 'application/json; charset=utf-8', ...error.headers },
    body: JSON.stringify({ errors: [{ code: error.code, message: error.message }] }),
  };
}

/** The header by which clients recognise a V2 registry. */
export const apiVersion = { 'docker-distribution-api-version': 'registry/2.0' } as const;
