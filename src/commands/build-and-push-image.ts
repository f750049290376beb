import { circleCiFacts } from '../base/circleci.ts';
import { optional } from '../base/optional.ts';
import { type BuildEvent, buildAndPush, planBuild } from '../build/build.ts';
import { choice, flag, group, list, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, generalOptions } from '../options/shared.ts';
import { policyText, splitArguments } from '../options/values.ts';
import { exitCodeOf } from '../outcome.ts';
import { type BuildOutcome, schemaVersion } from '../records/schema.ts';
import { buildEventLines, buildOutcomeLines } from '../report/build-text.ts';
import { repositoryReference, repositoryUri, tagFault } from '../task-definition/image-reference.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of build-and-push-image. */
export const buildOptions = {
  ...group('Image', {
    repository: text({
      required: true,
      alias: 'repo',
      placeholder: 'NAME|URI',
      describe: 'The ECR repository to push to, by name or by its whole address.',
      parse: repositoryReference,
    }),
    tags: names({
      name: 'tag',
      required: true,
      placeholder: 'TAG',
      describe: 'The tag to push.',
      variables: ['CIRCLE_SHA1'],
      check: (tags) => tags.map(tagFault).find((fault) => fault !== undefined),
    }),
    push: flag({ default: true, describe: 'Pushes the image; --no-push only builds it.' }),
    skipWhenTagsExist: flag({
      describe: 'Builds nothing when every tag is there already; its digest goes into the record.',
    }),
    createRepository: flag({
      describe: 'Creates the repository when it does not exist; the options below are for that moment alone.',
    }),
    scanOnPush: flag({
      default: true,
      describe: 'Has ECR look for known weaknesses in each image of it; --no-scan-on-push does not.',
    }),
    imageTagMutability: choice(['MUTABLE', 'IMMUTABLE'], {
      default: 'MUTABLE',
      describe: 'Whether a tag of it may move to another image.',
    }),
    encryptionType: choice(['AES256', 'KMS'], { default: 'AES256', describe: 'How ECR encrypts it.' }),
    encryptionKmsKey: text({
      placeholder: 'ARN|ID',
      describe: 'Key of --encryption-type KMS.',
      otherwise: 'the key that AWS keeps for ECR',
    }),
    lifecyclePolicy: text({
      placeholder: 'FILE|JSON',
      describe: 'Lifecycle policy of it.',
      expandsItself: true,
      parse: policyText,
    }),
    repositoryPolicy: text({
      placeholder: 'FILE|JSON',
      describe: 'Who else may use it, as a repository policy.',
      expandsItself: true,
      parse: policyText,
    }),
  }),
  ...group('Build', {
    dockerfile: text({ placeholder: 'FILE', describe: 'The Dockerfile.', otherwise: 'Dockerfile in --path' }),
    path: text({ default: '.', placeholder: 'DIR', describe: 'Folder that is the context of the build.' }),
    target: text({ placeholder: 'STAGE', describe: 'Stage of the Dockerfile to build.' }),
    buildArgs: list({
      name: 'build-arg',
      placeholder: 'NAME[=VALUE]',
      describe: 'Build argument; without a value it is taken from the environment.',
      secret: true,
    }),
    platform: text({
      placeholder: 'OS/ARCH',
      describe: 'Platform of the image, or several with commas (needs buildx).',
    }),
    cacheFrom: list({ placeholder: 'SOURCE', describe: 'Image or cache to reuse layers of.' }),
    extraArgs: text({
      name: 'extra-build-args',
      default: '',
      placeholder: "'ARGS'",
      takesDashes: true,
      secret: true,
      describe: 'Further arguments of docker build, split into words with quotes as in a shell.',
      parse: splitArguments,
    }),
  }),
  ...awsOptions,
  ...generalOptions,
};
export type BuildOptions = ValuesOf<typeof buildOptions>;

/** `build-and-push-image`: stage 1. */
export const buildAndPushImageCommand = defineCommand({
  options: buildOptions,
  examples: [
    ['$0 build-and-push-image --repository hoge-stg', 'Builds ./Dockerfile and pushes it under the commit.'],
    [
      "$0 build-and-push-image --repository hoge-stg --tag latest --extra-build-args '--target apps' --record-dir deploy",
      'As in a pipeline: the digest goes into the record, and later stages pin it.',
    ],
  ],
  check: (known) =>
    known.encryptionKmsKey !== undefined && known.encryptionType !== 'KMS'
      ? ['--encryption-kms-key needs --encryption-type KMS']
      : [],
  stages: ({ repository, tags = [] }) => {
    const name = repository === undefined ? unnamed : repositoryUri(repository);
    return [{ stage: 'build-and-push-image', repository: name, tags }];
  },
  run,
  render: (event) => buildEventLines(event as BuildEvent),
});

async function run(options: BuildOptions, context: CommandContext): Promise<CommandResult> {
  const startedAtMs = context.clock.now();
  const aws = options.push ? await context.connect(options) : undefined;
  const deps = { ...context, aws };
  if (options.dryRun) return dryRunResult(await planBuild(options, deps));
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
