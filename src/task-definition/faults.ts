import * as v from 'valibot';
import { containersOf, listOf, objectOf, schemaFaults } from '../base/schema-faults.ts';

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

/** What in a definition that somebody wrote cannot even be looked at; everything else is for ECS to judge. No value is shown. */
export const definitionFaults = (document: unknown): string[] => schemaFaults(definition, document);
