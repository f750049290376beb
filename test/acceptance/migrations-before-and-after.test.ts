import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const service = 'hoge-apps-service-stg';
const hourMs = 3_600_000;
const back = ['rollback-service', '--cluster', 'hoge-stg', '--service', service];

/** One job for all: what tells the steps apart is their name. */
const job = { CIRCLE_WORKFLOW_WORKSPACE_ID: 'one', CIRCLE_JOB: 'deploy' };

/** The same family with another command: what each named step runs. */
const step = (world: PipelineWorld, name: string, ...command: string[]) =>
  world.run(
    [
      ...['run-migration-task', '--cluster', 'hoge-stg', '--task-definition', 'hoge-service-stg', '--name', name],
      ...[
        '--network-from-service',
        service,
        '--container',
        'hoge-stg',
        '--record-dir',
        world.recordDir,
        '--',
        ...command,
      ],
    ],
    { env: job },
  );
const ran = ({ model }: PipelineWorld) =>
  model.truth.runs.map(({ command }) => command.join(' ')).filter((command) => command.startsWith('bin/migrate'));

/** The image of this commit, on the records of the job's workflow. */
async function built(world: PipelineWorld): Promise<void> {
  Object.assign(world.env, job);
  const { exitCode, stderr } = await world.build();
  expect(exitCode, stderr).toBe(0);
}

describe('several migrations in one pipeline', () => {
  it('before and after the deployment: each runs once, with the image that serves, under its own name', async () => {
    const world = await pipelineWorld();
    await built(world);
    expect((await step(world, 'before', 'bin/migrate', 'expand')).exitCode).toBe(0);
    expect((await step(world, 'data', 'bin/migrate', 'backfill')).exitCode).toBe(0);
    const deployed = await world.deploy('--until', 'drained');
    expect(deployed.exitCode, deployed.stdout + deployed.stderr).toBe(0);
    expect((await step(world, 'after', 'bin/migrate', 'contract')).exitCode).toBe(0);
    expect(ran(world)).toEqual(['bin/migrate expand', 'bin/migrate backfill', 'bin/migrate contract']);
    const digests = world.model.truth.runs.filter(({ command }) => command[0] === 'bin/migrate');
    const [serving] = world.model.truth.serving(service).imageDigests;
    expect(new Set(digests.map(({ imageDigest }) => imageDigest))).toEqual(new Set([serving]));
    const records = (await readdir(world.recordDir)).filter((name) => name.startsWith('run-migration-task.'));
    expect(records.map((name) => name.split('.').at(-3)).sort()).toEqual(['after', 'before', 'data']);
    // The same job again starts none of them a second time.
    const again = await step(world, 'after', 'bin/migrate', 'contract');
    expect([again.exitCode, ran(world).length]).toEqual([0, 3]);
    await world.notify('--status', 'pass');
    const message = JSON.stringify(world.slack.messages());
    for (const name of ['migration before', 'migration data', 'migration after']) expect(message).toContain(name);
  });

  it('a red `after` is told as that, and the rollout before it stays what it was', async () => {
    const world = await pipelineWorld();
    await built(world);
    await step(world, 'before', 'bin/migrate', 'expand');
    expect((await world.deploy()).exitCode).toBe(0);
    world.model.behaviours.script({ command: 'bin/migrate contract' }, { runMs: 1_000, exitCode: 1 });
    expect((await step(world, 'after', 'bin/migrate', 'contract')).exitCode).toBe(1);
    await world.notify('--status', 'fail');
    const message = JSON.stringify(world.slack.messages());
    expect(message).toContain('migration after failed');
    expect(message).not.toContain('migration before failed');
  });

  it('a red `before` keeps the service as it is', async () => {
    const world = await pipelineWorld();
    await built(world);
    world.model.behaviours.script({ command: 'bin/migrate expand' }, { runMs: 1_000, exitCode: 1 });
    expect((await step(world, 'before', 'bin/migrate', 'expand')).exitCode).toBe(1);
    const { exitCode, stderr } = await world.deploy();
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('says that it did not succeed')]);
  });
});

describe('a rollback names the migration that stays in the database', () => {
  it('from the records of this workflow', async () => {
    const world = await pipelineWorld();
    await built(world);
    await step(world, 'before', 'bin/migrate', 'expand');
    expect((await world.deploy()).exitCode).toBe(0);
    world.model.clock.advance(hourMs);
    const { exitCode, stdout } = await world.run([...back, '--record-dir', world.recordDir]);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(
      /The database is not rolled back: the migration of hoge-service-stg:\d+ \(before\) on hoge-stg ran since, at [\d-]+ [\d:]+ UTC, and succeeded \(task [0-9a-f]{32}\)\./,
    );
  });

  it('records of another workflow, as a rollback pipeline may find them, tell nothing', async () => {
    const world = await pipelineWorld();
    await built(world);
    await step(world, 'before', 'bin/migrate', 'expand');
    expect((await world.deploy()).exitCode).toBe(0);
    world.model.clock.advance(hourMs);
    const env = { CIRCLE_WORKFLOW_WORKSPACE_ID: 'another' };
    const { exitCode, stdout } = await world.run([...back, '--record-dir', world.recordDir], { env });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('No record says whether a migration ran since.');
  });
});
