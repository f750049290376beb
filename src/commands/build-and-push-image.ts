import { circleCiFacts } from '../base/circleci.ts';
import { optional } from '../base/optional.ts';
import { type BuildEvent, buildAndPush, planBuild } from '../build/build.ts';
import { type BuildOptions, buildOptionSpecs, readBuildOptions } from '../options/build-and-push-image.ts';
import { exitCodeOf } from '../outcome.ts';
import { type BuildOutcome, schemaVersion } from '../records/schema.ts';
import { buildEventLines, buildOutcomeLines } from '../report/build-text.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';
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
    return [{ stage: 'build-and-push-image', repository, tags }];
  },
  run,
  render: (event) => buildEventLines(event as BuildEvent),
});

async function run(options: BuildOptions, context: CommandContext): Promise<CommandResult> {
  const startedAtMs = context.clock.now();
  const aws = options.push ? await context.connect(options.aws) : undefined;
  const deps = { ...context, aws };
  if (context.common.dryRun) return dryRunResult(await planBuild(options, deps));
  const outcome: BuildOutcome = {
    schemaVersion,
    stage: 'build-and-push-image',
    repository: repositoryUri(options.repository),
    tags: options.tags,
    ...optional('region', aws?.region),
    startedAt: new Date(startedAtMs).toISOString(),
    ...(await buildAndPush(options, deps)),
    finishedAt: new Date(context.clock.now()).toISOString(),
    ci: circleCiFacts(context.env) as Record<string, string>,
  };
  await context.records.save(outcome);
  const code = exitCodeOf(outcome);
  const { exitCode: dockerExitCode, ...rest } = outcome;
  return {
    exitCode: code,
    lines: buildOutcomeLines(outcome),
    document: { exitCode: code, ...rest, ...optional('dockerExitCode', dockerExitCode) },
  };
}
