import { UserError } from '../errors.ts';
import { fill, type Pattern, patternFor } from './patterns.ts';
import type { Environment, Pipeline } from './pipeline.ts';

/** What generate-config is told, before patterns become names. */
export interface Settings extends Omit<Pipeline, 'environments' | 'orb'> {
  orb: string;
  environments: readonly { name: string; branch: string }[];
  approve: readonly string[];
  serialGroups: readonly Pattern[];
  name: string | undefined;
  clusters: readonly Pattern[];
  services: readonly Pattern[];
  serviceFamilies: readonly Pattern[];
  taskDefinitions: readonly Pattern[];
  containers: readonly Pattern[];
  repositories: readonly Pattern[];
  networkFromServices: readonly Pattern[];
  commandIn: 'file' | 'config';
  overridesFiles: readonly Pattern[];
  contexts: readonly Pattern[];
  roleArns: readonly Pattern[];
  fromAws: boolean;
}

/** The article's own names. */
const defaultEnvironments = [
  { name: 'stg', branch: 'staging' },
  { name: 'prod', branch: 'production' },
];
const defaults = {
  clusters: '{name}-{env}',
  services: '{name}-apps-service-{env}',
  taskDefinitions: '{name}-service-{env}',
  containers: '{name}-{env}',
  repositories: '{name}-{env}',
  overridesFiles: 'docker/run_task_db_migrate_{env}.json',
} as const;
const optionNames = {
  clusters: 'cluster',
  services: 'service',
  serviceFamilies: 'service-family',
  taskDefinitions: 'task-definition',
  containers: 'container',
  repositories: 'repository',
  serialGroups: 'serial-group',
  networkFromServices: 'network-from-service',
  overridesFiles: 'overrides',
  contexts: 'context',
  roleArns: 'role-arn',
} as const;
type Patterned = keyof typeof optionNames;
const patterned = Object.keys(optionNames) as Patterned[];

/** The environments asked for, or the article's two. */
export function environmentsOf({ environments = [] }: Partial<Settings>): Settings['environments'] {
  return environments.length > 0 ? environments : defaultEnvironments;
}

/** Errors of patterns that come to no name, or that name an environment there is not. */
export function missingNames(settings: Partial<Settings>): string[] {
  const environments = environmentsOf(settings).map(({ name }) => name);
  const strangers = [
    ...new Set([
      ...(settings.approve ?? []),
      ...patterned.flatMap((key) => (settings[key] ?? []).flatMap(({ environment = [] }) => environment)),
    ]),
  ]
    .filter((one) => !environments.includes(one))
    .map(
      (one) =>
        `There is no environment ${one} (there are: ${environments.join(', ')}; --environment NAME=BRANCH makes one)`,
    );
  const needy = patterned.filter((key) =>
    environments.some((env) => /\{name\}/.test(textOf(settings, key, env) ?? '')),
  );
  if (settings.name !== undefined || needy.length === 0) return strangers;
  const options = needy.map((key) => `--${optionNames[key]}`).join(', ');
  return [...strangers, `--name is missing: what {name} stands for in ${options} (or give those, or --from-aws)`];
}

function textOf(settings: Partial<Settings>, key: Patterned, env: string): string | undefined {
  const own = patternFor(settings[key] ?? [], env);
  if (own !== undefined) return own;
  // What AWS is asked for is not guessed beside it; the files are ours.
  if (!(key in defaults) || (settings.fromAws === true && key !== 'overridesFiles')) return undefined;
  return defaults[key as keyof typeof defaults];
}

/** The names in a list with commas. */
const split = (names: string): string[] =>
  names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The pipeline with a name for everything. */
export function pipelineOf(settings: Settings): Pipeline {
  const environments = environmentsOf(settings).map(({ name, branch }): Environment => {
    const get = (key: Patterned): string | undefined => {
      const text = textOf(settings, key, name);
      return text === undefined ? undefined : fill(text, { env: name, name: settings.name });
    };
    const need = (key: Patterned): string => {
      const value = get(key);
      if (value !== undefined) return value;
      throw new UserError(`--${optionNames[key]} is missing for ${name}.`, {
        code: 'Options',
        fix: `Give --${optionNames[key]} ${name}=NAME.`,
      });
    };
    const inFile = settings.commandIn === 'file';
    return {
      name,
      branch,
      repository: need('repositories'),
      cluster: need('clusters'),
      taskDefinition: need('taskDefinitions'),
      container: inFile ? need('containers') : get('containers'),
      services: split(need('services')),
      serviceFamilies: split(get('serviceFamilies') ?? need('services')),
      networkFromService: get('networkFromServices'),
      overridesFile: inFile ? need('overridesFiles') : undefined,
      context: get('contexts'),
      roleArn: get('roleArns'),
      serialGroup: get('serialGroups'),
      approve: settings.approve.includes(name),
    };
  });
  return { ...settings, environments };
}
