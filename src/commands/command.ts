import { optional } from '../base/optional.ts';
import { redact } from '../base/redact.ts';
import type { AwsOptions, CommonOptions } from '../options/common.ts';
import type { OptionReader } from '../options/reader.ts';
import type { OptionSpec } from '../options/spec.ts';
import { exitCode, type Outcome } from '../outcome.ts';
import type { Announce, Aws, Clock, Files, Http, Interrupt, ProcessRunner } from '../ports.ts';
import type { RecordStore } from '../records/records.ts';
import { dryRunEnd, dryRunLines, type PlannedStep } from '../report/dry-run-text.ts';
import type { Line } from '../report/line.ts';
import type { StageNames } from './refusal.ts';

/** What a running command is handed: everything outside it. */
export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  interrupt: Interrupt;
  files: Files;
  http: Http;
  processes: ProcessRunner;
  version: string;
  common: CommonOptions;
  /** Facts on their way to the lines of the command's `render`. */
  announce: Announce;
  /** Resolves when whoever reads those lines has caught up: for those who have very many to print. */
  drained(): Promise<void>;
  records: RecordStore;
  /** Signs in; checks --expect-account before it answers. No request outlasts `timeoutMs` from the command's start. */
  connect(options: AwsOptions, timeoutMs?: number): Promise<Aws>;
}

/** How a command ended: what the edge prints and exits with. */
export interface CommandResult {
  exitCode: number;
  /** The last lines of the text output. */
  lines: Line[];
  /** The one document of `--output json`. */
  document: unknown;
}

/** A command: its options as data, their check, what it does, and how its events look. */
export interface Command<Options> {
  options: readonly OptionSpec[];
  /** Shown under the options in --help: a command line and what it does. */
  examples: readonly (readonly [string, string])[];
  /** Whether words behind `--` belong to it. */
  takesRest: boolean;
  /** Reads every option; complaints stay in the reader until `finish`. May read files that options name. */
  check(reader: OptionReader, files: Files): Promise<Options> | Options;
  /** The stages whose records say so when the command is refused, as far as its options name them. */
  stages?(reader: OptionReader): StageNames[];
  run(options: Options, context: CommandContext): Promise<CommandResult>;
  render(event: { type: string }): Line[];
}

/** A command whose options only it knows. */
export interface AnyCommand extends Omit<Command<never>, 'check' | 'run' | 'stages'> {
  stages(reader: OptionReader): StageNames[];
  prepare(reader: OptionReader, files: Files): Promise<(context: CommandContext) => Promise<CommandResult>>;
}

/** Ties a command's checked options to its run, so that the edge need not know their type. */
export function defineCommand<Options>(command: Command<Options>): AnyCommand {
  return {
    options: command.options,
    examples: command.examples,
    takesRest: command.takesRest,
    render: (event) => command.render(event),
    stages: (reader) => command.stages?.(reader) ?? [],
    prepare: async (reader, files) => {
      const options = await command.check(reader, files);
      reader.finish();
      return (context) => command.run(options, context);
    },
  };
}

/** The result of every dry run: what would be sent and run, with values that may be secret left out. */
export function dryRunResult(steps: readonly PlannedStep[], lines: readonly Line[] = []): CommandResult {
  return {
    exitCode: exitCode.done,
    lines: [...lines, ...steps.flatMap(dryRunLines), dryRunEnd],
    document: {
      exitCode: exitCode.done,
      dryRun: steps.map((step) => ('command' in step ? step : { action: step.action, input: redact(step.input) })),
    },
  };
}

/** An Outcome inside a document whose `exitCode` is the program's: a container's own is `containerExitCode` there. */
export function documentOf(outcome: Outcome): object {
  const { exitCode: containerExitCode, ...rest } = { exitCode: undefined, ...outcome };
  return { ...rest, ...optional('containerExitCode', containerExitCode) };
}
