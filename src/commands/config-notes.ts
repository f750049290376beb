import { environmentName } from '../options/option.ts';
import { type PlannedJob, type StageCall, variablesIn } from '../setup/config-run.ts';

const given = ({ environment }: StageCall, ...names: string[]): string =>
  names.map((name) => (environment[environmentName(name)] ?? '').trim()).find((value) => value !== '') ?? '';

const stagesOf = (job: PlannedJob, command: string): StageCall[] => job.stages.filter((one) => one.command === command);
const has = (job: PlannedJob, command: string): boolean => stagesOf(job, command).length > 0;

/** What CircleCI takes and a push would regret, of the jobs of one workflow: their order, their credentials, what they are given. */
export function configNotes(jobs: readonly PlannedJob[]): string[] {
  const isBefore = order(jobs);
  const isApart = (one: PlannedJob, other: PlannedJob): boolean =>
    one !== other && !isBefore(one, other) && !isBefore(other, one);
  return jobs.flatMap((job) => [
    ...withoutMigration(job, jobs, isBefore, isApart),
    ...withoutImage(job, jobs, isBefore, isApart),
    ...withoutRecords(job),
    ...withoutCommand(job),
    ...withoutContext(job),
  ]);
}

type Relation = (one: PlannedJob, other: PlannedJob) => boolean;

/** Whether one job has ended before another begins. */
function order(jobs: readonly PlannedJob[]): Relation {
  const earlier = new Map<string, Set<string>>();
  // The jobs come in an order that `requires` allows.
  for (const { name, requires } of jobs) {
    earlier.set(name, new Set(requires.flatMap((one) => [one, ...(earlier.get(one) ?? [])])));
  }
  return (one, other) => earlier.get(other.name)?.has(one.name) === true;
}

function withoutMigration(
  job: PlannedJob,
  jobs: readonly PlannedJob[],
  isBefore: Relation,
  isApart: Relation,
): string[] {
  // A rollout that names what it deploys may be of another application, whose migration is none of these.
  const clusters = stagesOf(job, 'update-service-and-verify')
    .filter((stage) => given(stage, 'image', 'container-image-name-updates', 'task-definition') === '')
    .map((stage) => given(stage, 'cluster', 'cluster-name'));
  const migrations = jobs.filter((one) =>
    stagesOf(one, 'run-migration-task').some((stage) => clusters.includes(given(stage, 'cluster', 'cluster-name'))),
  );
  if (migrations.some((one) => one === job || isBefore(one, job))) return [];
  return migrations
    .filter((one) => isApart(one, job))
    .map((one) => `${job.name} does not come after ${one.name}: it may serve before the migration has run.`);
}

function withoutImage(job: PlannedJob, jobs: readonly PlannedJob[], isBefore: Relation, isApart: Relation): string[] {
  const isOpen = ['run-migration-task', 'update-service-and-verify']
    .flatMap((command) => stagesOf(job, command))
    .some((stage) => given(stage, 'image', 'container-image-name-updates') === '');
  const builds = jobs.filter((one) => has(one, 'build-and-push-image'));
  if (!isOpen || builds.some((one) => one === job || isBefore(one, job))) return [];
  return builds
    .filter((one) => isApart(one, job))
    .map((one) => `${job.name} does not come after ${one.name}: no record of the image reaches it.`);
}

/** What a rollout must be told, by an option or by a record; the orb's parameters say with these that it is not. */
const notGiven = ['', 'false', '-1'];
const asked = [
  ...['image', 'container-image-name-updates', 'task-definition', 'desired-count', 'force-new-deployment'],
  ...['env', 'remove-env', 'secret', 'remove-secret', 'docker-label'],
];

function withoutRecords(job: PlannedJob): string[] {
  if (job.attaches || has(job, 'build-and-push-image') || has(job, 'run-migration-task')) return [];
  const isAsked = (stage: StageCall): boolean => asked.some((name) => !notGiven.includes(given(stage, name)));
  return stagesOf(job, 'update-service-and-verify').every(isAsked)
    ? []
    : [
        `${job.name} attaches no workspace and names neither an image nor a task definition: there is nothing to deploy.`,
      ];
}

function withoutCommand(job: PlannedJob): string[] {
  return stagesOf(job, 'run-migration-task').some((stage) => given(stage, 'command', 'overrides') === '')
    ? [
        `${job.name} has neither command nor overrides: its task runs what the image starts, which may be the web server.`,
      ]
    : [];
}

function withoutContext(job: PlannedJob): string[] {
  if (job.contexts.length > 0) return [];
  const names = new Set(job.stages.flatMap((stage) => variablesIn(given(stage, 'role-arn'))));
  return [...names].map(
    (name) => `${job.name} has no context: $${name} in its role_arn must be a variable of the project.`,
  );
}
