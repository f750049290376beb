import { buildRecord, refusedBuildRecord } from '../build/build-record.ts';
import { type BuildEvent, type BuildOutcome, buildAndPush } from '../build.ts';
import { UserError } from '../errors.ts';
import { exitCode, interruptedExitCode } from '../exit-code.ts';
import { type BuildOptions, buildOptionSpecs, readBuildOptions } from '../options/build-and-push-image.ts';
import type { Aws } from '../ports.ts';
import { buildEndLines, buildEventLines } from '../report/build-text.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';

/** `build-and-push-image`: stage 1. */
export const buildAndPushImageCommand = defineCommand<BuildOptions>({
  options: buildOptionSpecs,
  examples: [
    ['$0 build-and-push-image --repository hoge-stg', 'Builds ./Dockerfile and pushes it under the commit.'],
    [
      "$0 build-and-push-image --repository hoge-stg --tag latest --extra-build-args '--target apps' --record-dir deploy",
      'As in a pipeline: the digest goes into the record, and later stages pin it.',
    ],
  ],
  takesRest: false,
  check: readBuildOptions,
  run,
  render: (event) => buildEventLines(event as BuildEvent),
});

async function run(options: BuildOptions, context: CommandContext): Promise<CommandResult> {
  const startedAtMs = context.clock.now();
  let aws: Aws | undefined;
  const facts = () => ({
    options,
    env: context.env,
    region: aws?.region,
    startedAtMs,
    finishedAtMs: context.clock.now(),
  });
  try {
    aws = options.push ? await context.connect(options.aws) : undefined;
    const unsent: object[] = [];
    const announce = (event: BuildEvent): void => {
      if (event.type === 'request-not-sent') unsent.push({ action: event.action, input: event.input });
      if (event.type === 'command-not-run') unsent.push({ command: event.command });
      context.announce(event);
    };
    const outcome = await buildAndPush(options, { ...context, aws, announce });
    const code = codeOf(outcome, context);
    const lines = buildEndLines(outcome);
    if (outcome.verdict === 'dry-run') return { exitCode: code, lines, document: { exitCode: code, dryRun: unsent } };
    const record = buildRecord(outcome, facts());
    await context.records.save(record);
    return { exitCode: code, lines, document: { ...record, exitCode: code, dockerExitCode: record.exitCode } };
  } catch (error) {
    if (error instanceof UserError && !options.dryRun) await context.records.save(refusedBuildRecord(error, facts()));
    throw error;
  }
}

function codeOf({ verdict }: BuildOutcome, { interrupt }: CommandContext): number {
  if (verdict === 'interrupted') return interruptedExitCode(interrupt.name());
  return verdict === 'build-failed' ? exitCode.failed : exitCode.done;
}
