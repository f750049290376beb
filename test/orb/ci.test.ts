import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ExpandOptions, expandConfig } from '../../local/circleci/expand.ts';
import { runWorkflow } from '../../local/circleci/runner.ts';
import { listOf, mapOf, readYaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { installStandInDocker } from '../../local/docker/install.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import { root } from './support.ts';

/** The jobs and commands of others that our pipeline calls, with the parameters that their documentation lists. */
const text = (names: string): string =>
  names
    .split(' ')
    .map((name) => `${name}: {type: string, default: ''}`)
    .join(', ');
const flags = (names: string): string =>
  names
    .split(' ')
    .map((name) => `${name}: {type: boolean, default: true}`)
    .join(', ');
const vcs = 'vcs_type: {type: enum, enum: [gh, github, bb, bitbucket]}';
const body = 'machine: true, steps: [{run: "true"}]';
const others = {
  'orb-tools': `
version: 2.1
jobs:
  lint: {parameters: {${text('source_dir')}, ${flags('checkout')}}, ${body}}
  pack: {parameters: {${text('source_dir orb_dir orb_file_name org_id org_slug')}, ${flags('checkout persist_to_workspace')}}, ${body}}
  review: {parameters: {${text('exclude source_dir orb_name')}, max_command_length: {type: integer, default: 64}, ${flags('checkout')}}, ${body}}
  continue:
    parameters: {pipeline_number: {type: integer}, ${vcs}, ${text('config_path orb_dir orb_file_name orb_name')}, ${flags('inject_orb attach_workspace checkout')}}
    machine: true
    steps: [{run: "true"}]
  publish:
    parameters: {orb_name: {type: string}, ${vcs}, ${text('orb_dir orb_file_name tag_pattern dev_tags')}, ${flags('enable_pr_comment attach_workspace checkout')}, pub_type: {type: enum, enum: [dev, production], default: dev}}
    machine: true
    steps: [{run: "true"}]`,
  shellcheck: `{version: 2.1, jobs: {check: {parameters: {${text('dir exclude severity')}}, ${body}}}}`,
  node: `{version: 2.1, commands: {install: {parameters: {node-version: {type: string, default: lts}}, steps: [{run: "true"}]}}}`,
};

let folder = '';
let orb: YamlMap = {};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-ci-'));
  orb = mapOf(readYaml((await packOrb({ outFile: join(folder, 'orb.yml') })).text), 'orb');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (file: string): Promise<YamlMap> =>
  mapOf(readYaml(await readFile(join(root, '.circleci', file), 'utf8')), file);
/** What `orb-tools/continue` does with test-deploy.yml: the packed orb goes in as it is. */
const testDeploy = async (): Promise<YamlMap> => {
  const config = await read('test-deploy.yml');
  return { ...config, orbs: { ...mapOf(config.orbs, 'orbs'), 'migrate-deploy': orb } };
};
const expand = (config: YamlMap, options: ExpandOptions) =>
  expandConfig(stringify(config, { version: '1.1', aliasDuplicateObjects: false }), { orbs: others, ...options });
const included = (config: YamlMap, options: ExpandOptions): string[] =>
  expand(config, options).workflows.flatMap(({ jobs }) => jobs.filter((job) => job.included).map(({ name }) => name));

describe('the pipeline of this repository', () => {
  it('is a setup pipeline that checks everything before it continues', async () => {
    const config = await read('config.yml');
    const { setup, workflows } = expand(config, { branch: 'main' });
    expect(setup).toBe(true);
    const last = workflows[0]?.jobs.find(({ name }) => name === 'orb-tools/continue');
    expect(last?.requires.map(({ name }) => name).sort()).toEqual(
      ['orb-tools/lint', 'orb-tools/pack', 'orb-tools/review', 'shellcheck/check', 'test'].sort(),
    );
    expect(included(config, { tag: 'v1.0.0' })).toHaveLength(7);
  });

  it('a push runs the orb’s commands; only a version’s tag publishes', async () => {
    const config = await testDeploy();
    const commands = ['commands-20.19', 'commands-22.12', 'commands-lts'];
    commands.push('job-build', 'job-migrate', 'job-deploy');
    expect(included(config, { branch: 'main' })).toEqual(commands);
    expect(included(config, { tag: 'nightly' })).toEqual(commands);
    expect(included(config, { tag: 'v1.2.3' })).toEqual([
      ...[...commands.slice(0, 3), 'bundle', ...commands.slice(3), 'orb-tools/pack', 'orb-tools/publish', 'release'],
    ]);
  });

  it('the orb as `orb-tools/continue` injects it runs against the local AWS of this repository', async () => {
    const config = await testDeploy();
    const workflow = mapOf(mapOf(config.workflows, 'workflows')['test-deploy'], 'test-deploy');
    // One after the other, as everything here; on CircleCI each has a machine of its own.
    const own = listOf(workflow.jobs, 'jobs').filter((call) => JSON.stringify(call).includes('job-'));
    const { 'orb-tools/pack': _pack, ...jobs } = Object.assign({}, ...own) as YamlMap;
    workflow.jobs = [
      { commands: { node: 'lts' } },
      ...Object.entries(jobs).map(([name, given]) => ({ [name]: given })),
    ];
    const project = join(folder, 'project');
    await mkdirWith(project, [
      'package.json',
      'node_modules',
      'scripts',
      'src',
      'test',
      'examples',
      'tsconfig.json',
      '.circleci',
    ]);
    // The packages are there already; everything else npm does is real.
    const bin = join(folder, 'bin');
    await mkdirWith(bin, []);
    const npm = join(process.execPath, '../npm');
    await writeFile(join(bin, 'npm'), `#!/bin/sh\n[ "$1" = ci ] || exec ${npm} "$@"\n`, { mode: 0o755 });
    await installStandInDocker(bin);
    const result = await runWorkflow(expand(config, { branch: 'main' }), {
      projectDir: project,
      path: [bin],
      mask: false,
      env: { STAND_IN_DOCKER_HOME: join(folder, 'docker') },
    });
    const steps = result.jobs[0]?.steps ?? [];
    expect(result.status, steps.map(({ name, output }) => `${name}\n${output}`).join('\n')).toBe('success');
    const output = (name: string): string => steps.find((step) => step.name === name)?.output ?? '';
    expect(output('Run the migration task')).toContain('succeeded');
    expect(output('Update the service and verify it')).toContain('hoge-apps-service-stg');
    expect(output('Notify Slack of the success')).toContain('No Slack message');
    expect(result.jobs.map(({ name, status }) => [name, status])).toEqual(
      ['commands', 'job-build', 'job-migrate', 'job-deploy'].map((name) => [name, 'success']),
    );
    const build = result.jobs[1]?.steps.find(({ name }) => name === 'Build and push the image')?.output;
    expect(build).toMatch(/127\.0\.0\.1:\d+\/hoge-stg@sha256:/);
  }, 300_000);

  it('orbs are pinned exactly', async () => {
    for (const file of ['config.yml', 'test-deploy.yml']) {
      const orbs = Object.values(mapOf((await read(file)).orbs, 'orbs')).filter((one) => typeof one === 'string');
      expect([file, orbs.filter((one) => !/@\d+\.\d+\.\d+$/.test(String(one)))]).toEqual([file, []]);
    }
  });

  it.each([
    ['v1.2.3', 0],
    ['v1.2.4', 1],
  ])('a tag must be the version: %s of 1.2.3', async (tag, status) => {
    const project = join(folder, `tag-${tag}`);
    await mkdirWith(project, []);
    await writeFile(join(project, 'package.json'), '{"version": "1.2.3"}');
    const script = join(root, '.circleci/tested-program.sh');
    expect(spawnSync(script, ['tag'], { cwd: project, env: { ...process.env, CIRCLE_TAG: tag } }).status).toBe(status);
  });

  it.each([
    ['1.2.3-aa', 0],
    ['1.2.3-bb', 1],
  ])('what was tested is what is published: tested 1.2.3-aa, packed %s', async (packed, status) => {
    const project = join(folder, `packed-${packed}`);
    const temporary = join(project, 'tmp');
    const unpacked = join(temporary, `migrate-deploy-${process.getuid?.() ?? 0}`);
    for (const path of [unpacked, join(project, 'orb/bundle')]) await mkdirWith(path, []);
    await writeFile(join(unpacked, '1.2.3-aa.cjs'), '');
    await writeFile(join(project, 'orb/bundle/id.txt'), packed);
    const script = join(root, '.circleci/tested-program.sh');
    const run = (...args: string[]) =>
      spawnSync(script, args, { cwd: project, env: { ...process.env, TMPDIR: temporary } }).status;
    expect([run('note', 'lts'), run('compare')]).toEqual([0, status]);
  });
});

async function mkdirWith(path: string, links: readonly string[]): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const name of links) await symlink(join(root, name), join(path, name));
}
