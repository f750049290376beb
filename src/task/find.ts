import type { ListTasksCommandInput, Task } from '@aws-sdk/client-ecs';
import type { EcsPort } from '../ports.ts';

/** DescribeTasks takes no more at once (Amazon ECS API reference). */
export const describedAtOnce = 100;

/** Describes any number of tasks; those that ECS answers MISSING for are left out. */
export async function describeTasks(cluster: string, arns: readonly string[], ecs: EcsPort): Promise<Task[]> {
  const batches: string[][] = [];
  for (let from = 0; from < arns.length; from += describedAtOnce)
    batches.push(arns.slice(from, from + describedAtOnce));
  const answers = await Promise.all(batches.map((tasks) => ecs.describeTasks({ cluster, tasks })));
  return answers.flatMap(({ tasks = [] }) => tasks);
}

/** The ARNs of all pages of a ListTasks. */
export async function listTasks(filter: ListTasksCommandInput, ecs: EcsPort): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await ecs.listTasks({ ...filter, ...(nextToken === undefined ? {} : { nextToken }) });
    arns.push(...(answer.taskArns ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return arns;
}
