import { familyOf, resourceName } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import { explanationText, isGreen, type Outcome } from '../outcome.ts';
import { parseImageReference, repositoryUri } from '../task-definition/image-reference.ts';
import type { BuildOutcome, RolloutOutcome, TaskOutcome } from './schema.ts';

/** Where a stage works. */
export interface Place {
  account: string | undefined;
  region: string;
  cluster: string;
}

/**
 * The records that say how things stand: of one subject the newest, where a refusal knew it too little to write the same
 * file; a wait that came later speaks for the migration whose task it waited for, and whoever continued a paused
 * deployment for its rollout. A rollout that had ended badly before keeps its word: who saw its rollback through adds nothing.
 */
export function settled(all: readonly Outcome[]): Outcome[] {
  const records = all.filter(
    (record) => !all.some((other) => isLater(other, record) && speaksFor(other, record)) && !isSeenThrough(record, all),
  );
  const waits = records.filter((record) => record.stage === 'wait-for-task');
  return records.flatMap((record): Outcome[] => {
    if (record.stage === 'wait-for-task') return isAlone(record, records) ? [record] : [];
    if (record.stage !== 'run-migration-task') return [record];
    const wait = waits.find(({ taskArn }) => taskArn !== undefined && taskArn === record.taskArn);
    if (wait === undefined || isLater(record, wait)) return [record];
    const { stage: _stage, startedAt: _startedAt, explanation: _explanation, resume: _resume, ...before } = record;
    const { stage: _waited, ...after } = wait;
    return [{ ...before, ...after, stage: 'run-migration-task', startedAt: record.startedAt }];
  });
}

const isLater = (one: Outcome, other: Outcome): boolean => Date.parse(one.startedAt) > Date.parse(other.startedAt);

const endedBadly: ReadonlySet<Outcome['verdict']> = new Set(['failed', 'rolled-back', 'superseded', 'refused']);

/** Whether a later record says how things stand with the subject of this one. */
function speaksFor(later: Outcome, record: Outcome): boolean {
  return continues(later, record) ? !endedBadly.has(record.verdict) : isSameSubject(later, record);
}

const continues = (later: Outcome, record: Outcome): boolean =>
  later.stage === 'continue-deployment' &&
  record.stage === 'update-service-and-verify' &&
  isSameSubject({ ...later, stage: record.stage }, record);

const isSeenThrough = (record: Outcome, all: readonly Outcome[]): boolean =>
  isGreen(record) &&
  all.some((other) => isLater(record, other) && continues(record, other) && endedBadly.has(other.verdict));

/** Whether two records may be of one subject: what one of them does not know does not tell them apart. */
export function isSameSubject(a: Outcome, b: Outcome): boolean {
  if (a.stage !== b.stage || a.name !== b.name) return false;
  const others = subjectOf(b);
  return subjectOf(a).every((part, index) => part === undefined || (others[index] ?? part) === part);
}

function subjectOf(outcome: Outcome): (string | undefined)[] {
  if (outcome.stage === 'build-and-push-image') {
    const { registry, repository = outcome.repository } = parseImageReference(outcome.repository) ?? {};
    return [outcome.region, registry, repository];
  }
  const place = [outcome.account, outcome.region, resourceName(outcome.cluster)];
  if ('service' in outcome) return [...place, resourceName(outcome.service)];
  const { family, taskDefinition, taskArn, stage } = outcome;
  if (stage === 'wait-for-task') return [...place, taskArn ?? ''];
  return [...place, family ?? (taskDefinition === undefined ? undefined : familyOf(taskDefinition))];
}

/** A wait for a task that no migration of these records started. */
const isAlone = (wait: TaskOutcome, records: readonly Outcome[]): boolean =>
  !records.some(
    ({ stage, ...rest }) => stage === 'run-migration-task' && 'taskArn' in rest && rest.taskArn === wait.taskArn,
  );

/** Whether a record speaks of this place; a record that was refused before it knew its account speaks of every account. */
export function isOfPlace(record: TaskOutcome | RolloutOutcome, { account, region, cluster }: Place): boolean {
  return (
    resourceName(record.cluster) === resourceName(cluster) &&
    (record.region ?? region) === region &&
    (account === undefined || (record.account ?? account) === account)
  );
}

/**
 * What a job with these records of its own has to tell: those, the builds before them, and what else was done in the same
 * places. What other jobs did to another environment is theirs to tell.
 */
export function concerning(own: readonly Outcome[], all: readonly Outcome[]): Outcome[] {
  const places = own.flatMap((record): Place[] =>
    record.stage === 'build-and-push-image' || record.region === undefined
      ? []
      : [{ account: record.account, region: record.region, cluster: record.cluster }],
  );
  return all.filter((record) => {
    if (own.some((one) => isSameSubject(one, record))) return true;
    if (record.stage === 'build-and-push-image') return places.length > 0;
    return places.some((place) => isOfPlace(record, place));
  });
}

/** The migrations of this place, as they stand. */
export function migrationsOf(records: readonly Outcome[], place: Place): TaskOutcome[] {
  return settled(records).filter(
    (record): record is TaskOutcome =>
      (record.stage === 'run-migration-task' || record.stage === 'wait-for-task') && isOfPlace(record, place),
  );
}

/** Refuses to go on behind a stage that did not succeed. */
export function mustHaveSucceeded(record: BuildOutcome | TaskOutcome): void {
  if (record.verdict === 'succeeded') return;
  const what = record.stage === 'build-and-push-image' ? `build of ${record.repository}` : migrationName(record);
  throw new UserError(`The record of the ${what} says that it did not succeed.`, {
    code: record.stage === 'build-and-push-image' ? 'BuildNotSucceeded' : 'MigrationNotSucceeded',
    why: `Its verdict is ${record.verdict}${record.explanation === undefined ? '.' : `: ${explanationText(record.explanation)}`}`,
    fix:
      record.verdict === 'started' && record.resume !== undefined
        ? `Wait for it with: ${record.resume}`
        : 'Run that stage again until it succeeds; without --record-dir this command does not read its record.',
  });
}

const migrationName = ({ family, cluster }: TaskOutcome): string =>
  `migration${family === undefined ? '' : ` of ${family}`} in cluster ${resourceName(cluster)}`;

/** The builds of the repositories that these images are of: an image is never guessed to be for another container. */
export function buildsFor(records: readonly Outcome[], images: readonly string[]): BuildOutcome[] {
  const parsed = images.flatMap((image) => parseImageReference(image) ?? []);
  // A build that ended before it knew the address of its repository names only that: `app`.
  const known = new Set(parsed.flatMap((image) => [repositoryUri(image), image.repository]));
  return buildsOf(records).filter(({ repository }) => known.has(repository));
}

/** All builds. */
export const buildsOf = (records: readonly Outcome[]): BuildOutcome[] =>
  records.filter((record) => record.stage === 'build-and-push-image');
