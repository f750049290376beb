import { describe, expect, it } from 'vitest';
import type { YamlMap } from '../../local/circleci/yaml.ts';
import { outputOf, runConfig, staticKeys } from './orb-world.ts';
import { type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

const job = (given: YamlMap = {}): YamlMap => ({
  version: 2.1,
  orbs: { 'migrate-deploy': 'org/migrate-deploy@1' },
  workflows: {
    w: {
      jobs: [
        {
          'migrate-deploy/service_update_and_notify': {
            ...{ name: 'deploy', cluster: 'hoge-stg', service: 'hoge-apps-service-stg', attach_workspace: false },
            ...{ force_new_deployment: true, persist_records: false, notify: false },
            ...given,
          },
        },
      ],
    },
  },
});
const run = (world: PipelineWorld, given: YamlMap = {}, more: object = {}) =>
  runConfig(world, job(given), { variables: staticKeys(world), ...more });
const told = ({ releases }: Awaited<ReturnType<typeof run>>) =>
  releases.map(({ verb, name, flags }) => [verb, name, flags]);

describe('the deploy marker', () => {
  it('is planned before the deployment and ends as SUCCESS once it serves', async () => {
    const result = await run(await pipelineWorld(), { deploy_markers_environment_name: 'staging' });
    expect(result.status, outputOf(result)).toBe('success');
    const named = {
      'environment-name': 'staging',
      'component-name': 'hoge-apps-service-stg',
      'target-version': '8f1d3c5',
    };
    expect(told(result)).toEqual([
      ['plan', 'deploy', named],
      ['update', 'deploy', { status: 'SUCCESS' }],
    ]);
  });

  it('ends as FAILED with the reason when ECS rolls back, however long the job then goes on', async () => {
    const world = await pipelineWorld();
    world.model.behaviours.script(
      { kind: 'service', taskDefinition: 'hoge-apps-service-stg:2' },
      { runMs: 2_000, exitCode: 1, logs: [{ atMs: 100, message: 'cannot load such file -- bootsnap' }] },
    );
    const result = await run(world, { env: 'NEW=1' });
    expect(result.jobs[0]?.status).toBe('failed');
    const [, [verb, name, flags]] = told(result) as [unknown, [string, string, Record<string, string>]];
    expect([verb, name, flags.status]).toEqual(['update', 'deploy', 'FAILED']);
    expect(flags['failure-reason']).toMatch(/^(failed|rolled-back): .+/);
    expect(told(result)).toHaveLength(2);
  });

  it('of a deployment that nobody followed stays open', async () => {
    const result = await run(await pipelineWorld(), { verify_revision_is_deployed: false });
    expect(told(result).at(-1)).toEqual(['update', 'deploy', { status: 'RUNNING' }]);
  });

  it('is not begun where the job ends before the deployment', async () => {
    const result = await run(await pipelineWorld(), { auth: [{ run: { name: 'sign in', command: 'exit 1' } }] });
    expect(told(result)).toEqual([]);
  });

  it.each([
    ['OFF', []],
    ['PLAN', ['plan']],
    ['LOG', ['log']],
  ])('mode %s', async (mode, verbs) => {
    const result = await run(await pipelineWorld(), { deploy_markers_mode: mode });
    expect(result.releases.map(({ verb }) => verb)).toEqual(verbs);
  });

  it('without CircleCI’s command line it is a note, and the job stays green', async () => {
    const world = await pipelineWorld();
    for (const name of ['circleci-agent', 'circleci']) await world.program(name, 'echo "no such command" >&2; exit 1');
    const result = await run(world);
    expect(result.status, outputOf(result)).toBe('success');
    expect(outputOf(result)).toContain('Note: CircleCI’s deploy marker was not told: circleci-agent run release plan');
    expect(told(result)).toEqual([]);
  });

  it('a dry run tells CircleCI nothing', async () => {
    const result = await run(await pipelineWorld(), { dry_run: true });
    expect(result.status, outputOf(result)).toBe('success');
    expect(told(result)).toEqual([]);
  });
});

it('what was proved is kept as test results, of a red job too, and the story as a page', async () => {
  const { readFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const world = await pipelineWorld();
  const result = await run(world, {}, { workDir: join(world.folder, 'work') });
  const stored = result.jobs[0]?.artifacts ?? '';
  const junit = await readFile(join(stored, 'store_test_results/test-results/migrate-deploy.xml'), 'utf8');
  expect(junit).toMatch(/<testcase classname="update-service-and-verify" name="hoge-apps-service-stg serves /);
  expect(await readFile(join(stored, 'store_artifacts/migrate-deploy/report/index.html'), 'utf8')).toContain('<html');
});
