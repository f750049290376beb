import type { Core } from '../core.ts';
import { ApiError, type Json, type Operations } from '../wire.ts';
import { invalid } from './run-task-checks.ts';

/** Anything that carries tags. */
interface Tagged {
  tags: Json[];
}

/** TagResource, UntagResource and ListTagsForResource for tasks, task definitions, services and clusters. */
export function tagOperations(
  core: Core,
  findService: (cluster: string, name: string) => Tagged | undefined,
): Operations {
  const tagged = (arn: unknown): Tagged => {
    const [, kind = '', path = ''] = /^arn:[^:]*:ecs:[^:]*:[^:]*:([\w-]+)\/(.+)$/.exec(String(arn)) ?? [];
    const [cluster = '', name = ''] = path.split('/');
    const found: Record<string, () => Tagged | undefined> = {
      task: () => core.tasks.tasks.get(String(arn)),
      'task-definition': () => core.taskDefinitions.get(String(arn)),
      service: () => findService(cluster, name),
      cluster: () => core.clusters.find(String(arn)),
    };
    const resource = found[kind]?.();
    if (resource === undefined) throw invalid('The specified resource was not found.');
    return resource;
  };
  return {
    ListTagsForResource: ({ resourceArn }: Json) => ({ tags: tagged(resourceArn).tags }),
    TagResource: ({ resourceArn, tags = [] }: Json) => {
      const resource = tagged(resourceArn);
      if (tags.some(({ key = 'aws:' }: Json) => /^aws:/i.test(key))) throw invalid('Invalid tag.');
      const keys = tags.map(({ key }: Json) => key);
      const all = [...resource.tags.filter(({ key }) => !keys.includes(key)), ...tags];
      if (all.length > 50) throw new ApiError('ClientException', 'Too many tags.');
      resource.tags = all;
      return {};
    },
    UntagResource: ({ resourceArn, tagKeys = [] }: Json) => {
      const resource = tagged(resourceArn);
      resource.tags = resource.tags.filter(({ key }) => !tagKeys.includes(key));
      return {};
    },
  };
}
