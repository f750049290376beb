import { valid, wrong } from '../base/parsed.ts';
import { UserError } from '../errors.ts';
import { group, list, text } from '../options/define.ts';
import { environmentName, noInteger, type ValuesOf } from '../options/option.ts';
import { generalOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { bad, type Line, line, strong, warn } from '../report/line.ts';
import {
  givenOptions,
  hidden,
  type PlannedJob,
  plannedWorkflows,
  type StageCall,
  variablesIn,
} from '../setup/config-run.ts';
import { shellWord } from '../setup/made-by.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { configNotes } from './config-notes.ts';

const { output } = generalOptions;

/** Which config and which push: what check-config and doctor are told. */
export const configOptions = {
  config: text({ placeholder: 'FILE', describe: 'The config.', otherwise: '.circleci/config.yml', takesWord: true }),
  branch: text({ placeholder: 'NAME', describe: 'Branch that is pushed to.', otherwise: 'main' }),
  parameters: list({
    name: 'parameter',
    placeholder: 'NAME=VALUE',
    describe: 'Value of a pipeline parameter, as when somebody starts the pipeline by hand.',
    parse: (given) => {
      const [, name, value] = /^([\w-]+)=(.*)$/s.exec(given.trim()) ?? [];
      return name === undefined || value === undefined ? wrong('must be NAME=VALUE') : valid({ name, value });
    },
    check: (given) =>
      new Set(given.map(({ name }) => name)).size < given.length
        ? 'names the same parameter more than once'
        : undefined,
  }),
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
  const { file, push, start, workflows, unknownValues } = await configRun(values, context);
  const checked = await Promise.all(
    workflows.map(async ({ name, jobs }) => ({
      name,
      notes: configNotes(jobs),
      jobs: await Promise.all(jobs.map((job) => checkJob(job, context))),
    })),
  );
  const hasErrors = checked.some(({ jobs }) =>
    jobs.some(({ stages }) => stages.some(({ errors }) => errors.length > 0)),
  );
  const isHidden = checked.some(({ jobs }) =>
    jobs.some(({ stages }) => stages.some(({ options }) => options.some(({ text: shown }) => shown === hidden))),
  );
  const code = hasErrors ? exitCode.userError : exitCode.done;
  return {
    exitCode: code,
    lines: [
      strong(`${start} runs, by ${file}:`),
      ...checked.flatMap(workflowLines),
      ...unknownValues.map((name) =>
        line(`Not known to check-config, and read as empty: ${name}. CircleCI may know it.`),
      ),
      ...(isHidden ? [line(''), line(`${hidden} stands for a value that may be secret.`)] : []),
      ...mistakeLines(checked),
    ],
    document: { exitCode: code, file, push, workflows: checked, unknownValues },
  };
}

/** Reads and expands a config; a push that starts nothing is a UserError that says what would. */
export async function configRun(
  {
    config: file = '.circleci/config.yml',
    branch = 'main',
    tag,
    parameters,
    orbs,
  }: {
    config: string | undefined;
    branch: string | undefined;
    tag?: string | undefined;
    parameters: readonly { name: string; value: string }[];
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
  const given = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  const expanded = await circleCi.expand(source, tag === undefined ? { branch } : { tag }, others, given);
  const push = tag === undefined ? `branch ${branch}` : `tag ${tag}`;
  const names = parameters.map(({ name, value }) => `${name}=${value}`).join(', ');
  const start = names === '' ? `A push to ${push}` : `A pipeline on ${push} with ${names}`;
  const workflows = plannedWorkflows(expanded);
  if (workflows.length > 0) return { file, push, start, workflows, unknownValues: expanded.unknownValues };
  throw new UserError(`${start} starts nothing.`, {
    code: 'Config',
    why: expanded.workflows
      .map(
        ({ name, branches, active }) =>
          `\n- ${name}: ${active ? starters(branches, tag) : 'its when or unless keeps it from running'}`,
      )
      .join(''),
    fix: 'Name another branch with --branch, or correct the filters.',
  });
}

const starters = (branches: readonly string[], tag: string | undefined): string => {
  if (tag !== undefined) return 'no job of it has a filter for this tag, and without one CircleCI runs none for a tag';
  return branches.length === 0 ? 'its filters let no job of it run' : `branch ${branches.join(', ')}`;
};

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

function workflowLines({ name, jobs, notes }: { name: string; jobs: CheckedJob[]; notes: string[] }): Line[] {
  return [
    line(''),
    strong(`Workflow ${name}`),
    ...jobs.flatMap((job, index) => jobLines(job, index + 1)),
    ...notes.map((note) => warn(`  ! ${note}`)),
  ];
}

/** The mistakes once more, where the reader looks first: at the end. */
function mistakeLines(checked: readonly { jobs: CheckedJob[] }[]): Line[] {
  const mistakes = checked.flatMap(({ jobs }) =>
    jobs.flatMap(({ name, stages }) => stages.flatMap(({ errors }) => errors.map((error) => `${name}: ${error}`))),
  );
  if (mistakes.length === 0) return [];
  if (mistakes.length === 1) return [line(''), bad(`1 mistake: ${mistakes[0]}`)];
  return [line(''), bad(`${mistakes.length} mistakes:`), ...mistakes.map((mistake) => bad(`  ${mistake}`))];
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
      line(`       ${stageText(command, options)}`),
      ...errors.map((error) => bad(`         ✘ ${error}`)),
    ]),
  ];
}

/** Of the two steps that tell Slack only one runs. */
function stageText(command: string, options: CheckedStage['options']): string {
  const status = command === 'notify-slack' ? options.find(({ name }) => name === 'status')?.text : undefined;
  const when = status === 'pass' ? 'on success: ' : status === 'fail' ? 'on failure: ' : '';
  const shown = options
    .filter(({ name }) => when === '' || name !== 'status')
    .map(({ name, text: given }) => `--${name} ${given === hidden ? given : shellWord(given)}`);
  return `${when}${[command, ...shown].join(' ')}`;
}
