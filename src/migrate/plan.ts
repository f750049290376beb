import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { familyOf, familyRevision } from '../base/arn.ts';
import { hiddenValues } from '../diagnosis/log-finding.ts';
import { UserError } from '../errors.ts';
import type { Aws, EcsPort, Emit, JsonObject, RawTaskDefinition } from '../ports.ts';
import { buildsFor, buildsOf, mustHaveSucceeded } from '../records/fitting.ts';
import type { RecordStore } from '../records/records.ts';
import { chooseContainer } from '../task/container.ts';
import type { FollowedContainer } from '../task/follow.ts';
import { ownTags, registrable } from '../task-definition/edit.ts';
import { type DefinitionDocument, withImages } from '../task-definition/pin.ts';
import { servedRevision } from '../task-definition/served-revision.ts';
import type { MigrationEvent } from './events.ts';
import type { MigrateOptions } from './options.ts';
import { overriddenContainers, overridesFaults, type TaskOverrides, withContainerOverride } from './overrides.ts';
import { pinImages } from './pin-images.ts';
import { findPlacement } from './placement.ts';
import { serviceNamedBy } from './service.ts';
import { refused } from './start.ts';

/** Everything that is known before anything is started. */
export interface MigrationPlan {
  family: string;
  container: FollowedContainer;
  /** What will run, images pinned. */
  definition: DefinitionDocument;
  /** To register first; absent where the revision that there is will do. */
  register: JsonObject | undefined;
  /** RunTask's input without client token; `taskDefinition` is replaced by the revision that gets registered. */
  request: RunTaskCommandInput & { cluster: string; taskDefinition: string };
}

interface PlanDeps {
  aws: Aws;
  emit: Emit<MigrationEvent>;
  records: RecordStore;
}

/** Looks everything up and checks it; refuses whatever ECS would refuse later. */
export async function planMigration(options: MigrateOptions, deps: PlanDeps): Promise<MigrationPlan> {
  const { aws, emit } = deps;
  const { taskDefinition, tags } = await describe(options, aws);
  const name = familyRevision(taskDefinition.taskDefinitionArn ?? '');
  const containers = taskDefinition.containerDefinitions ?? [];
  const faults = overridesFaults(
    options.overrides,
    containers.map((one) => one.name),
  );
  if (faults.length > 0) throw unfit(name, faults);
  const overridden = overriddenContainers(options.overrides);
  const judged = chooseContainer({ name, containers }, { named: options.container, overridden });
  const overrides = withContainerOverride(options.overrides, judged.name, options);
  const late = overridesFaults(
    overrides,
    containers.map((one) => one.name),
  );
  if (late.length > 0) throw unfit(name, late);
  const images = options.images.length > 0 ? options.images : await imagesOfBuild(containers, deps);
  const pinned = await pinImages(images, { name, containers, migration: judged.name }, deps);
  const register = withImages(taskDefinition as DefinitionDocument, pinned);
  const placement = await findPlacement(
    options.placement,
    { cluster: options.cluster, networkMode: taskDefinition.networkMode as string | undefined, taskDefinition: name },
    { ecs: aws.ecs, warn: (text) => emit({ type: 'warning', text }) },
  );
  const definition = containers.find((one) => one.name === judged.name);
  const own = ownTags(tags);
  const { command = [] } = overrides.containerOverrides?.find((one) => one.name === judged.name) ?? {};
  warnOfRestarts(definition, emit);
  if (command.length === 0) warnOfNoCommand(judged.name, definition, emit);
  if (images.length === 0) warnOfTag(definition, emit);
  return {
    family: taskDefinition.family ?? familyOf(name),
    definition: register ?? registrable(taskDefinition as DefinitionDocument),
    container: {
      ...judged,
      logConfiguration: definition?.logConfiguration,
      hidden: hiddenValues(definition, ...(overrides.containerOverrides ?? [])),
    },
    register: register === undefined ? undefined : { ...register, ...(own.length === 0 ? {} : { tags: own }) },
    request: request(options, taskDefinition, overrides, placement),
  };
}

async function describe(options: MigrateOptions, { ecs }: Aws): ReturnType<Aws['ecs']['describeTaskDefinition']> {
  const { cluster, taskDefinition = await revisionOfService(options, ecs) } = options;
  try {
    const found = await ecs.describeTaskDefinition(taskDefinition);
    if (found.taskDefinition.status !== 'INACTIVE') return found;
  } catch (error) {
    throw refused(error, { cluster, taskDefinition });
  }
  throw new UserError(`The task definition ${taskDefinition} is inactive.`, {
    code: 'InactiveTaskDefinition',
    why: 'It was deregistered, and no new task can be started from it.',
    fix: 'Name a revision that is ACTIVE, or only the family.',
  });
}

async function revisionOfService(
  { cluster, taskDefinitionFromService: name = '' }: MigrateOptions,
  ecs: EcsPort,
): Promise<string> {
  const service = await serviceNamedBy('--task-definition-from-service', name, cluster, ecs);
  // Services that CodeDeploy or something external deploys keep it in their task sets.
  const inTaskSet = service.taskSets?.find(({ status }) => status === 'PRIMARY')?.taskDefinition;
  const serves = servedRevision(service) ?? service.taskDefinition ?? inTaskSet;
  if (serves !== undefined) return serves;
  throw new UserError(`The service ${name} runs no task definition yet.`, {
    code: 'NoTaskDefinition',
    fix: 'Name the task definition with --task-definition.',
  });
}

function unfit(definition: string, faults: readonly string[]): UserError {
  return new UserError(`The overrides do not fit the task definition ${definition}.`, {
    code: 'Overrides',
    why: faults.length === 1 ? `${faults[0]}.` : faults.map((fault) => `\n- ${fault}`).join(''),
    fix: 'Correct them and run the command again; nothing was started.',
  });
}

/** The images that builds of this workflow left, each for the containers of its repository, or for the migration's. */
async function imagesOfBuild(
  containers: readonly { image?: string }[],
  { records, emit }: PlanDeps,
): Promise<MigrateOptions['images']> {
  const images = containers.map(({ image = '' }) => image);
  const all = await records.all();
  const builds = buildsFor(all, images);
  if (builds.length === 0 && buildsOf(all).length > 0) throw unfitting(buildsOf(all), images);
  for (const build of builds) {
    mustHaveSucceeded(build);
    if (build.image !== undefined) continue;
    const text = `Nothing is pinned: the build of ${build.repository} pushed no image, so its record names no digest.`;
    emit({ type: 'warning', text });
  }
  return builds.flatMap(({ image }) => (image === undefined ? [] : [{ container: undefined, reference: image }]));
}

function unfitting(builds: readonly { repository: string }[], images: readonly string[]): UserError {
  return new UserError('The image that was built is of no repository that the task definition runs.', {
    code: 'UnfittingRecord',
    why: `Built was ${builds.map(({ repository }) => repository).join(', ')}; the containers run ${images.join(', ')}.`,
    fix: 'Pass --image CONTAINER=IMAGE to say which container the image is for.',
  });
}

function warnOfRestarts(definition: JsonObject | undefined, emit: Emit<MigrationEvent>): void {
  const policy = definition?.restartPolicy as { enabled?: boolean } | undefined;
  if (policy?.enabled !== true) return;
  const text =
    'The container has a restartPolicy: when the migration fails, Amazon ECS starts it again instead of stopping.';
  emit({ type: 'warning', text });
}

/** Somebody who forgot the command runs the web server as "the migration". */
function warnOfNoCommand(name: string, definition: JsonObject | undefined, emit: Emit<MigrationEvent>): void {
  const own = Array.isArray(definition?.command)
    ? 'the command of the task definition'
    : 'the command of the image (CMD)';
  const text = `No command was given: container ${name} runs ${own}. Give the migration's command with --command, --overrides or behind --.`;
  emit({ type: 'warning', text });
}

/** Between now and the start of the task the tag may move; nobody would see it. */
function warnOfTag(definition: JsonObject | undefined, emit: Emit<MigrationEvent>): void {
  const image = String(definition?.image ?? '');
  if (image === '' || image.includes('@sha256:')) return;
  const text = `Nothing is pinned: the task runs whatever ${image} stands for when it starts. --image or the build's record in --record-dir pins it.`;
  emit({ type: 'warning', text });
}

function request(
  options: MigrateOptions,
  definition: RawTaskDefinition,
  overrides: TaskOverrides,
  placement: object,
): MigrationPlan['request'] {
  const { group, tags, propagateTags, enableExecuteCommand } = options;
  const hasOverrides = Object.keys(overrides).length > 0;
  return {
    cluster: options.cluster,
    taskDefinition: definition.taskDefinitionArn ?? '',
    count: 1,
    ...placement,
    ...(hasOverrides ? { overrides: overrides as NonNullable<RunTaskCommandInput['overrides']> } : {}),
    ...(group === undefined ? {} : { group }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(propagateTags === undefined || propagateTags === 'NONE' ? {} : { propagateTags }),
    ...(enableExecuteCommand ? { enableExecuteCommand } : {}),
  };
}
