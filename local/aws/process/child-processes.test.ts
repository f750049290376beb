import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { build } from '../../docker/build.ts';
import { openStore } from '../../docker/store.ts';
import { LocalAws } from '../local-aws.ts';
import { ChildProcesses } from './child-processes.ts';
import { serveFront } from './front.ts';
import { RegistryImages } from './registry-images.ts';

let folder: string;
let model: LocalAws;
let processes: ChildProcesses;
let image: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'child-processes-'));
  model = new LocalAws();
  model.logs.createGroup('/ecs/hoge');
  model.clusters.create('hoge');
  processes = new ChildProcesses(new RegistryImages(model.ecr.store, join(folder, 'images')));
  model.tasks.launcher = processes;
  image = await pushed();
});
afterEach(async () => {
  await processes.close();
  await rm(folder, { recursive: true });
});

/** Builds an image with one program in it and puts it into local ECR. */
async function pushed(more = ''): Promise<string> {
  const context = join(folder, 'context');
  const store = openStore({ STAND_IN_DOCKER_HOME: join(folder, 'store') });
  await rm(context, { recursive: true, force: true });
  await mkdir(context);
  await writeFile(join(context, 'say.mjs'), SAY);
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM node:22\nENV FROM_IMAGE=yes\nWORKDIR /app\nCOPY say.mjs .\n${more}\nCMD ["node", "say.mjs"]`,
  );
  const id = await build(
    {
      contextPath: context,
      dockerfilePath: undefined,
      target: undefined,
      tags: ['hoge'],
      buildArguments: {},
      labels: {},
      useCache: true,
    },
    { store, environment: process.env, say: () => {} },
  );
  const { layers } = await store.find('hoge');
  const repository = model.ecr.store.create('hoge');
  for (const digest of [...layers, id]) repository.blobs.set(digest, await store.readBlob(digest));
  const manifest = { schemaVersion: 2, config: { digest: id }, layers: layers.map((digest) => ({ digest })) };
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  model.ecr.store.put(repository, Buffer.from(JSON.stringify(manifest)), mediaType, 'latest');
  return `${model.ecr.store.uri('hoge')}:latest`;
}

const SAY = `
  import { createServer } from 'node:http';
  const { FROM_IMAGE, GIVEN, PORT, EXIT } = process.env;
  console.log('image ' + FROM_IMAGE + ', given ' + GIVEN + ', in ' + process.cwd());
  console.error('on stderr');
  if (EXIT !== undefined) process.exit(Number(EXIT));
  createServer((request, response) => response.end('hello')).listen(PORT, () => console.log('listening'));
  process.on('SIGTERM', () => { console.log('terminated'); process.exit(7); });
  process.on('SIGINT', () => process.exit(8));
`;

function launch(container: object = {}) {
  const logConfiguration = {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/ecs/hoge', 'awslogs-region': model.world.region, 'awslogs-stream-prefix': 'x' },
  };
  const taskDefinition = model.taskDefinitions.register({
    family: 'hoge',
    containerDefinitions: [{ name: 'hoge', image, logConfiguration, memory: 64, ...container }],
  });
  const task = model.tasks.launch({ cluster: 'hoge', taskDefinition, group: 'family:hoge', launchType: 'FARGATE' });
  const found = task.containers[0];
  if (found === undefined) throw new Error('no container');
  model.clock.advance(30_000);
  const lines = () => (model.logs.stream('/ecs/hoge', `x/hoge/${task.id}`) ?? []).map(({ message }) => message);
  return { task, container: found, lines };
}

test('a container gets the image, its environment and the one given, and its lines and exit code come back', async () => {
  const { task, container, lines } = launch({
    environment: [
      { name: 'EXIT', value: '3' },
      { name: 'GIVEN', value: 'x' },
    ],
  });
  await vi.waitFor(() => expect(container.lastStatus).toBe('STOPPED'), 10_000);
  expect(container.exitCode).toBe(3);
  expect(lines()).toEqual(expect.arrayContaining(['image yes, given x, in /app', 'on stderr']));
  model.clock.advance(60_000);
  expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' });
  expect(model.truth.runs).toMatchObject([{ container: 'hoge', exitCode: 3 }]);
});

test('a server answers behind the front until its task is stopped, and hears SIGTERM', async () => {
  const { task, container, lines } = launch();
  await vi.waitFor(() => expect(lines()).toContain('listening'), 10_000);
  const front = await serveFront(() => [1, processes.portOf(task.arn) ?? 0]);
  try {
    expect(await (await fetch(front.url)).text()).toBe('hello');
    model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
    await vi.waitFor(() => expect(container.lastStatus).toBe('STOPPED'), 10_000);
    expect(container.exitCode).toBe(7);
    expect(processes.processes()).toEqual([]);
    expect((await fetch(front.url)).status).toBe(503);
  } finally {
    await front.close();
  }
});

test('an image that names another STOPSIGNAL is stopped with that one', async () => {
  image = await pushed('STOPSIGNAL SIGINT');
  const { task, container, lines } = launch();
  await vi.waitFor(() => expect(lines()).toContain('listening'), 10_000);
  model.tasks.stop(task, { stopCode: 'UserInitiated', reason: 'Task stopped by user' });
  await vi.waitFor(() => expect(container.lastStatus).toBe('STOPPED'), 10_000);
  expect(container.exitCode).toBe(8);
});

test('a program that is not in the image leaves no exit code, but runc’s words', async () => {
  const { container } = launch({ command: ['no-such-program', 'db:migrate'] });
  await vi.waitFor(() => expect(container.lastStatus).toBe('STOPPED'), 10_000);
  expect(container.exitCode).toBeUndefined();
  expect(container.reason).toContain('exec: "no-such-program": executable file not found in $PATH');
});

test('a container whose image a test made up follows its script', () => {
  model.ecr.push('made-up', ['1']);
  model.behaviours.script({ container: 'hoge' }, { runMs: 1000, exitCode: 5 });
  const { container } = launch({ image: `${model.ecr.store.uri('made-up')}:1`, command: ['true'] });
  model.clock.advance(5000);
  expect(container.exitCode).toBe(5);
});

test('a container whose image was never pushed follows its script', () => {
  model.behaviours.script({ container: 'hoge' }, { runMs: 1000, exitCode: 5 });
  const { container } = launch({ image: 'public.example/other:1' });
  model.clock.advance(5000);
  expect(container.exitCode).toBe(5);
});
