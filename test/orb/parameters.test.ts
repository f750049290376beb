import { beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../../local/circleci/environment.ts';
import type { expandConfig } from '../../local/circleci/expand.ts';
import { mapOf, type YamlMap } from '../../local/circleci/yaml.ts';
import type { AnyCommand } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/index.ts';
import { UserError } from '../../src/errors.ts';
import { collectRaw } from '../../src/options/raw.ts';
import { createReader } from '../../src/options/reader.ts';
import { environmentName, type OptionSpec } from '../../src/options/spec.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { createWorkbench, type OrbFile, orbFiles } from './support.ts';

/** Options that the orb does not offer, and why. */
const notInTheOrb: Readonly<Record<string, string>> = {
  output: 'a build log is read by people',
  'expand-env': 'it is always on',
  status: 'the steps know how the job went',
  'bot-token': 'a token belongs into a context, as SLACK_ACCESS_TOKEN',
};
/** Parameters that have another name than their option: the words of the aws-ecr orb. */
const renamed: Readonly<Record<string, string>> = {
  repo: 'repository',
  build_args: 'build-arg',
  push_image: 'push',
  create_repo: 'create-repository',
  verify_revision_is_deployed: 'verify',
};
/** Parameters that are about the step, not about the program. */
const ofTheStep = ['no_output_timeout', 'install', 'cli_path'];

const files = (await orbFiles('commands')).filter(({ name }) => name !== 'install');
const programs = new Map<string, AnyCommand>();
let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  for (const { name } of files) {
    const found = commands.find((command) => command.name === name.replaceAll('_', '-'));
    if (found !== undefined) programs.set(name, await found.load());
  }
  bench = await createWorkbench();
  return () => bench.close();
});

const optionsOf = (name: string): readonly OptionSpec[] => programs.get(name)?.options ?? [];
const optionName = (parameter: string): string => renamed[parameter] ?? parameter.replaceAll('_', '-');
const specOf = (command: string, parameter: string): OptionSpec | undefined =>
  optionsOf(command).find(({ name, alias }) => [name, alias].includes(optionName(parameter)));
const parametersOf = ({ name, body }: OrbFile): [string, YamlMap][] =>
  Object.entries(mapOf(body.parameters, name))
    .filter(([parameter]) => !ofTheStep.includes(parameter))
    .map(([parameter, declaration]) => [parameter, mapOf(declaration, parameter)]);

describe.each(files.map((file) => [file.name, file] as const))('%s', (name, file) => {
  it('is a command of the program', () => {
    expect([...programs.keys()]).toContain(name);
  });

  it('every parameter is an option', () => {
    const strangers = parametersOf(file).filter(([parameter]) => specOf(name, parameter) === undefined);
    expect(strangers.map(([parameter]) => parameter)).toEqual([]);
  });

  it('every option is a parameter, but those that have a reason not to be', () => {
    const offered = parametersOf(file).map(([parameter]) => specOf(name, parameter)?.name);
    const missing = optionsOf(name).filter(
      (spec) => !offered.includes(spec.name) && notInTheOrb[spec.name] === undefined,
    );
    expect(missing.map((spec) => spec.name)).toEqual([]);
  });

  it('types, choices and defaults are the option’s', () => {
    for (const [parameter, { type, enum: values, default: fallback }] of parametersOf(file)) {
      const spec = specOf(name, parameter);
      expect([parameter, type === 'boolean']).toEqual([parameter, spec?.kind === 'boolean']);
      if (type === 'enum') expect([parameter, values, fallback]).toEqual([parameter, spec?.choices, spec?.default]);
      if (type === 'boolean') expect([parameter, String(fallback)]).toEqual([parameter, spec?.default]);
    }
  });

  it('the step hands over each of them under its option’s variable', () => {
    for (const step of stepEnvironments(expandedOrb(name))) {
      const given = Object.keys(step).filter((variable) => variable.startsWith('MIGRATE_DEPLOY_'));
      const known = optionsOf(name).flatMap(({ name: option, alias }) =>
        [option, ...(alias === undefined ? [] : [alias])].map(environmentName),
      );
      expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
      const wanted = parametersOf(file).map(([parameter]) => environmentName(optionName(parameter)));
      expect(wanted.filter((variable) => !given.includes(variable))).toEqual([]);
    }
  });

  it('what it hands over by default is all that the program wants', async () => {
    for (const environment of stepEnvironments(expandedOrb(name))) {
      const program = programs.get(name)!;
      const env = { ...environmentOf(environment), CIRCLE_SHA1: 'abc' };
      const reader = createReader(collectRaw(program.options, { _: [name] }, env), env, true);
      await program.prepare(reader, memoryFiles()).catch((error: unknown) => {
        if (error instanceof UserError) throw new Error(`${error.message} ${error.why}`);
        throw error;
      });
    }
  });
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
    for (const [name, declaration] of Object.entries(theirs).filter(([parameter]) => parameter !== 'install')) {
      const { description: _own, ...here } = mapOf(own[name], `${job} ${name}`);
      const { description: _theirs, ...there } = mapOf(declaration, name);
      expect([name, here]).toEqual([name, there]);
    }
  });
});

/** What the smallest call of a command comes to: its run steps that start the program. */
function expandedOrb(name: string) {
  const required: Readonly<Record<string, YamlMap>> = {
    build_and_push_image: { repo: 'r' },
    run_migration_task: { cluster: 'c', task_definition: 't' },
    update_service_and_verify: { cluster: 'c', service: 's', image: 'i:1' },
    wait_for_task: { cluster: 'c', task: '0123456789abcdef0123456789abcdef' },
  };
  return bench.expand(bench.steps({ [`migrate-deploy/${name}`]: required[name] ?? {} }));
}

function stepEnvironments(config: ReturnType<typeof expandConfig>): YamlMap[] {
  const steps = config.workflows[0]?.jobs[0]?.job?.steps ?? [];
  const found = steps
    .map(({ body }) => mapOf(body.environment, 'environment'))
    .filter((env) => 'ORB_SUBCOMMAND' in env);
  expect(found.length).toBeGreaterThan(0);
  return found;
}
