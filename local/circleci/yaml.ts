import { type CollectionTag, parseDocument, type ScalarTag } from 'yaml';
import { ConfigError } from './config-error.ts';

/** What a YAML file can hold once it is read. */
export type Yaml = null | boolean | number | string | Yaml[] | YamlMap;
export interface YamlMap {
  [key: string]: Yaml;
}

/** Reads YAML 1.1 as CircleCI does: yes/no/on/off are booleans, `<<: *anchor` merges, a key may stand once. */
export function readYaml(text: string): Yaml {
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    customTags: (tags) => tags.filter((tag) => typeof tag !== 'string').flatMap(asCircleCiReads),
  });
  const [error] = document.errors;
  if (error !== undefined) throw new ConfigError(`Unable to parse YAML\n${error.message}`);
  return document.toJS({ maxAliasCount: 1_000 }) as Yaml;
}

function asCircleCiReads(tag: ScalarTag | CollectionTag): (ScalarTag | CollectionTag)[] {
  // Dates stay text: no field of a config is a date, and an image tag may look like one.
  if (tag.tag.endsWith(':timestamp')) return [];
  // The library takes a lone dot for a number, and y and n for booleans, which no other reader of YAML 1.1 does.
  if (!/:(float|bool)$/.test(tag.tag) || !('test' in tag) || tag.test === undefined) return [tag];
  return [
    { ...tag, test: new RegExp(`^(?![.yYnN]?$)${tag.test.source.replace(/^\^/, '')}`, tag.test.flags) } as ScalarTag,
  ];
}

export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map at `value`, an empty one where nothing stands, an error for anything else. */
export function mapOf(value: Yaml | undefined, what: string): YamlMap {
  if (value === undefined || value === null) return {};
  if (!isMap(value)) throw new ConfigError(`${what}: expected type: Mapping, found: ${yamlType(value)}`);
  return value;
}

/** The list at `value`, an empty one where nothing stands; a single scalar is an error unless `lenient`. */
export function listOf(value: Yaml | undefined, what: string, lenient = false): Yaml[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  if (lenient) return [value];
  throw new ConfigError(`${what}: expected type: JSONArray, found: ${yamlType(value)}`);
}

/** CircleCI's name for the type of a value. */
export function yamlType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'sequence';
  if (typeof value === 'object') return 'mapping';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  return typeof value;
}
