import { jsonFault } from '../base/json-fault.ts';
import type { Files } from '../ports.ts';
import type { CheckUrl, RolloutOptions } from '../rollout/model.ts';
import type { DefinitionChanges, NamedValue } from '../task-definition/edit.ts';
import { readDefinition } from '../task-definition/faults.ts';
import { parseImageReference } from '../task-definition/image-reference.ts';
import { parseImageUpdates } from '../task-definition/image-updates.ts';
import { parseImageOption } from '../task-definition/pin.ts';
import { type AwsOptions, readAwsOptions } from './common.ts';
import type { OptionReader } from './reader.ts';

/** Checked options of update-service-and-verify. */
export interface UpdateServiceOptions {
  aws: AwsOptions;
  rollout: RolloutOptions;
}

/** The interval that the aws-ecs orb takes when only the number of attempts is given. */
const orbIntervalMs = 20_000;

/** Reads `updateServiceSpecs`. */
export async function readUpdateService(reader: OptionReader, files: Files): Promise<UpdateServiceOptions> {
  const family = reader.string('family');
  const named = [...new Set(reader.names('service'))];
  if (named.length === 0 && family === undefined && !reader.has('service')) {
    reader.complain('--service is missing: the services to update (--family does when they have the same name)');
  }
  if (family !== undefined && !/^[\w-]+$/.test(family)) {
    reader.complain(`--family must be a family without revision, not ${JSON.stringify(family)}`);
  }
  const maxLooks = reader.integer('max-poll-attempts', { least: 1 });
  const interval = reader.durationMs('poll-interval');
  const pollIntervalMs = interval ?? (maxLooks === undefined ? undefined : orbIntervalMs);
  const timeoutMs = reader.durationMs('timeout');
  const untold = maxLooks === undefined || pollIntervalMs === undefined ? 1_800_000 : maxLooks * pollIntervalMs;
  const rollout = {
    cluster: reader.required('cluster', 'the cluster of the service'),
    services: named.length > 0 ? named : family === undefined ? [] : [family],
    family,
    taskDefinition: await readTaskDefinition(reader, files),
    changes: readChanges(reader),
    force: reader.boolean('force-new-deployment', false),
    desiredCount: reader.integer('desired-count'),
    verify: reader.boolean('verify', true),
    until: reader.choice('until', ['deployed', 'drained']) ?? 'deployed',
    timeoutMs: timeoutMs ?? untold,
    pollIntervalMs,
    maxLooks,
    maxFailedTasks: reader.integer('max-failed-tasks', { least: 1 }),
    onFailure: reader.choice('on-failure', ['leave', 'rollback']) ?? 'leave',
    onInterrupt: reader.choice('on-interrupt', ['leave', 'rollback']) ?? 'leave',
    checkUrls: readCheckUrls(reader),
  } as const;
  checkTogether(rollout, reader);
  return { aws: readAwsOptions(reader), rollout };
}

function checkTogether(rollout: RolloutOptions, reader: OptionReader): void {
  if (reader.has('image') && reader.has('container-image-name-updates')) {
    reader.complain('--image and --container-image-name-updates exclude each other');
  }
  for (const name of ['check-status', 'check-timeout']) {
    if (reader.has(name) && !reader.has('check-url')) reader.complain(`--${name} needs --check-url`);
  }
  if (rollout.verify) return;
  for (const name of ['check-url', 'max-failed-tasks', 'on-failure', 'on-interrupt', 'until']) {
    if (reader.has(name)) reader.complain(`--${name} needs the deployment to be followed: leave --no-verify out`);
  }
}

async function readTaskDefinition(reader: OptionReader, files: Files): Promise<RolloutOptions['taskDefinition']> {
  const given = reader.string('task-definition');
  if (given === undefined) return undefined;
  const isFile = /^file:\/\//.test(given) || /\.json$/.test(given);
  if (!isFile) {
    if (/^(arn:[^/]+\/)?[\w-]+(:\d+)?$/.test(given)) return { kind: 'reference', reference: given };
    reader.complain(
      `--task-definition must be FAMILY, FAMILY:REVISION, an ARN or a .json file, not ${JSON.stringify(given)}`,
    );
    return undefined;
  }
  const path = given.replace(/^file:\/\//, '');
  const text = await files.read(path);
  if (text === undefined) {
    reader.complain(`--task-definition: there is no file ${path}`);
    return undefined;
  }
  const fault = jsonFault(text);
  if (fault !== undefined) {
    reader.complain(
      `--task-definition: ${path} is not JSON: line ${fault.line}, column ${fault.column} should be ${fault.expected}`,
    );
    return undefined;
  }
  const { document, faults } = readDefinition(text);
  for (const one of faults) reader.complain(`--task-definition: ${path}: ${one}`);
  if (faults.length > 0) return undefined;
  return { kind: 'document', document, from: path };
}

function readChanges(reader: OptionReader): DefinitionChanges {
  const images = reader.list('image').map((option) => {
    const { container, reference } = parseImageOption(option);
    if (parseImageReference(reference) === undefined) {
      reader.complain(`--image must be [CONTAINER=]REPOSITORY[:TAG][@DIGEST], not ${JSON.stringify(option)}`);
    }
    return { container, image: reference };
  });
  const names = images.map(({ container }) => container ?? '');
  if (new Set(names).size !== names.length) reader.complain('--image was given twice for the same container');
  const grammar = reader.string('container-image-name-updates');
  const updates = grammar === undefined ? { updates: [], complaints: [] } : parseImageUpdates(grammar);
  for (const complaint of updates.complaints) reader.complain(`--container-image-name-updates: ${complaint}`);
  return {
    images,
    imageUpdates: updates.updates,
    environment: readValues(reader, 'env'),
    secrets: readValues(reader, 'secret'),
    removeEnvironment: readNames(reader, 'remove-env'),
    removeSecrets: readNames(reader, 'remove-secret'),
  };
}

/** Neither the value is part of a complaint nor what has no name: it may be a line of a secret that has many. */
function readValues(reader: OptionReader, option: string): NamedValue[] {
  const values = reader.list(option).flatMap((text, index): NamedValue[] => {
    const [, container, name, value] = /^(?:([\w-]+):)?([^=:\s]+)=([\s\S]*)$/.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [{ container, name, value }];
    reader.complain(
      `--${option} must be [CONTAINER:]NAME=VALUE; number ${index + 1} is not (out of the environment each line is one)`,
    );
    return [];
  });
  const keys = values.map(({ container = '', name }) => `${container}:${name}`);
  for (const twice of new Set(keys.filter((key, index) => keys.indexOf(key) !== index))) {
    reader.complain(`--${option} sets ${twice.replace(/^:/, '')} twice`);
  }
  return values;
}

function readNames(reader: OptionReader, option: string): Omit<NamedValue, 'value'>[] {
  return reader.list(option).flatMap((text) => {
    const [, container, name] = /^(?:([\w-]+):)?([^=:\s]+)$/.exec(text) ?? [];
    if (name !== undefined) return [{ container, name }];
    reader.complain(`--${option} must be [CONTAINER:]NAME, without a value`);
    return [];
  });
}

function readCheckUrls(reader: OptionReader): CheckUrl[] {
  const status = reader.integer('check-status', { least: 100, most: 599 }) ?? 200;
  const timeoutMs = reader.durationMs('check-timeout') ?? 60_000;
  return reader.list('check-url').map((url) => {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      reader.complain(`--check-url must be an http or https address, not ${JSON.stringify(url)}`);
    } else if (new URL(url).username !== '' || new URL(url).password !== '') {
      reader.complain(
        `--check-url must not hold a user name or password: they would be printed (${new URL(url).host})`,
      );
    }
    return { url, status, timeoutMs };
  });
}
