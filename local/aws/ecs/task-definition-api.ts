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
    DeleteTaskDefinitions: (input: Json) => {
      const refs: string[] = input.taskDefinitions ?? [];
      const found = refs.map((ref) => ({ ref, record: taskDefinitions.get(ref) }));
      const deletable = found.flatMap(({ record }) =>
        record === undefined || record.status === 'ACTIVE' ? [] : [record],
      );
      for (const record of deletable) record.status = 'DELETE_IN_PROGRESS';
      return {
        taskDefinitions: deletable.map(taskDefinitionView),
        failures: found
          .filter(({ record }) => record === undefined || record.status === 'ACTIVE')
          .map(({ ref, record }) =>
            record === undefined
              ? {
                  arn: ref,
                  reason:
                    'The specified task definition does not exist. Specify a valid account, family, revision and try again.',
                }
              : {
                  arn: record.arn,
                  reason:
                    'The specified task definition is still in ACTIVE status. Please deregister the target and try again.',
                },
          ),
      };
    },
    ListTaskDefinitions: (input: Json) => {
      const status = input.status ?? 'ACTIVE';
      const arns = taskDefinitions
        .all(input.familyPrefix)
        .filter((record) => record.status === status)
        .map(({ arn }) => arn);
      const sorted = input.sort === 'DESC' ? arns.reverse() : arns;
      const from = Number(input.nextToken ?? 0);
      const to = from + (input.maxResults ?? 100);
      return { taskDefinitionArns: sorted.slice(from, to), nextToken: to < sorted.length ? String(to) : undefined };
    },
    ListTaskDefinitionFamilies: (input: Json) => ({
      families: [...new Set(taskDefinitions.all().map(({ family }) => family))].filter((family) =>
        family.startsWith(input.familyPrefix ?? ''),
      ),
    }),
  };
}
