import type { MigrateOptions } from '../migrate/options.ts';
import type { Files } from '../ports.ts';
import { parseImageReference } from '../task-definition/image-reference.ts';
import { parseImageOption } from '../task-definition/pin.ts';
import { type AwsOptions, readAwsOptions } from './common.ts';
import { readPlacement } from './placement.ts';
import type { OptionReader } from './reader.ts';
import { readCommand, readEnvironment, readOverrides } from './task-overrides.ts';
import { readWaitingOptions } from './waiting.ts';

/** Reads `runMigrationTaskSpecs`. */
export async function readRunMigrationTask(
  reader: OptionReader,
  files: Files,
): Promise<{ aws: AwsOptions; migrate: MigrateOptions }> {
  const migrate: MigrateOptions = {
    cluster: reader.required('cluster', 'the cluster that the task runs in'),
    taskDefinition: reader.required(
      'task-definition',
      'the family (with :REVISION or not) that the task is started from',
    ),
    overrides: await readOverrides(reader, files),
    container: reader.string('container'),
    command: readCommand(reader),
    environment: readEnvironment(reader),
    images: readImages(reader),
    placement: readPlacement(reader),
    startedBy: matching(reader, 'started-by', /^[\w/-]{1,128}$/, 'up to 128 letters, digits, - _ and /'),
    group: reader.string('group'),
    tags: readTags(reader),
    propagateTags: reader.choice('propagate-tags', ['TASK_DEFINITION', 'NONE']),
    enableExecuteCommand: reader.boolean('enable-execute-command', false),
    name: undefined,
    clientToken: matching(reader, 'client-token', /^[\x21-\x7e]{1,64}$/, 'up to 64 ASCII characters without spaces'),
    exclusive: reader.choice('exclusive', ['wait', 'fail', 'ignore']) ?? 'wait',
    retryCapacityMs: reader.durationMs('retry-capacity'),
    wait: reader.boolean('wait', true),
    waiting: readWaitingOptions(reader),
  };
  if (migrate.command !== undefined && reader.has('overrides')) {
    reader.complain(
      '--overrides and --command (or words behind `--`) exclude each other; put the command into one of them',
    );
  }
  return { aws: readAwsOptions(reader), migrate };
}

function readImages(reader: OptionReader): MigrateOptions['images'] {
  const images = reader.list('image').map(parseImageOption);
  for (const { container, reference } of images) {
    if (container === '' || parseImageReference(reference) === undefined) {
      const form = '[CONTAINER=][REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]';
      reader.complain(`--image must be ${form}, not ${JSON.stringify(reference)}`);
    }
  }
  const containers = images.map(({ container }) => container ?? '');
  if (new Set(containers).size < containers.length) reader.complain('--image names the same container more than once');
  return images;
}

function readTags(reader: OptionReader): { key: string; value: string }[] {
  const tags = reader.list('tag').map((pair) => {
    const [, key = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(pair) ?? [];
    return { key: key.trim(), value };
  });
  for (const { key, value } of tags) {
    if (key === '') reader.complain('--tag must be KEY=VALUE (one of them has no key or no "=")');
    else if (/^aws:/i.test(key)) reader.complain(`--tag ${key}: keys that begin with aws: are AWS’s own`);
    else if (key.length > 128 || value.length > 256) {
      reader.complain(`--tag ${key.slice(0, 20)}: a key may have 128 characters and a value 256`);
    }
  }
  if (tags.length > 50) reader.complain('--tag may be given 50 times at most');
  return tags;
}

function matching(reader: OptionReader, name: string, pattern: RegExp, form: string): string | undefined {
  const value = reader.string(name);
  if (value !== undefined && !pattern.test(value)) reader.complain(`--${name} must be ${form}`);
  return value;
}
