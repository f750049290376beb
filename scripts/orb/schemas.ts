import { toJsonSchema } from '@valibot/to-json-schema';
import { outcomeSchema, schemaVersion } from '../../src/records/schema.ts';

/** docs/schemas/: what a record is, as JSON Schema, for programs of others. */
export function schemaFiles(): Map<string, string> {
  const record = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `A record of migrate-deploy, version ${schemaVersion}: the Outcome of one stage`,
    ...toJsonSchema(outcomeSchema, { target: 'draft-07' }),
  };
  return new Map([['docs/schemas/record.json', `${JSON.stringify(record, null, 2)}\n`]]);
}
