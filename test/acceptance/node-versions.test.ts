import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { registry, rolloutWorld } from '../rollout/rollout-world.ts';
import { migrationWorld } from './migration-world.ts';

/** The machine's own Node, and the others that MIGRATE_DEPLOY_TEST_NODES names, with colons between them. */
const others = (process.env.MIGRATE_DEPLOY_TEST_NODES ?? '').split(':').filter((path) => path !== '');
if (others.length === 0) {
  process.stderr.write(
    'skipped: other Node versions (MIGRATE_DEPLOY_TEST_NODES names none; .ci/run installs 22 and 24)\n',
  );
}
const nodes = [process.execPath, ...others].map((node) => [version(node), node] as const);

describe.each(nodes)('the bundle on Node %s', (_version, node) => {
  it('runs a migration, its log and its verdict', async () => {
    const { model, migrate } = await migrationWorld();
    model.behaviours.script({}, { runMs: 20_000, exitCode: 3, logs: [{ atMs: 1_000, message: 'PG::DuplicateTable' }] });
    const { exitCode, stdout } = await migrate([], { node });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('[app] PG::DuplicateTable');
    expect(stdout).toContain('exit code 3');
  });

  it('deploys a service', async () => {
    const { bundle, digests } = await rolloutWorld();
    const args = ['--service', 'web', '--image', `${registry}/web:v2`];
    const { exitCode, stdout, stderr } = await bundle(args, { node });
    expect(stderr).toBe('');
    expect(stdout).toContain(digests.v2);
    expect(exitCode).toBe(0);
  });

  it('refuses wrong options', async () => {
    const { migrate, model } = await migrationWorld();
    const { exitCode, stderr } = await migrate(['--nope'], { node });
    expect(stderr).toContain('--nope is not an option');
    expect(exitCode).toBe(2);
    expect(model.requests).toEqual([]);
  });
});

it('CI has every supported Node', () => {
  const majors = nodes.map(([name]) => name.split('.')[0]);
  if (process.env.MIGRATE_DEPLOY_TEST_STRICT === '1') expect(majors).toEqual(expect.arrayContaining(['22', '24']));
  else expect(majors.length).toBeGreaterThan(0);
});

function version(node: string): string {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().replace(/^v/, '');
}
