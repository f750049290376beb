import { own } from '../base/own.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { UserError } from '../errors.ts';
import { registrable } from './edit.ts';
import { parseImageReference } from './image-reference.ts';

/** A task definition's raw document; members that nobody here knows are kept. */
export interface DefinitionDocument {
  [member: string]: unknown;
  containerDefinitions?: { [member: string]: unknown; name: string; image?: string; essential?: boolean }[];
}

/** The document to register for a new revision of this one, or undefined where every container has its image already. */
export function withImages(
  definition: DefinitionDocument,
  images: Readonly<Record<string, string>>,
): DefinitionDocument | undefined {
  const containers = definition.containerDefinitions ?? [];
  if (containers.every(({ name, image }) => (own(images, name) ?? image) === image)) return undefined;
  return {
    ...registrable(definition),
    containerDefinitions: containers.map((container) => {
      const image = own(images, container.name);
      return image === undefined ? container : { ...container, image };
    }),
  };
}

/** Whether two documents say the same, whatever the order of their members, variables and secrets. */
export function sameDefinition(a: DefinitionDocument, b: DefinitionDocument): boolean {
  return canonical(a) === canonical(b);
}

function canonical(definition: DefinitionDocument): string {
  const { tags: _tags, ...document } = definition;
  return JSON.stringify(ordered(registrable(document)));
}

/** The same document with its members, variables and secrets in one order: what is equal looks equal. */
export function ordered(document: unknown, member = ''): unknown {
  if (Array.isArray(document)) {
    const items = document.map((item) => ordered(item));
    // ECS does not promise to keep the order of these.
    if (!['environment', 'secrets'].includes(member)) return items;
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, ordered(value, name)]),
  );
}

/** `[CONTAINER=]REF` taken apart; a reference alone is for the container of the migration. */
export function parseImageOption(option: string): { container: string | undefined; reference: string } {
  // A reference can hold no "=", so the first one ends the container's name.
  const [, container, reference = ''] = /^(?:([^=]*)=)?([\s\S]*)$/.exec(option) ?? [];
  return { container, reference };
}

/** Reads `[CONTAINER=]REF` for the image of a container. */
export function imageForContainer(given: string): Parsed<{ container: string | undefined; reference: string }> {
  const image = parseImageOption(given.trim());
  if (image.container !== '' && parseImageReference(image.reference) !== undefined) return valid(image);
  return wrong('must be [CONTAINER=][REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]');
}

/** Refuses images for containers that the definition does not have. */
export function checkImageContainers(definitionName: string, names: readonly string[], asked: readonly string[]): void {
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new UserError(`The task definition ${definitionName} has no container named ${unknown.join(', ')}.`, {
    code: 'UnknownContainer',
    why: `It has: ${names.join(', ')}.`,
    fix: 'Correct --image CONTAINER=REF.',
  });
}
