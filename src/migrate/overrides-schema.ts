import * as v from 'valibot';
import { own } from '../base/own.ts';
import { containersOf, listOf, objectOf } from '../base/schema-faults.ts';
import { suggest } from '../base/suggest.ts';

/** Members that people look for here and that RunTask cannot override. */
const notOverridable: Readonly<Record<string, string>> = {
  image: 'cannot be overridden; use --image',
  entryPoint: 'cannot be overridden; only command can',
  secrets: 'cannot be overridden; they belong into the task definition',
  user: 'cannot be overridden; it belongs into the task definition',
  logConfiguration: 'cannot be overridden; it belongs into the task definition',
};

/** An object with these members and no other: each one that is not known is a fault, with what was perhaps meant. */
const only = (members: v.ObjectEntries) =>
  objectOf((input) => {
    const others = Object.keys(input).filter((name) => !Object.hasOwn(members, name));
    const faults = others.map((name) => [name, v.never(whyNot(name, Object.keys(members)))]);
    return { ...members, ...Object.fromEntries(faults) };
  });

function whyNot(name: string, members: readonly string[]): string {
  const known = own(notOverridable, name);
  if (known !== undefined) return known;
  const near = suggest(name, members);
  return `is not known; ${near === undefined ? `there are: ${members.join(', ')}` : `did you mean ${near}?`}`;
}

const text = v.string('must be a string');
const taskSize = v.optional(v.string('must be a string, e.g. "512" (only a container takes a number)'));
const aWholeNumber = 'must be a whole number, not a string (only the task level takes a string)';
const wholeNumber = v.pipe(v.number(aWholeNumber), v.integer(aWholeNumber));
const containerSize = v.optional(wholeNumber);

const containerOverride = only({
  name: text,
  command: v.optional(listOf(text, 'must be a list of strings')),
  environment: v.optional(listOf(only({ name: text, value: text }))),
  environmentFiles: v.optional(listOf(only({ value: text, type: text }))),
  cpu: containerSize,
  memory: containerSize,
  memoryReservation: containerSize,
  resourceRequirements: v.optional(listOf(only({ type: text, value: text }))),
});

/** RunTask's `overrides`; the members are those of the API reference, TaskOverride and ContainerOverride. */
export const overridesSchema = only({
  containerOverrides: v.optional(containersOf(containerOverride)),
  cpu: taskSize,
  memory: taskSize,
  ephemeralStorage: v.optional(only({ sizeInGiB: wholeNumber })),
  executionRoleArn: v.optional(text),
  taskRoleArn: v.optional(text),
  inferenceAcceleratorOverrides: v.optional(
    listOf(only({ deviceName: v.optional(text), deviceType: v.optional(text) })),
  ),
});
