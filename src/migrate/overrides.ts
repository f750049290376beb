import { jsonFault } from '../base/json-fault.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { findSource } from '../base/source.ts';
import { suggest } from '../base/suggest.ts';
import type { ParseContext } from '../options/option.ts';

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
export const longestOverrides = 8192;

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
  const errors = checkMembers(document, taskMembers, '');
  if (errors.length === 0) errors.push(...checkContainers((document as TaskOverrides).containerOverrides ?? []));
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
export function overridesComplaints(overrides: TaskOverrides, containers: readonly string[]): string[] {
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

type Check = (value: unknown, path: string) => string[];

const must = (what: string, test: (value: unknown) => boolean): Check => {
  return (value, path) => (test(value) ? [] : [`${path} must be ${what}`]);
};
const text = must('a string', (value) => typeof value === 'string');
const taskSize = must('a string, e.g. "512" (only a container takes a number)', (value) => typeof value === 'string');
const containerSize = must('a whole number, not a string (only the task level takes a string)', Number.isInteger);
const words = must(
  'a list of strings',
  (value) => Array.isArray(value) && value.every((word) => typeof word === 'string'),
);
const listOf = (members: Readonly<Record<string, Check>>): Check => {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => checkMembers(item, members, `${path}[${index}]`))
      : [`${path} must be a list`];
};

const containerMembers: Readonly<Record<string, Check>> = {
  name: text,
  command: words,
  environment: listOf({ name: text, value: text }),
  environmentFiles: listOf({ value: text, type: text }),
  cpu: containerSize,
  memory: containerSize,
  memoryReservation: containerSize,
  resourceRequirements: listOf({ type: text, value: text }),
};

const taskMembers: Readonly<Record<string, Check>> = {
  containerOverrides: listOf(containerMembers),
  cpu: taskSize,
  memory: taskSize,
  ephemeralStorage: (value, path) => checkMembers(value, { sizeInGiB: containerSize }, path),
  executionRoleArn: text,
  taskRoleArn: text,
  inferenceAcceleratorOverrides: listOf({ deviceName: text, deviceType: text }),
};

/** Members that people look for here and that RunTask cannot override. */
const notOverridable: Readonly<Record<string, string>> = {
  image: 'cannot be overridden; use --image',
  entryPoint: 'cannot be overridden; only command can',
  secrets: 'cannot be overridden; they belong into the task definition',
  user: 'cannot be overridden; it belongs into the task definition',
  logConfiguration: 'cannot be overridden; it belongs into the task definition',
};

function checkMembers(value: unknown, members: Readonly<Record<string, Check>>, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${path === '' ? 'the document' : path} must be an object`];
  }
  return Object.entries(value).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const check = Object.hasOwn(members, name) ? members[name] : undefined;
    if (check !== undefined) return check(member, at);
    const known = Object.hasOwn(notOverridable, name) ? notOverridable[name] : undefined;
    if (known !== undefined) return [`${at} ${known}`];
    const near = suggest(name, Object.keys(members));
    return [
      `${at} is not known; ${near === undefined ? `there are: ${Object.keys(members).join(', ')}` : `did you mean ${near}?`}`,
    ];
  });
}

function checkContainers(overrides: readonly ContainerOverride[]): string[] {
  const names = overrides.map(({ name }) => name);
  return overrides.flatMap(({ name, environment = [] }, index) => [
    ...(name === undefined ? [`containerOverrides[${index}].name is missing`] : []),
    ...(name !== undefined && names.indexOf(name) < index
      ? [`containerOverrides[${index}] names a container that was named before`]
      : []),
    ...environment
      .filter((variable) => variable.name === undefined || variable.value === undefined)
      .map(() => `containerOverrides[${index}].environment has an entry without name or value`),
  ]);
}
