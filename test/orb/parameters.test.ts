import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../../local/circleci/environment.ts';
import { mapOf, type YamlMap } from '../../local/circleci/yaml.ts';
import { generatedFiles, withBlocks } from '../../scripts/orb/generate.ts';
import { notInTheOrb } from '../../scripts/orb/overlay.ts';
import { type Parameter, parametersOf } from '../../scripts/orb/parameters.ts';
import type { AnyCommand } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/index.ts';
import { choice, flag, integer, names, text } from '../../src/options/define.ts';
import { namedOptions, type OptionTable } from '../../src/options/option.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { typed } from '../support/options.ts';
import { createWorkbench, orbFiles, root } from './support.ts';

const files = (await orbFiles('commands')).filter(({ name }) => name !== 'install');
const programs = new Map<string, AnyCommand>();
for (const { name } of files) {
  const found = commands.find((command) => command.name === name.replaceAll('_', '-'));
  if (found !== undefined) programs.set(name, await found.load());
}
let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
  return () => bench.close();
});

it('what is made from the options is fresh; `npm run generate` writes it', async () => {
  for (const [path, expected] of await generatedFiles()) {
    expect([path, await readFile(join(root, path), 'utf8')]).toEqual([path, expected]);
  }
});

describe('a parameter', () => {
  const parameters = (table: OptionTable): Parameter[] => parametersOf(namedOptions(table));
  const declaration = (table: OptionTable) => parameters(table)[0]?.declaration;
  const say = { describe: 'It.' };

  it.each<[string, OptionTable, object]>([
    ['a required text', { a: text({ ...say, required: true }) }, { type: 'string', description: 'It.' }],
    ['a text', { a: text(say) }, { type: 'string', default: '', description: 'It.' }],
    ['a default', { a: text({ ...say, default: '.' }) }, { type: 'string', default: '.', description: 'It.' }],
    [
      'what holds without it',
      { a: text({ ...say, otherwise: 'x' }) },
      { type: 'string', default: '', description: 'It. When empty: x.' },
    ],
    [
      'another variable',
      { a: text({ ...say, required: true, variables: ['SHA'] }) },
      { type: 'string', default: '', description: 'It. When empty: $SHA.' },
    ],
    [
      'names',
      { a: names(say) },
      { type: 'string', default: '', description: 'It. One a line, or with commas between them.' },
    ],
    ['a flag', { a: flag({ ...say, default: true }) }, { type: 'boolean', default: true, description: 'It.' }],
    [
      'a choice',
      { a: choice(['x', 'y'], { ...say, default: 'y' }) },
      { type: 'enum', enum: ['x', 'y'], default: 'y', description: 'It.' },
    ],
    [
      'a required choice',
      { a: choice(['x', 'y'], { ...say, required: true }) },
      { type: 'enum', enum: ['x', 'y'], description: 'It.' },
    ],
    [
      'a choice without a default',
      { a: choice(['x', 'y'], say) },
      { type: 'enum', enum: ['', 'x', 'y'], default: '', description: 'It.' },
    ],
    ['an integer', { a: integer({ ...say, default: 200 }) }, { type: 'integer', default: 200, description: 'It.' }],
    [
      'an integer without a default',
      { a: integer({ ...say, otherwise: 'x' }) },
      { type: 'integer', default: -1, description: 'It. When -1: x.' },
    ],
    [
      'the same of at least 1',
      { a: integer({ ...say, least: 1 }) },
      { type: 'integer', default: 0, description: 'It. 0 means not given.' },
    ],
    [
      'other options are called by their parameters',
      { a: text({ describe: 'Not --dry-run, nor --no-push.' }), dryRun: flag(say), push: flag(say) },
      { type: 'string', default: '', description: 'Not dry_run, nor push_image: false.' },
    ],
  ])('%s', (_kind, table, expected) => {
    expect(declaration(table)).toEqual(expected);
  });

  it('an alias is one too, and then neither of them is required', () => {
    const table = { clusterOf: text({ ...say, required: true, alias: 'cluster-name' }) };
    expect(parameters(table)).toEqual([
      {
        name: 'cluster_of',
        variable: 'MIGRATE_DEPLOY_CLUSTER_OF',
        declaration: { type: 'string', default: '', description: 'It.' },
      },
      {
        name: 'cluster_name',
        variable: 'MIGRATE_DEPLOY_CLUSTER_NAME',
        declaration: { type: 'string', default: '', description: 'Another name of cluster_of.' },
      },
    ]);
  });

  it('a block of an unknown command is no silence', () => {
    expect(() => withBlocks('# generated: parameters of nope\n# end of generated\n', [])).toThrow(
      'There is no command nope',
    );
  });
});

describe.each(files.map((file) => [file.name, file] as const))('%s', (name, file) => {
  const program = programs.get(name);
  const declared = Object.entries(mapOf(file.body.parameters, name));

  it('is a command of the program', () => {
    expect(program).toBeDefined();
  });

  it('every option is a parameter, but those that have a reason not to be', () => {
    const offered = parametersOf(program?.options ?? []);
    expect(declared.map(([parameter]) => parameter)).toEqual(expect.arrayContaining(offered.map((one) => one.name)));
    const left = (program?.options ?? []).filter((option) => notInTheOrb[option.name] !== undefined);
    expect(offered.length + left.length).toBeGreaterThanOrEqual(program?.options.length ?? 0);
  });

  it('every choice is an enum, and none of them is a YAML boolean', () => {
    const words = declared.flatMap(([, declaration]) => [mapOf(declaration, name).enum ?? []].flat());
    expect(words.filter((word) => typeof word !== 'string' || /^(y|n|yes|no|on|off|true|false)$/i.test(word))).toEqual(
      [],
    );
  });

  it('the step hands over each of them under its option’s variable, and nothing else', () => {
    const wanted = parametersOf(program?.options ?? []).map(({ variable }) => variable);
    for (const step of stepEnvironments(name, {})) {
      const given = Object.keys(step).filter((variable) => variable.startsWith('MIGRATE_DEPLOY_'));
      const fixed = [
        'MIGRATE_DEPLOY_EXPAND_ENV',
        'MIGRATE_DEPLOY_OUTPUTS',
        'MIGRATE_DEPLOY_STATE',
        'MIGRATE_DEPLOY_STATUS',
      ];
      expect(given.filter((variable) => !fixed.includes(variable))).toEqual(wanted);
    }
  });

  it('what it hands over by default is all that the program wants', async () => {
    expect(await errors(name, {})).toEqual([]);
  });
});

it('verify_revision_is_deployed: false only starts the deployment, whatever the defaults of the others are', async () => {
  const [step = {}] = stepEnvironments('update_service_and_verify', { verify_revision_is_deployed: false });
  expect(environmentOf(step).MIGRATE_DEPLOY_VERIFY).toBe('0');
  expect(await errors('update_service_and_verify', { verify_revision_is_deployed: false })).toEqual([]);
  const loud = { verify_revision_is_deployed: false, on_failure: 'rollback', max_failed_tasks: 2, until: 'drained' };
  expect(await errors('update_service_and_verify', loud)).toEqual([
    '--max-failed-tasks needs the deployment to be followed: leave --no-verify out',
    '--on-failure needs the deployment to be followed: leave --no-verify out',
    '--until needs the deployment to be followed: leave --no-verify out',
  ]);
});

it('integers need no quotes', async () => {
  const given = {
    max_poll_attempts: 300,
    poll_interval: '10',
    desired_count: 0,
    check_url: 'https://x',
    check_status: 204,
  };
  expect(await errors('update_service_and_verify', given)).toEqual([]);
});

describe('jobs', () => {
  it.each([
    ['build_image_and_push', 'build_and_push_image'],
    ['db_migrate_on_task_run', 'run_migration_task'],
    ['service_update_and_notify', 'update_service_and_verify'],
  ])('%s takes every parameter of %s, of the same type and with the same default', async (job, command) => {
    const jobs = await orbFiles('jobs');
    const own = mapOf(jobs.find(({ name }) => name === job)?.body.parameters, job);
    const theirs = mapOf(files.find(({ name }) => name === command)?.body.parameters, command);
    for (const [name, declaration] of Object.entries(theirs).filter(
      ([parameter]) => !['install', 'when', 'step_name', 'records_from'].includes(parameter),
    )) {
      const { description: _own, ...here } = mapOf(own[name], `${job} ${name}`);
      const { description: _theirs, ...there } = mapOf(declaration, name);
      expect([name, here]).toEqual([name, there]);
    }
  });
});

/** The least that a command must be given, and what other parameters need beside them. */
const required: Readonly<Record<string, YamlMap>> = {
  build_and_push_image: { repo: 'r' },
  run_migration_task: { cluster: 'c', task_definition: 't', subnets: 'subnet-1' },
  update_service_and_verify: { cluster: 'c', service: 's', image: 'i:1' },
  rollback_service: { cluster: 'c', service: 's' },
  continue_deployment: { cluster: 'c', service: 's', action: 'continue' },
  status: { cluster: 'c', service: 's' },
  deploy_marker: { action: 'plan' },
  report: { html: 'index.html', record_dir: 'r' },
  wait_for_task: { cluster: 'c', task: '0123456789abcdef0123456789abcdef' },
};

/** The environments of the steps that start the program, from the packed orb. */
function stepEnvironments(name: string, given: YamlMap): YamlMap[] {
  const config = bench.expand(bench.steps({ [`migrate-deploy/${name}`]: { ...required[name], ...given } }));
  const steps = config.workflows[0]?.jobs[0]?.job?.steps ?? [];
  const found = steps
    .map(({ body }) => mapOf(body.environment, 'environment'))
    .filter((env) => 'ORB_SUBCOMMAND' in env);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

/** The option errors that the program would tell of such a step. */
async function errors(name: string, given: YamlMap): Promise<string[]> {
  const program = programs.get(name);
  if (program === undefined) return ['no such command'];
  const all = await Promise.all(
    stepEnvironments(name, given).map((step) => {
      const env = { ...environmentOf(step), CIRCLE_SHA1: 'abc', BASH_ENV: 'bash-env', HOME: '/home/circleci' };
      return program.prepare(typed({}), { env, files: memoryFiles() });
    }),
  );
  return all.flatMap((prepared) => prepared.errors);
}
