import { familyOf, familyRevision } from '../base/arn.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { hasCode, reworded, UserError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { definitionDifferences } from '../task-definition/diff.ts';
import { resolveImage } from '../task-definition/digests.ts';
import { type Definition, editDefinition, imagesFor, ownTags, registrable } from '../task-definition/edit.ts';
import { asksForRevision, withRecorded } from './from-records.ts';
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
  records: readonly Outcome[],
  deps: RolloutDeps,
): Promise<ServicePlan[]> {
  const describe = once((reference) => describeDefinition(reference, deps));
  const resolve = once((reference) => resolveOne(reference, deps));
  // What serves is read side by side; what is said of each service keeps its order.
  await sideBySide(services, (before) => describe(servingOf(before)).catch(() => undefined));
  const plans: ServicePlan[] = [];
  for (const before of services)
    plans.push(await planService(before, options, { ...deps, describe, resolve, recorded: records }));
  return plans;
}

const servingOf = ({ primary, service }: ServiceBefore): string =>
  primary?.taskDefinition ?? service.taskDefinition ?? '';

/** Asks for each reference only once. */
function once<T>(ask: (reference: string) => Promise<T>): (reference: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (reference) => {
    const answer = asked.get(reference) ?? ask(reference);
    asked.set(reference, answer);
    return answer;
  };
}

async function describeDefinition(reference: string, { aws }: RolloutDeps): Promise<Described> {
  const { taskDefinition, tags } = await aws.ecs.describeTaskDefinition(reference);
  return { arn: taskDefinition.taskDefinitionArn ?? reference, definition: taskDefinition, tags };
}

async function resolveOne(reference: string, { aws, emit }: RolloutDeps): Promise<{ image: string; digest?: string }> {
  const { image, digest, warning } = await resolveImage(reference, aws);
  if (warning !== undefined) emit({ type: 'warning', text: warning });
  return { image, ...(digest === undefined ? {} : { digest }) };
}

interface PlanDeps extends RolloutDeps {
  describe(reference: string): Promise<Described>;
  resolve(reference: string): Promise<{ image: string; digest?: string }>;
  recorded: readonly Outcome[];
}

async function planService(before: ServiceBefore, asked: RolloutOptions, deps: PlanDeps): Promise<ServicePlan> {
  const current = servingOf(before);
  mustBeOwnFamily(asked, before, current);
  const serving = await deps.describe(current);
  const options = withRecorded(
    asked,
    { records: deps.recorded, before, current: serving.definition, arn: current },
    deps,
  );
  const start = await startingPoint(serving, options, deps);
  const name = familyRevision(start.arn);
  const digests = new Map<string, { image: string; digest: string }>();
  const images = new Map<string, string>();
  for (const [container, reference] of imagesFor(start.definition, name, options.changes)) {
    const { image, digest } = await deps.resolve(reference);
    images.set(container, image);
    if (digest !== undefined) digests.set(container, { image, digest });
    if (image !== reference) deps.emit({ type: 'image-pinned', service: before.name, container, image });
  }
  const edited = editDefinition(start.definition, name, images, options.changes);
  for (const [container, pinned] of pinnedAlready(edited)) digests.set(container, pinned);
  const differences = definitionDifferences(serving.definition, edited);
  const isNew = start.isDocument || definitionDifferences(start.definition, edited).length > 0;
  const sameAsNow = differences.length === 0 ? current : undefined;
  const taskDefinitionArn = isNew
    ? (sameAsNow ?? (await sameAsLatest(edited, start.tags, before.name, deps)))
    : start.arn;
  if (differences.length > 0) {
    const from = familyRevision(current);
    deps.emit({ type: 'differences', service: before.name, from, differences });
  }
  const isDeployment = taskDefinitionArn !== current || options.force;
  const isScaling = options.desiredCount !== undefined && options.desiredCount !== before.service.desiredCount;
  const kind = isDeployment ? 'deployment' : isScaling ? 'scaling' : 'unchanged';
  if (kind === 'unchanged' && options.enableCircuitBreaker && !hasBreaker(before)) {
    const text = `${before.name}: its circuit breaker stays off, because nothing is deployed. --force-new-deployment deploys.`;
    deps.emit({ type: 'warning', text });
  }
  // What goes back is proved by the digests that served before.
  if (kind !== 'unchanged' && options.stage !== 'rollback-service') warnUnpinned(before.name, edited, digests, deps);
  return {
    before,
    taskDefinitionArn,
    document: taskDefinitionArn === undefined ? withTags(registrable(edited), start) : undefined,
    differences,
    digests,
    kind,
    isRevisionAsked: asksForRevision(options),
  };
}

const hasBreaker = ({ service }: ServiceBefore): boolean =>
  service.deploymentConfiguration?.deploymentCircuitBreaker?.enable === true;

/** Another family is another program: only --task-definition may bring it to a service. */
function mustBeOwnFamily(options: RolloutOptions, { name }: ServiceBefore, current: string): void {
  const { family, taskDefinition } = options;
  const own = familyOf(current);
  if (family === undefined || family === own || family === name || taskDefinition !== undefined) return;
  throw new UserError(`The service ${name} runs the task definition family ${own}, not ${family}.`, {
    code: 'OtherFamily',
    why: `--family ${family} would replace what the service runs by another program.`,
    fix: `Leave --family out, or correct --service. If ${name} is to run ${family} from now on, pass --task-definition ${family}.`,
  });
}

interface StartingPoint extends Described {
  /** It was given as a whole and is not registered yet. */
  isDocument: boolean;
}

async function startingPoint(serving: Described, options: RolloutOptions, deps: PlanDeps): Promise<StartingPoint> {
  const { taskDefinition } = options;
  const tagged = (one: Described): Described => ({ ...one, tags: withOptionTags(one.tags, options) });
  if (taskDefinition?.kind === 'document') {
    const { tags, ...document } = taskDefinition.document;
    const definition = { family: serving.definition.family, ...document };
    // A file without tags says nothing about them; those of the running revision stay.
    const own = (tags as Described['tags'] | undefined) ?? serving.tags;
    return { ...tagged({ arn: serving.arn, definition, tags: own }), isDocument: true };
  }
  if (taskDefinition === undefined) return { ...tagged(serving), isDocument: false };
  const fix = `Name an ACTIVE revision with ${options.stage === 'rollback-service' ? '--to' : '--task-definition'}.`;
  const { reference } = taskDefinition;
  const given = await deps.describe(reference).catch((error: unknown) => {
    if (!(error instanceof UserError) || !/unable to describe/i.test(error.awsMessage ?? '')) throw error;
    throw reworded(error, `There is no task definition ${familyRevision(reference)} in ${deps.aws.region}.`, { fix });
  });
  if (given.definition.status === 'INACTIVE') {
    throw new UserError(`The task definition ${familyRevision(given.arn)} is INACTIVE.`, {
      code: 'ClientException',
      why: 'It was deregistered: new tasks cannot use it.',
      fix,
    });
  }
  return { ...tagged(given), isDocument: false };
}

/** A tag that is given takes the place of one with its key. */
function withOptionTags(tags: Described['tags'], { taskDefinitionTags }: RolloutOptions): Described['tags'] {
  const given = new Set(taskDefinitionTags.map(({ key }) => key));
  return [...tags.filter(({ key }) => !given.has(key)), ...taskDefinitionTags];
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
    deps.emit({ type: 'note', text: `${service}: ${familyRevision(latest.arn)} says just that; no new revision.` });
    return latest.arn;
  } catch (error) {
    // A family that is new has no latest revision.
    if (hasCode(error, 'ClientException')) return undefined;
    throw error;
  }
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
  { emit }: RolloutDeps,
): void {
  const loose = containerDefinitions.filter(({ name }) => !digests.has(name));
  if (digests.size > 0 || loose.length === 0) return;
  const list = loose.map(({ name, image }) => `${name} (${image})`).join(', ');
  emit({
    type: 'warning',
    text: `No image of ${service} is pinned by digest: ${list}. What the tag means when the first task starts is what will serve.`,
  });
}
