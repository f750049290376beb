import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orbBundle, partCount } from '../../scripts/orb/bundle.ts';
import { root } from '../orb/support.ts';
import { registry, rolloutWorld } from '../rollout/rollout-world.ts';
import { unpack } from '../support/unpack.ts';
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

  it('unpacks the program of the orb byte for byte', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-unpack-'));
    const program = await readFile(join(root, 'dist/orb/migrate-deploy.cjs'));
    const files = orbBundle(program, '1.2.3', '');
    const parts = Array.from({ length: partCount }, (_, index) => files.get(`bundle/${index}.b85`) ?? '');
    expect(unpack(files.get('bundle/id.txt') ?? '', parts, folder, { node }).equals(program)).toBe(true);
    await rm(folder, { recursive: true });
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
