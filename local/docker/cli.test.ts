import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Served, serve } from '../aws/http.ts';
import { LocalAws } from '../aws/local-aws.ts';
import { installStandInDocker } from './install.ts';

let folder: string;
let model: LocalAws;
let served: Served;
let host: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stand-in-docker-cli-'));
  model = new LocalAws();
  served = await serve(model);
  host = `127.0.0.1:${served.port}`;
  model.ecr.store.create('hoge');
  await installStandInDocker(join(folder, 'bin'));
  await mkdir(join(folder, 'context'));
  await writeFile(join(folder, 'context', 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /a\nCMD ["/a"]');
});
afterEach(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

async function docker(line: string, input = '') {
  const env = {
    PATH: process.env.PATH,
    STAND_IN_DOCKER_HOME: join(folder, 'store'),
    DOCKER_CONFIG: join(folder, 'config'),
  };
  const child = spawn(join(folder, 'bin', 'docker'), line.split(' '), { cwd: join(folder, 'context'), env });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await exited, stdout, stderr };
}

function password(): string {
  const caller = model.identity.authenticate({ service: 'ecr', accessKeyId: 'AKIAX', sessionToken: undefined });
  return Buffer.from(model.ecr.tokens.issue(caller).token, 'base64').toString().replace('AWS:', '');
}

test('login, build, tag and push leave the image in ECR, under the digest that docker prints', async () => {
  expect(await docker(`login --username AWS --password-stdin ${host}`, password())).toMatchObject({
    exitCode: 0,
    stdout: 'Login Succeeded\n',
  });
  const built = await docker(`build -t hoge:1 --build-arg A=b .`);
  expect(built.stdout).toMatch(/^The stand-in docker builds this image: no Docker engine answers/);
  expect(await docker(`tag hoge:1 ${host}/hoge:1`)).toMatchObject({ exitCode: 0 });
  const pushed = await docker(`push ${host}/hoge:1`);
  const [, digest] = /^1: digest: (sha256:\w+) size: \d+$/m.exec(pushed.stdout) ?? [];
  expect(model.ecr.resolve(`${host}/hoge:1`)).toEqual({ digest });
  expect((await docker(`push ${host}/hoge:1`)).stdout).toContain('Layer already exists');
  const inspected = await docker(
    `image inspect ${host}/hoge:1 --format {{json .RepoDigests}}`.replace('{{json .', '{{json.'),
  );
  expect(JSON.parse(inspected.stdout)).toEqual([`${host}/hoge@${digest}`]);
});

test('logout forgets the password', async () => {
  await docker(`login --username AWS --password-stdin ${host}`, password());
  expect(await readFile(join(folder, 'config', 'config.json'), 'utf8')).toContain('auth');
  await docker(`logout ${host}`);
  expect(JSON.parse(await readFile(join(folder, 'config', 'config.json'), 'utf8'))).toEqual({ auths: {} });
});

test('refusals come in docker’s words and with exit code 1', async () => {
  const refused = await docker(`login --username AWS --password-stdin ${host}`, 'wrong');
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('failed with status: 401') });
  await docker(`build -t ${host}/hoge:1 -t ${host}/other:1 .`);
  expect(await docker(`push ${host}/hoge:1`)).toMatchObject({ exitCode: 1, stderr: 'no basic auth credentials\n' });
  await docker(`login --username AWS --password-stdin ${host}`, password());
  const unknown = await docker(`push ${host}/other:1`);
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^name unknown: .*other/) });
  expect(await docker('push registry.example/hoge')).toMatchObject({ exitCode: 1 });
  expect(await docker('build --squash .')).toMatchObject({ exitCode: 125, stderr: 'unknown flag: --squash\n' });
  expect(await docker('buildx version')).toMatchObject({ exitCode: 1 });
});
