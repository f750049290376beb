import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { suggest } from '../base/suggest.ts';
import { parseImageReference, repositoryUri } from './image-reference.ts';

/** One container's change in the grammar of the aws-ecs orb: `container=web,tag=v2`. */
export interface ImageUpdate {
  container: string;
  imageAndTag?: string;
  image?: string;
  tag?: string;
}

const keys = ['container', 'image-and-tag', 'image', 'tag'];

/** Reads `container=NAME,image-and-tag=IMAGE:TAG|image=IMAGE|tag=TAG[,container=…]`; commas and line ends separate. */
export function parseImageUpdates(text: string): { updates: ImageUpdate[]; errors: string[] } {
  const updates: ImageUpdate[] = [];
  const errors: string[] = [];
  const pairs = text
    .split(/[,\n]/)
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
  for (const pair of pairs) {
    const [, key = pair, value = ''] = /^([^=]*)=([\s\S]*)$/.exec(pair) ?? [];
    const current = updates.at(-1);
    if (!keys.includes(key)) {
      const near = suggest(key, keys);
      errors.push(`${key} is not one of ${keys.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`);
    } else if (value.trim() === '') errors.push(`${key} has no value`);
    else if (key === 'container') {
      if (updates.some(({ container }) => container === value)) errors.push(`container ${value} comes twice`);
      updates.push({ container: value });
    } else if (current === undefined) errors.push(`${pair} stands before the first container=`);
    else assign(current, key, value, errors);
  }
  for (const update of updates) errors.push(...check(update));
  if (pairs.length === 0) errors.push('holds no update');
  return { updates, errors };
}

/** Reads `--container-image-name-updates`; nothing where the text is empty. */
export function readImageUpdates(given: string): Parsed<ImageUpdate[]> {
  if (given === '') return valid([]);
  const { updates, errors } = parseImageUpdates(given);
  return errors.length === 0 ? valid(updates) : wrong(...errors.map((one) => `: ${one}`));
}

function assign(update: ImageUpdate, key: string, value: string, errors: string[]): void {
  const member = key === 'image-and-tag' ? 'imageAndTag' : (key as 'image' | 'tag');
  if (update[member] !== undefined) errors.push(`container ${update.container} has ${key} twice`);
  update[member] = value;
}

function check({ container, imageAndTag, image, tag }: ImageUpdate): string[] {
  if (imageAndTag === undefined && image === undefined && tag === undefined) {
    return [`container ${container} has neither image-and-tag nor image nor tag`];
  }
  if (imageAndTag !== undefined && (image !== undefined || tag !== undefined)) {
    return [`container ${container} has image-and-tag beside ${image === undefined ? 'tag' : 'image'}`];
  }
  const given = imageAndTag ?? image;
  if (given !== undefined && parseImageReference(given) === undefined) return [`${given} is not an image reference`];
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return [`${tag} is not a tag`];
  return [];
}

/** The reference after an update; undefined where there is no tag to keep. A new tag takes the place of a digest. */
export function updatedImage(current: string, { imageAndTag, image, tag }: ImageUpdate): string | undefined {
  if (imageAndTag !== undefined) return imageAndTag;
  const base = parseImageReference(image ?? current);
  if (base === undefined) return undefined;
  if (tag !== undefined) return `${repositoryUri(base)}:${tag}`;
  if (base.tag !== undefined || base.digest !== undefined) return image;
  const kept = parseImageReference(current)?.tag;
  return kept === undefined ? undefined : `${repositoryUri(base)}:${kept}`;
}
