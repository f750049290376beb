import { parseJson } from '../base/lossless-json.ts';
import type { Definition } from './edit.ts';

/**
 * The definition in a file's JSON and what is wrong with it. What `aws ecs describe-task-definition` prints has the
 * definition one level down and its tags beside it. Throws a SyntaxError for what is no JSON.
 */
export function readDefinition(text: string): { document: Definition; faults: string[] } {
  const outer = parseJson(text);
  if (!isObject(outer) || !isObject(outer.taskDefinition))
    return { document: outer as Definition, faults: definitionFaults(outer) };
  const { tags, taskDefinition } = outer;
  const document = { ...(isAbsent(tags) ? {} : { tags }), ...taskDefinition };
  return { document, faults: definitionFaults(document) };
}

/** What in a definition that somebody wrote cannot even be looked at; everything else is for ECS to judge. */
function definitionFaults(document: unknown): string[] {
  if (!isObject(document)) return ['must be an object'];
  const { containerDefinitions, family } = document;
  if (!Array.isArray(containerDefinitions) || containerDefinitions.length === 0) return ['has no containerDefinitions'];
  const faults = [
    ...(isAbsent(family) || typeof family === 'string' ? [] : ['family must be a string']),
    ...listFaults(document, 'volumes', 'name'),
    ...listFaults(document, 'tags', 'key'),
  ];
  const names = new Set<string>();
  for (const container of containerDefinitions) {
    if (!isObject(container) || typeof container.name !== 'string') return ['has a container without a name'];
    const { name, image } = container;
    if (names.has(name)) faults.push(`has two containers named ${name}`);
    names.add(name);
    const own = [
      ...(isAbsent(image) || typeof image === 'string' ? [] : ['image must be a string']),
      ...listFaults(container, 'environment', 'name'),
      ...listFaults(container, 'secrets', 'name'),
      ...listFaults(container, 'ulimits', 'name'),
      ...listFaults(container, 'portMappings', undefined),
    ];
    faults.push(...own.map((fault) => `container ${name}: ${fault}`));
  }
  return faults;
}

/** Values are never part of a fault: they may be secret. */
function listFaults(owner: Record<string, unknown>, member: string, key: string | undefined): string[] {
  const list = owner[member];
  if (isAbsent(list)) return [];
  const isFit = (entry: unknown): boolean => isObject(entry) && (key === undefined || typeof entry[key] === 'string');
  if (Array.isArray(list) && list.every(isFit)) return [];
  return [`${member} must be a list of objects${key === undefined ? '' : ` with a ${key}`}`];
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
