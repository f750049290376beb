import * as v from 'valibot';
import { parseJson } from '../base/lossless-json.ts';
import { containersOf, listOf, objectOf, schemaFaults } from '../base/schema-faults.ts';
import type { Definition } from './edit.ts';

const text = v.string('must be a string');
/** `null` is as good as absent: so do tools write members that have no value. */
const maybe = <T extends v.GenericSchema>(schema: T) => v.nullish(schema);

const named = maybe(listOf(objectOf({ name: text })));
const container = objectOf({
  name: text,
  image: maybe(text),
  environment: named,
  secrets: named,
  ulimits: named,
  portMappings: maybe(listOf(objectOf({}))),
});

const definition = objectOf({
  family: maybe(text),
  containerDefinitions: v.pipe(containersOf(container), v.minLength(1, 'must have a container')),
  volumes: named,
  tags: maybe(listOf(objectOf({ key: text }))),
});

/**
 * The definition in a file's JSON and what is wrong with it. What `aws ecs describe-task-definition` prints has the
 * definition one level down and its tags beside it. Throws a SyntaxError for what is no JSON.
 */
export function readDefinition(json: string): { document: Definition; faults: string[] } {
  const outer = parseJson(json);
  if (!isObject(outer) || !isObject(outer.taskDefinition)) {
    return { document: outer as Definition, faults: definitionFaults(outer) };
  }
  const { tags, taskDefinition } = outer;
  const document = { ...(tags === undefined || tags === null ? {} : { tags }), ...taskDefinition };
  return { document: document as Definition, faults: definitionFaults(document) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What in a definition that somebody wrote cannot even be looked at; everything else is for ECS to judge. No value is shown. */
const definitionFaults = (document: unknown): string[] => schemaFaults(definition, document);
