import * as v from 'valibot';

/**
 * What in a document does not fit a schema, each with its place, e.g. `containers[0].name is missing`. Values are never
 * part of it: they may be secret. A schema's own message follows the place.
 */
export function schemaFaults(schema: v.GenericSchema, document: unknown): string[] {
  // Without a message of its own a schema would say what it received.
  const { issues = [] } = v.safeParse(schema, document, { message: 'has not the form it must have' });
  return issues.map((issue) => {
    // Of a member that is not there the object itself speaks.
    const isMissing =
      issue.kind === 'schema' && issue.expected?.startsWith('"') === true && issue.received === 'undefined';
    return `${placeOf(issue)} ${isMissing ? 'is missing' : issue.message}`;
  });
}

function placeOf({ path }: v.BaseIssue<unknown>): string {
  const place = (path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? 'the document' : place.replace(/^\./, '');
}

/** An object with these members, or with those for this very object; what else it has is not looked at. */
export const objectOf = (members: v.ObjectEntries | ((input: object) => v.ObjectEntries)) =>
  v.lazy((input) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return v.never('must be an object');
    return v.looseObject(typeof members === 'function' ? members(input) : members);
  });

/** A list of such items. */
export const listOf = <T extends v.GenericSchema>(item: T, message = 'must be a list') => v.array(item, message);

/** A list of containers, none of them named twice. */
export const containersOf = (container: ReturnType<typeof objectOf>) =>
  v.pipe(
    listOf(container),
    v.checkItems(
      ({ name }, index, all) => all.findIndex((other) => other.name === name) === index,
      'names a container that was named before',
    ),
  );
