import type { Core } from '../core.ts';
import { ApiError, type Json, type Operations } from '../wire.ts';
import { taskDefinitionView } from './task-definitions.ts';

/** RegisterTaskDefinition and its relatives. */
export function taskDefinitionOperations(core: Core): Operations {
  const { taskDefinitions } = core;
  const shown = (ref: string) => {
    const record = taskDefinitions.get(ref ?? '');
    if (record === undefined) throw new ApiError('ClientException', 'Unable to describe task definition.');
    return record;
  };
  return {
    RegisterTaskDefinition: (input: Json, call) => {
      const record = taskDefinitions.register(input, call.principal?.arn);
      return { taskDefinition: taskDefinitionView(record), tags: record.tags };
    },
    DescribeTaskDefinition: (input: Json) => {
      const record = shown(input.taskDefinition);
      return {
        taskDefinition: taskDefinitionView(record),
        tags: input.include?.includes('TAGS') ? record.tags : undefined,
      };
    },
    DeregisterTaskDefinition: (input: Json) => {
      // Here a bare family will not do.
      if (!/:\d+$/.test(input.taskDefinition ?? '')) {
        throw new ApiError('ClientException', 'Revision is missing.');
      }
      return { taskDefinition: taskDefinitionView(taskDefinitions.deregister(input.taskDefinition)) };
    },
    ListTaskDefinitions: (input: Json) => {
      const status = input.status ?? 'ACTIVE';
      const arns = taskDefinitions
        .all(input.familyPrefix)
        .filter((record) => record.status === status)
        .map(({ arn }) => arn);
      return { taskDefinitionArns: input.sort === 'DESC' ? arns.reverse() : arns };
    },
    ListTaskDefinitionFamilies: (input: Json) => ({
      families: [...new Set(taskDefinitions.all().map(({ family }) => family))].filter((family) =>
        family.startsWith(input.familyPrefix ?? ''),
      ),
    }),
  };
}
