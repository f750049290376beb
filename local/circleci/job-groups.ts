import { ConfigError } from './config-error.ts';
import { isMap, listOf, mapOf, type Yaml, type YamlMap } from './yaml.ts';

/** The jobs of each group, as they are called. */
export function readJobGroups(value: Yaml | undefined): Map<string, YamlMap[]> {
  return new Map(
    Object.entries(mapOf(value, 'job-groups')).map(([name, raw]) => {
      const calls = listOf(mapOf(raw, name).jobs, `job-groups.${name}.jobs`).map(asMap);
      if (calls.length === 0) throw new ConfigError(`The job group '${name}' needs at least one job`);
      return [name, calls];
    }),
  );
}

const groupKeys = ['requires', 'serial-group', 'context', 'filters', 'name'];

/**
 * The workflows with the members of a group in its place. They begin after what the group requires; whoever requires the
 * group waits for all of them, and does not run where one of them failed (docs: controlling-serial-execution).
 */
export function withGroups(workflows: Yaml | undefined, groups: ReadonlyMap<string, YamlMap[]>): Yaml | undefined {
  if (groups.size === 0 || !isMap(workflows)) return workflows;
  return Object.fromEntries(
    Object.entries(workflows).map(([name, workflow]) => {
      if (!isMap(workflow)) return [name, workflow];
      const jobs = listOf(workflow.jobs, 'jobs').map(asMap);
      for (const group of jobs.flatMap((call) => Object.keys(call)).filter((one) => groups.has(one)))
        checkSerial(jobs, group);
      return [name, { ...workflow, jobs: jobs.flatMap((call) => members(call, groups)) }];
    }),
  );
}

function asMap(item: Yaml): YamlMap {
  return isMap(item) ? item : { [String(item)]: {} };
}

/** Two that wait for one lock in the same workflow would wait for each other. */
function checkSerial(jobs: readonly YamlMap[], group: string): void {
  const keys = jobs
    .flatMap((call) => Object.values(call))
    .flatMap((body) => (isMap(body) ? [body['serial-group']] : []));
  const twice = keys.find((key, index) => key !== undefined && keys.indexOf(key) < index);
  if (twice !== undefined) throw new ConfigError(`The serial group '${String(twice)}' of '${group}' is used twice`);
}

function members(call: YamlMap, groups: ReadonlyMap<string, YamlMap[]>): YamlMap[] {
  const [[name, raw] = ['', null]] = Object.entries(call);
  const group = groups.get(name);
  if (group === undefined) return [call];
  const body = mapOf(raw, name);
  const extra = Object.keys(body).filter((key) => !groupKeys.includes(key));
  if (extra.length > 0)
    throw new ConfigError(`job group '${name}': extraneous key [${extra.join(', ')}] is not permitted`);
  const { requires, name: own, ...shared } = body;
  const alias = typeof own === 'string' ? own : name;
  return group.map((member) => {
    const [[job, given] = ['', null]] = Object.entries(member);
    const map = mapOf(given, job);
    const before = map.requires === undefined ? requires : map.requires;
    return { [job]: { ...shared, ...map, ...(before === undefined ? {} : { requires: before }), '~group': alias } };
  });
}
