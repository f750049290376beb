import type { Aws, Emit, RawContainerDefinition } from '../ports.ts';
import { resolveImage } from '../task-definition/digests.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import { checkImageContainers } from '../task-definition/pin.ts';
import type { MigrationEvent } from './events.ts';

/**
 * The image that each container gets, tags resolved to digests. A reference without a container is meant for the
 * container of the migration and for all others that run the same repository.
 */
export async function pinImages(
  images: readonly { container: string | undefined; reference: string }[],
  definition: { name: string; containers: readonly RawContainerDefinition[]; migration: string },
  deps: { aws: Aws; emit: Emit<MigrationEvent> },
): Promise<Record<string, string>> {
  const { containers, migration } = definition;
  const names = containers.map(({ name }) => name);
  checkImageContainers(
    definition.name,
    names,
    images.flatMap(({ container }) => container ?? []),
  );
  const pinned: Record<string, string> = {};
  for (const { container, reference } of images) {
    const { image, warning } = await resolveImage(reference, deps.aws);
    if (warning !== undefined) deps.emit({ type: 'warning', text: warning });
    const targets =
      container === undefined
        ? containers
            .filter((one) => one.name === migration || sameRepository(one.image, reference))
            .map(({ name }) => name)
        : [container];
    for (const name of targets) {
      pinned[name] = image;
      deps.emit({ type: 'image-pinned', container: name, image });
    }
  }
  return pinned;
}

function sameRepository(a: string | undefined, b: string): boolean {
  const [first, second] = [parseImageReference(a ?? ''), parseImageReference(b)];
  return first !== undefined && second !== undefined && repositoryUri(first) === repositoryUri(second);
}
