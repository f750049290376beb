import { familyRevision } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import { recordedImage } from '../records/recorded-image.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';

/** What earlier stages left for this one. */
export interface RecordedChoice {
  /** The revision that migrated. */
  taskDefinition: string | undefined;
  /** The image that was built, pinned. */
  image: string | undefined;
}

/** Reads the records of the stages before; a migration that did not succeed forbids the rollout. */
export async function recordedChoice({ records, announce }: RolloutDeps): Promise<RecordedChoice> {
  const migration = await records.migration();
  if (migration !== undefined && migration.status !== 'succeeded') {
    throw new UserError('The record of the migration says that it did not succeed.', {
      code: 'MigrationNotSucceeded',
      why: `Its verdict is ${migration.verdict}${migration.reason === undefined ? '' : `: ${migration.reason}`}`,
      fix: 'Run the migration again until it succeeds; without --record-dir this command does not look at it.',
    });
  }
  const image = await recordedImage(records, (text) => announce({ type: 'warning', text }));
  return { taskDefinition: migration?.taskDefinition, image };
}

/** The options, with what they leave open taken from the records. */
export function withRecorded(
  options: RolloutOptions,
  current: string,
  { recorded, announce }: { recorded: RecordedChoice; announce: RolloutDeps['announce'] },
): RolloutOptions {
  const { changes } = options;
  if (changes.images.length > 0 || changes.imageUpdates.length > 0) {
    warnOfOther(options, recorded, announce);
    return options;
  }
  if (options.taskDefinition !== undefined) return options;
  const { taskDefinition, image } = recorded;
  const family = (reference: string): string | undefined => familyRevision(reference).split(':')[0];
  if (taskDefinition !== undefined && family(taskDefinition) === family(current)) {
    announce({ type: 'note', text: `Deploying ${familyRevision(taskDefinition)}, the revision that migrated.` });
    return { ...options, taskDefinition: { kind: 'reference', reference: taskDefinition } };
  }
  if (image === undefined) return options;
  announce({ type: 'note', text: `Deploying ${image}, the image that was built.` });
  return { ...options, changes: { ...changes, images: [{ container: undefined, image }] } };
}

/** What was asked for wins over the record, but not in silence. */
function warnOfOther(options: RolloutOptions, { image }: RecordedChoice, announce: RolloutDeps['announce']): void {
  const built = parseImageReference(image ?? '');
  if (built === undefined) return;
  const isOther = options.changes.images.some((asked) => {
    const parsed = parseImageReference(asked.image);
    return (
      parsed?.digest !== undefined && repositoryUri(parsed) === repositoryUri(built) && parsed.digest !== built.digest
    );
  });
  if (isOther) announce({ type: 'warning', text: `--image is not the image that was built (${image}).` });
}
