import { ConfigError, calling } from './config-error.ts';
import { allowedTypes, checkName, type Declarations, readDeclarations } from './parameters.ts';
import { mapOf, readYaml, type Yaml, type YamlMap } from './yaml.ts';

/** A job, command or executor as it was written. */
export interface Element {
  name: string;
  parameters: Declarations;
  body: YamlMap;
  /** Where the names inside it are looked up. */
  home: Namespace;
}

/** The names that a config or an orb defines and imports. */
export interface Namespace {
  /** The pipeline's values, which a config sees and an orb does not. */
  globals: Readonly<Record<string, unknown>>;
  jobs: Map<string, Element>;
  commands: Map<string, Element>;
  executors: Map<string, Element>;
  orbs: Map<string, Namespace>;
}

type Kind = 'jobs' | 'commands' | 'executors';
const singular = { jobs: 'job', commands: 'command', executors: 'executor' } as const;

/** Reads the elements of a config or orb; `imports` holds the text of registry orbs by alias. */
export function readNamespace(
  source: YamlMap,
  globals: Namespace['globals'],
  imports: Readonly<Record<string, string>>,
): Namespace {
  const namespace: Namespace = {
    globals,
    jobs: new Map(),
    commands: new Map(),
    executors: new Map(),
    orbs: new Map(),
  };
  for (const [alias, reference] of Object.entries(mapOf(source.orbs, 'orbs'))) {
    namespace.orbs.set(alias, readOrb(alias, reference, imports));
  }
  for (const kind of ['executors', 'commands', 'jobs'] as const) {
    for (const [name, raw] of Object.entries(mapOf(source[kind], kind))) {
      namespace[kind].set(
        name,
        calling(singular[kind], name, () => readElement(kind, name, raw, namespace)),
      );
    }
  }
  return namespace;
}

function readOrb(alias: string, reference: Yaml, imports: Readonly<Record<string, string>>): Namespace {
  checkName(alias, 'orb');
  if (typeof reference !== 'string') return readNamespace(mapOf(reference, `orb '${alias}'`), {}, imports);
  const text = imports[alias] ?? imports[reference.split('@')[0] ?? ''];
  if (text === undefined) throw new ConfigError(`Cannot find ${reference} in the orb registry.`);
  const source = mapOf(readYaml(text), `orb '${alias}'`);
  if (String(source.version) !== '2.1') throw new ConfigError(`orb '${alias}': version must be 2.1`);
  return readNamespace(source, {}, imports);
}

function readElement(kind: Kind, name: string, raw: Yaml, home: Namespace): Element {
  checkName(name, singular[kind]);
  const body = mapOf(raw, name);
  const parameters = readDeclarations(
    body.parameters,
    kind === 'executors' ? allowedTypes.executor : allowedTypes.element,
  );
  const undeclared = references(body).filter((reference) => !Object.hasOwn(parameters, reference));
  if (undeclared.length > 0) {
    throw new ConfigError(`Arguments referenced without declared parameters: ${[...new Set(undeclared)].join(', ')}`);
  }
  return { name, parameters, body, home };
}

function references(value: Yaml): string[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/(?<!\\)<<((?:(?!>>)[\s\S])*)>>/g)].flatMap(([, inner = '']) =>
      [...inner.matchAll(/(?<![\w.])parameters\.([\w-]+)/g)].map(([, name = '']) => name),
    );
  }
  if (Array.isArray(value)) return value.flatMap(references);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(references) : [];
}

/** Finds `name`, or `orb/name` in an imported orb; undefined where nothing has it. */
export function find(kind: Kind, name: string, namespace: Namespace): Element | undefined {
  const [orb, element] = name.split('/');
  if (element === undefined) return namespace[kind].get(name);
  return namespace.orbs.get(orb ?? '')?.[kind].get(element);
}

/** As `find`, but a missing element is CircleCI's error. */
export function require(kind: Kind, name: string, namespace: Namespace): Element {
  const found = find(kind, name, namespace);
  if (found === undefined) {
    const message = `Cannot find a definition for ${singular[kind]} named ${name}`;
    throw new ConfigError(message, { word: name, near: namesOf(kind, namespace) });
  }
  return found;
}

const namesOf = (kind: Kind, { orbs, ...own }: Namespace): string[] => [
  ...own[kind].keys(),
  ...[...orbs].flatMap(([alias, orb]) => [...orb[kind].keys()].map((name) => `${alias}/${name}`)),
];
