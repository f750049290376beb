import { circleCiFacts } from '../base/circleci.ts';
import { type BuildEvent, type BuildOutcome, buildAndPush } from '../build/build.ts';
import { buildRecord } from '../build/build-record.ts';
import { type BuildOptions, buildOptionSpecs, readBuildOptions } from '../options/build-and-push-image.ts';
import { exitCode, interruptedExitCode } from '../outcome.ts';
import { buildEndLines, buildEventLines } from '../report/build-text.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { unnamed } from './refusal.ts';

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
  stages: (reader) => {
    const given = reader.optional('repository');
    const parsed = parseImageReference(given ?? '');
    const { commit } = circleCiFacts(reader.env);
    const repository = parsed === undefined ? (given ?? unnamed) : repositoryUri(parsed);
    const named = reader.names('tag');
    const tags = named.length > 0 || commit === undefined ? named : [commit];
    return [{ stage: 'build-and-push-image', repository, tags, ...(commit === undefined ? {} : { commit }) }];
  },
  run,
  render: (event) => buildEventLines(event as BuildEvent),
});

async function run(options: BuildOptions, context: CommandContext): Promise<CommandResult> {
  const startedAtMs = context.clock.now();
  const aws = options.push ? await context.connect(options.aws) : undefined;
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
  const finishedAtMs = context.clock.now();
  const record = buildRecord(outcome, { options, env: context.env, region: aws?.region, startedAtMs, finishedAtMs });
  await context.records.save(record);
  return { exitCode: code, lines, document: { ...record, exitCode: code, dockerExitCode: record.exitCode } };
}

function codeOf({ verdict }: BuildOutcome, { interrupt }: CommandContext): number {
  if (verdict === 'interrupted') return interruptedExitCode(interrupt.name());
  return verdict === 'build-failed' ? exitCode.failed : exitCode.done;
}
