import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { build } from './build.ts';
import { applyLayer } from './layers.ts';
import { type ImageConfig, openStore } from './store.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stand-in-docker-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function buildOf(
  files: Record<string, string>,
  options: { target?: string; buildArguments?: Record<string, string> } = {},
) {
  const contextPath = await mkdtemp(join(folder, 'context-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(contextPath, name)), { recursive: true });
    await writeFile(join(contextPath, name), content);
  }
  const store = openStore({ STAND_IN_DOCKER_HOME: join(folder, 'store') });
  const lines: string[] = [];
  const id = await build(
    {
      contextPath,
      dockerfilePath: undefined,
      tags: ['hoge:1'],
      buildArguments: {},
      labels: {},
      useCache: true,
      target: undefined,
      ...options,
    },
    { store, environment: process.env, say: (line) => lines.push(line) },
  );
  const root = await mkdtemp(join(folder, 'root-'));
  const { layers } = await store.find('hoge:1');
  for (const layer of layers) await applyLayer(await store.readBlob(layer), root);
  const image = JSON.parse((await store.readBlob(id)).toString()) as ImageConfig;
  return { id, image, lines, root, names: (await readdir(root, { recursive: true })).sort() };
}

const TWO_STAGES = {
  '.dockerignore': 'secret.txt\n*.log',
  'secret.txt': 'x',
  'a.log': 'x',
  'src/a.js': 'a',
  'src/b.js': 'b',
  Dockerfile: `FROM node:22 AS made
    WORKDIR /app
    RUN mkdir out && echo made > out/file && ln -s file out/link
    FROM node:22 AS apps
    ENV NAME=value PATH=/app/bin:$PATH
    WORKDIR /app
    COPY --from=made /app/out ./out
    COPY src/*.js ./
    CMD ["node", "a.js"]
    FROM apps AS everything
    COPY . .`,
};

test('the target stage takes files from an earlier stage and from the context', async () => {
  const { names, image, root } = await buildOf(TWO_STAGES, { target: 'apps' });
  expect(names).toEqual(['app', 'app/a.js', 'app/b.js', 'app/out', 'app/out/file', 'app/out/link']);
  expect(await readFile(join(root, 'app/out/link'), 'utf8')).toBe('made\n');
  expect(image.config).toMatchObject({ WorkingDir: '/app', Cmd: ['node', 'a.js'] });
  expect(image.config.Env).toContain('NAME=value');
  expect(image.config.Env.find((pair) => pair.startsWith('PATH='))).toMatch(/^PATH=\/app\/bin:\/usr\/local/);
});

test('without a target the last stage is built, without what .dockerignore names', async () => {
  const { names } = await buildOf(TWO_STAGES);
  expect(names).toContain('app/src/b.js');
  expect(names).not.toContain('app/secret.txt');
  expect(names).not.toContain('app/a.log');
});

test('the same files give the same image, other files another one', async () => {
  const first = await buildOf(TWO_STAGES);
  const second = await buildOf(TWO_STAGES);
  const third = await buildOf({ ...TWO_STAGES, 'src/a.js': 'changed' });
  expect(second.id).toBe(first.id);
  expect(second.lines).toContain(' ---> Using cache');
  expect(third.id).not.toBe(first.id);
});

test('a file that a later RUN deletes is not in the image', async () => {
  const { names } = await buildOf({ Dockerfile: 'FROM node:22\nRUN touch a b\nRUN rm a' });
  expect(names).toEqual(['b']);
});

test('build arguments reach RUN, and their defaults hold otherwise', async () => {
  const Dockerfile = 'FROM node:22\nARG WORD=none\nARG OTHER=default\nRUN echo $WORD $OTHER > said';
  const { root } = await buildOf({ Dockerfile }, { buildArguments: { WORD: 'given' } });
  expect(await readFile(join(root, 'said'), 'utf8')).toBe('given default\n');
});

test.each([
  ['a failing RUN', 'FROM node:22\nRUN exit 3', "The command '/bin/sh -c exit 3' returned a non-zero code: 3"],
  ['a missing file', 'FROM node:22\nCOPY no.js .', 'COPY failed: file not found in build context'],
  ['another base image', 'FROM ruby:3', 'the stand-in docker has no ruby:3'],
])('%s fails the build in words that docker uses', async (_, Dockerfile, message) => {
  await expect(buildOf({ Dockerfile })).rejects.toThrow(message);
});

test('an unknown target fails the build', async () => {
  await expect(buildOf(TWO_STAGES, { target: 'nope' })).rejects.toThrow(
    'failed to reach build target nope in Dockerfile',
  );
});
