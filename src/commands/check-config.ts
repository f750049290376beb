import { valid, wrong } from '../base/parsed.ts';
import { UserError } from '../errors.ts';
import { group, list, text } from '../options/define.ts';
import { environmentName, noInteger, type ValuesOf } from '../options/option.ts';
import { generalOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { bad, type Line, line, strong } from '../report/line.ts';
import { givenOptions, type PlannedJob, plannedWorkflows, type StageCall, variablesIn } from '../setup/config-run.ts';
import { shellWord } from '../setup/made-by.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';

const { output } = generalOptions;

/** Which config and which push: what check-config and doctor are told. */
export const configOptions = {
  config: text({ placeholder: 'FILE', describe: 'The config.', otherwise: '.circleci/config.yml', takesWord: true }),
  branch: text({ placeholder: 'NAME', describe: 'Branch that is pushed to.', otherwise: 'main' }),
  orbs: list({
    name: 'orb',
    placeholder: 'NAMESPACE/NAME=FILE',
    describe: 'Packed text of an orb that the config imports, where it is not this one.',
    parse: async (given, { files }) => {
      const [, name, path] = /^([\w-]+\/[\w-]+)=(.+)$/.exec(given.trim()) ?? [];
      if (name === undefined || path === undefined) return wrong('must be NAMESPACE/NAME=FILE');
      const packed = await files.read(path);
      return packed === undefined ? wrong(`names the file ${path}, which is not there`) : valid({ name, packed });
    },
  }),
};

/** The options of check-config. */
export const checkConfigOptions = {
  ...group('Config', {
    ...configOptions,
    tag: text({ placeholder: 'NAME', describe: 'Tag that is pushed, instead of a branch.' }),
  }),
  output,
};

/** check-config: what a push would run, without asking anybody. */
export const checkConfigCommand = defineCommand({
  options: checkConfigOptions,
  examples: [
    ['$0 check-config .circleci/config.yml --branch staging', 'What a push to staging runs, with which options.'],
  ],
  check: (known, isGiven) =>
    isGiven('branch') && known.tag !== undefined ? ['--branch and --tag exclude each other'] : [],
  run,
  render: () => [],
});

async function run(values: ValuesOf<typeof checkConfigOptions>, context: CommandContext): Promise<CommandResult> {
  const { file, push, workflows } = await configRun(values, context);
  const checked = await Promise.all(
    workflows.map(async ({ name, jobs }) => ({
      name,
      jobs: await Promise.all(jobs.map((job) => checkJob(job, context))),
    })),
  );
  const hasErrors = checked.some(({ jobs }) =>
    jobs.some(({ stages }) => stages.some(({ errors }) => errors.length > 0)),
  );
  const code = hasErrors ? exitCode.userError : exitCode.done;
  return {
    exitCode: code,
    lines: [strong(`A push to ${push} runs, by ${file}:`), ...checked.flatMap(workflowLines)],
    document: { exitCode: code, file, push, workflows: checked },
  };
}

/** Reads and expands a config; a push that starts nothing is a UserError that says what would. */
export async function configRun(
  {
    config: file = '.circleci/config.yml',
    branch = 'main',
    tag,
    orbs,
  }: {
    config: string | undefined;
    branch: string | undefined;
    tag?: string | undefined;
    orbs: readonly { name: string; packed: string }[];
  },
  { files, circleCi }: CommandContext,
) {
  const source = await files.read(file);
  if (source === undefined) {
    throw new UserError(`There is no file ${file}.`, {
      code: 'Options',
      why: `Looked for ${files.absolute(file)}.`,
      fix: 'Name the config: check-config FILE.',
    });
  }
  if (circleCi === undefined) throw new Error('local CircleCI is not in this program');
  const others = Object.fromEntries(orbs.map(({ name, packed }) => [name, packed]));
  const expanded = await circleCi.expand(source, tag === undefined ? { branch } : { tag }, others);
  const push = tag === undefined ? `branch ${branch}` : `tag ${tag}`;
  const workflows = plannedWorkflows(expanded);
  if (workflows.length > 0) return { file, push, workflows };
  throw new UserError(`A push to ${push} starts nothing.`, {
    code: 'Config',
    why: expanded.workflows
      .map(
        ({ name, branches, active }) =>
          `\n- ${name}: ${active ? starters(branches) : 'its when or unless keeps it from running'}`,
      )
      .join(''),
    fix: 'Name another branch with --branch, or correct the filters.',
  });
}

const starters = (branches: readonly string[]): string =>
  branches.length === 0 ? 'its filters let no job of it run' : `branch ${branches.join(', ')}`;

interface CheckedStage {
  command: string;
  options: { name: string; text: string }[];
  errors: string[];
}
type CheckedJob = Omit<PlannedJob, 'stages'> & { stages: CheckedStage[] };

async function checkJob({ stages, ...job }: PlannedJob, context: CommandContext): Promise<CheckedJob> {
  const checked = await Promise.all(stages.map((stage) => checkStage(stage, context)));
  // The success and the failure of a job are told by two steps with the same options.
  const texts = checked.map((stage) => JSON.stringify(stage));
  return { ...job, stages: checked.filter((_, index) => texts.indexOf(texts[index] ?? '') === index) };
}

async function checkStage(stage: StageCall, { files, command: otherCommand }: CommandContext): Promise<CheckedStage> {
  const command = await otherCommand(stage.command);
  if (command === undefined)
    return { command: stage.command, options: [], errors: [`This program has no command ${stage.command}`] };
  const options = givenOptions(stage, command.options, environmentName, (option) => {
    const none = noInteger(option);
    return none === undefined ? undefined : String(none);
  });
  // What a variable will hold is known on CircleCI only: errors of options that hold one are not told.
  const unknown = new Set(options.filter(({ text: given }) => variablesIn(given).length > 0).map(({ name }) => name));
  const variables = Object.values(stage.environment).flatMap(variablesIn);
  const { errors } = await command.prepare(
    { texts: new Map(), rest: [], errors: [] },
    {
      files,
      env: {
        CIRCLE_SHA1: '0'.repeat(40),
        ...Object.fromEntries(variables.map((name) => [name, 'x'])),
        ...stage.environment,
      },
    },
  );
  const told = errors.filter((error) => ![...unknown].some((name) => error.startsWith(`--${name} `)));
  return { command: stage.command, options, errors: told };
}

function workflowLines({ name, jobs }: { name: string; jobs: CheckedJob[] }): Line[] {
  return [line(''), strong(`Workflow ${name}`), ...jobs.flatMap((job, index) => jobLines(job, index + 1))];
}

function jobLines(
  { name, called, isApproval, requires, contexts, serialGroup, stages }: CheckedJob,
  number: number,
): Line[] {
  const facts = [
    ...(isApproval ? ['somebody approves'] : name === called ? [] : [called]),
    ...(requires.length === 0 ? [] : [`after ${requires.join(', ')}`]),
    ...(contexts.length === 0 ? [] : [`context ${contexts.join(', ')}`]),
    ...(serialGroup === undefined ? [] : [`serial group ${serialGroup}`]),
  ];
  return [
    line(`  ${number}. ${name}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`),
    ...stages.flatMap(({ command, options, errors }) => [
      line(
        `       ${[command, ...options.map(({ name: option, text: given }) => `--${option} ${given === '…' ? given : shellWord(given)}`)].join(' ')}`,
      ),
      ...errors.map((error) => bad(`         ✘ ${error}`)),
    ]),
  ];
}
