import type { RequestNote } from './aws/send.ts';
import { optional } from './base/optional.ts';
import type { AnyCommand, CommandContext } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { recordRefusal } from './commands/refusal.ts';
import { TransientError, UserError } from './errors.ts';
import { type AwsOptions, readCommonOptions } from './options/common.ts';
import { collectRaw } from './options/raw.ts';
import { createReader } from './options/reader.ts';
import { parseCommandLine } from './options/yargs.ts';
import { exitCode, explanationOf, interruptedExitCode } from './outcome.ts';
import type { Announce, Aws } from './ports.ts';
import { openRecords } from './records/records.ts';
import { bugLines, errorLines } from './report/error-text.ts';
import { dim, documentText, type Line, line, paint, wantsColour } from './report/line.ts';

/** The outside world, as `main` hands it in. */
export interface CliDeps extends Omit<CommandContext, 'common' | 'announce' | 'drained' | 'records' | 'connect'> {
  stdout: Output;
  stderr: Output;
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
}

/** Runs one command line to its end and answers the exit code; never throws and never exits. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const output = { json: false };
  const print = (lines: readonly Line[], to: 'stdout' | 'stderr'): void => {
    const stream = deps[to];
    const colour = wantsColour(deps.env, stream.isTty);
    for (const one of lines) stream.write(`${paint(one, colour)}\n`);
  };
  const printDocument = (document: unknown): void => deps.stdout.write(`${documentText(document)}\n`);
  try {
    const parsed = await parseCommandLine(argv, commands, deps);
    if (parsed.end) {
      print(parsed.text.split('\n').map(line), parsed.exitCode === exitCode.done ? 'stdout' : 'stderr');
      return parsed.exitCode;
    }
    const { command } = parsed;
    const raw = collectRaw(command.options, parsed.arguments, deps.env);
    // Known before the options are checked, so that their complaints come in the form that was asked for.
    output.json = raw.given.get('output')?.values.at(-1) === 'json';
    const run = await prepare(command, raw, deps);
    const result = await run(print);
    if (output.json) {
      print(result.lines, 'stderr');
      printDocument(result.document);
    } else {
      print(result.lines, 'stdout');
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

async function prepare(command: AnyCommand, raw: ReturnType<typeof collectRaw>, deps: CliDeps) {
  const expand = ['true', '1'].includes(raw.given.get('expand-env')?.values.at(-1)?.toLowerCase() ?? '');
  const reader = createReader(raw, deps.env, expand);
  reader.boolean('expand-env', false);
  const common = readCommonOptions(reader);
  if (raw.rest.length > 0 && !command.takesRest) reader.complain('this command takes no words behind `--`');
  const records = openRecords(common.recordDir, deps.files, deps.env);
  const startedAtMs = deps.clock.now();
  const onRecord = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!common.dryRun) await recordRefusal(error, command.stages(reader), { ...deps, records, startedAtMs });
      throw error;
    }
  };
  const runCommand = await onRecord(() => command.prepare(reader, deps.files));
  return (print: Print) => {
    const progress = common.output === 'json' ? 'stderr' : 'stdout';
    const announce: Announce = (event) => print(command.render(event), progress);
    const onRequest = (note: RequestNote): void => {
      if (common.debug) print([requestLine(note)], 'stderr');
    };
    const connect: CommandContext['connect'] = (options, timeoutMs) =>
      deps.connect(options, { onRequest, deadlineMs: timeoutMs === undefined ? undefined : startedAtMs + timeoutMs });
    const drained = async (): Promise<void> => deps[progress].drained?.();
    return onRecord(() => runCommand({ ...deps, common, announce, drained, records, connect }));
  };
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
