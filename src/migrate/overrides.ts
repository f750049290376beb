import { jsonFault } from '../base/json-fault.ts';
import { schemaFaults } from '../base/schema-faults.ts';
import { suggest } from '../base/suggest.ts';
import { overridesSchema } from './overrides-schema.ts';

/** RunTask's `overrides`, checked. */
export interface TaskOverrides {
  containerOverrides?: ContainerOverride[];
  [member: string]: unknown;
}
export interface ContainerOverride {
  name: string;
  command?: string[];
  environment?: { name: string; value: string }[];
  [member: string]: unknown;
}

/** Amazon ECS takes no more characters than this, everything counted. */
const longestOverrides = 8192;

/** Overrides with much white space around them still fit into this. */
const longestText = 1_000_000;

/** Reads an overrides document; every complaint names its place and none quotes a value. */
export function parseOverrides(text: string): { overrides: TaskOverrides; complaints: string[] } {
  if (text.length > longestText) {
    return {
      overrides: {},
      complaints: [`${text.length} characters are too many: ECS takes ${longestOverrides} at most`],
    };
  }
  const fault = jsonFault(text);
  if (fault !== undefined) {
    const place = `line ${fault.line}, column ${fault.column}`;
    return { overrides: {}, complaints: [`is not JSON: ${place} should be ${fault.expected}`] };
  }
  const document: unknown = JSON.parse(text);
  const complaints = schemaFaults(overridesSchema, document);
  return { overrides: complaints.length === 0 ? (document as TaskOverrides) : {}, complaints };
}

/** What is wrong with overrides as they will be sent: containers that are not there, and the length. */
export function overridesFaults(overrides: TaskOverrides, containers: readonly string[]): string[] {
  const named = (overrides.containerOverrides ?? []).map(({ name }) => name);
  const unknown = named.filter((name) => !containers.includes(name));
  const complaints = unknown.map((name) => {
    const near = suggest(name, containers);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return `the task definition has no container named ${name} (it has: ${containers.join(', ')})${hint}`;
  });
  const length = JSON.stringify(overrides).length;
  if (length > longestOverrides) {
    complaints.push(`the overrides are ${length} characters long, and Amazon ECS takes ${longestOverrides} at most`);
  }
  return complaints;
}

/** The containers that overrides say anything about. */
export function overriddenContainers(overrides: TaskOverrides): string[] {
  return (overrides.containerOverrides ?? [])
    .filter((override) => Object.keys(override).length > 1)
    .map(({ name }) => name);
}

/** The overrides with this command and these variables for one container; variables of the same name are replaced. */
export function withContainerOverride(
  overrides: TaskOverrides,
  container: string,
  change: { command?: readonly string[] | undefined; environment: readonly { name: string; value: string }[] },
): TaskOverrides {
  if (change.command === undefined && change.environment.length === 0) return overrides;
  const all = overrides.containerOverrides ?? [];
  const before = all.find(({ name }) => name === container) ?? { name: container };
  const given = change.environment.map(({ name }) => name);
  const environment = [
    ...(before.environment ?? []).filter(({ name }) => !given.includes(name)),
    ...change.environment,
  ];
  const after: ContainerOverride = {
    ...before,
    ...(change.command === undefined ? {} : { command: [...change.command] }),
    ...(environment.length === 0 ? {} : { environment }),
  };
  return { ...overrides, containerOverrides: [...all.filter(({ name }) => name !== container), after] };
}

/** Applies `change` to every string value (never to a name of a member). */
export function mapStrings<T>(document: T, change: (text: string) => string): T {
  if (typeof document === 'string') return change(document) as T;
  if (Array.isArray(document)) return document.map((item) => mapStrings(item, change)) as T;
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(Object.entries(document).map(([name, item]) => [name, mapStrings(item, change)])) as T;
}
