import { UserError } from '../errors.ts';
import { parseImageReference, repositoryUri } from './image-reference.ts';
import { type ImageUpdate, updatedImage } from './image-updates.ts';

/** A task definition's raw document; members that nobody here knows are kept. */
export interface Definition {
  [member: string]: unknown;
  containerDefinitions?: Container[];
}
export interface Container {
  [member: string]: unknown;
  name: string;
  image?: string;
}

/** A named value of one container; without `container` it is for the only one. */
export interface NamedValue {
  container: string | undefined;
  name: string;
  value: string;
}

/** What is to become different. */
export interface DefinitionChanges {
  images: readonly { container: string | undefined; image: string }[];
  imageUpdates: readonly ImageUpdate[];
  environment: readonly NamedValue[];
  secrets: readonly NamedValue[];
  removeEnvironment: readonly Omit<NamedValue, 'value'>[];
  dockerLabels: readonly NamedValue[];
  removeSecrets: readonly Omit<NamedValue, 'value'>[];
}

/** What DescribeTaskDefinition adds to a definition and RegisterTaskDefinition does not take. */
const answeredOnly = new Set([
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
]);

/** The definition as it can be registered again: everything but what only answers hold. */
export function registrable(definition: Definition): Definition {
  return Object.fromEntries(Object.entries(definition).filter(([member]) => !answeredOnly.has(member)));
}

/** A definition's tags without those that AWS itself put there: it refuses them when they come back. */
export function ownTags<Tag extends { key?: string }>(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ key }) => key?.toLowerCase().startsWith('aws:') !== true);
}

/** The images that the changes ask for, by container name; a UserError where it is not clear which container is meant. */
export function imagesFor(definition: Definition, name: string, changes: DefinitionChanges): Map<string, string> {
  const images = new Map<string, string>();
  for (const update of changes.imageUpdates) {
    const container = find(definition, name, update.container, '--container-image-name-updates');
    const image = updatedImage(container.image ?? '', update);
    if (image === undefined) {
      throw new UserError(`The container ${container.name} of ${name} has no tag that could be kept.`, {
        code: 'Options',
        why: 'Its image is pinned by digest, and image= brings no tag of its own.',
        fix: 'Use image-and-tag=IMAGE:TAG.',
      });
    }
    images.set(container.name, image);
  }
  for (const { container, image } of changes.images) {
    for (const found of containersForImage(definition, name, container, image)) images.set(found.name, image);
  }
  return images;
}

/** The named container; else the only one; else those that run another version of the same repository. */
function containersForImage(
  definition: Definition,
  name: string,
  container: string | undefined,
  image: string,
): Container[] {
  const all = definition.containerDefinitions ?? [];
  if (container !== undefined) return [find(definition, name, container, '--image')];
  if (all.length === 1) return all;
  const repository = repositoryOf(image);
  const same = all.filter((one) => repositoryOf(one.image ?? '') === repository);
  if (repository !== undefined && same.length > 0) return same;
  throw new UserError(`It is not clear which container of ${name} gets the image ${image}.`, {
    code: 'AmbiguousContainer',
    why: `No container uses its repository; there are: ${all.map((one) => `${one.name} (${one.image})`).join(', ')}.`,
    fix: 'Name the container: --image CONTAINER=REFERENCE.',
  });
}

function repositoryOf(image: string): string | undefined {
  const parsed = parseImageReference(image);
  return parsed === undefined ? undefined : repositoryUri(parsed);
}

/** The definition with these images and the other changes; the same object where nothing differs. */
export function editDefinition(
  definition: Definition,
  name: string,
  images: ReadonlyMap<string, string>,
  changes: DefinitionChanges,
): Definition {
  const edited = new Map((definition.containerDefinitions ?? []).map((container) => [container.name, container]));
  const change = (container: string | undefined, option: string, edit: (container: Container) => Container): void => {
    const { name: found } = find(definition, name, container, option);
    const current = edited.get(found);
    if (current !== undefined) edited.set(found, edit(current));
  };
  for (const [container, image] of images) change(container, '--image', (one) => ({ ...one, image }));
  for (const { container, name: key } of changes.removeEnvironment) {
    change(container, '--remove-env', (one) => without(one, 'environment', key));
  }
  for (const { container, name: key } of changes.removeSecrets) {
    change(container, '--remove-secret', (one) => without(one, 'secrets', key));
  }
  // ECS refuses a name that is both, so the new one takes the other's place.
  for (const { container, name: key, value } of changes.environment) {
    change(container, '--env', (one) => withEntry(without(one, 'secrets', key), 'environment', { name: key, value }));
  }
  for (const { container, name: key, value } of changes.secrets) {
    change(container, '--secret', (one) =>
      withEntry(without(one, 'environment', key), 'secrets', { name: key, valueFrom: value }),
    );
  }
  for (const { container, name: key, value } of changes.dockerLabels) {
    change(container, '--docker-label', (one) => ({
      ...one,
      dockerLabels: { ...(one.dockerLabels as Record<string, string> | null | undefined), [key]: value },
    }));
  }
  return { ...definition, containerDefinitions: [...edited.values()] };
}

function find(definition: Definition, name: string, container: string | undefined, option: string): Container {
  const all = definition.containerDefinitions ?? [];
  const list = all.map((one) => one.name).join(', ');
  const found = container === undefined && all.length === 1 ? all[0] : all.find((one) => one.name === container);
  if (found !== undefined) return found;
  if (container === undefined) {
    throw new UserError(`It is not clear which container of ${name} ${option} is for.`, {
      code: 'AmbiguousContainer',
      why: `It has: ${list}.`,
      fix: `Name the container: ${option} CONTAINER:NAME…`,
    });
  }
  throw new UserError(`The task definition ${name} has no container named ${container}.`, {
    code: 'UnknownContainer',
    why: `It has: ${list}.`,
    fix: `Correct ${option}.`,
  });
}

type Entry = { name: string; [member: string]: unknown };

function without(container: Container, member: 'environment' | 'secrets', name: string): Container {
  const entries = (container[member] as Entry[] | null | undefined) ?? [];
  if (!entries.some((entry) => entry.name === name)) return container;
  return { ...container, [member]: entries.filter((entry) => entry.name !== name) };
}

function withEntry(container: Container, member: 'environment' | 'secrets', entry: Entry): Container {
  const entries = (container[member] as Entry[] | undefined) ?? [];
  const isKnown = entries.some(({ name }) => name === entry.name);
  const next = isKnown
    ? entries.map((one) => (one.name === entry.name ? { ...one, ...entry } : one))
    : [...entries, entry];
  return { ...container, [member]: next };
}
