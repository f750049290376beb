import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../ecr/image-store.ts';
import { type Served, serve } from '../http.ts';
import { LocalAws } from '../local-aws.ts';

let model: LocalAws;
let served: Served;
let authorization: string;

beforeEach(async () => {
  model = new LocalAws();
  served = await serve(model);
  model.ecr.store.create('hoge-stg');
  const principal = model.identity.authenticate({ service: 'ecr', accessKeyId: 'AKIAX', sessionToken: undefined });
  authorization = `Basic ${model.ecr.tokens.issue(principal).token}`;
});
afterEach(() => served.close());

const call = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(new URL(path, served.url), {
    method,
    headers: { authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  });

const errorOf = async (response: Response): Promise<{ status: number; code: string; message: string }> => {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return { status: response.status, code: errors[0]?.code ?? '', message: errors[0]?.message ?? '' };
};

async function pushBlob(content: string): Promise<string> {
  const started = await call('POST', '/v2/hoge-stg/blobs/uploads/');
  const digest = digestOf(content);
  const finished = await call('PUT', `${started.headers.get('location')}?digest=${digest}`, content);
  expect(finished.status).toBe(201);
  return digest;
}

const manifestOf = (config: string, layer: string): string =>
  JSON.stringify({ schemaVersion: 2, config: { digest: config, size: 1 }, layers: [{ digest: layer, size: 1 }] });
const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';

describe('signing in', () => {
  it('asks for basic authentication without credentials', async () => {
    const response = await fetch(`${served.url}/v2/`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Basic realm=');
  });

  it('refuses a password that GetAuthorizationToken did not issue', async () => {
    const wrong = `Basic ${Buffer.from('AWS:guess').toString('base64')}`;
    expect((await call('GET', '/v2/', undefined, { authorization: wrong })).status).toBe(401);
  });

  it('takes an issued password for twelve hours', async () => {
    expect((await call('GET', '/v2/')).status).toBe(200);
    model.clock.advance(12 * 3_600_000);
    expect(await errorOf(await call('GET', '/v2/'))).toMatchObject({ status: 403, code: 'DENIED' });
  });
});

describe('pushing', () => {
  it('takes blobs in one piece or in chunks, then the manifest, and the API sees the image', async () => {
    const config = await pushBlob('{}');
    const started = await call('POST', '/v2/hoge-stg/blobs/uploads/');
    const half = await call('PATCH', started.headers.get('location') ?? '', 'lay', { 'content-range': '0-2' });
    expect([half.status, half.headers.get('range')]).toEqual([202, '0-2']);
    const rest = await call('PATCH', half.headers.get('location') ?? '', 'er', { 'content-range': '3-4' });
    const layer = digestOf('layer');
    expect((await call('PUT', `${rest.headers.get('location')}?digest=${layer}`)).status).toBe(201);
    const manifest = manifestOf(config, layer);
    const put = await call('PUT', '/v2/hoge-stg/manifests/v1', manifest, { 'content-type': mediaType });
    expect(put.headers.get('docker-content-digest')).toBe(digestOf(manifest));
    expect(model.ecr.resolve(`${model.ecr.store.registryHost}/hoge-stg:v1`)).toEqual({ digest: digestOf(manifest) });
    const back = await call('GET', '/v2/hoge-stg/manifests/v1');
    expect([await back.text(), back.headers.get('content-type')]).toEqual([manifest, mediaType]);
    expect(await (await call('GET', `/v2/hoge-stg/blobs/${layer}`)).text()).toBe('layer');
    const head = await call('HEAD', `/v2/hoge-stg/blobs/${layer}`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
    expect(await (await call('GET', '/v2/hoge-stg/tags/list')).json()).toEqual({ name: 'hoge-stg', tags: ['v1'] });
  });

  it('refuses content that does not match its digest', async () => {
    const started = await call('POST', '/v2/hoge-stg/blobs/uploads/');
    const wrong = await call('PUT', `${started.headers.get('location')}?digest=${digestOf('a')}`, 'b');
    expect(await errorOf(wrong)).toMatchObject({ status: 400, code: 'DIGEST_INVALID' });
  });

  it('refuses a chunk out of order', async () => {
    const started = await call('POST', '/v2/hoge-stg/blobs/uploads/');
    const late = await call('PATCH', started.headers.get('location') ?? '', 'x', { 'content-range': '5-5' });
    expect(late.status).toBe(416);
  });

  it('refuses a manifest whose layers were never pushed', async () => {
    const put = await call('PUT', '/v2/hoge-stg/manifests/v1', manifestOf(digestOf('c'), digestOf('l')));
    expect(await errorOf(put)).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' });
  });

  it('refuses a repository that does not exist in the words of ECR', async () => {
    const push = await call('POST', '/v2/nope/blobs/uploads/');
    expect(await errorOf(push)).toEqual({
      status: 404,
      code: 'NAME_UNKNOWN',
      message: "The repository with name 'nope' does not exist in the registry with id '123456789012'",
    });
  });

  it('refuses to move an immutable tag, and takes the same image again', async () => {
    model.ecr.store.create('hoge-stg', { immutable: true });
    const put = async (content: string): Promise<Response> => {
      const blob = await pushBlob(content);
      return call('PUT', '/v2/hoge-stg/manifests/v1', manifestOf(blob, blob));
    };
    expect((await put('one')).status).toBe(201);
    expect((await put('one')).status).toBe(201);
    expect(await errorOf(await put('two'))).toEqual({
      status: 400,
      code: 'TAG_INVALID',
      message:
        "The image tag 'v1' already exists in the 'hoge-stg' repository and cannot be overwritten because the repository is immutable.",
    });
  });

  it('is judged by IAM, action by action', async () => {
    const Statement = [{ Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' }] as const;
    model.identity.enforce('arn:aws:iam::123456789012:user/ci', { Statement });
    const denied = await errorOf(await call('POST', '/v2/hoge-stg/blobs/uploads/'));
    expect(denied.message).toBe(
      'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:eu-west-1:123456789012:repository/hoge-stg because no identity-based policy allows the ecr:InitiateLayerUpload action',
    );
    expect(model.requests.at(-1)).toMatchObject({ operation: 'InitiateLayerUpload', status: 403 });
  });
});
