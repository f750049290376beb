import { UserError } from '../errors.ts';
import type { RecordStore } from './record.ts';

/**
 * The image that the build left for the stages behind it, pinned. A build that did not succeed forbids them to go on;
 * one that pushed nothing is warned of, since whatever its tag stands for would run instead.
 */
export async function recordedImage(records: RecordStore, warn: (text: string) => void): Promise<string | undefined> {
  const build = await records.build();
  if (build === undefined) return undefined;
  if (build.status !== 'succeeded') {
    throw new UserError('The record of the build says that it did not succeed.', {
      code: 'BuildNotSucceeded',
      why: `Its verdict is ${build.verdict}${build.reason === undefined ? '' : `: ${build.reason}`}`,
      fix: 'Build the image again until it succeeds; without --record-dir this command does not look at it.',
    });
  }
  if (build.image === undefined) {
    warn(`Nothing is pinned: the build of ${build.repository} pushed no image, so the record names no digest.`);
  }
  return build.image;
}
