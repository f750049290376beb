import type { RequestNote } from './aws/send.ts';
import { optional } from './base/optional.ts';
import { chooseCommand } from './commands/choose.ts';
import type { AnyCommand, CommandContext, CommandResult, PreparedCommand } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { recordRefusal } from './commands/refusal.ts';
import { withWhatThereIs } from './commands/what-there-is.ts';
import { TransientError, UserError } from './errors.ts';
import { optionError, unknownVariables } from './options/read.ts';
import type { AwsOptions } from './options/shared.ts';
import { exitCode, explanationOf, interruptedExitCode, type Outcome } from './outcome.ts';
import type { Aws, Emit, OpenLive } from './ports.ts';
import { openRecords, recordName } from './records/records.ts';
import { bugLines, errorLines } from './report/error-text.ts';
import { dim, documentText, type Line, line, paint, wantsColour, warn } from './report/line.ts';
import { outputLines, withoutOutputs } from './report/outputs.ts';

/** The outside world, as `main` hands it in. */
export interface CliDeps
  extends Omit<CommandContext, 'common' | 'command' | 'emit' | 'drained' | 'records' | 'connect'> {
  stdout: Output;
  stderr: Output;
  /** Draws on a terminal what is waited for. */
  live?: OpenLive | undefined;
  /** Makes clients; sends nothing but what signing in and --expect-account need. */
  connect(
    options: AwsOptions,
    limits: { onRequest: (note: RequestNote) => void; deadlineMs: number | undefined },
  ): Promise<Aws>;
}

interface Output {
  write(text: string): void;
  /** Resolves when whoever reads it has caught up. */
  drained?(): Promise<void>;
  isTty: boolean;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** Runs one command line to its end and answers the exit code; never throws and never exits. */
export async function runCli(argv: readonly string[], given: CliDeps): Promise<number> {
  const deps = { ...given, env: withoutOutputs(given.env) };
  /** `stamped` once there is progress: a document that somebody keeps gets no clock times. */
  const output = { json: false, stamped: false };
  const print = (lines: readonly Line[], to: 'stdout' | 'stderr'): void => {
    const stream = deps[to];
    const colour = wantsColour(deps.env, stream.isTty);
    const stamp = output.stamped ? `${new Date(deps.clock.now()).toISOString().slice(11, 19)} ` : '';
    for (const one of lines) stream.write(`${stamp}${paint(one, colour, width(stream, stamp))}\n`);
  };
  const width = ({ isTty, columns }: Output, stamp: string): number | undefined =>
    isTty && columns !== undefined && !isInCi(deps.env) ? columns - stamp.length : undefined;
  const printDocument = (document: unknown): void => deps.stdout.write(`${documentText(document)}\n`);
  try {
    const chosen = await chooseCommand(argv, commands, { version: deps.version, columns: deps.stdout.columns });
    if (chosen.end) {
      print(chosen.text.split('\n').map(line), chosen.exitCode === exitCode.done ? 'stdout' : 'stderr');
      return chosen.exitCode;
    }
    const prepared = await chosen.command.prepare(chosen.given, deps);
    // Known before the errors are told, so that they come in the form that was asked for.
    output.json = prepared.common.output === 'json';
    print(
      (await strangeVariables(chosen.command, deps.env)).map((text) => warn(`Warning: ${text}`)),
      'stderr',
    );
    const result = await run(chosen, prepared, {
      ...deps,
      print,
      progressed: () => {
        output.stamped = prepared.common.timestamps;
      },
    });
    if (output.json) {
      print(result.lines, 'stderr');
      printDocument(result.document);
    } else {
      print(result.lines, 'stdout');
      print(result.notes ?? [], 'stderr');
    }
    return result.exitCode;
  } catch (error) {
    const expected = error instanceof UserError || error instanceof TransientError;
    const interrupted = error instanceof TransientError && error.code === 'Interrupted';
    const code = interrupted
      ? interruptedExitCode(deps.interrupt.name())
      : expected
        ? exitCode.userError
        : exitCode.bug;
    print(expected ? errorLines(error) : bugLines(error, deps.version), 'stderr');
    if (output.json) printDocument({ exitCode: code, error: errorDocument(error) });
    return code;
  }
}

type Print = (lines: readonly Line[], to: 'stdout' | 'stderr') => void;

/** Where nobody watches a terminal, though there may be one: CircleCI's steps have it, and keep what was drawn. */
const isInCi = ({ CI = '', CIRCLECI = '' }: CliDeps['env']): boolean =>
  CIRCLECI === 'true' || !['', '0', 'false'].includes(CI);

/** Runs a command whose options were read; a refusal is put on record first. */
async function run(
  { name, command }: { name: string; command: AnyCommand },
  { common, errors, stages, run: runCommand }: PreparedCommand,
  { print: printAtOnce, progressed, live: openLive, ...deps }: CliDeps & { print: Print; progressed: () => void },
): Promise<CommandResult> {
  const opened = openRecords(common.recordDir, deps.files, deps.env, common.recordsFrom);
  const outcomes = new Map<string, Outcome>();
  const save = (outcome: Outcome): Promise<void> => {
    outcomes.set(recordName(outcome), outcome);
    return opened.save(outcome);
  };
  const records = { ...opened, save };
  const startedAtMs = deps.clock.now();
  const progress = common.output === 'json' ? 'stderr' : 'stdout';
  const narrate = command.narrator();
  const isWatched = deps.stdout.isTty && common.output === 'text' && !isInCi(deps.env) && deps.env.TERM !== 'dumb';
  const live = isWatched
    ? await openLive?.(deps.stdout, {
        elapsedMs: () => deps.clock.now() - startedAtMs,
        // A line that waits below would be stamped with the time at which it leaves.
        tailLines: common.timestamps ? 0 : 5,
      })
    : undefined;
  const print: Print = (lines, to) => {
    if (lines.length > 0) live?.clear();
    printAtOnce(lines, to);
  };
  const emit: Emit = (event) => {
    progressed();
    const lines = narrate(event);
    print(live?.take(event, lines) ?? lines, progress);
  };
  const onRequest = (note: RequestNote): void => {
    if (common.debug) print([requestLine(note)], 'stderr');
  };
  let aws: Aws | undefined;
  const connect: CommandContext['connect'] = async (options, timeoutMs) => {
    const deadlineMs = timeoutMs === undefined ? undefined : startedAtMs + timeoutMs;
    aws = await deps.connect(options, { onRequest, deadlineMs });
    return aws;
  };
  const drained = async (): Promise<void> => deps[progress].drained?.();
  try {
    if (runCommand === undefined) throw optionError(errors, name);
    return await runCommand({ ...deps, command: otherCommand, common, emit, drained, records, connect });
  } catch (thrown) {
    const error = await withWhatThereIs(thrown, stages, aws);
    if (!common.dryRun) await recordRefusal(error, stages, { ...deps, records, startedAtMs });
    throw error;
  } finally {
    printAtOnce(live?.end() ?? [], progress);
    const file = common.outputs ?? '';
    if (file !== '' && outcomes.size > 0) {
      // The verdict stands, whether or not it can be handed on.
      await deps.files.append(file, outputLines([...outcomes.values()])).catch((error: Error) => {
        print([warn(`Warning: the outputs for later steps are missing: ${error.message}`)], 'stderr');
      });
    }
  }
}

const otherCommand: CommandContext['command'] = async (name) => commands.find((one) => one.name === name)?.load();

/** Warnings about MIGRATE_DEPLOY_… variables; the other commands are loaded only where one is not this command's. */
async function strangeVariables(command: AnyCommand, env: CliDeps['env']): Promise<string[]> {
  if (unknownVariables(env, command.options).length === 0) return [];
  const all = await Promise.all(commands.map(({ load }) => load()));
  return unknownVariables(
    env,
    all.flatMap(({ options }) => options),
  );
}

function requestLine({ action, durationMs, outcome, requestId }: RequestNote): Line {
  return dim(
    `debug: ${action} ${outcome} in ${Math.round(durationMs)}ms${requestId === undefined ? '' : ` (request ${requestId})`}`,
  );
}

function errorDocument(error: unknown): unknown {
  const explanation = explanationOf(error) ?? {
    code: 'BUG',
    cause: error instanceof Error ? error.message : String(error),
  };
  const requestId = error instanceof UserError || error instanceof TransientError ? error.requestId : undefined;
  return { ...explanation, ...optional('requestId', requestId) };
}
