import { accountOf, familyOf, familyRevision } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { buildsFor, migrationsOf, mustHaveSucceeded } from '../records/fitting.ts';
import type { BuildOutcome } from '../records/schema.ts';
import type { Definition } from '../task-definition/edit.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import type { RolloutDeps, RolloutOptions, ServiceBefore } from './model.ts';

/** Whether the options name a revision, or a change of the one that serves. */
export const asksForRevision = ({ changes, taskDefinition }: RolloutOptions): boolean =>
  taskDefinition !== undefined || Object.values(changes).some(({ length }) => length > 0);

/** Whether the options name nothing that could be deployed; records may. */
const asksForNothing = (options: RolloutOptions): boolean =>
  !asksForRevision(options) && options.desiredCount === undefined && !options.force;

/** Refuses to go on where nothing was asked for: neither an option says what to deploy nor a record. */
function nothingAsked(options: RolloutOptions, why: string, { aws }: Pick<RolloutDeps, 'aws'>): UserError {
  const place = `--region ${aws.region} --cluster ${options.cluster} --service ${options.services.join(',')}`;
  return new UserError('Nothing was asked for: there is nothing to deploy.', {
    code: 'NothingAsked',
    why,
    fix:
      'Pass --image, --env, --secret, --docker-label, --task-definition, --desired-count or --force-new-deployment, or --record-dir with ' +
      `the folder that the stages before wrote to. \`migrate-deploy status ${place}\` shows what serves.`,
  });
}

/** The records to deploy from; a UserError before any request where neither they nor the options ask for anything. */
export async function readRecords(options: RolloutOptions, deps: RolloutDeps): Promise<Outcome[]> {
  const { records } = deps;
  const all = await records.all();
  if (!asksForNothing(options)) return all;
  if (records.folder === undefined) throw nothingAsked(options, 'Neither a change nor a record was given.', deps);
  if (!all.some((record) => !('service' in record))) {
    const why = `The folder ${records.folder} (--record-dir) holds no record of a build or a migration. Is the workspace attached where this job looks?`;
    throw nothingAsked(options, why, deps);
  }
  return all;
}

/** The options for one service, with what they leave open taken from the records that fit it. */
export function withRecorded(
  options: RolloutOptions,
  {
    records,
    before,
    current,
    arn,
  }: { records: readonly Outcome[]; before: ServiceBefore; current: Definition; arn: string },
  deps: RolloutDeps,
): RolloutOptions {
  const { emit, aws } = deps;
  const place = { account: accountOf(before.service.serviceArn ?? ''), region: aws.region, cluster: options.cluster };
  const migrations = migrationsOf(records, place);
  for (const migration of migrations) mustHaveSucceeded(migration);
  const { changes } = options;
  if (changes.images.length > 0 || changes.imageUpdates.length > 0) {
    warnOfOther(options, records, emit);
    return options;
  }
  if (options.taskDefinition !== undefined) return options;
  const revisions = new Set(
    migrations.flatMap(({ taskDefinition: revision }) =>
      revision !== undefined && familyOf(revision) === familyOf(arn) ? [revision] : [],
    ),
  );
  const [migrated] = revisions;
  if (revisions.size > 1) throw ambiguous(before.name, [...revisions].map(familyRevision));
  if (migrated !== undefined) {
    emit({ type: 'note', text: `Deploying ${familyRevision(migrated)}, the revision that migrated.` });
    return { ...options, taskDefinition: { kind: 'reference', reference: migrated } };
  }
  const builds = buildsFor(
    records,
    (current.containerDefinitions ?? []).map(({ image = '' }) => image),
  );
  for (const build of builds) mustHaveSucceeded(build);
  const images = [...new Set(builds.flatMap(({ image }) => (image === undefined ? [] : [image])))];
  if (images.length > new Set(builds.map(({ repository }) => repository)).size) throw ambiguous(before.name, images);
  if (images.length === 0) {
    if (!asksForNothing(options)) return options;
    const why =
      builds.length > 0
        ? `The build of ${builds.map(({ repository }) => repository).join(', ')} pushed no image, so its record names no digest.`
        : `The records in ${deps.records.folder} are of other places: none is of a build or a migration for ${before.name}.`;
    throw nothingAsked(options, why, deps);
  }
  for (const image of images) emit({ type: 'note', text: `Deploying ${image}, the image that was built.` });
  return { ...options, changes: { ...changes, images: images.map((image) => ({ container: undefined, image })) } };
}

const ambiguous = (service: string, found: readonly string[]): UserError =>
  new UserError(`The records name several things to deploy to ${service}.`, {
    code: 'AmbiguousRecord',
    why: `There are ${found.join(', ')}.`,
    fix: 'Say which one with --task-definition or --image.',
  });

/** What was asked for wins over the record, but not in silence. */
function warnOfOther({ changes }: RolloutOptions, records: readonly Outcome[], emit: RolloutDeps['emit']): void {
  const builds = records.filter((record): record is BuildOutcome => record.stage === 'build-and-push-image');
  for (const { image = '' } of builds) {
    const built = parseImageReference(image);
    const isOther = changes.images.some((asked) => {
      const parsed = parseImageReference(asked.image);
      if (built === undefined || parsed?.digest === undefined) return false;
      return repositoryUri(parsed) === repositoryUri(built) && parsed.digest !== built.digest;
    });
    if (isOther) emit({ type: 'warning', text: `--image is not the image that was built (${image}).` });
  }
}
