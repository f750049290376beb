/** The last part of a task ARN, or the id itself. */
export const taskId = (task: string): string => task.split('/').at(-1) ?? task;

/** The cluster that a task ARN of the long form names. */
export function clusterOfTask(task: string): string | undefined {
  return /^arn:[^:]*:ecs:[^:]*:[^:]*:task\/([^/]+)\/[^/]+$/.exec(task)?.[1];
}

/** `family:revision` of a task-definition ARN, or the text itself. */
export const familyRevision = (taskDefinition: string): string => taskDefinition.split('/').at(-1) ?? taskDefinition;

/** The name at the end of a cluster's or service's ARN, or the name itself. */
export const resourceName = (ref: string): string => ref.split('/').at(-1) ?? ref;

/** The family of a task definition, given by family, `family:revision` or ARN. */
export const familyOf = (taskDefinition: string): string => familyRevision(taskDefinition).replace(/:\d+$/, '');

/** The account in an ARN, where it has one. */
export const accountOf = (arn: string): string | undefined => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1];
