import { ApiError } from '../wire.ts';
import type { ImageStore, Repository } from './image-store.ts';

/** Throws what ECR answers when an immutable tag would move. */
export function refuseTagChange(
  repository: Repository,
  tag: string | undefined,
  bytes: Uint8Array,
  store: ImageStore,
): void {
  if (tag === undefined || repository.imageTagMutability !== 'IMMUTABLE') return;
  const current = store.find(repository, { tag });
  if (current === undefined || Buffer.from(current.bytes).equals(bytes)) return;
  throw new ApiError(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${repository.name}' repository and cannot be overwritten because the repository is immutable.`,
  );
}
