import { familyRevision } from '../base/arn.ts';
import { hasCode, UserError } from '../errors.ts';
import { definitionDifferences } from '../task-definition/diff.ts';
import { resolveImage } from '../task-definition/digests.ts';
import { type Definition, editDefinition, imagesFor, ownTags, registrable } from '../task-definition/edit.ts';
import { type RecordedChoice, recordedChoice, withRecorded } from './from-records.ts';
import type { RolloutDeps, RolloutOptions, ServiceBefore, ServicePlan } from './model.ts';

interface Described {
  arn: string;
  definition: Definition;
  tags: { key: string; value: string }[];
}

/** Works out what each service is to run; reads, resolves images and changes nothing. */
export async function planServices(
  services: readonly ServiceBefore[],
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<ServicePlan[]> {
  const recorded = await recordedChoice(deps);
  const described = new Map<string, Promise<Described>>();
  const resolved = new Map<string, Promise<{ image: string; digest?: string }>>();
  const describe = (reference: string): Promise<Described> => {
    const known = described.get(reference) ?? describeDefinition(reference, deps);
    described.set(reference, known);
    return known;
  };
  const resolve = (reference: string): Promise<{ image: string; digest?: string }> => {
    const known = resolved.get(reference) ?? resolveOne(reference, deps);
    resolved.set(reference, known);
    return known;
  };
  const plans: ServicePlan[] = [];
  for (const before of services)
    plans.push(await planService(before, options, { ...deps, describe, resolve, recorded }));
  return plans;
}

async function describeDefinition(reference: string, { aws }: RolloutDeps): Promise<Described> {
  const { taskDefinition, tags } = await aws.ecs.describeTaskDefinition(reference);
  return { arn: taskDefinition.taskDefinitionArn ?? reference, definition: taskDefinition, tags };
}

async function resolveOne(
  reference: string,
  { aws, announce }: RolloutDeps,
): Promise<{ image: string; digest?: string }> {
  const { image, digest, warning } = await resolveImage(reference, aws);
  if (warning !== undefined) announce({ type: 'warning', text: warning });
  return { image, ...(digest === undefined ? {} : { digest }) };
}

interface PlanDeps extends RolloutDeps {
  describe(reference: string): Promise<Described>;
  resolve(reference: string): Promise<{ image: string; digest?: string }>;
  recorded: RecordedChoice;
}

async function planService(before: ServiceBefore, asked: RolloutOptions, deps: PlanDeps): Promise<ServicePlan> {
  const current = before.primary?.taskDefinition ?? before.service.taskDefinition ?? '';
  const options = withRecorded(asked, current, deps);
  const start = await startingPoint(before, current, options, deps);
  const name = familyRevision(start.arn);
  const digests = new Map<string, { image: string; digest: string }>();
  const images = new Map<string, string>();
  for (const [container, reference] of imagesFor(start.definition, name, options.changes)) {
    const { image, digest } = await deps.resolve(reference);
    images.set(container, image);
    if (digest !== undefined) digests.set(container, { image, digest });
    if (image !== reference) deps.announce({ type: 'image-pinned', service: before.name, container, image });
  }
  const edited = editDefinition(start.definition, name, images, options.changes);
  if (digests.size === 0) for (const [container, pinned] of pinnedAlready(edited)) digests.set(container, pinned);
  const differences = definitionDifferences(start.definition, edited);
  const isNewDocument = start.isDocument || differences.length > 0;
  const fromCurrent = start.isDocument ? definitionDifferences(await currentOf(current, deps), edited) : differences;
  const sameAsNow = fromCurrent.length === 0 ? current : undefined;
  const taskDefinitionArn = isNewDocument
    ? (sameAsNow ?? (await sameAsLatest(edited, start.tags, before.name, deps)))
    : start.arn;
  if (fromCurrent.length > 0) {
    deps.announce({
      type: 'differences',
      service: before.name,
      from: familyRevision(start.isDocument ? current : start.arn),
      differences: fromCurrent,
    });
  }
  const isUnchanged =
    taskDefinitionArn === current &&
    !options.force &&
    (options.desiredCount === undefined || options.desiredCount === before.service.desiredCount);
  if (!isUnchanged) warnUnpinned(before.name, edited, digests, deps);
  return {
    before,
    taskDefinitionArn,
    document: taskDefinitionArn === undefined ? withTags(registrable(edited), start) : undefined,
    differences: fromCurrent,
    digests,
    isUnchanged,
    isMereLook: isUnchanged && asksForNothing(options),
  };
}

const asksForNothing = ({ changes, taskDefinition, desiredCount }: RolloutOptions): boolean =>
  taskDefinition === undefined &&
  desiredCount === undefined &&
  Object.values(changes).every(({ length }) => length === 0);

interface StartingPoint extends Described {
  /** It was given as a whole and is not registered yet. */
  isDocument: boolean;
}

async function startingPoint(
  before: ServiceBefore,
  current: string,
  options: RolloutOptions,
  deps: PlanDeps,
): Promise<StartingPoint> {
  const { taskDefinition, family } = options;
  if (taskDefinition?.kind === 'document') {
    const own = await deps.describe(current);
    const { tags, ...document } = taskDefinition.document;
    const definition = { family: own.definition.family, ...document };
    // A file without tags says nothing about them; those of the running revision stay.
    return { arn: current, definition, tags: (tags as Described['tags'] | undefined) ?? own.tags, isDocument: true };
  }
  if (taskDefinition?.kind === 'reference') {
    const given = await deps.describe(taskDefinition.reference);
    if (given.definition.status === 'INACTIVE') {
      throw new UserError(`The task definition ${familyRevision(given.arn)} is INACTIVE.`, {
        code: 'ClientException',
        why: 'It was deregistered: new tasks cannot use it.',
        fix: 'Name an ACTIVE revision with --task-definition.',
      });
    }
    return { ...given, isDocument: false };
  }
  const ownFamily = familyRevision(current).split(':')[0];
  const reference = family === undefined || family === ownFamily || before.name === family ? current : family;
  return { ...(await deps.describe(reference)), isDocument: false };
}

/** The latest revision of the family where it says the same already, as after a run that came this far before. */
async function sameAsLatest(
  edited: Definition,
  tags: Described['tags'],
  service: string,
  deps: PlanDeps,
): Promise<string | undefined> {
  try {
    const latest = await deps.describe(String(edited.family));
    const differences = definitionDifferences(
      { ...latest.definition, tags: ownTags(latest.tags) },
      { ...edited, tags: ownTags(tags) },
    );
    if (differences.length > 0) return undefined;
    deps.announce({ type: 'note', text: `${service}: ${familyRevision(latest.arn)} says just that; no new revision.` });
    return latest.arn;
  } catch (error) {
    // A family that is new has no latest revision.
    if (hasCode(error, 'ClientException')) return undefined;
    throw error;
  }
}

async function currentOf(current: string, deps: PlanDeps): Promise<Definition> {
  return (await deps.describe(current)).definition;
}

function withTags(document: Definition, { tags }: Described): Definition {
  const own = ownTags(tags);
  return own.length === 0 ? document : { ...document, tags: own };
}

/** Images of the definition that are pinned as they stand: they can be proved too. */
function pinnedAlready({ containerDefinitions = [] }: Definition): [string, { image: string; digest: string }][] {
  return containerDefinitions.flatMap(({ name, image = '' }) => {
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
    return digest === undefined ? [] : [[name, { image, digest }] as [string, { image: string; digest: string }]];
  });
}

function warnUnpinned(
  service: string,
  { containerDefinitions = [] }: Definition,
  digests: ReadonlyMap<string, unknown>,
  { announce }: RolloutDeps,
): void {
  const loose = containerDefinitions.filter(({ name }) => !digests.has(name));
  if (digests.size > 0 || loose.length === 0) return;
  const list = loose.map(({ name, image }) => `${name} (${image})`).join(', ');
  announce({
    type: 'warning',
    text: `No image of ${service} is pinned by digest: ${list}. What the tag means when the first task starts is what will serve.`,
  });
}
