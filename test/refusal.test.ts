import { describe, expect, it } from 'vitest';
import { type CliDeps, runCli } from '../src/cli.ts';
import { TransientError, UserError } from '../src/errors.ts';
import type { Outcome } from '../src/outcome.ts';
import { openRecords } from '../src/records/records.ts';
import { schemaVersion } from '../src/records/schema.ts';
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

type Given = Partial<Omit<CliDeps, 'files'>> & { files?: ReturnType<typeof memoryFiles> };
const env = { CIRCLE_JOB: 'deploy', CIRCLE_SHA1: 'abc', AWS_REGION: 'eu-west-1' };

async function run(args: readonly string[], { files = memoryFiles(), ...deps }: Given = {}) {
  let stderr = '';
  const exitCode = await runCli([...args, '--record-dir', 'r'], {
    env,
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
  return { exitCode, stderr, files, records: recordsIn(files.contents) };
}

/** The records of a folder `r`, in order of their names. */
const recordsIn = (contents: ReadonlyMap<string, string>): Outcome[] =>
  [...contents.keys()]
    .filter((path) => path.startsWith('r/'))
    .sort()
    .map((path) => JSON.parse(contents.get(path) ?? ''));

/** A migration's record as an earlier process of this job left it. */
async function migrationRecord(files: ReturnType<typeof memoryFiles>, at: string, more: object): Promise<void> {
  await openRecords('r', files, env).save({
    ...{ schemaVersion, stage: 'run-migration-task', verdict: 'running', startedAt: at },
    ...{ cluster: 'stg', taskDefinition: 'app', family: 'app', region: 'eu-west-1', ...more },
  });
}

describe('a stage that is refused before it begins is on record', () => {
  it.each([
    ['build-and-push-image', build, { repository: 'hoge', tags: ['v1'] }],
    ['run-migration-task', migrate, { cluster: 'stg', taskDefinition: 'app' }],
    ['wait-for-task', ['wait-for-task', '--task', taskArn], { cluster: 'stg', taskArn }],
    ['update-service-and-verify', deploy, { cluster: 'stg', service: 'web' }],
  ])('%s', async (stage, args, names) => {
    const { exitCode, records, stderr } = await run(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There are no AWS credentials.');
    expect(records).toMatchObject([
      {
        ...{ stage, ...names, verdict: 'refused', commit: 'abc', ci: { job: 'deploy' } },
        explanation: {
          code: 'CredentialsProviderError',
          cause: 'There are no AWS credentials.',
          said: 'Could not load credentials from any providers',
          fix: 'Give the job a context.',
        },
      },
    ]);
  });

  it('once for each service', async () => {
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:service/stg/api';
    const { records } = await run([...deploy, '--service', arn]);
    expect(records).toMatchObject([{ service: 'api' }, { service: 'web' }]);
  });

  it('under the family where no service is named', async () => {
    const { records } = await run(['update-service-and-verify', '--cluster', 'stg', '--family', 'web']);
    expect(records).toMatchObject([{ service: 'web' }]);
  });

  it('also for options that cannot be used', async () => {
    const { records } = await run([...migrate, '--timeout', 'soon']);
    expect(records).toMatchObject([
      {
        cluster: 'stg',
        explanation: { code: 'Options', cause: expect.stringContaining('--timeout must be a duration') },
      },
    ]);
  });

  it('also when AWS does not answer', async () => {
    const connect = () =>
      Promise.reject(new TransientError('read ECONNRESET', { code: 'ECONNRESET', throttled: false }));
    const { records } = await run(migrate, { connect });
    expect(records).toMatchObject([{ verdict: 'refused', explanation: { said: 'read ECONNRESET' } }]);
  });

  it('with the variables of its names replaced', async () => {
    const args = ['run-migration-task', '--cluster', '$CIRCLE_JOB-stg', '--task-definition', 'app', '--expand-env'];
    expect((await run(args)).records).toMatchObject([{ cluster: 'deploy-stg' }]);
  });
});

describe('what a refusal does to records that are there', () => {
  it('the success of an earlier run does not stand for this one: one file, one word', async () => {
    const files = memoryFiles();
    await migrationRecord(files, '2026-11-23T11:00:00.000Z', { verdict: 'succeeded' });
    const { records } = await run(migrate, { files });
    expect(records).toMatchObject([{ verdict: 'refused', startedAt: '2026-11-23T12:00:00.000Z' }]);
  });

  it.each([
    [
      'running: it keeps what it names',
      'running',
      { verdict: 'refused', explanation: { code: 'CredentialsProviderError' } },
    ],
    ['judged: it stays', 'failed', { verdict: 'failed' }],
  ])('that this run wrote itself, %s', async (_what, verdict, expected) => {
    const files = memoryFiles();
    const connect = async () => {
      await migrationRecord(files, '2026-11-23T12:00:00.000Z', { verdict, taskArn });
      throw noCredentials;
    };
    const { records } = await run(migrate, { files, connect });
    expect(records).toMatchObject([{ ...expected, taskArn }]);
    expect(records).toHaveLength(1);
  });

  it('that a run beside it is writing: it stays', async () => {
    const files = memoryFiles();
    const connect = async () => {
      await migrationRecord(files, '2026-11-23T12:00:01.000Z', { cluster: 'prod', taskArn });
      throw noCredentials;
    };
    const { records } = await run(migrate, { files, connect });
    expect(records).toMatchObject([
      { cluster: 'prod', verdict: 'running', taskArn },
      { cluster: 'stg', verdict: 'refused' },
    ]);
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

  it('files that are no records of ours, or of another commit, are left alone', async () => {
    const files = memoryFiles({ 'r/other.json': '{"schemaVersion": 99}' });
    await openRecords('r', files, { CIRCLE_SHA1: 'another' }).save({
      ...{ schemaVersion, stage: 'build-and-push-image', verdict: 'succeeded', startedAt: '2026-11-23T12:00:00.000Z' },
      ...{ repository: 'hoge', tags: [] },
    });
    const before = new Map(files.contents);
    await run(migrate, { files });
    for (const [path, text] of before) expect(files.contents.get(path)).toBe(text);
    expect(files.contents.size).toBe(before.size + 1);
  });

  it('a bug of ours is no refusal', async () => {
    const { exitCode, files } = await run(migrate, { connect: () => Promise.reject(new TypeError('x')) });
    expect(exitCode).toBe(70);
    expect(files.contents.size).toBe(0);
  });
});

describe('of several services', () => {
  it('the one that AWS refused to update is on record beside the one that was deployed', async () => {
    const { model, service, deploy } = await rolloutWorld();
    await service('other');
    const message = 'User: ci is not authorized to perform: ecs:UpdateService on resource: other';
    model.faults.script({ kind: 'error', operation: 'UpdateService', skip: 1, type: 'AccessDeniedException', message });
    const services = ['--service', 'web', '--service', 'other', '--image', `${registry}/web:v2`];
    const { files } = await deploy([...services, '--record-dir', 'r']);
    const [other, web] = recordsIn(files);
    expect(web).toMatchObject({ service: 'web', verdict: 'deployed' });
    expect(other).toMatchObject({
      service: 'other',
      verdict: 'refused',
      explanation: {
        said: expect.stringContaining(message),
        fix: expect.stringContaining('Allow ecs:UpdateService on other'),
      },
    });
    expect(other).not.toHaveProperty('deploymentId');
  });

  it('one that does not exist leaves a record for each, and none says that it was deployed', async () => {
    const { deploy } = await rolloutWorld();
    const { files } = await deploy(['--service', 'web,nope', '--image', `${registry}/web:v2`, '--record-dir', 'r']);
    const explanation = { cause: 'There is no service nope in cluster prod; there are: web.' };
    expect(recordsIn(files)).toMatchObject([
      { service: 'nope', verdict: 'refused', explanation },
      { service: 'web', verdict: 'refused', explanation },
    ]);
  });
});
