import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { FaultKind } from '../../local/aws/faults.ts';
import { type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
const look = ['status', '--cluster', 'hoge-stg', '--service', 'hoge-apps-service-stg'];

interface User {
  arn: string;
  accessKeyId: string;
  secretAccessKey: string;
}
/** What a source gives the program, and whom AWS then sees. */
type Given = Promise<{ env: Record<string, string>; args?: string[]; caller: string }>;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server on this machine that answers with JSON or text, as the ECS agent or the metadata of EC2 do. */
async function server(answer: (request: IncomingMessage) => object | string | undefined): Promise<string> {
  const http = createServer((request, response) => {
    const body = answer(request);
    if (body === undefined) response.writeHead(404);
    response.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  open.push(() => http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const handedOut = ({ accessKeyId, secretAccessKey }: User): object => ({
  Code: 'Success',
  AccessKeyId: accessKeyId,
  SecretAccessKey: secretAccessKey,
  Token: 'session',
  Expiration: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z'),
});

const keys = ({ accessKeyId, secretAccessKey }: User): string =>
  `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;

/** The shared file of this machine, and the profile `stg` of it. */
async function profile(
  { folder }: PipelineWorld,
  text: string,
): Promise<{ env: Record<string, string>; args: string[] }> {
  const file = join(folder, 'config');
  await writeFile(file, text);
  return { env: { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }, args: ['--profile', 'stg'] };
}

/** A role that this user, or whoever holds a token of CircleCI, may assume. */
function role({ model }: PipelineWorld, user: User): string {
  const Statement = { Effect: 'Allow' as const, Principal: { AWS: user.arn }, Action: 'sts:AssumeRole' };
  return model.identity.access.createRole('chained', { Statement }).arn;
}

/** A profile whose role another profile assumes. */
const chained = (world: PipelineWorld, user: User): ReturnType<typeof profile> =>
  profile(
    world,
    `[profile base]\n${keys(user)}\n[profile stg]\nrole_arn = ${role(world, user)}\nsource_profile = base\n`,
  );

/** The agent of the ECS task or EKS pod, which asks for a token. */
const agent = (user: User): Promise<string> =>
  server(({ headers }) => (headers.authorization === 'secret' ? handedOut(user) : undefined));

async function tokenFile({ folder, issuer }: PipelineWorld): Promise<string> {
  const file = join(folder, 'token');
  await writeFile(file, await issuer.token());
  return file;
}

/** The metadata of an EC2 machine with a role, which may give tokens for it. */
const metadata = (user: User, token: () => string | undefined): Promise<string> =>
  server(({ url, method }) => {
    if (method === 'PUT' && url === '/latest/api/token') return token();
    const folder = '/latest/meta-data/iam/security-credentials/';
    return url === folder ? 'runner' : url === `${folder}runner` ? handedOut(user) : undefined;
  });
const onMachine = (address: string): Record<string, string> => ({
  AWS_EC2_METADATA_SERVICE_ENDPOINT: address,
  AWS_EC2_METADATA_DISABLED: 'false',
});

const deploy = 'arn:aws:iam::123456789012:role/deploy';

it.each<[string, (world: PipelineWorld, user: User) => Given]>([
  [
    'the agent of the ECS task or EKS pod that the job runs in, by its address and token',
    async (_world, user) => {
      const env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${await agent(user)}/creds`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret',
      };
      return { env, caller: user.arn };
    },
  ],
  [
    'the agent of the EKS pod that the job runs in, by a token in a file',
    async ({ folder }, user) => {
      const file = join(folder, 'pod-token');
      await writeFile(file, 'secret');
      const env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${await agent(user)}/creds`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
      };
      return { env, caller: user.arn };
    },
  ],
  [
    'the metadata of an EC2 machine that gives no tokens (IMDSv1)',
    async (_world, user) => ({ env: onMachine(await metadata(user, () => undefined)), caller: user.arn }),
  ],
  [
    'a profile whose role the EC2 machine’s own one assumes',
    async (world, user) => {
      const address = await metadata(user, () => 'token');
      const text = `[profile stg]\nrole_arn = ${role(world, user)}\ncredential_source = Ec2InstanceMetadata\n`;
      const { env, args } = await profile(world, text);
      return { env: { ...env, ...onMachine(address) }, args, caller: 'assumed-role/chained/' };
    },
  ],
  [
    'a profile whose role the one of the ECS task or EKS pod assumes',
    async (world, user) => {
      const address = await server(() => handedOut(user));
      const text = `[profile stg]\nrole_arn = ${role(world, user)}\ncredential_source = EcsContainer\n`;
      const { env, args } = await profile(world, text);
      const uri = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/creds` };
      return { env: { ...env, ...uri }, args, caller: 'assumed-role/chained/' };
    },
  ],
  [
    'the metadata of the EC2 machine that the job runs on',
    async (_world, user) => ({ env: onMachine(await metadata(user, () => 'token')), caller: user.arn }),
  ],
  [
    'a profile whose program prints credentials',
    async (world, user) => {
      const file = join(world.folder, 'handed-out.json');
      await writeFile(file, JSON.stringify({ Version: 1, ...handedOut(user), SessionToken: 'session' }));
      return { ...(await profile(world, `[profile stg]\ncredential_process = cat ${file}\n`)), caller: user.arn };
    },
  ],
  [
    'a profile whose role another profile assumes',
    async (world, user) => {
      return { ...(await chained(world, user)), caller: 'assumed-role/chained/' };
    },
  ],
  [
    'a profile whose role the environment’s keys assume',
    async (world, user) => {
      const text = `[profile stg]\nrole_arn = ${role(world, user)}\ncredential_source = Environment\n`;
      const { env, args } = await profile(world, text);
      const own = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
      return { env: { ...env, ...own }, args, caller: 'assumed-role/chained/' };
    },
  ],
  [
    'a profile whose role a token in a file assumes',
    async (world) => {
      const text = `[profile stg]\nrole_arn = ${deploy}\nweb_identity_token_file = ${await tokenFile(world)}\n`;
      return { ...(await profile(world, text)), caller: 'assumed-role/deploy/' };
    },
  ],
  [
    'a token in a file that the environment names',
    async (world) => {
      const env = { AWS_ROLE_ARN: deploy, AWS_WEB_IDENTITY_TOKEN_FILE: await tokenFile(world) };
      return { env, caller: 'assumed-role/deploy/' };
    },
  ],
])('%s', async (_source, give) => {
  const world = await pipelineWorld();
  const { env, args = [], caller } = await give(world, world.model.identity.access.createUser('runner'));
  const { exitCode, stderr } = await world.run([...look, ...args], { env: { ...none, ...env } });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const seen = world.model.requests.filter(({ operation }) => operation === 'DescribeServices');
  expect(seen[0]?.principal?.arn).toContain(caller);
});

/** Shows what serves, by a profile whose role another profile assumes. */
async function lookByProfile(world: PipelineWorld): ReturnType<PipelineWorld['run']> {
  const { env, args } = await chained(world, world.model.identity.access.createUser('runner'));
  return world.run([...look, ...args], { env: { ...none, ...env } });
}
const assumed = ({ model }: PipelineWorld): number =>
  model.requests.filter(({ operation }) => operation === 'AssumeRole').length;

it.each<FaultKind>(['throttle', 'empty-500', 'reset-before'])(
  'STS that answers a profile by %s is asked again, and its session serves all clients',
  async (kind) => {
    const world = await pipelineWorld();
    world.model.faults.script({ service: 'sts', kind });
    const { exitCode, stderr } = await lookByProfile(world);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(assumed(world)).toBe(2);
  },
);

it('STS that answers a profile without a session is no bug of ours', async () => {
  const world = await pipelineWorld();
  world.model.operations.sts.AssumeRole = () => ({});
  const { exitCode, stderr } = await lookByProfile(world);
  expect(stderr).toMatch(/^Error: STS answered without credentials\.\n/);
  expect(exitCode).toBe(2);
});

it('an agent that answers with a page is asked again, and no bug of ours', async () => {
  const world = await pipelineWorld();
  let asked = 0;
  const address = await server(() => {
    asked++;
    return '<html>busy</html>';
  });
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/creds` };
  const { exitCode, stderr } = await world.run(look, { env: { ...none, ...env } });
  expect(stderr).toMatch(/^Error: AWS did not answer\.\n {2}Why: .*the answer could not be read/);
  expect(exitCode).toBe(2);
  expect(asked).toBeGreaterThan(1);
});

it('the region of the machine that the job runs on is not taken: it may be CircleCI’s', async () => {
  const world = await pipelineWorld();
  let asked = 0;
  const address = await server(() => {
    asked++;
    return 'ap-northeast-3';
  });
  const { exitCode, stderr } = await world.run(look, {
    env: {
      AWS_REGION: '',
      AWS_DEFAULT_REGION: '',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: address,
      AWS_EC2_METADATA_DISABLED: '',
    },
  });
  expect(stderr).toMatch(/^Error: The AWS region is not known\.\n/);
  expect(exitCode).toBe(2);
  expect(asked).toBe(0);
});
