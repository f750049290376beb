import { UserError } from '../errors.ts';
import type { CountingContainer } from './observe.ts';

interface DefinedContainer {
  name: string;
  essential?: boolean | undefined;
}

/**
 * The container whose end is the end of the work: the one that was named, else the only one overridden,
 * else the only essential one, else a UserError that names the candidates.
 */
export function chooseContainer(
  definition: { name: string; containers: readonly DefinedContainer[] },
  choice: { named: string | undefined; overridden: readonly string[] },
): CountingContainer {
  const { containers } = definition;
  const list = containers.map(({ name }) => name).join(', ');
  const essentials = containers.filter((container) => container.essential !== false).map(({ name }) => name);
  const judged = (name: string): CountingContainer => ({
    name,
    essential: essentials.includes(name),
    otherEssential: essentials.filter((other) => other !== name),
  });
  if (choice.named !== undefined) {
    if (containers.some(({ name }) => name === choice.named)) return judged(choice.named);
    throw new UserError(`The task definition ${definition.name} has no container named ${choice.named}.`, {
      code: 'UnknownContainer',
      why: `It has: ${list}.`,
      fix: 'Set --container to one of them.',
    });
  }
  const [overridden, ...otherOverridden] = [...new Set(choice.overridden)];
  if (overridden !== undefined && otherOverridden.length === 0) return judged(overridden);
  const [essential, ...otherEssential] = containers.filter((container) => container.essential !== false);
  if (overridden === undefined && essential !== undefined && otherEssential.length === 0) return judged(essential.name);
  const candidates =
    overridden === undefined ? [essential, ...otherEssential].map((one) => one?.name) : choice.overridden;
  throw new UserError('It is not clear which container does the work.', {
    code: 'AmbiguousContainer',
    why:
      overridden === undefined
        ? `The task definition ${definition.name} has several essential containers: ${candidates.join(', ')}.`
        : `The overrides name several containers: ${candidates.join(', ')}.`,
    fix: 'Name the one whose exit code counts with --container.',
  });
}
