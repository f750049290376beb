import { ConfigError } from './config-error.ts';
import type { ExpandedJob } from './jobs.ts';
import type { Step } from './steps.ts';
import { isMap, listOf, mapOf, type Yaml, type YamlMap, yamlType } from './yaml.ts';

const stepKeys: Readonly<Record<string, { required: readonly string[]; optional: readonly string[] }>> = {
  run: {
    required: ['command'],
    optional: [
      'name',
      'description',
      'shell',
      'environment',
      'background',
      'working_directory',
      'no_output_timeout',
      'when',
      'max_auto_reruns',
      'auto_rerun_delay',
    ],
  },
  checkout: { required: [], optional: ['name', 'path', 'method'] },
  setup_remote_docker: { required: [], optional: ['name', 'version', 'docker_layer_caching'] },
  save_cache: { required: ['key', 'paths'], optional: ['name', 'when'] },
  restore_cache: { required: [], optional: ['name', 'key', 'keys'] },
  store_artifacts: { required: ['path'], optional: ['name', 'destination'] },
  store_test_results: { required: ['path'], optional: ['name'] },
  persist_to_workspace: { required: ['root', 'paths'], optional: ['name'] },
  attach_workspace: { required: ['at'], optional: ['name'] },
  add_ssh_keys: { required: [], optional: ['name', 'fingerprints'] },
};
const settingKeys = [
  ...['docker', 'machine', 'macos', 'resource_class', 'environment', 'working_directory', 'shell', 'parallelism'],
  ...['circleci_ip_ranges', 'retention', 'type', 'plan_name'],
];
const duration = /^\d+(\.\d+)?(s|m|h)?([0-9.smh]*)$/;

/** Checks an expanded job as far as CircleCI's schema does: known keys, right types, one machine, some steps. */
export function checkJob(job: ExpandedJob): void {
  checkKeys('job', job.settings, [], settingKeys);
  const machines = ['docker', 'machine', 'macos'].filter((key) => job.settings[key] !== undefined);
  if (machines.length !== 1)
    throw new ConfigError(`A job needs one of docker, machine, macos; it has ${machines.length}`);
  if (job.settings.docker !== undefined) checkImages(job.settings.docker);
  checkEnvironment(job.settings.environment);
  if (job.steps.length === 0) throw new ConfigError('A job needs at least one step');
  for (const step of job.steps) checkStep(step);
}

function checkImages(docker: Yaml): void {
  const images = listOf(docker, 'docker');
  if (images.length === 0 || !images.every((image) => isMap(image) && typeof image.image === 'string')) {
    throw new ConfigError('docker: expected a list of maps with image');
  }
}

function checkStep({ type, body }: Step): void {
  const keys = stepKeys[type];
  if (keys === undefined) throw new ConfigError(`Cannot find a definition for command named ${type}`);
  checkKeys(type, body, keys.required, keys.optional);
  for (const key of ['name', 'path', 'at', 'root', 'destination', 'shell', 'working_directory']) {
    if (body[key] !== undefined) expectType(`${type}.${key}`, body[key], 'string');
  }
  if (type === 'run') checkRun(body);
  if (type === 'persist_to_workspace' && !listOf(body.paths, 'paths', true).every((path) => typeof path === 'string')) {
    throw new ConfigError('persist_to_workspace.paths: expected type: String');
  }
}

function checkRun(body: YamlMap): void {
  expectType('run.command', body.command, 'string');
  if (body.command === '') throw new ConfigError('run.command: expected minLength: 1, actual: 0');
  checkEnvironment(body.environment);
  if (body.when !== undefined && !['always', 'on_success', 'on_fail'].includes(String(body.when))) {
    throw new ConfigError(`run.when: ${JSON.stringify(body.when)} is not one of always, on_success, on_fail`);
  }
  if (body.background !== undefined) expectType('run.background', body.background, 'boolean');
  if (body.no_output_timeout !== undefined && !duration.test(String(body.no_output_timeout))) {
    throw new ConfigError(`run.no_output_timeout: '${String(body.no_output_timeout)}' is not a duration`);
  }
  const reruns = body.max_auto_reruns;
  if (reruns !== undefined && !(Number.isInteger(reruns) && Number(reruns) >= 1 && Number(reruns) <= 5)) {
    throw new ConfigError(`run.max_auto_reruns: ${String(reruns)} is not from 1 to 5`);
  }
}

/** Environment values are text, numbers, booleans or nothing; never lists or maps. */
function checkEnvironment(environment: Yaml | undefined): void {
  for (const [name, value] of Object.entries(mapOf(environment, 'environment'))) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new ConfigError(`environment: '${name}' is not a variable's name`);
    if (typeof value === 'object' && value !== null) {
      throw new ConfigError(`environment.${name}: expected type: String, found: ${yamlType(value)}`);
    }
  }
}

function checkKeys(what: string, body: YamlMap, required: readonly string[], optional: readonly string[]): void {
  const missing = required.filter((key) => body[key] === undefined || body[key] === null);
  if (missing.length > 0) throw new ConfigError(`${what}: required key [${missing.join(', ')}] not found`);
  const extra = Object.keys(body).filter((key) => !required.includes(key) && !optional.includes(key));
  if (extra.length > 0) throw new ConfigError(`${what}: extraneous key [${extra.join(', ')}] is not permitted`);
}

function expectType(what: string, value: Yaml | undefined, type: string): void {
  if (yamlType(value) !== type) throw new ConfigError(`${what}: expected type: ${type}, found: ${yamlType(value)}`);
}
