import { jsonFault } from '../base/json-fault.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { schemaFaults } from '../base/schema-faults.ts';
import { findSource } from '../base/source.ts';
import { suggest } from '../base/suggest.ts';
import type { ParseContext } from '../options/option.ts';
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

/** Reads an overrides document; every error names its place and none quotes a value. */
export function parseOverrides(text: string): { overrides: TaskOverrides; errors: string[] } {
  if (text.length > longestText) {
    return {
      overrides: {},
      errors: [`${text.length} characters are too many: ECS takes ${longestOverrides} at most`],
    };
  }
  const fault = jsonFault(text);
  if (fault !== undefined) {
    const place = `line ${fault.line}, column ${fault.column}`;
    return { overrides: {}, errors: [`is not JSON: ${place} should be ${fault.expected}`] };
  }
  const document: unknown = JSON.parse(text);
  const errors = schemaFaults(overridesSchema, document);
  return { overrides: errors.length === 0 ? (document as TaskOverrides) : {}, errors };
}

/**
 * Reads `--overrides`: inline JSON, `-` for standard input, a path or `file://` path. Variables are replaced in what was
 * given; a file means what it says, e.g. a `$HOME` that the container's shell is to see.
 */
export async function readOverrides(given: string, context: ParseContext): Promise<Parsed<TaskOverrides>> {
  const source = await findSource(given, context);
  if ('errors' in source) return source;
  const { overrides, errors } = parseOverrides(source.value.text);
  const { name } = source.value;
  const placed = (fault: string): string =>
    fault.startsWith('is not JSON') ? `: ${name} ${fault}` : `: in ${name}, ${fault}`;
  return errors.length === 0 ? valid(overrides) : wrong(...errors.map(placed));
}

/** What is wrong with overrides as they will be sent: containers that are not there, and the length. */
export function overridesFaults(overrides: TaskOverrides, containers: readonly string[]): string[] {
  const named = (overrides.containerOverrides ?? []).map(({ name }) => name);
  const unknown = named.filter((name) => !containers.includes(name));
  const errors = unknown.map((name) => {
    const near = suggest(name, containers);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return `the task definition has no container named ${name} (it has: ${containers.join(', ')})${hint}`;
  });
  const length = JSON.stringify(overrides).length;
  if (length > longestOverrides) {
    errors.push(`the overrides are ${length} characters long, and Amazon ECS takes ${longestOverrides} at most`);
  }
  return errors;
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
