import { splitWords } from '../base/words.ts';
import { type ImageReference, parseImageReference } from '../task-definition/image-reference.ts';
import {
  type AwsOptions,
  awsOptionSpecs,
  type CommonOptions,
  generalOptionSpecs,
  readAwsOptions,
  readCommonOptions,
} from './common.ts';
import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';

/** Checked options of build-and-push-image. */
export interface BuildOptions extends CommonOptions {
  aws: AwsOptions;
  /** Name or address, without tag. */
  repository: ImageReference;
  tags: string[];
  dockerfile: string | undefined;
  path: string;
  target: string | undefined;
  buildArgs: string[];
  platform: string | undefined;
  cacheFrom: string[];
  extraArgs: string[];
  push: boolean;
  skipWhenTagsExist: boolean;
  createRepository: boolean;
}

const image = 'Image';
const build = 'Build';

export const buildOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'repository',
    kind: 'string',
    group: image,
    placeholder: 'NAME|URI',
    describe: 'ECR repository, by name or by its whole address.',
    alias: 'repo',
  },
  {
    name: 'tag',
    kind: 'names',
    group: image,
    placeholder: 'TAG',
    describe: 'Tag to push.',
    default: 'the commit, CIRCLE_SHA1',
  },
  {
    name: 'push',
    kind: 'boolean',
    group: image,
    describe: 'Push the image; --no-push only builds it.',
    default: 'true',
  },
  {
    name: 'skip-when-tags-exist',
    kind: 'boolean',
    group: image,
    describe: 'Build nothing when every tag is there already; its digest goes into the record.',
    default: 'false',
  },
  {
    name: 'create-repository',
    kind: 'boolean',
    group: image,
    describe: 'Create the repository when it does not exist.',
    default: 'false',
  },
  {
    name: 'dockerfile',
    kind: 'string',
    group: build,
    placeholder: 'FILE',
    describe: 'The Dockerfile.',
    default: 'Dockerfile in --path',
  },
  {
    name: 'path',
    kind: 'string',
    group: build,
    placeholder: 'DIR',
    describe: 'Folder that is the context of the build.',
    default: '.',
  },
  { name: 'target', kind: 'string', group: build, placeholder: 'STAGE', describe: 'Stage of the Dockerfile to build.' },
  {
    name: 'build-arg',
    kind: 'list',
    group: build,
    placeholder: 'NAME[=VALUE]',
    describe: 'Build argument; without a value it is taken from the environment.',
  },
  {
    name: 'platform',
    kind: 'string',
    group: build,
    placeholder: 'OS/ARCH',
    describe: 'Platform of the image, or several with commas (needs buildx).',
  },
  {
    name: 'cache-from',
    kind: 'list',
    group: build,
    placeholder: 'SOURCE',
    describe: 'Image or cache to reuse layers of.',
  },
  {
    name: 'extra-build-args',
    kind: 'string',
    group: build,
    placeholder: "'ARGS'",
    takesDashes: true,
    describe: 'Further arguments of docker build, split into words with quotes as in a shell.',
  },
  ...awsOptionSpecs,
  ...generalOptionSpecs,
];

/** Reads `buildOptionSpecs`. */
export function readBuildOptions(reader: OptionReader): BuildOptions {
  const platform = reader.string('platform');
  return {
    ...readCommonOptions(reader),
    aws: readAwsOptions(reader),
    repository: readRepository(reader),
    tags: readTags(reader),
    dockerfile: reader.string('dockerfile'),
    path: reader.string('path') ?? '.',
    target: reader.string('target'),
    buildArgs: reader.list('build-arg'),
    platform,
    cacheFrom: reader.list('cache-from'),
    extraArgs: readExtraArgs(reader),
    push: reader.boolean('push', true),
    skipWhenTagsExist: reader.boolean('skip-when-tags-exist', false),
    createRepository: reader.boolean('create-repository', false),
  };
}

function readRepository(reader: OptionReader): ImageReference {
  const given = reader.required('repository', 'the ECR repository to push to');
  const parsed = parseImageReference(given);
  if (given !== '' && parsed === undefined) {
    reader.complain(
      `--repository must be the name or address of a repository in lower case, not ${JSON.stringify(given)}`,
    );
  } else if (parsed?.tag !== undefined || parsed?.digest !== undefined) {
    reader.complain('--repository takes no tag or digest; give the tag with --tag');
  }
  return parsed ?? { repository: given };
}

function readTags(reader: OptionReader): string[] {
  const given = [...new Set(reader.names('tag'))];
  const commit = reader.env.CIRCLE_SHA1 ?? '';
  const tags = given.length > 0 || reader.has('tag') || commit === '' ? given : [commit];
  if (tags.length === 0 && !reader.has('tag')) {
    reader.complain('--tag is missing: there is no CIRCLE_SHA1 to take the commit from');
  }
  for (const tag of tags) {
    if (/^\w[\w.-]{0,127}$/.test(tag)) continue;
    reader.complain(
      `--tag may hold letters, digits, and after the first character dots and dashes, at most 128, not ${JSON.stringify(tag)}`,
    );
  }
  return tags;
}

function readExtraArgs(reader: OptionReader): string[] {
  const given = reader.string('extra-build-args');
  const words = splitWords(given ?? '');
  if (words === undefined) reader.complain('--extra-build-args has a quote that is never closed');
  return words ?? [];
}
