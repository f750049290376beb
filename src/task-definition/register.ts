import type { EcsPort } from '../ports.ts';

/** Registers a task definition and answers its ARN. (The port waits for others that register in the same family.) */
export async function registerRevision(document: object, { ecs }: { ecs: EcsPort }): Promise<string> {
  const { taskDefinitionArn = '' } = await ecs.registerTaskDefinition({ ...document });
  return taskDefinitionArn;
}
