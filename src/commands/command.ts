import { optional } from '../base/optional.ts';
import { redact } from '../base/redact.ts';
import { type NamedOption, namedOptions, type OptionTable, type ValuesOf } from '../options/option.ts';
import type { Given } from '../options/parse.ts';
import { type IsGiven, type ReadDeps, readOptions } from '../options/read.ts';
import type { AwsOptions, GeneralOptions } from '../options/shared.ts';
import { exitCode, type Outcome } from '../outcome.ts';
import type { Ask, Aws, CircleCi, Clock, Emit, Files, Http, Interrupt, ProcessRunner } from '../ports.ts';
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
  /** The person at the terminal; undefined in CI and in pipes. */
  ask?: Ask | undefined;
  circleCi?: CircleCi | undefined;
  version: string;
  /** Another command of this program, for those that speak of it. */
  command(name: string): Promise<AnyCommand | undefined>;
  common: CommonOptions;
  /** Facts on their way to the lines of the command's `render`. */
  emit: Emit;
  /** Resolves when whoever reads those lines has caught up: for those who have very many to print. */
  drained(): Promise<void>;
  records: RecordStore;
  /** Signs in; checks --expect-account before it answers. No request outlasts `timeoutMs` from the command's start. */
  connect(options: AwsOptions, timeoutMs?: number): Promise<Aws>;
}

/** What the edge itself must know of a command's options. */
export type CommonOptions = Omit<GeneralOptions, 'expandEnv' | 'recordDir' | 'recordsFrom' | 'outputs'> & {
  recordDir: string | undefined;
  recordsFrom: string | undefined;
  outputs: string | undefined;
};

/** How a command ended: what the edge prints and exits with. */
export interface CommandResult {
  exitCode: number;
  /** The last lines of the text output. */
  lines: Line[];
  /** What is printed beside them, on stderr. */
  notes?: Line[];
  /** The one document of `--output json`. */
  document: unknown;
}

/** A command: its options as data, what it does, and how its events look. */
export interface Command<Table extends OptionTable> {
  options: Table;
  /** Shown under the options in --help: a command line and what it does. */
  examples: readonly (readonly [string, string])[];
  /** Errors of options that depend on each other; sees those that have none of their own. */
  check?(known: Partial<ValuesOf<Table>>, isGiven: IsGiven<Table>): readonly string[];
  /** The stages whose records say so when the command is refused, as far as its options name them. */
  stages?(known: Partial<ValuesOf<Table>>, env: CommandContext['env']): StageNames[];
  run(options: ValuesOf<Table>, context: CommandContext): Promise<CommandResult>;
  /** How an event looks. */
  render?(event: { type: string }): Line[];
  /** The same for one run, where what was said before matters. */
  narrator?(): (event: { type: string }) => Line[];
}

/** A command whose options only it knows. */
export interface AnyCommand {
  options: readonly NamedOption[];
  examples: readonly (readonly [string, string])[];
  prepare(given: Given, deps: ReadDeps): Promise<PreparedCommand>;
  /** How the events of one run look. */
  narrator(): (event: { type: string }) => Line[];
}

/** A command with its options read. */
export interface PreparedCommand {
  errors: readonly string[];
  common: CommonOptions;
  stages: StageNames[];
  /** Undefined where there are errors. */
  run: ((context: CommandContext) => Promise<CommandResult>) | undefined;
}

/** Ties a command's options to its run, so that the edge need not know their type. */
export function defineCommand<Table extends OptionTable>(command: Command<Table>): AnyCommand {
  return {
    options: namedOptions(command.options),
    examples: command.examples,
    narrator: () => command.narrator?.() ?? ((event) => command.render?.(event) ?? []),
    prepare: async (given, deps) => {
      const check = command.check ?? (() => []);
      const { errors, known, values } = await readOptions(command.options, given, check, deps);
      return {
        errors,
        common: commonOptions(known),
        stages: command.stages?.(known, deps.env) ?? [],
        run: values === undefined ? undefined : (context) => command.run(values, context),
      };
    },
  };
}

/** A command that has no such option behaves as one that was not given it. */
function commonOptions(known: Partial<GeneralOptions>): CommonOptions {
  const { output = 'text', timestamps = false, recordDir, recordsFrom, outputs, dryRun = false, debug = false } = known;
  return { output, timestamps, recordDir, recordsFrom, outputs, dryRun, debug };
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
