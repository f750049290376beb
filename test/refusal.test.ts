import { describe, expect, it } from 'vitest';
import { type CliDeps, runCli } from '../src/cli.ts';
import { TransientError, UserError } from '../src/errors.ts';
import type { StageRecord } from '../src/records/record.ts';
import { registry, rolloutWorld } from './rollout/rollout-world.ts';
import { memoryFiles } from './support/memory-files.ts';

const noCredentials = new UserError('There are no AWS credentials.', {
  code: 'CredentialsProviderError',
  why: 'Could not load credentials from any providers',
  fix: 'Give the job a context.',
});
const nowMs = Date.parse('2026-11-23T12:00:00.000Z');

const build = ['build-and-push-image', '--repository', 'hoge', '--tag', 'v1'];
const migrate = ['run-migration-task', '--cluster', 'stg', '--task-definition', 'app'];
const taskArn = `arn:aws:ecs:eu-west-1:123456789012:task/stg/${'0'.repeat(32)}`;
const deploy = ['update-service-and-verify', '--cluster', 'stg', '--service', 'web'];

async function run(args: readonly string[], deps: Partial<CliDeps> = {}) {
  const files = memoryFiles();
  let stderr = '';
  const exitCode = await runCli([...args, '--record-dir', 'r'], {
    env: { CIRCLE_JOB: 'deploy', CIRCLE_SHA1: 'abc' },
    clock: { now: () => nowMs, sleep: async () => undefined },
    interrupt: { signal: new AbortController().signal, name: () => 'SIGINT' },
    files,
    http: () => Promise.reject(new Error('no http is expected here')),
    processes: { run: () => Promise.reject(new Error('no process is expected here')) },
    version: '0.0.0-test',
    stdout: { write: () => undefined, isTty: false },
    stderr: {
      write: (text) => {
        stderr += text;
      },
      isTty: false,
    },
    connect: () => Promise.reject(noCredentials),
    ...deps,
  });
  const record = (name: string): StageRecord => JSON.parse(files.contents.get(`r/${name}.json`) ?? 'null');
  return { exitCode, stderr, files, record };
}

const started = (at: string, more: object) =>
  JSON.stringify({ schemaVersion: 1, stage: 'run-migration-task', cluster: 'stg', startedAt: at, ...more });

describe('a stage that is refused before it begins is on record', () => {
  it.each([
    ['build-and-push-image', build, { repository: 'hoge', tags: ['v1'], commit: 'abc' }],
    ['run-migration-task', migrate, { cluster: 'stg', taskDefinition: 'app' }],
    ['wait-for-task', ['wait-for-task', '--task', taskArn], { cluster: 'stg', taskArn }],
    ['update-service-and-verify-web', deploy, { cluster: 'stg', service: 'web' }],
  ])('%s', async (file, args, names) => {
    const { exitCode, record, stderr } = await run(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There are no AWS credentials.');
    expect(record(file)).toMatchObject({
      ...names,
      status: 'refused',
      verdict: 'refused',
      reasonCode: 'CredentialsProviderError',
      reason: 'There are no AWS credentials. Could not load credentials from any providers',
      fix: 'Give the job a context.',
      ci: { job: 'deploy' },
    });
  });

  it('once for each service, under the name that a later run of it would use', async () => {
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:service/stg/api';
    const { files } = await run([...deploy, '--service', arn]);
    expect([...files.contents.keys()]).toEqual([
      'r/update-service-and-verify-web.json',
      'r/update-service-and-verify-api.json',
    ]);
  });

  it('under the family where no service is named', async () => {
    const { record } = await run(['update-service-and-verify', '--cluster', 'stg', '--family', 'web']);
    expect(record('update-service-and-verify-web')).toMatchObject({ service: 'web' });
  });

  it('also for options that cannot be used', async () => {
    const { record } = await run([...migrate, '--timeout', 'soon']);
    expect(record('run-migration-task')).toMatchObject({
      cluster: 'stg',
      reasonCode: 'Options',
      reason: expect.stringContaining('--timeout must be a duration'),
    });
  });

  it('also when AWS does not answer', async () => {
    const connect = () =>
      Promise.reject(new TransientError('read ECONNRESET', { code: 'ECONNRESET', throttled: false }));
    const { record } = await run(migrate, { connect });
    expect(record('run-migration-task')).toMatchObject({ status: 'refused', reason: 'read ECONNRESET' });
  });

  it('with the variables of its names replaced', async () => {
    const args = ['run-migration-task', '--cluster', '$CIRCLE_JOB-stg', '--task-definition', 'app', '--expand-env'];
    expect((await run(args)).record('run-migration-task')).toMatchObject({ cluster: 'deploy-stg' });
  });
});

describe('what a refusal does to records that are there', () => {
  it('the success of an earlier run does not stand for this one', async () => {
    const success = started('2026-11-23T11:00:00.000Z', { status: 'succeeded', verdict: 'succeeded' });
    const files = memoryFiles({ 'r/run-migration-task.json': success });
    await run(migrate, { files });
    const record = JSON.parse(files.contents.get('r/run-migration-task.json') ?? '');
    expect(record).toMatchObject({ status: 'refused', startedAt: '2026-11-23T12:00:00.000Z' });
  });

  it.each([
    [
      'running: it keeps what it names',
      'running',
      { status: 'refused', taskArn, reasonCode: 'CredentialsProviderError' },
    ],
    ['judged: it stays', 'failed', { status: 'failed', verdict: 'failed', taskArn }],
  ])('that this run wrote itself, %s', async (_what, status, expected) => {
    const files = memoryFiles();
    const connect = async () => {
      const own = started('2026-11-23T12:00:00.000Z', { status, verdict: status, taskArn });
      files.contents.set('r/run-migration-task.json', own);
      throw noCredentials;
    };
    await run(migrate, { files, connect });
    expect(JSON.parse(files.contents.get('r/run-migration-task.json') ?? '')).toMatchObject(expected);
  });

  it('the task that an earlier run left behind stays named, so that a later one knows it', async () => {
    const taskDefinition = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7';
    const task = { taskArn, taskDefinition, clientToken: 't' };
    const cutOff = started('2026-11-23T11:00:00.000Z', { status: 'running', verdict: 'running', ...task });
    const files = memoryFiles({ 'r/run-migration-task.json': cutOff });
    await run(migrate, { files });
    const record = JSON.parse(files.contents.get('r/run-migration-task.json') ?? '');
    expect(record).toMatchObject({ status: 'refused', ...task });
  });

  it('a dry run leaves none', async () => {
    const { files, exitCode } = await run([...migrate, '--dry-run']);
    expect(exitCode).toBe(2);
    expect(files.contents.size).toBe(0);
  });

  it('a folder that cannot be written to does not hide the reason', async () => {
    const write = () => Promise.reject(new UserError('The file r cannot be written.'));
    const { stderr, exitCode } = await run(migrate, { files: { ...memoryFiles(), write } });
    expect(stderr).toContain('There are no AWS credentials.');
    expect(stderr).not.toContain('cannot be written');
    expect(exitCode).toBe(2);
  });

  it('a file that is no record of ours is left alone', async () => {
    const files = memoryFiles({ 'r/run-migration-task.json': '{"schemaVersion": 99}' });
    await run(migrate, { files });
    expect(files.contents.get('r/run-migration-task.json')).toBe('{"schemaVersion": 99}');
  });

  it('a bug of ours is no refusal', async () => {
    const { exitCode, files } = await run(migrate, { connect: () => Promise.reject(new TypeError('x')) });
    expect(exitCode).toBe(70);
    expect(files.contents.size).toBe(0);
  });
});

describe('of several services', () => {
  it('the one that AWS refused to update is on record beside the one that landed', async () => {
    const { model, service, deploy } = await rolloutWorld();
    await service('other');
    const message = 'User: ci is not authorized to perform: ecs:UpdateService on resource: other';
    model.faults.script({ kind: 'error', operation: 'UpdateService', skip: 1, type: 'AccessDeniedException', message });
    const services = ['--service', 'web', '--service', 'other', '--image', `${registry}/web:v2`];
    const { files } = await deploy([...services, '--record-dir', 'r']);
    expect(JSON.parse(files.get('r/update-service-and-verify-web.json') ?? '')).toMatchObject({ status: 'succeeded' });
    const other = JSON.parse(files.get('r/update-service-and-verify-other.json') ?? '');
    expect(other).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining(message),
      fix: expect.stringContaining('Allow ecs:UpdateService on other'),
    });
    expect(other).not.toHaveProperty('deploymentId');
  });

  it('one that does not exist leaves a record for each, and none says that it was deployed', async () => {
    const { deploy } = await rolloutWorld();
    const { files } = await deploy(['--service', 'web,nope', '--image', `${registry}/web:v2`, '--record-dir', 'r']);
    for (const name of ['web', 'nope']) {
      expect(JSON.parse(files.get(`r/update-service-and-verify-${name}.json`) ?? '')).toMatchObject({
        status: 'refused',
        reason: expect.stringContaining('The service nope does not exist in cluster prod.'),
      });
    }
  });
});
