import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import type { MigrationOutcome } from '../../src/records/schema.ts';
import { inProcess } from '../support/in-process.ts';
import { options } from './migrate-options.ts';

/** A cluster `prod` with the family `app`; `run` migrates as a process of its own, `other` is somebody else's task. */
export async function migrationModel(env: Record<string, string> = {}) {
  const model = new LocalAws();
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  model.taskDefinitions.register(fargateDefinition('app'));
  const deps = await inProcess(model, { env });
  const count = (operation: string): number =>
    model.requests.filter((request) => request.operation === operation).length;
  const other = (more: { group?: string; startedBy?: string } = {}) => {
    const taskDefinition = model.taskDefinitions.get('app');
    if (taskDefinition === undefined) throw new Error('no definition');
    return model.tasks.launch({ cluster: 'prod', taskDefinition, group: 'family:app', launchType: 'FARGATE', ...more });
  };
  const run = (more: Partial<MigrateOptions> = {}): Promise<MigrationOutcome> => migrate({ ...options, ...more }, deps);
  return { model, deps, count, other, run };
}
