import { randomUUID } from 'node:crypto';
import { digestOf, type Repository } from '../ecr/image-store.ts';
import type { WireResponse } from '../wire.ts';
import type { RegistryRequest, Use } from './index.ts';
import { apiVersion, RegistryError } from './registry-error.ts';

interface Upload {
  repository: Repository;
  bytes: Uint8Array;
}

/** Layers and configurations: uploads in one piece or in chunks, checked against their digest. */
export class Blobs {
  readonly #uploads = new Map<string, Upload>();

  answer(request: RegistryRequest, repository: Repository, use: Use): WireResponse {
    const [, kind = '', id = ''] = request.rest.split('/');
    if (kind !== 'uploads') return this.#get(request, repository, kind, use);
    if (request.method === 'POST') return this.#start(request, repository, use);
    const upload = this.#uploads.get(id);
    if (upload === undefined || upload.repository !== repository) {
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    }
    switch (request.method) {
      case 'PATCH':
        use('UploadLayerPart');
        append(upload, request);
        return accepted(repository, id, upload);
      case 'PUT':
        return this.#finish(request, id, upload, use);
      case 'GET':
        return { ...accepted(repository, id, upload), status: 204 };
      case 'DELETE':
        this.#uploads.delete(id);
        return { status: 204, headers: { ...apiVersion }, body: '' };
      default:
        throw new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');
    }
  }

  #get({ method }: RegistryRequest, repository: Repository, digest: string, use: Use): WireResponse {
    use(method === 'HEAD' ? 'BatchCheckLayerAvailability' : 'GetDownloadUrlForLayer');
    const bytes = repository.blobs.get(digest);
    if (bytes === undefined) throw new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = {
      ...apiVersion,
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
    };
    return { status: 200, headers, body: bytes };
  }

  #start(request: RegistryRequest, repository: Repository, use: Use): WireResponse {
    use('InitiateLayerUpload');
    const id = randomUUID();
    const upload = { repository, bytes: new Uint8Array() };
    this.#uploads.set(id, upload);
    // Mounting from another repository is never granted; ECR answers such a request with a plain upload too.
    return request.query.get('digest') === null
      ? accepted(repository, id, upload)
      : this.#finish(request, id, upload, use);
  }

  #finish(request: RegistryRequest, id: string, upload: Upload, use: Use): WireResponse {
    if (request.body.length > 0) use('UploadLayerPart');
    append(upload, request);
    use('CompleteLayerUpload');
    this.#uploads.delete(id);
    const digest = request.query.get('digest') ?? '';
    if (digestOf(upload.bytes) !== digest) {
      throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    }
    upload.repository.blobs.set(digest, upload.bytes);
    const location = `/v2/${upload.repository.name}/blobs/${digest}`;
    return { status: 201, headers: { ...apiVersion, location, 'docker-content-digest': digest }, body: '' };
  }
}

function append(upload: Upload, { body, headers }: RegistryRequest): void {
  const start = /^(\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  if (start !== undefined && Number(start) !== upload.bytes.length) {
    throw new RegistryError(416, 'BLOB_UPLOAD_INVALID', 'blob upload invalid');
  }
  upload.bytes = Buffer.concat([upload.bytes, body]);
}

function accepted(repository: Repository, id: string, upload: Upload): WireResponse {
  const headers = {
    ...apiVersion,
    location: `/v2/${repository.name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, upload.bytes.length - 1)}`,
    'docker-upload-uuid': id,
  };
  return { status: 202, headers, body: '' };
}
